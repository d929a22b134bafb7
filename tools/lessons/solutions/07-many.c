/*
 * A solution of lesson 7: many clients.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static void
number_x(struct cask_ar *ar, uint32_t *n)
{
	cask_u32(ar, n);
}

/* The server: answers each number with its double. */
static void
on_number(struct cask_client *c, uint32_t *n)
{
	*n *= 2;
	cask_reply(c, n, number_x);
}
CASK_HANDLER(take_number, uint32_t, number_x, on_number)

static struct cask_server server = { .message = take_number };

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

static void
stop_server(void)
{
	cask_server_stop(&server);
}

/* The clients: they connect in this order, and ask when they are named.  None
 * waits for an answer for more than 700 ms. */
static struct client {
	const char *name;
	struct cask_link link;
} clients[] = {
	{ .name = "ann", .link.sock.timeout_ms = 700 },
	{ .name = "bob", .link.sock.timeout_ms = 700 },
	{ .name = "carl", .link.sock.timeout_ms = 700 },
};

static uint16_t port;
static char **names; /* of who asks, one after the other */

static void
ask(struct client *c, uint32_t n)
{
	uint32_t answer = 0;

	if (cask_link_call(&c->link, &n, number_x, &answer, number_x))
		printf("%s: %u\n", c->name, (unsigned)answer);
	else
		printf("%s: no answer\n", c->name);
}

static void *
be_clients(void *unused)
{
	char service[8];
	uint32_t n = 0;

	snprintf(service, sizeof service, "%u", port);
	for (int k = 0; k < 3; k++)
		cask_link_connect(&clients[k].link, "127.0.0.1", service);
	for (char **name = names; *name != NULL; name++) {
		n++;
		for (int k = 0; k < 3; k++)
			if (strcmp(*name, clients[k].name) == 0)
				ask(&clients[k], n);
	}
	for (int k = 0; k < 3; k++)
		cask_link_close(&clients[k].link);
	stop_server();
	return unused;
}

int
main(int argc, char **argv)
{
	pthread_t thread;

	names = argv + (argc > 0);
	open_server(&port);
	if (pthread_create(&thread, NULL, be_clients, NULL) != 0)
		errx(1, "no thread for the clients");
	serve();
	pthread_join(thread, NULL);
	return 0;
}
