/*
 * Fuzzing of the PROXY protocol: any bytes are a header, or none, or the
 * beginning of one, and stay what they are when more come; nothing beyond the
 * header is asked for or looked at; what was read can be written and is the
 * same when it is read again.  And of lists of networks: the same bytes as a
 * text are a list that holds what it names, or an error in words.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include <cask.h>

#include <errno.h>

static bool
same(const struct cask_addr *a, const struct cask_addr *b)
{
	char one[112] = "", two[112] = "";
	uint16_t p = 0, q = 0;
	int err = cask_addr_text(a, one, sizeof one, &p);

	return cask_addr_text(b, two, sizeof two, &q) == err && p == q &&
	    strcmp(one, two) == 0;
}

static void
check_written(const struct cask_behind *b, unsigned version)
{
	unsigned char bytes[CASK_BEHIND_WRITE];
	struct cask_behind again;
	size_t n = cask_behind_write(bytes, sizeof bytes, version,
	    b->local ? NULL : &b->source, b->local ? NULL : &b->destination);

	CHECK(n > 0);
	CHECK(cask_behind_read(&again, bytes, n) == 0);
	CHECK(again.length == n && again.version == version);
	CHECK(again.local == b->local || (version == 1 && n == 15));
	CHECK(again.local || same(&again.source, &b->source));
	CHECK(again.local || same(&again.destination, &b->destination));
}

/* What it is after n bytes, whose block ends with them. */
static int
read_some(struct cask_behind *b, const unsigned char *data, size_t n)
{
	unsigned char *exact = malloc(n + 1);
	int err;

	CHECK(exact != NULL);
	if (n > 0)
		memcpy(exact + 1, data, n);
	err = cask_behind_read(b, exact + 1, n);
	memcpy(why, b->why, sizeof b->why);
	free(exact);
	CHECK(err == 0 || err == EAGAIN || err == EPROTO || err == CASK_ELIMIT);
	CHECK((b->more > 0) == (err == EAGAIN));
	CHECK((*b->why != '\0') == (err == EPROTO || err == CASK_ELIMIT));
	CHECK((b->length > 0) == (err == 0));
	CHECK(b->length <= n && b->length <= CASK_BEHIND_MOST);
	CHECK(n + b->more <= CASK_BEHIND_MOST || err != EAGAIN);
	return err;
}

static void
check_header(const unsigned char *data, size_t n)
{
	struct cask_behind whole, cut;
	int err = read_some(&whole, data, n), before = EAGAIN;
	size_t asked = 0;

	for (size_t i = 0; i <= n && i <= CASK_BEHIND_MOST + 1; i++) {
		int now = read_some(&cut, data, i);

		CHECK(before == EAGAIN || now == before);
		if (before == EAGAIN && now == 0)
			CHECK(cut.length == i);
		if (now == EAGAIN && asked < i + cut.more)
			asked = i + cut.more;
		before = now;
	}
	CHECK(before == err || n > CASK_BEHIND_MOST + 1);
	if (err == 0) {
		CHECK(asked == whole.length);
		check_written(&whole, 1);
		check_written(&whole, 2);
	}
}

static void
check_nets(const unsigned char *data, size_t n)
{
	struct cask_nets nets = { 0 }, before;
	struct cask_addr none = { 0 };
	char *text = malloc(n + 1);
	int err;

	CHECK(text != NULL);
	if (n > 0)
		memcpy(text, data, n);
	text[n] = '\0';
	err = cask_nets_add(&nets, text);
	memcpy(why, nets.why, sizeof nets.why);
	CHECK(err == 0 || err == EINVAL || err == CASK_ELIMIT);
	CHECK((err == 0) == (*nets.why == '\0'));
	CHECK(!cask_nets_has(&nets, &none));
	before = nets;
	CHECK(cask_nets_add(&nets, "10.0.0.0/8, 10.0.0.1/8") != 0);
	memcpy(nets.why, before.why, sizeof nets.why);
	CHECK(memcmp(&nets, &before, sizeof nets) == 0);
	free(text);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	check_header(data, n);
	check_nets(data, n);
	return 0;
}
