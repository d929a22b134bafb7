/*
 * Names to addresses.  See resolve.h.
 *
 * A look-up that is left behind must not touch anything of its former caller,
 * who may be gone.  So caller and thread share one job, which is freed by the
 * one who lets go of it last, and a pipe of which each owns, and closes, one
 * end.  The thread announces its result by a byte; to close would not do, as a
 * process that was forked meanwhile has the same end open.
 *
 * SPDX-License-Identifier: MIT
 */
#include "resolve.h"

#include <cask/error.h>

#include "pump.h"
#include "sys.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>

#define HOST_MOST 255 /* no longer name is possible: RFC 1035 */
#define PORT_MOST 63

struct job {
	atomic_int holders;
	atomic_bool done;
	int announce; /* the thread's end of the pipe */
	int err;
	struct addrinfo *list; /* taken by the caller, or freed with the job */
	int flags;
	char host[HOST_MOST + 1];
	char port[PORT_MOST + 1];
};

static atomic_int lookups;

static int
ask(struct addrinfo **list, const char *host, const char *port, int flags)
{
	struct addrinfo hints = {
		.ai_flags = flags,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP,
	};

	*list = NULL;
	return caski_sys_getaddrinfo(host, port, &hints, list);
}

/* An EAI_ code in our words.  To be called at once, for the sake of errno. */
static int
meaning(int code)
{
	switch (code) {
	case 0:
		return 0;
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

/* The thread */

static void
let_go(struct job *j)
{
	if (atomic_fetch_sub(&j->holders, 1) > 1)
		return;
	if (j->list != NULL)
		caski_sys_freeaddrinfo(j->list);
	caski_sys_free(j);
}

/* From done on, the caller reads err and takes the list. */
static void
look_up(void *arg)
{
	struct job *j = arg;

	j->err = meaning(ask(&j->list, j->host, j->port, j->flags));
	caski_sys_write(j->announce, "", 1);
	caski_sys_close(j->announce);
	atomic_fetch_sub(&lookups, 1);
	atomic_store(&j->done, true);
	let_go(j);
}

/* The caller */

/*
 * Start a look-up: 0 or an error, and the job, NULL after an error.  *announced
 * is the pipe's end that tells of its result.
 */
static int
start(struct job **started, int *announced, const char *host, const char *port,
    int flags)
{
	struct job *j = caski_sys_malloc(sizeof *j);
	int fd[2];
	int r;

	*started = NULL;
	if (j == NULL)
		return ENOMEM;
	*j = (struct job) { .holders = 2, .flags = flags };
	memcpy(j->host, host, strlen(host));
	memcpy(j->port, port, strlen(port));
	r = caski_sys_pipe(fd);
	if (r == 0) {
		j->announce = fd[1];
		r = caski_sys_thread(look_up, j);
		if (r == 0) {
			*started = j;
			*announced = fd[0];
			return 0;
		}
		caski_sys_close(fd[0]);
		caski_sys_close(fd[1]);
	}
	caski_sys_free(j);
	return -r;
}

static int
look_up_name(struct addrinfo **list, const char *host, const char *port,
    int flags, int64_t deadline)
{
	struct job *j = NULL;
	int announced = -1;
	int err = EAGAIN;

	if (atomic_fetch_add(&lookups, 1) < CASKI_LOOKUPS_MOST)
		err = start(&j, &announced, host, port, flags);
	if (j == NULL) {
		atomic_fetch_sub(&lookups, 1);
		return err;
	}
	while (err == 0 && !atomic_load(&j->done))
		err = caski_wait(announced, CASK_READABLE, deadline);
	if (err == 0) {
		err = j->err;
		*list = j->list;
		j->list = NULL;
	}
	caski_sys_close(announced);
	let_go(j);
	return err;
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

/*
 * Some resolvers take "", " 80", "-1" and "70000" for ports, and names of any
 * length for hosts.  0 or an error.
 */
static int
check(const char *host, const char *port)
{
	size_t length = strlen(port);
	long value;

	if (host != NULL && (*host == '\0' || strlen(host) > HOST_MOST))
		return CASK_ENAME;
	if (length == 0 || length > PORT_MOST || strchr(" \t\n+-", *port))
		return CASK_EPORT;
	return is_number(port, &value) && value > UINT16_MAX ? CASK_EPORT : 0;
}

int
caski_resolve(struct addrinfo **list, const char *host, const char *port,
    bool passive, int64_t deadline)
{
	int flags = passive ? AI_PASSIVE : 0;
	long value;
	int code;

	*list = NULL;
	code = check(host, port);
	if (code != 0)
		return code;
	if (is_number(port, &value))
		flags |= AI_NUMERICSERV;
	code = ask(list, host, port, flags | AI_NUMERICHOST);
	if (code != EAI_NONAME || host == NULL)
		return meaning(code);
	return look_up_name(list, host, port, flags, deadline);
}
