/*
 * Plays one side of a recorded session against a program.
 *
 * The steps of the recording are taken one after the other, over all its
 * connections: what this side said is said, what the other side said is waited
 * for, and compared as it comes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PLAYER_H
#define PLAYER_H

#include <cask.h>

#include "session.h"

struct line;

struct player {
	const struct recording *recording;
	enum way mine;           /* TO_SERVER: the client is played */
	const char *host, *port; /* … to connect to */
	const char *address;     /* the server: to listen on, with port */
	bool timed;              /* as slowly as it was recorded */
	bool ignore;             /* differences don't matter */
	double timeout;          /* how long to wait for anything, in seconds */

	/* private */
	struct cask_sock listener;
	struct line *lines;
	size_t next; /* the step from which on connections are accepted */
	int64_t began;
	bool failed;         /* after a complaint */
	char different[256]; /* the first difference, or "" */
	uint64_t sent, came;
	unsigned ignored;
};

/* Listen, to play the server.  False after a complaint. */
bool player_listen(struct player *p);

/* Play it all.  False after a complaint, or if something was different. */
bool player_play(struct player *p);

void player_close(struct player *p);

#endif
