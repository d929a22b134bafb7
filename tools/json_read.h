/*
 * JSON, read: a line of it becomes a row of nodes.
 *
 * Strict, as RFC 8259 has it, and UTF-8.  Numbers stay as they were written, so
 * that integers of 64 bits are exact.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef JSON_READ_H
#define JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH 128 /* arrays and objects, within each other */
#define JSON_WHY   256 /* bytes of a complaint */

enum json_kind {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_TEXT,
	JSON_ARRAY,
	JSON_OBJECT,
};

/* What an array or an object holds follows it. */
struct json_node {
	enum json_kind kind;
	bool used;        /* for those who look members up */
	const char *key;  /* of an object's member, or NULL */
	const char *text; /* of a text, ended by NUL; or of a number, n bytes */
	size_t n;         /* … bytes; of arrays and objects, what they hold */
	size_t after;     /* the index of what follows all of it */
};

/* All zero is valid. */
struct json {
	struct json_node *node; /* the first is the whole */
	size_t count;
	char why[JSON_WHY]; /* "column 7: expected ':'" */

	/* private */
	size_t room;
	char *from;
	char *at;
	char *end;
	unsigned depth;
};

/*
 * Read the n bytes of text, behind which is room for a NUL.  Texts are decoded
 * where they stand, so text has to stay as long as the nodes are used.  False:
 * why tells.
 */
bool json_read(struct json *j, char *text, size_t n);

void json_free(struct json *j);

/* "text", "an object", …, for complaints. */
const char *json_kind_name(enum json_kind kind);

#endif
