/*
 * Lesson 11: objects that point to each b.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <err.h>
#include <stdio.h>
#include <string.h>

struct house {
	char street[32];
};

struct person {
	char name[16];
	struct house *house;
};

struct couple {
	struct person a, b;
};

static void
house_x(struct cask_ar *ar, struct house *h)
{
	cask_text(ar, h->street, sizeof h->street);
}

/* Task: a house that two people share is to arrive as one. */
static void
person_x(struct cask_ar *ar, struct person *p)
{
	cask_text(ar, p->name, sizeof p->name);
	cask_struct_dup(ar, &p->house, house_x);
}

static void
couple_x(struct cask_ar *ar, struct couple *c)
{
	cask_struct(ar, &c->a, person_x);
	cask_struct(ar, &c->b, person_x);
}

/* A connection of which both ends are here. */
static void
connect_ends(struct cask_sock *one, struct cask_sock *other)
{
	struct cask_sock listener = { .timeout_ms = 5000 };
	char port[8];
	uint16_t number = 0;

	cask_bind(&listener, "127.0.0.1", "0");
	cask_listen(&listener, 0);
	cask_local(&listener, NULL, 0, &number);
	snprintf(port, sizeof port, "%u", number);
	if (cask_connect(one, "127.0.0.1", port) != 0 ||
	    cask_accept(&listener, other) != 0)
		errx(1, "no connection within this machine");
	cask_close(&listener);
}

int
main(int argc, char **argv)
{
	struct cask_sock from = { 0 }, to = { 0 };
	struct cask_ar out = { 0 }, in = { 0 }, done = { 0 };
	struct house house = { .street = "" };
	struct couple sent = { { "", &house }, { "", &house } };
	struct couple c = { .a = { .name = "" } };

	if (argc != 4)
		errx(2, "usage: objects NAME NAME STREET");
	snprintf(sent.a.name, sizeof sent.a.name, "%s", argv[1]);
	snprintf(sent.b.name, sizeof sent.b.name, "%s", argv[2]);
	snprintf(house.street, sizeof house.street, "%s", argv[3]);

	connect_ends(&from, &to);
	cask_store(&out, &from.io);
	couple_x(&out, &sent);
	cask_flush(&out);

	cask_load(&in, &to.io);
	couple_x(&in, &c);
	if (c.a.house == NULL || c.b.house == NULL)
		errx(1, "somebody has no house: %s", cask_why(&in));
	strcpy(c.a.house->street, "Station Road"); // its name was changed
	printf("%s lives in %s\n", c.a.name, c.a.house->street);
	printf("%s lives in %s\n", c.b.name, c.b.house->street);

	cask_release(&done); // frees what loading has allocated
	couple_x(&done, &c);
	cask_close(&from);
	return cask_close(&to) != 0;
}
