/*
 * Sessions: what goes on between two programs, for those who look at it, keep
 * it, or play it again.
 *
 *     relay.c     cask proxy's connections: pairs of sockets
 *     mischief.c  what is done to their bytes
 *     annotate.c  what of it is shown, by a thread of its own
 *     record.c    … or kept in a file
 *     pcap.c      … or kept for Wireshark
 *     recording.c reads what was kept
 *     player.c    plays one side of it
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The directions.  The server is the one that was connected to. */
enum way { TO_SERVER, TO_CLIENT, WAYS };

static inline enum way
other_way(enum way way)
{
	return way == TO_SERVER ? TO_CLIENT : TO_SERVER;
}

enum event_kind {
	EVENT_OPEN,  /* the client has connected */
	EVENT_BYTES, /* … were sent that way */
	EVENT_END,   /* … and these were the last */
	EVENT_LOST,  /* who sends that way is gone: words tell how */
	EVENT_DEED,  /* something was done to that direction: words */
	EVENT_CUT,   /* the proxy has closed both, or reset them: words */
	EVENT_CLOSE, /* that was all: words */
};

#define ADDRESS_SIZE 72

struct endpoint {
	char host[ADDRESS_SIZE]; /* a number */
	uint16_t port;
};

struct event {
	enum event_kind kind;
	enum way way;
	unsigned connection; /* from 1 */
	int64_t us;          /* since the session began */
	uint64_t at;         /* BYTES: the offset of the first, in that way */
	const unsigned char *bytes;
	size_t n;
	const char *words;
	const struct endpoint *ends; /* OPEN: the client's and the server's */
};

/* Monotonic time in microseconds. */
int64_t now_us(void);

/* "127.0.0.1:7000", "[::1]:7000" */
#define ENDPOINT_SIZE (ADDRESS_SIZE + 9)
char *endpoint_words(char to[ENDPOINT_SIZE], const struct endpoint *e);

/*
 * Recordings: cask-session(5).  The file is the caller's; what can't be
 * written is for ferror to tell.
 */
#define RECORD_HEAD "cask session 1"
#define RECORD_LINE 512 /* bytes of a line, at most */

void record_begin(FILE *f);
void record_event(FILE *f, const struct event *e);

/* What was read of one.  All zero: nothing. */
struct step {
	int64_t us;
	unsigned connection;
	enum event_kind kind; /* OPEN, BYTES, END, LOST or CUT */
	enum way way;
	uint64_t from;  /* BYTES: which of that way they are, … */
	uint64_t until; /* … up to here */
};

struct stream {
	unsigned char *bytes;
	size_t n, size;
};

struct talk {
	struct stream way[WAYS];
	bool open;
	bool over[WAYS]; /* its end, or its loss, was read */
	bool lost[WAYS];
	bool cut;
};

struct recording {
	struct step *steps;
	size_t count, size;
	struct talk *talks; /* connection 1 is the first */
	size_t talk_count, talk_size;
	size_t open; /* so many of them were opened */
};

#define RECORDING_WHY 256

/*
 * Read a recording.  False: why, of RECORDING_WHY bytes, has the complaint,
 * which begins with the number of the line: "3: …".  To be freed either way.
 */
bool recording_read(struct recording *r, FILE *f, char why[RECORDING_WHY]);
void recording_free(struct recording *r);

/*
 * Captures: made-up packets with what TCP would have had to do.  Each
 * connection has its state in a struct of its own, all zero at first.
 */
struct pcap_talk {
	struct endpoint ends[2]; /* client, server */
	uint32_t next[WAYS];     /* sequence numbers */
	bool ended[WAYS];
	bool reset;
};

void pcap_begin(FILE *f);

/* us is the time since 1970 here. */
void pcap_event(FILE *f, struct pcap_talk *t, const struct event *e);

#endif
