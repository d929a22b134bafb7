/*
 * Storing, as a shape says, what JSON holds: what cask dump --json prints of a
 * stream becomes that stream again.
 *
 *     store.c       goes through the shape, and finds members by their names
 *     store_leaf.c  takes one value
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_H
#define STORE_H

#include "dump.h"
#include "json_read.h"

#define STORE_WHY  640                /* bytes of a complaint */
#define STORE_MOST (64 * 1024 * 1024) /* bytes of what is stored */

/* Where in the shape; index: NO_INDEX of what is no element. */
#define NO_INDEX UINT64_MAX

struct place {
	const struct place *up;
	const char *name;
	uint64_t index;
};

struct store {
	struct dump *d; /* has the shape, and the archive with its settings */
	struct json *json;
	bool framed;         /* with its length in front */
	struct cask_mem mem; /* what was stored, to be closed */
	char why[STORE_WHY];
	bool failed;
};

/*
 * Store what was read as JSON into s->mem.  False: s->why tells, as in "member
 * 'count': 300 does not fit u8".
 */
bool store_json(struct store *s);

/* Can it be stored?  Objects can't, nor what only classes have.  If not, the
 * name of a member that is in the way. */
const char *store_obstacle(const struct shape *shape);

/* What store.c and store_leaf.c have of each other. */
bool store_fail(struct store *s, const struct place *at, const char *format,
    ...) CASK_PRINTF(3, 4);
bool store_leaf(struct store *s, const struct shape_member *m,
    const struct json_node *n, const struct place *at);

/* A length in front of a message. */
void put_length(unsigned char to[4], uint32_t length, bool big_endian);

#endif
