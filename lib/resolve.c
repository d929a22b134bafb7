/*
 * Names to addresses.  See resolve.h.
 *
 * A look-up that is left behind must not touch anything of its former caller,
 * who may be gone.  So caller and thread share it; it is freed by the one who
 * lets go of it last, and of its pipe each owns, and closes, one end.  The
 * thread announces its result by a byte; to close would not do, as a process
 * that was forked meanwhile has the same end open.
 *
 * SPDX-License-Identifier: MIT
 */
#include "resolve.h"

#include <cask/error.h>

#include "sys.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/un.h>

#define HOST_MOST 255 /* no longer name is possible: RFC 1035 */
#define PORT_MOST 63

struct caski_lookup {
	atomic_int holders;
	atomic_bool done;
	int announced; /* the caller's end of the pipe; -1: there is no thread
			*/
	int announce;  /* the thread's */
	int err;
	struct caski_hosts *hosts; /* taken by the caller, or freed with it */
	int flags;
	char host[HOST_MOST + 1];
	char port[PORT_MOST + 1];
};

static atomic_int lookups;
static atomic_int counting; /* the process whose threads they are */

/* Lists */

static bool
has(const struct caski_hosts *hosts, const struct addrinfo *a)
{
	for (size_t i = 0; i < hosts->n; i++)
		if (hosts->host[i].length == a->ai_addrlen &&
		    memcmp(&hosts->host[i].sa, a->ai_addr, a->ai_addrlen) == 0)
			return true;
	return false;
}

static void
add(struct caski_hosts *hosts, const struct addrinfo *a)
{
	struct caski_host *h = &hosts->host[hosts->n];

	if (a->ai_addrlen > sizeof h->sa || has(hosts, a))
		return;
	*h = (struct caski_host) { .length = a->ai_addrlen };
	memcpy(&h->sa, a->ai_addr, a->ai_addrlen);
	hosts->n++;
}

/* The first of the list that is of a family, or that is not. */
static const struct addrinfo *
first(const struct addrinfo *a, int family, bool of)
{
	while (a != NULL && (a->ai_family == family) != of)
		a = a->ai_next;
	return a;
}

/* The family of the first address, and the other one, take turns. */
static void
interleave(struct caski_hosts *hosts, const struct addrinfo *list)
{
	int family = list->ai_family;
	const struct addrinfo *next[] = { list, first(list, family, false) };

	for (int i = 0; next[0] != NULL || next[1] != NULL; i ^= 1) {
		if (next[i] == NULL)
			continue;
		add(hosts, next[i]);
		next[i] = first(next[i]->ai_next, family, i == 0);
	}
}

static struct caski_hosts *
make_hosts(size_t n)
{
	struct caski_hosts *hosts = NULL;

	if (n <= (SIZE_MAX - sizeof *hosts) / sizeof hosts->host[0])
		hosts =
		    caski_sys_malloc(sizeof *hosts + n * sizeof hosts->host[0]);
	if (hosts != NULL)
		hosts->n = 0;
	return hosts;
}

static int
flatten(struct caski_hosts **hosts, const struct addrinfo *list)
{
	size_t n = 0;

	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
		n++;
	*hosts = make_hosts(n);
	if (*hosts == NULL)
		return ENOMEM;
	interleave(*hosts, list);
	return 0;
}

void
caski_host_map(struct caski_host *h)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four;

	memcpy(&four, &h->sa, sizeof four);
	six.sin6_port = four.sin_port;
	memset(six.sin6_addr.s6_addr + 10, 0xff, 2);
	memcpy(six.sin6_addr.s6_addr + 12, &four.sin_addr, 4);
	h->length = sizeof six;
	memcpy(&h->sa, &six, sizeof six);
}

/* Asking */

/* An EAI_ code in our words.  To be called at once, for the sake of errno. */
static int
meaning(int code)
{
	switch (code) {
	case 0:
		return 0;
	case EAI_AGAIN:
	case EAI_FAIL:
		return CASK_EDNS;
	case EAI_MEMORY:
		return ENOMEM;
	case EAI_SERVICE:
		return CASK_EPORT;
	case EAI_SYSTEM:
		return errno != 0 ? errno : CASK_ENAME;
	default:
		return CASK_ENAME;
	}
}

/* Is it made of digits alone?  *value stops growing when it is no port. */
static bool
is_number(const char *port, long *value)
{
	*value = 0;
	for (; *port >= '0' && *port <= '9'; port++)
		if (*value <= UINT16_MAX)
			*value = *value * 10 + (*port - '0');
	return *port == '\0';
}

/* Gives an EAI_ code in *code too, for who wants to know more. */
static int
ask(struct caski_hosts **hosts, const char *host, const char *port, int flags,
    int numeric, int *code)
{
	bool datagram = flags & CASKI_DATAGRAM;
	struct addrinfo hints = {
		.ai_flags = numeric | (flags & CASKI_PASSIVE ? AI_PASSIVE : 0),
		.ai_family = AF_UNSPEC,
		.ai_socktype = datagram ? SOCK_DGRAM : SOCK_STREAM,
		.ai_protocol = datagram ? IPPROTO_UDP : IPPROTO_TCP,
	};
	struct addrinfo *list = NULL;
	long value;
	int err;

	if (is_number(port, &value))
		hints.ai_flags |= AI_NUMERICSERV;
	*code = caski_sys_getaddrinfo(host, port, &hints, &list);
	if (*code != 0)
		return meaning(*code);
	if (list == NULL)
		return CASK_ENAME;
	err = flatten(hosts, list);
	caski_sys_freeaddrinfo(list);
	return err;
}

/* The thread */

static void
let_go(struct caski_lookup *l)
{
	if (atomic_fetch_sub(&l->holders, 1) > 1)
		return;
	caski_sys_free(l->hosts);
	caski_sys_free(l);
}

/* From done on, the caller reads err and takes the addresses. */
static void
look_up(void *arg)
{
	struct caski_lookup *l = arg;
	int code;

	l->err = ask(&l->hosts, l->host, l->port, l->flags, 0, &code);
	caski_sys_write(l->announce, "", 1);
	caski_sys_close(l->announce);
	atomic_fetch_sub(&lookups, 1);
	atomic_store(&l->done, true);
	let_go(l);
}

/* The caller */

/* Count one more, if there may be.  A forked process has none of the threads
 * of its parent, and begins anew. */
static bool
count(void)
{
	int process = caski_sys_pid();

	if (atomic_exchange(&counting, process) != process)
		atomic_store(&lookups, 0);
	if (atomic_fetch_add(&lookups, 1) < CASKI_LOOKUPS_MOST)
		return true;
	atomic_fetch_sub(&lookups, 1);
	return false;
}

static int
start_thread(struct caski_lookup *l)
{
	int fd[2];
	int r = caski_sys_pipe(fd);

	if (r < 0)
		return -r;
	l->announced = fd[0];
	l->announce = fd[1];
	l->holders = 2;
	r = caski_sys_thread(look_up, l);
	if (r == 0)
		return 0;
	l->holders = 1;
	caski_sys_close(fd[1]);
	return -r;
}

static int
begin_name(struct caski_lookup *l, const char *host, const char *port)
{
	int err;

	memcpy(l->host, host, strlen(host));
	memcpy(l->port, port, strlen(port));
	l->done = false;
	if (!count())
		return EAGAIN;
	err = start_thread(l);
	if (err != 0)
		atomic_fetch_sub(&lookups, 1);
	return err;
}

/*
 * Some resolvers take "", " 80", "-1" and "70000" for ports, and names of any
 * length for hosts.  0 or an error.
 */
static int
check(const char *host, const char *port)
{
	size_t length = port != NULL ? strlen(port) : 0;
	long value;

	if (host != NULL && (*host == '\0' || strlen(host) > HOST_MOST))
		return CASK_ENAME;
	if (length == 0 || length > PORT_MOST || strchr(" \t\n\v\f\r+-", *port))
		return CASK_EPORT;
	return is_number(port, &value) && value > UINT16_MAX ? CASK_EPORT : 0;
}

static int
begin_internet(struct caski_lookup *l, const char *host, const char *port)
{
	int err = check(host, port);
	int code;

	if (err != 0)
		return err;
	err = ask(&l->hosts, host, port, l->flags, AI_NUMERICHOST, &code);
	if (code != EAI_NONAME || host == NULL)
		return err;
	/* A number gone wrong, "[::1]" or "fe80::1%nosuch"; no name has one. */
	if (strchr(host, ':') != NULL)
		return CASK_ENAME;
	return begin_name(l, host, port);
}

static bool
is_local(const char *host)
{
	return host != NULL &&
	    (*host == '/' || *host == '@' || strncmp(host, "./", 2) == 0);
}

/* A path ends with a NUL; an abstract name begins with one, and its length
 * counts. */
static int
begin_local(struct caski_lookup *l, const char *host, const char *port)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	bool abstract = *host == '@';
	size_t length = strlen(host) + !abstract;
	struct caski_host *h;

	if (port != NULL)
		return EINVAL;
	if (length > sizeof un.sun_path)
		return ENAMETOOLONG;
	memcpy(un.sun_path, host, length);
	if (abstract)
		un.sun_path[0] = '\0';
	l->hosts = make_hosts(1);
	if (l->hosts == NULL)
		return ENOMEM;
	h = &l->hosts->host[l->hosts->n++];
	*h = (struct caski_host) { 0 };
	h->length =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	memcpy(&h->sa, &un, sizeof un);
	return 0;
}

int
caski_lookup_begin(
    struct caski_lookup **begun, const char *host, const char *port, int flags)
{
	struct caski_lookup *l = caski_sys_malloc(sizeof *l);
	int err;

	*begun = NULL;
	if (l == NULL)
		return ENOMEM;
	*l = (struct caski_lookup) { .announced = -1, .flags = flags };
	l->holders = 1;
	l->done = true;
	if (is_local(host))
		err = begin_local(l, host, port);
	else
		err = begin_internet(l, host, port);
	if (err != 0)
		caski_lookup_free(l);
	else
		*begun = l;
	return err;
}

int
caski_lookup_fd(const struct caski_lookup *l)
{
	return l->announced;
}

int
caski_lookup_answer(struct caski_lookup *l, struct caski_hosts **hosts)
{
	*hosts = NULL;
	if (!atomic_load(&l->done))
		return EINPROGRESS;
	*hosts = l->hosts;
	l->hosts = NULL;
	return l->err;
}

void
caski_lookup_free(struct caski_lookup *l)
{
	if (l == NULL)
		return;
	if (l->announced >= 0)
		caski_sys_close(l->announced);
	let_go(l);
}
