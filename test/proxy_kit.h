/*
 * cask proxy and cask replay as children, between plain sockets.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROXY_KIT_H
#define PROXY_KIT_H

#include "tools_kit.h"

#include <sys/stat.h>

static char out[1 << 20], err[TEXT];
static char dir[] = "/tmp/cask-proxy-XXXXXX";
static char session_path[64], pcap_path[64], shape_path[64];

static inline int
make_files(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(session_path, sizeof session_path, "%s/session", dir);
	snprintf(pcap_path, sizeof pcap_path, "%s/pcap", dir);
	snprintf(shape_path, sizeof shape_path, "%s/shape", dir);
	return 0;
}

static inline int
remove_files(void **state)
{
	(void)state;
	unlink(session_path);
	unlink(pcap_path);
	unlink(shape_path);
	return rmdir(dir);
}

static inline void
write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

static inline size_t
read_file(const char *path, char *to, size_t size)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(to, 1, size - 1, f);
	to[n] = '\0';
	fclose(f);
	return n;
}

/* A proxy before the listener's port; port is where it listens itself. */
struct middle {
	struct child child;
	int listener;
	char port[8];
	char behind[8];
};

static inline void
start_middle(struct middle *m, bool quiet, const char *const *args)
{
	const char *argv[24] = { "cask", "proxy", "-a", "127.0.0.1" };
	char *copy[24] = { NULL };
	size_t n = 4;

	m->listener = listen_on_any(m->behind);
	for (; *args != NULL; args++)
		argv[n++] = *args;
	argv[n++] = "127.0.0.1";
	argv[n++] = m->behind;
	assert_true(n + 3 < COUNT(argv));
	if (quiet) {
		close(listen_on_any(m->port));
		argv[n++] = "-q";
		argv[n++] = "-l";
		argv[n++] = m->port;
	}
	memcpy(copy, argv, sizeof argv);
	start(&m->child, copy);
	if (!quiet)
		read_port(&m->child, m->port);
}

#define MIDDLE(m, ...) \
	start_middle(m, false, (const char *const[]) { __VA_ARGS__, NULL })

/* One that says nothing, where it listens neither. */
#define QUIET(m, ...) \
	start_middle(m, true, (const char *const[]) { __VA_ARGS__, NULL })

/* Both ends of a connection through it. */
struct ends {
	int client, server;
};

static inline struct ends
connect_through(struct middle *m)
{
	struct sockaddr_in a;
	struct ends e = { .client = plain_socket(&a, m->port) };
	int64_t until = clock_ms() + LIMIT_MS;

	while (test_connect(e.client, (struct sockaddr *)&a, sizeof a) != 0) {
		assert_true(clock_ms() < until);
		close(e.client);
		test_pause(5);
		e.client = plain_socket(&a, m->port);
	}
	e.server = answer(m->listener);
	return e;
}

/* The rest of the output of one that ends by itself. */
static inline int
finish_middle(struct middle *m)
{
	close(m->listener);
	read_all(m->child.out, out, sizeof out);
	read_all(m->child.err, err, sizeof err);
	return await_exit(&m->child);
}

static inline void
close_both(struct ends e)
{
	close(e.client);
	close(e.server);
}

/* What comes until the end: how many bytes; *lost: it was a reset. */
static inline size_t
hear_all(int fd, void *bytes, size_t size, bool *lost)
{
	int64_t until = clock_ms() + LIMIT_MS;
	unsigned char *p = bytes;
	size_t n = 0;
	ssize_t got;

	do {
		if (wait_readable(fd, until) != 1)
			fail_msg("it does not end");
		assert_true(n < size);
		got = test_recv(fd, p + n, size - n, 0);
		n += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	assert_true(got == 0 || errno == ECONNRESET);
	*lost = got < 0;
	return n;
}

static inline void
assert_ends(int fd)
{
	char byte;
	bool lost;

	assert_int_equal(hear_all(fd, &byte, 1, &lost), 0);
	assert_false(lost);
}

static inline void
assert_is_lost(int fd)
{
	char byte;
	bool lost;

	assert_int_equal(hear_all(fd, &byte, 1, &lost), 0);
	assert_true(lost);
}

/* Close with a reset. */
static inline void
reset(int fd)
{
	const struct linger l = { 1, 0 };

	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l), 0);
	close(fd);
}

/* Take the times off the lines, and the numbers of ports off addresses. */
static inline void
plain(char *text)
{
	char *to = text;

	while (*text != '\0') {
		char *end = text + strcspn(text, "\n"), *p = text;

		while (*p == ' ')
			p++;
		if (strspn(p, "0123456789") > 0 &&
		    p[strspn(p, "0123456789")] == '.')
			text = p + strspn(p, "0123456789.") + 1;
		while (text < end) {
			*to++ = *text++;
			if (to[-1] == ':' && *text >= '0' && *text <= '9') {
				text += strspn(text, "0123456789");
				*to++ = 'P';
			}
		}
		if (*end == '\n')
			*to++ = *text++;
	}
	*to = '\0';
}

#endif
