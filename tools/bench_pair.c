/*
 * One connection between two processes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench_net.h"

#include <unistd.h>

struct end {
	const struct way *way;
	struct result *result;
	uint16_t port;
};

static struct result *mine; /* in a child: where its figures go */
static int port_pipe[2];

static void
tell(uint16_t port)
{
	if (write(port_pipe[1], &port, sizeof port) != sizeof port)
		failed("write");
}

static void
server(void *arg)
{
	struct end *e = arg;

	mine = e->result;
	e->way->serve(tell);
}

static void
client(void *arg)
{
	struct end *e = arg;

	mine = e->result;
	e->way->ask(e->port);
}

void
pair_result(double ns, double cpu, double count)
{
	*mine = (struct result) { ns, cpu, count };
}

static uint16_t
told(void)
{
	uint16_t port;

	if (close(port_pipe[1]) != 0)
		failed("close");
	if (read(port_pipe[0], &port, sizeof port) != sizeof port)
		die("server", "did not listen");
	if (close(port_pipe[0]) != 0)
		failed("close");
	return port;
}

struct pair
pair_run(const struct way *w, int server_cpu, int client_cpu)
{
	static struct pair *p;
	struct end e = { .way = w };
	pid_t a, b;

	if (p == NULL)
		p = shared(sizeof *p);
	*p = (struct pair) { .server.count = 0 };
	if (pipe(port_pipe) != 0)
		failed("pipe");
	e.result = &p->server;
	a = spawn(server, &e, server_cpu);
	e.port = told();
	e.result = &p->client;
	b = spawn(client, &e, client_cpu);
	finished(b);
	finished(a);
	if (p->server.count != p->client.count)
		die("pair", "the ends have counted differently");
	return *p;
}
