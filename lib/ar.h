/*
 * What the value layers see of an archive: bytes, and naming what fails.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_AR_H
#define CASKI_AR_H

#include <cask/ar.h>
#include <cask/message.h>

#include <stdarg.h>

#include "hot.h"

/*
 * Begin to load a whole message, n bytes at p, which stand at an offset of the
 * stream and are within its limit.  They are its buffer; io is asked for what
 * is behind them.
 */
void caski_load_block(struct cask_ar *ar, struct cask_io *io, unsigned char *p,
    size_t n, uint64_t at);

/* The path of the value in hand, "order.lines[3].price", in buf: its end, if it
 * is longer.  And a name as it reads best: without "&" and, of a member,
 * without what it was reached by. */
#define CASKI_PATH 160

const char *caski_path(const struct cask_ar *ar, char buf[CASKI_PATH]);
const char *caski_plain_name(const char *name, bool member);

/* cask_at, without a call. */
static inline uint64_t
caski_at(const struct cask_ar *ar)
{
	return ar->base + (uint64_t)(ar->cur - ar->start);
}

/* Nothing more can be read from it, or written to it. */
static inline bool
caski_io_is_over(const struct cask_io *io)
{
	return io->err != 0 && !io->apart;
}

/* How many structs within one another there may be, … */
static inline unsigned
caski_most_depth(const struct cask_ar *ar)
{
	return ar->limit.depth > 0 ? ar->limit.depth : 100;
}

/* Of the fast path: every struct is entered and left the slow way. */
#define CASKI_NO_LEVELS (-1)

/* … and are. */
static inline unsigned
caski_depth(const struct cask_ar *ar)
{
	return (unsigned)ar->most_levels - (unsigned)ar->levels;
}

/*
 * A value is in hand: an error is reported with this type and name (a literal
 * each) and with the present offset.
 */
static inline void
caski_begin(struct cask_ar *ar, const char *type, const char *name)
{
	ar->type = type;
	ar->name = name;
	ar->width = 0;
	ar->started = false;
	ar->at = caski_at(ar);
}

/* An object in an array: its place there, which is another struct to the
 * archive, names it. */
static inline bool
caski_is_nameless(const char *name, size_t index)
{
	return *name == '\0' && index >= CASK_NO_ELEMENT;
}

/* The struct that has been left is one that the value which failed is in. */
void caski_name_struct(struct cask_ar *ar, const char *name, size_t index);

/* Whether the archive may store (load; put out bytes, of whatever kind); if
 * not, that is its error.  One that releases may not, without being in error.
 */
bool caski_might_store(struct cask_ar *ar);
bool caski_might_load(struct cask_ar *ar);
bool caski_might_put(struct cask_ar *ar);

/* The same; without a call where all is well. */
static inline bool
caski_goes(const struct cask_ar *ar, enum cask_way way)
{
	return CASKI_LIKELY(ar->way == way && ar->err == 0 && ar->io != NULL);
}

static inline bool
caski_may_store(struct cask_ar *ar)
{
	return caski_goes(ar, CASK_STORES) || caski_might_store(ar);
}

static inline bool
caski_may_load(struct cask_ar *ar)
{
	return caski_goes(ar, CASK_LOADS) || caski_might_load(ar);
}

static inline bool
caski_may_put(struct cask_ar *ar)
{
	return caski_goes(ar, CASK_STORES) || caski_might_put(ar);
}

/*
 * Fail, with words of its own instead of cask_strerror's.  Gives false, and
 * lets compilers and analysers know that it does.
 */
#define caski_fail(...) (caski_set_error(__VA_ARGS__), false)

CASKI_COLD void caski_set_error(
    struct cask_ar *ar, int err, const char *format, ...) CASK_PRINTF(3, 4);
void caski_vset_error(struct cask_ar *ar, int err, const char *format,
    va_list args) CASK_PRINTF(3, 0);

/* Fail as the transport did.  Gives false. */
CASKI_COLD bool caski_io_failed(struct cask_ar *ar);

/* Fail because the transport is gone, and forget it.  Gives false. */
CASKI_COLD bool caski_io_gone(struct cask_ar *ar);

/* ------------------------------------------------------------------------ */
/* buffer.c: what of it is for the archive itself                            */

/* Bytes that a message may have. */
uint64_t caski_message_limit(const struct cask_ar *ar);

#define CASKI_MESSAGE_FROM_PEER ((uint64_t)64 << 20)

/* How many bytes the present one may still have.  The length of one that is
 * loaded was within the limit. */
CASKI_NOINLINE uint64_t caski_message_left(const struct cask_ar *ar);

/* The same, if that is n at most. */
static inline uint64_t
caski_message_left_of(const struct cask_ar *ar, size_t n)
{
	bool plain = ar->within == NULL && ar->limit.message == 0;

	if (CASKI_LIKELY(plain &&
		caski_at(ar) - ar->message + n <= CASKI_MESSAGE_FROM_PEER))
		return n;
	return caski_message_left(ar);
}

/*
 * Loading is going to allocate, or has allocated, n bytes: within limit.memory?
 * An allocation counts a few bytes more than it has, as it takes them, too.
 */
#define CASKI_ALLOCATION 16

bool caski_allocates(struct cask_ar *ar, size_t n);

/* Whether somebody else is at the other end. */
bool caski_has_peer(const struct cask_ar *ar);

#define CASKI_PREFIX 4 /* bytes of a message's length */

/* Is what is stored held back until the length of its message is known? */
static inline bool
caski_holds(const struct cask_ar *ar)
{
	return ar->within != NULL && ar->within->held;
}

/* Show the fast path, which goes nowhere when every value is watched, how far
 * it may go: to most; or (set) not beyond the limit of the message. */
static inline void
caski_show_end(struct cask_ar *ar, unsigned char *most)
{
	unsigned char *end = ar->watched ? ar->start : most;

	ar->most = most;
	ar->end = end;
	ar->put_end = ar->storing ? end : NULL;
	ar->get_end = ar->loading ? end : NULL;
}

/* The same of one that stores, and of one that loads: one of the ends is NULL
 * all the time. */
static inline void
caski_show_room(struct cask_ar *ar, unsigned char *most)
{
	ar->most = most;
	ar->end = ar->put_end = ar->watched ? ar->start : most;
}

static inline void
caski_show_data(struct cask_ar *ar, unsigned char *most)
{
	ar->most = most;
	ar->end = ar->get_end = ar->watched ? ar->start : most;
}

void caski_set_end(struct cask_ar *ar, unsigned char *most);

/*
 * The first value after a flush finds no room.  So the transport hears of it,
 * and can send what was stored before anything is read.
 */
static inline void
caski_no_room_yet(struct cask_ar *ar)
{
	if (CASKI_LIKELY(ar->io != NULL) && ar->io->unflushed == ar)
		ar->io->unflushed = NULL;
	caski_show_end(ar, ar->cur);
}

/* The buffer is used up; it is closed to all by an error; all of it is free. */
void caski_rewind(struct cask_ar *ar);
void caski_stop(struct cask_ar *ar, int err);
void caski_make_room(struct cask_ar *ar);

/* As cask_io_flush.  An archive that has gone out of scope is no longer what it
 * was. */
int caski_send_unflushed(struct cask_ar *ar, struct cask_io *io);

/* ar_io.c: the transport.  Write n bytes, or a part, which more is to follow at
 * once, so that the transport can wait for that; the buffer and a large block
 * behind it; send the buffer, or that as a part. */
bool caski_write(struct cask_ar *ar, const unsigned char *p, size_t n);
bool caski_write_part(struct cask_ar *ar, const unsigned char *p, size_t n);
bool caski_write_gathered(struct cask_ar *ar, const unsigned char *p, size_t n);
bool caski_send_buffer(struct cask_ar *ar);
bool caski_send_part(struct cask_ar *ar);

/* Read something, into p or into the empty buffer (how much, 0 at the end, -1
 * when it failed); is there more? */
ptrdiff_t caski_read_some(struct cask_ar *ar, void *p, size_t size);
ptrdiff_t caski_fill(struct cask_ar *ar);
bool caski_io_more(struct cask_ar *ar);

/* Fail because the stream has ended.  Gives false. */
CASKI_COLD bool caski_cut(struct cask_ar *ar);

/* ------------------------------------------------------------------------ */
/* buffer.c: bytes                                                           */

/* Store n bytes.  False after an error. */
bool caski_put(struct cask_ar *ar, const void *p, size_t n);

/*
 * Make room for n bytes in one piece, sending what is there if need be: a value
 * is not split between two writes, unless the buffer is smaller than it.
 */
void caski_gather(struct cask_ar *ar, size_t n);

/*
 * Whether another byte comes before the stream's end; it may be waited for.
 * Not at the end, nor after an error, which a bad transport is, too.
 */
bool caski_more(struct cask_ar *ar);

/* Load exactly n bytes.  False after an error, p then holding anything. */
bool caski_get(struct cask_ar *ar, void *p, size_t n);

/* Load at most n bytes, and wait for the first of them alone.  0 at the end,
 * and after an error. */
size_t caski_get_some(struct cask_ar *ar, void *p, size_t n);

/* Unsigned integers in the archive's byte order: of 2, 4 or 8 bytes, and, to
 * load, of 1. */
void caski_encode(
    const struct cask_ar *ar, unsigned char *wire, uint64_t v, size_t size);
uint64_t caski_decode(
    const struct cask_ar *ar, const unsigned char *wire, size_t size);
bool caski_get_uint(struct cask_ar *ar, uint64_t *v, size_t size);

/* Numbers: what they are called, and their bytes. */
const char *caski_type_name(enum cask_type type);
size_t caski_type_size(enum cask_type type);

/* Load k numbers of an array, those before it having been loaded already. After
 * an error they are zero. */
void caski_array_part(struct cask_ar *ar, enum cask_type type, void *v,
    size_t k, size_t before, const char *name);

/* A limit's value: the program's, or the default. */
static inline uint64_t
caski_limit(uint64_t set, uint64_t otherwise)
{
	return set != 0 ? set : otherwise;
}

/* ------------------------------------------------------------------------ */
/* field.c: what is shown of a value, to who watches and in print            */

/* Of an archive that is watched: a number, a text or bytes were moved, or are
 * to be printed.  What is an error already is not shown. */
void caski_show_number(struct cask_ar *ar, enum cask_type type, const void *v);
void caski_show_count(struct cask_ar *ar, uint64_t n);
void caski_show_text(struct cask_ar *ar, const char *s, size_t n);
void caski_show_bytes(struct cask_ar *ar, const void *p, size_t n);

/* Of one that is watched: a pointer was moved, to the object of that number, or
 * to none (0); behind is shown after the number, or NULL.  To one that is new,
 * whose members follow.  A class. */
void caski_show_object(struct cask_ar *ar, uint32_t pid, const char *behind);
void caski_show_new(struct cask_ar *ar, uint32_t pid, const char *class_name);
void caski_show_class(struct cask_ar *ar, uint32_t pid, unsigned schema);

/* The struct that was entered is this object. */
void caski_print_new(struct cask_ar *ar, uint32_t pid, const char *class_name);

/* What is behind this pointer is missing. */
void caski_print_nothing(struct cask_ar *ar, const char *name);

/* The numbers of an array have been shown one by one. */
void caski_print_array_end(struct cask_ar *ar, size_t n);

/* The value in hand has failed. */
void caski_show_error(struct cask_ar *ar, const char *why);

/* Describe the value in hand: "[n]" is added to its name, unless n is 1; or an
 * array, which is "[]" when n is 1, as where a count precedes it. */
void caski_describe(struct cask_ar *ar, size_t n);
void caski_describe_array(struct cask_ar *ar, size_t n);

/* … or a pointer or a class, behind which words stand. */
void caski_describe_object(struct cask_ar *ar, const char *words);

/* End what is printed of one message.  False after an error. */
bool caski_print_end(struct cask_ar *ar);

#endif
