/*
 * The messages of cask collect: frames in, acknowledgements out.
 *
 * Each function that gives false has dropped the client, which is gone then.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>

#include "collect.h"

#define SILENCE_MS 600000 /* or three intervals, if that is longer */

static bool
acknowledge(struct client *c, uint64_t sequence, enum ack_status status)
{
	struct ack ack = { ACK_MAGIC, sequence, (uint8_t)status };
	unsigned char bytes[ACK_BYTES];
	struct cask_ar out = { 0 };
	struct cask_mem m;
	ptrdiff_t n;

	cask_store(&out, cask_mem_write(&m, bytes, sizeof bytes));
	ack_x(&out, &ack);
	if (cask_flush(&out) != 0)
		return drop(c, "%s", cask_why(&out));
	n = cask_try_send(&c->sock, m.data, m.length);
	if (n < 0)
		return drop_broken(c);
	if ((size_t)n < m.length)
		return drop(c, "does not take its acknowledgements");
	return true;
}

/* The client belongs to that reporter; it can be another than before. */
static void
attribute(struct client *c, struct row *row)
{
	const struct report *r = &c->collector->report;

	if (c->row != NULL)
		c->row->clients--;
	c->row = row;
	row->clients++;
	c->silence = (int64_t)r->interval_ms * 3;
	if (c->silence < SILENCE_MS)
		c->silence = SILENCE_MS;
}

static bool
take_report(struct client *c, const unsigned char *bytes, size_t n)
{
	struct collector *all = c->collector;
	struct report *r = &all->report;
	enum ack_status status = ACK_COUNTED;
	char why[400];
	struct row *row;

	if (report_decode(r, bytes, n, why, sizeof why) != 0)
		return drop(c, "%s", why);
	row = rows_get(&all->rows, r->hello.reporter);
	if (row == NULL)
		return drop(c, "%s", cask_strerror(ENOMEM));
	attribute(c, row);
	if (row->reports > 0 && r->hello.sequence <= row->sequence) {
		row->again++;
		status = ACK_AGAIN;
	} else if (!collect_report(all, row, c->sock.io.peer)) {
		return drop(c, "%s", cask_strerror(ENOMEM));
	}
	return acknowledge(c, r->hello.sequence, status);
}

/* How long is the frame?  *length is left alone if that has not come yet. */
static bool
read_length(
    struct client *c, const unsigned char *bytes, size_t n, uint32_t *length)
{
	struct cask_ar in = { 0 };
	struct cask_mem m;

	if (n < FRAME_HEAD)
		return true;
	cask_load(&in, cask_mem_read(&m, bytes, FRAME_HEAD));
	frame_x(&in, length);
	return in.err == 0 || drop(c, "%s", cask_why(&in));
}

/* What is left moves to the front. */
void
take_frames(struct client *c)
{
	size_t at = 0;

	while (!c->collector->stop) {
		uint32_t length = FRAME_MOST;

		if (!read_length(c, c->bytes + at, c->have - at, &length))
			return;
		if (c->have - at < FRAME_HEAD + length)
			break;
		at += FRAME_HEAD + length;
		if (!take_report(c, c->bytes + at - length, length))
			return;
		c->began = now_ms();
	}
	c->have -= at;
	memmove(c->bytes, c->bytes + at, c->have);
}
