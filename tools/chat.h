/*
 * What cask chat and cask chatd share: the message of MFC's samples Chatter and
 * ChatSrvr (their CMsg), how it goes on the wire, and how its lines are shown.
 *
 *     chat.c          the client: a line typed is a message, and one that comes
 *                     is printed
 *     chatd.c         the server: what one says all get, and newcomers what was
 *                     said before
 *     chat_message.c  the message, and its settings
 *     typing.c        where typed lines come from
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CHAT_H
#define CHAT_H

#include <cask.h>

#include <stdbool.h>

#include "command.h"

#define CHAT_PORT     700  /* of channel 0 */
#define CHAT_TEXT     4096 /* bytes of a line that somebody says, at most … */
#define CHAT_NAME     64 /* … and of the name in front of it, with its NUL */
#define CHAT_LONGEST  65535   /* bytes of a line that is taken from a server */
#define CHAT_MANY     1000000 /* lines in one message */
#define CHANNELS_MOST (65535 - CHAT_PORT)

/*
 * A message, in either direction.  A client says one line and sends no list; a
 * server sends a list, and "" for a text.
 */
struct chat {
	uint16_t leaves; /* 1: the sender is going away */
	char *text;      /* one line; NULL is "" */
	char **line;
	uint32_t lines;
};

void chat_x(struct cask_ar *ar, struct chat *c);

/* Free what loading has allocated.  Twice is fine. */
void chat_free(struct chat *c);

/*
 * The name in a line: up to the first ": ", if there is one and it is no longer
 * than a name.  False: none, and name is "".
 */
bool chat_name(char name[CHAT_NAME], const char *line);

/* Print a line, its name in colour on a terminal, and what would harm one made
 * harmless.  mine: a name that stands out, or NULL. */
void chat_print(const char *line, const char *mine);

/* What both have options for. */
struct chat_wire {
	uint64_t channel;
	const char *port; /* instead of the channel's, or NULL */
	bool unicode;
	uint64_t codepage;
	bool told; /* that characters were replaced */
};

/* clang-format off */
#define CHAT_OPTIONS(wire)                                                \
	{ .name = "channel", .letter = 'c', .kind = OPTION_NUMBER,        \
	    .value = "N", .most = CHANNELS_MOST, .usual = "0",            \
	    .help = "the channel: port 700 + N", .to = &(wire).channel }, \
	{ .name = "port", .letter = 'p', .kind = OPTION_PORT,             \
	    .value = "PORT", .otherwise = "the channel's",                \
	    .help = "this port, whatever the channel",                    \
	    .but_not = "channel",                                         \
	    .more = "Ports below 1024 are the superuser's to listen on.", \
	    .to = &(wire).port },                                         \
	{ .name = "unicode", .letter = 'u', .kind = OPTION_FLAG,          \
	    .help = "send Unicode strings: any script",                   \
	    .more = "Otherwise ANSI strings are sent, and what the code " \
		    "page lacks becomes a question mark. What comes may " \
		    "be either.",                                         \
	    .to = &(wire).unicode },                                      \
	{ .name = "codepage", .kind = OPTION_NUMBER, .value = "N",        \
	    .least = 1, .most = 65535, .usual = "1252",                   \
	    .help = "code page of ANSI strings, both ways",               \
	    .to = &(wire).codepage }
/* clang-format on */

/* Whether the options can be followed; a complaint if not. */
bool chat_wire_check(const struct chat_wire *w);

/* Settings of an archive, before it is opened. */
void chat_wire_set(const struct chat_wire *w, struct cask_ar *ar);

/* Say, the first time, that what was stored lacks characters. */
void chat_wire_tell(struct chat_wire *w, const struct cask_ar *out);

/* The port: that of the option, or the channel's. */
struct chat_port {
	char text[8];
};

const char *chat_wire_port(const struct chat_wire *w, struct chat_port *p);

#endif
