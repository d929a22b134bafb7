/*
 * A solution of lesson 10: a slow client.
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

/* The server. */
static void
on_question(struct cask_client *c, uint32_t *number)
{
	static struct picture picture;

	(void)number;
	cask_reply(c, &picture, picture_x);
}
CASK_HANDLER(take_question, uint32_t, question_x, on_question)

static struct cask_server server = { .message = take_question };

static void
open_server(uint16_t *port)
{
	cask_server_listen(&server, "127.0.0.1", "0");
	if (cask_server_local(&server, 0, NULL, 0, port) != 0)
		errx(1, "%s", cask_server_why(&server));
}

static void
serve(void)
{
	cask_serve(&server);
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
