/*
 * Messages with their length in front, versions, and descriptions that two ends
 * compare.  All of it is ours: MFC has nothing like it.
 *
 * A message is a length of 4 bytes, in the archive's byte order, and so many
 * bytes.  Loading takes it in whole before its first field is looked at, so
 * that a slow peer keeps nobody inside an exchange function; its fields can't
 * go beyond it, and have to use it up, unless it can be extended.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_MESSAGE_H
#define CASK_MESSAGE_H

#include <cask/ar.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Exchange one message: cask_message(ar, &q, quote_x).
 *
 *     cask_message(&out, &q, quote_x);        while (cask_more(&in)) {
 *     cask_flush(&out);                               cask_message(&in, &q,
 *                                                         quote_x);
 *                                                     …
 *
 * Storing, a message that does not fit into the archive's buffer is walked
 * twice: once to count its bytes, and once to store them.  So the exchange
 * function has to give the same twice.  It sends nothing by itself: that is
 * cask_flush.  Loading, a larger message than the buffer is taken into memory
 * that grows with the bytes that have come, and is freed at the end; it is what
 * ar->limit.message is for (64 MiB from a peer).  Within a message, cask_more
 * tells whether bytes of it are left.
 *
 * Errors: CASK_ELIMIT (the length), CASK_ECUT (the stream has ended inside;
 * or a field goes beyond the message's end), EPROTO (bytes are left over;
 * another length than before), ENOMEM, and those of its values.  What could
 * not be stored is not sent at all, if it fits into the buffer; after a
 * time-out the words tell whether it struck inside a message.  A message may
 * stand within another.  As for cask_struct, ar and p may be evaluated several
 * times, and exchange has to return.
 */
#define cask_message(ar, p, exchange)                                         \
	do {                                                                  \
		struct cask_message cask_message_;                            \
		bool cask_go_ = cask_message_begin((ar), &cask_message_, #p); \
		if (!cask_go_ && cask_loading(ar))                            \
			memset((p), 0, sizeof *(p));                          \
		for (; cask_go_;                                              \
		     cask_go_ = cask_message_again((ar), &cask_message_))     \
			exchange((ar), (p));                                  \
		cask_message_end((ar), &cask_message_);                       \
	} while (0)

/*
 * The end of a message as it was once, behind which fields were added:
 *
 *     cask_u32(ar, &q->count);
 *     if (cask_extends(ar))
 *             cask_u32(ar, &q->volume);
 *
 * True when there is more to exchange: always, but loading from an end that
 * does not know of volume yet, which leaves it as it is.  An end that knows no
 * more, and calls cask_extends last, passes over what newer ends have added.
 * Several may follow each other.  A description ends there, so that old ends
 * and new ones describe alike what they share.  Outside of a message: EINVAL.
 */
bool cask_extends(struct cask_ar *ar);

/*
 * The version of what follows, on the wire a u16: newest when storing, and what
 * came when loading.  Newer than newest, or 0, is EPROTO; newest beyond a u16,
 * or 0, is EINVAL; after an error, 0.
 *
 *     unsigned version = cask_version(ar, 3);
 *     if (version >= 3)
 *             cask_u32(ar, &q->flags);        since version 3
 */
unsigned cask_version(struct cask_ar *ar, unsigned newest);

/*
 * Whether both ends describe a message alike.  Each describes its own,
 *
 *     struct quote q = { 0 };
 *     cask_describe(&ar, cask_mem_grow(&mine, 0));
 *     quote_x(&ar, &q);
 *     cask_flush(&ar);
 *
 * and hands mine.data and mine.length to cask_agree, in an archive that stores
 * and in one that loads: EPROTO names the first field that differs,
 *
 *     description at byte 0 from 10.0.0.7:5123: here "f64 price[]",
 *     there "f32 price[]"
 *
 * A description shows what is exchanged when counts and options are 1 and all
 * else is 0: of a union, the case 0.  On the wire it is a count and the text of
 * the description.  cask_fingerprint makes a number of it, for those who
 * compare by other means: equal for equal descriptions, and hardly ever for
 * others (FNV-1a; it keeps no attacker out).
 */
void cask_agree(struct cask_ar *ar, const void *description, size_t n);
uint64_t cask_fingerprint(const void *description, size_t n);

/* ------------------------------------------------------------------------ */
/* How cask_message is done.                                                 */

struct cask_message {
	/* private */
	struct cask_frame frame;
	struct cask_message *around;
	uint64_t at;          /* the stream's offset behind the length */
	uint64_t end;         /* loading: … of the end */
	size_t place;         /* storing: the length's, in the buffer */
	uint64_t replaced;    /* … characters, before the message */
	uint32_t numbers;     /* … of objects, then */
	unsigned schema;      /* … of the object that it stands in */
	bool framed;          /* it has a length at all */
	bool held;            /* nothing is sent until the length is known */
	bool twice;           /* the second walk: it is known */
	bool extends;         /* more, or less, than what is known is fine */
	unsigned char *whole; /* loading: memory, instead of the buffer … */
	unsigned char *start; /* … which is this one */
	size_t size;
};

bool cask_message_begin(
    struct cask_ar *ar, struct cask_message *m, const char *name);
bool cask_message_again(struct cask_ar *ar, struct cask_message *m);
void cask_message_end(struct cask_ar *ar, struct cask_message *m);

#ifdef __cplusplus
}
#endif

#endif
