/*
 * Lesson 10: a slow client.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <err.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* A question is a number; the answer to each is a picture. */
static void
question_x(struct cask_ar *ar, uint32_t *number)
{
	cask_u32(ar, number);
}

struct picture {
	unsigned char pixels[100000];
};

static void
picture_x(struct cask_ar *ar, struct picture *p)
{
	cask_bytes(ar, p->pixels, sizeof p->pixels);
}

/*
 * The server, which is called when a client connects, asks, or goes.
 *
 * Task: answer those who take their answers, whatever the others do.
 */
static void
on_accept(struct cask_sock *listener, int err)
{
	struct cask_link *l = calloc(1, sizeof *l);

	(void)err;
	if (l != NULL && cask_link_accept(listener, l) != 0)
		free(l);
}

static void
on_receive(struct cask_sock *s, int err)
{
	static struct picture picture;
	struct cask_link *l = (struct cask_link *)s;
	uint32_t number = 0;

	(void)err;
	if (cask_link_receive(l, &number, question_x))
		cask_link_send(l, &picture, picture_x);
}

static void
on_close(struct cask_sock *s, int err)
{
	(void)err;
	cask_link_close((struct cask_link *)s);
	free(s);
}

static const struct cask_notify notify = {
	.accept = on_accept,
	.receive = on_receive,
	.close = on_close,
};

static struct cask_sock listener = { .notify = &notify };

static void
open_server(uint16_t *port)
{
	cask_bind(&listener, "127.0.0.1", "0");
	cask_listen(&listener, 0);
	if (cask_local(&listener, NULL, 0, port) != 0)
		errx(1, "%s", cask_sock_why(&listener));
}

static void
serve(void)
{
	cask_pump_run();
}

/* The clients: the lazy ones ask 300 times, and take no answer. */
#define MOST 10

static struct cask_link lazy[MOST], quick;
static char port[8];
static int count; /* of the lazy ones */

static void *
be_clients(void *unused)
{
	static struct picture picture;
	uint32_t n = 0;

	(void)unused;
	for (int k = 0; k < count; k++)
		cask_link_connect(&lazy[k], "127.0.0.1", port);
	for (int k = 0; k < count; k++)
		for (n = 1; n <= 300; n++)
			cask_link_send(&lazy[k], &n, question_x);
	poll(NULL, 0, 300); // a pause
	quick.sock.timeout_ms = 700;
	cask_link_connect(&quick, "127.0.0.1", port);
	printf("%d lazy, ", count);
	if (cask_link_call(&quick, &n, question_x, &picture, picture_x))
		printf("quick served\n");
	else
		printf("quick not served\n");
	exit(0); // and with it the server
}

int
main(int argc, char **argv)
{
	pthread_t thread;
	uint16_t number = 0;

	if (argc != 2 || (count = (int)strtol(argv[1], NULL, 10)) > MOST)
		errx(2, "usage: slow-client COUNT");
	open_server(&number);
	snprintf(port, sizeof port, "%u", number);
	if (pthread_create(&thread, NULL, be_clients, NULL) != 0)
		errx(1, "no thread for the clients");
	serve();
	return 1;
}
