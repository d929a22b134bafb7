/*
 * A struct and its exchange function from one list, for those who want it.
 *
 * The exchange function is the core: it can do everything, and a debugger shows
 * it line by line.  For plain structs a list says the same, and the two can't
 * drift apart:
 *
 *     #define PARTY(F)                \
 *             F(text, name, 16)       \
 *             F(bytes, key, 4)
 *     CASK_LIST_STRUCT(party, PARTY)
 *     CASK_LIST_EXCHANGE(party, PARTY)
 *
 *     #define TRADE(F)                \
 *             F(u32, id)              \
 *             F(bool, open)           \
 *             F(array, f64, price, 8) \
 *             F(list, party, buyer)   \
 *             F(lists, party, seller, 2)
 *     CASK_LIST_STRUCT(trade, TRADE)
 *     CASK_LIST_EXCHANGE(trade, TRADE)
 *
 * That is struct trade, and trade_x(ar, &t), as one would write them, each
 * count by cask_count and at most as large as its array:
 *
 * F(u32, id)                  uint32_t id; so all numbers of value.h, and bool
 * F(text, name, 16)           char name[16]
 * F(bytes, key, 4)            unsigned char key[4]
 * F(array, f64, price, 8)     uint32_t price_count; double price[8]
 * F(fixed, f64, size, 3)      double size[3], without a count
 * F(list, party, buyer)       struct party buyer
 * F(lists, party, seller, 2)  uint32_t seller_count; struct party seller[2]
 * F(struct, other, o)         struct other o, whose other_x is written by hand
 * F(structs, other, o, 2)     uint32_t o_count; struct other o[2], likewise
 *
 * Errors name a member "p->price[1]", or "p->seller[1].name".  What is not here
 * (options, unions, versions, values to be refused) takes a function written by
 * hand; either kind may hold structs of the other.
 *
 * It is the fastest way, too: where there is room for the largest struct that
 * the list can store, or enough has come of one that is loaded, one look at the
 * buffer is enough for all of it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_LIST_H
#define CASK_LIST_H

#include <cask/text.h>
#include <cask/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CASK_LIST_STRUCT(name, LIST)    \
	struct name {                   \
		LIST(CASK_LIST_MEMBER_) \
	};
#define CASK_LIST_EXCHANGE(name, LIST)                                        \
	enum {                                                                \
		name##_least_ = 0 LIST(CASK_LIST_LEAST_),                     \
		name##_most_ = 0 LIST(CASK_LIST_MOST_)                        \
	};                                                                    \
	CASK_INLINE unsigned char *name##_run_(struct cask_ar *ar,            \
	    unsigned char *at, struct name *p, size_t *room, int levels,      \
	    bool loading, bool big)                                           \
	{                                                                     \
		(void)ar, (void)room, (void)levels, (void)loading, (void)big; \
		LIST(CASK_LIST_RUN_)                                          \
		return at;                                                    \
	}                                                                     \
	CASK_NOINLINE void name##_each_(struct cask_ar *ar, struct name *p)   \
	{                                                                     \
		LIST(CASK_LIST_VALUE_)                                        \
	}                                                                     \
	static inline void name##_x(struct cask_ar *ar, struct name *p)       \
	{                                                                     \
		unsigned char *at = NULL;                                     \
		if (ar->loading) {                                            \
			CASK_LIST_TRY(name##_run_, name##_least_, true)       \
		} else {                                                      \
			CASK_LIST_TRY(name##_run_, name##_most_, false)       \
		}                                                             \
		if (CASK_LIKELY(at != NULL))                                  \
			ar->cur = at;                                         \
		else                                                          \
			name##_each_(ar, p);                                  \
	}

/*
 * All members go in a run, with one look in front of it: whether there is room
 * for the most that they could store, or the least is there that they could
 * load; and what there is beyond that, which texts and arrays use up.  A run
 * gives up, with NULL, at what is rare: text that isn't plain, a count beyond
 * its limit, structs too deep, something that is not all there.  Nothing has
 * happened then, as the archive's cursor did not move, and the members go one
 * by one.  The direction and the byte order are constants in each run.
 */
#define CASK_LIST_TRY(run, need, loading)                                      \
	if (CASK_LIKELY(cask_fits(ar->cur, need, ar->end))) {                  \
		unsigned char *cur = ar->cur;                                  \
		size_t room = (size_t)(ar->end - cur) - need;                  \
		if (ar->big_endian)                                            \
			at =                                                   \
			    run(ar, cur, p, &room, ar->levels, loading, true); \
		else                                                           \
			at = run(                                              \
			    ar, cur, p, &room, ar->levels, loading, false);    \
	}

/* Each kind is something as a member, as a value and in a run, and there are a
 * least and a most of its bytes. */
#define CASK_LIST_MEMBER_(kind, ...) CASK_LIST_##kind(MEMBER, __VA_ARGS__)
#define CASK_LIST_VALUE_(kind, ...)  CASK_LIST_##kind(VALUE, __VA_ARGS__)
#define CASK_LIST_RUN_(kind, ...)    CASK_LIST_##kind(RUN, __VA_ARGS__)
#define CASK_LIST_LEAST_(kind, ...)  CASK_LIST_##kind(LEAST, __VA_ARGS__)
#define CASK_LIST_MOST_(kind, ...)   CASK_LIST_##kind(MOST, __VA_ARGS__)

#define CASK_LIST_MEMBER(T, type, name) T name;
#define CASK_LIST_VALUE(T, type, name)  cask_##type(ar, &p->name);
#define CASK_LIST_RUN(T, type, name)                  \
	cask_move_##type(at, &p->name, loading, big); \
	at += sizeof p->name;
#define CASK_LIST_LEAST(T, type, name) +(int)sizeof(T)
#define CASK_LIST_MOST(T, type, name)  +(int)sizeof(T)
#define CASK_LIST_u8(as, name)         CASK_LIST_##as(uint8_t, u8, name)
#define CASK_LIST_i8(as, name)         CASK_LIST_##as(int8_t, i8, name)
#define CASK_LIST_bool(as, name)       CASK_LIST_##as(bool, bool, name)
#define CASK_LIST_u16(as, name)        CASK_LIST_##as(uint16_t, u16, name)
#define CASK_LIST_i16(as, name)        CASK_LIST_##as(int16_t, i16, name)
#define CASK_LIST_char16(as, name)     CASK_LIST_##as(uint16_t, char16, name)
#define CASK_LIST_u32(as, name)        CASK_LIST_##as(uint32_t, u32, name)
#define CASK_LIST_i32(as, name)        CASK_LIST_##as(int32_t, i32, name)
#define CASK_LIST_f32(as, name)        CASK_LIST_##as(float, f32, name)
#define CASK_LIST_u64(as, name)        CASK_LIST_##as(uint64_t, u64, name)
#define CASK_LIST_i64(as, name)        CASK_LIST_##as(int64_t, i64, name)
#define CASK_LIST_f64(as, name)        CASK_LIST_##as(double, f64, name)

#define CASK_LIST_text(as, name, size)    CASK_LIST_##as##_TEXT(name, size)
#define CASK_LIST_MEMBER_TEXT(name, size) char name[size];
#define CASK_LIST_VALUE_TEXT(name, size)  cask_text(ar, p->name, size);
#define CASK_LIST_RUN_TEXT(name, size)                                      \
	at = cask_run_text(ar, at, p->name, sizeof p->name, room, loading); \
	if (at == NULL)                                                     \
		return NULL;
#define CASK_LIST_LEAST_TEXT(name, size) +1
#define CASK_LIST_MOST_TEXT(name, size)  +4 + 2 * (size)

#define CASK_LIST_bytes(as, name, n)    CASK_LIST_##as##_BYTES(name, n)
#define CASK_LIST_MEMBER_BYTES(name, n) unsigned char name[n];
#define CASK_LIST_VALUE_BYTES(name, n)  cask_bytes(ar, p->name, n);
#define CASK_LIST_RUN_BYTES(name, n)    \
	if (loading)                    \
		memcpy(p->name, at, n); \
	else                            \
		memcpy(at, p->name, n); \
	at += n;
#define CASK_LIST_LEAST_BYTES(name, n) +(n)
#define CASK_LIST_MOST_BYTES(name, n)  +(n)

#define CASK_LIST_list(as, type, name)    CASK_LIST_##as##_LIST(type, name)
#define CASK_LIST_MEMBER_LIST(type, name) struct type name;
#define CASK_LIST_VALUE_LIST(type, name)  cask_struct(ar, &p->name, type##_x);
#define CASK_LIST_RUN_LIST(type, name)                                      \
	if (levels < 1)                                                     \
		return NULL;                                                \
	at = type##_run_(ar, at, &p->name, room, levels - 1, loading, big); \
	if (at == NULL)                                                     \
		return NULL;
#define CASK_LIST_LEAST_LIST(type, name) +type##_least_
#define CASK_LIST_MOST_LIST(type, name)  +type##_most_

/* A count, and so many of what takes at least each bytes. */
#define CASK_LIST_MEMBER_COUNT(name, most) uint32_t name##_count;
#define CASK_LIST_VALUE_COUNT(name, most) \
	cask_count(ar, &p->name##_count, most);
#define CASK_LIST_RUN_COUNT(name, most, each)                              \
	if (!cask_run_count(                                               \
		ar, at, &p->name##_count, most, each, room, loading, big)) \
		return NULL;                                               \
	at += 2;

#define CASK_LIST_array(as, type, name, most) \
	CASK_LIST_##as##_ARRAY(type, name, most)
#define CASK_LIST_MEMBER_ARRAY(type, name, most) \
	CASK_LIST_MEMBER_COUNT(name, most)       \
	CASK_LIST_##type(MEMBER, name[most])
#define CASK_LIST_VALUE_ARRAY(type, name, most) \
	CASK_LIST_VALUE_COUNT(name, most)       \
	cask_##type##_array(ar, p->name, p->name##_count);
#define CASK_LIST_RUN_ARRAY(type, name, most)                        \
	CASK_LIST_RUN_COUNT(name, most, sizeof p->name[0])           \
	cask_few_##type(at, p->name, p->name##_count, loading, big); \
	at += p->name##_count * sizeof p->name[0];
#define CASK_LIST_LEAST_ARRAY(type, name, most) +2
#define CASK_LIST_MOST_ARRAY(type, name, most) \
	+2 + (most) * (0 CASK_LIST_##type(MOST, name))

#define CASK_LIST_fixed(as, type, name, n)    CASK_LIST_##as##_FIXED(type, name, n)
#define CASK_LIST_MEMBER_FIXED(type, name, n) CASK_LIST_##type(MEMBER, name[n])
#define CASK_LIST_VALUE_FIXED(type, name, n) \
	cask_##type##_array(ar, p->name, n);
#define CASK_LIST_RUN_FIXED(type, name, n)             \
	cask_few_##type(at, p->name, n, loading, big); \
	at += sizeof p->name;
#define CASK_LIST_LEAST_FIXED(type, name, n) \
	+(n) * (0 CASK_LIST_##type(MOST, name))
#define CASK_LIST_MOST_FIXED(type, name, n) CASK_LIST_LEAST_FIXED(type, name, n)

#define CASK_LIST_lists(as, type, name, most) \
	CASK_LIST_##as##_LISTS(type, name, most)
#define CASK_LIST_MEMBER_LISTS(type, name, most) \
	CASK_LIST_MEMBER_COUNT(name, most) struct type name[most];
#define CASK_LIST_VALUE_LISTS(type, name, most) \
	CASK_LIST_VALUE_COUNT(name, most)       \
	cask_structs(ar, p->name, p->name##_count, type##_x);
#define CASK_LIST_RUN_LISTS(type, name, most)               \
	CASK_LIST_RUN_COUNT(name, most, type##_least_)      \
	for (uint32_t i_ = 0; i_ < p->name##_count; i_++) { \
		CASK_LIST_RUN_LIST(type, name[i_])          \
	}
#define CASK_LIST_LEAST_LISTS(type, name, most) +2
#define CASK_LIST_MOST_LISTS(type, name, most)  +2 + (most)*type##_most_

/* Where something is written by hand there are no runs: no buffer is as large.
 */
#define CASK_LIST_NO_RUN                    (1 << 24)
#define CASK_LIST_struct(as, type, name)    CASK_LIST_##as##_STRUCT(type, name)
#define CASK_LIST_MEMBER_STRUCT(type, name) CASK_LIST_MEMBER_LIST(type, name)
#define CASK_LIST_VALUE_STRUCT(type, name)  CASK_LIST_VALUE_LIST(type, name)
#define CASK_LIST_RUN_STRUCT(type, name)    return NULL;
#define CASK_LIST_LEAST_STRUCT(type, name)  +CASK_LIST_NO_RUN
#define CASK_LIST_MOST_STRUCT(type, name)   +CASK_LIST_NO_RUN
#define CASK_LIST_structs(as, type, name, most) \
	CASK_LIST_##as##_STRUCTS(type, name, most)
#define CASK_LIST_MEMBER_STRUCTS(type, name, most) \
	CASK_LIST_MEMBER_LISTS(type, name, most)
#define CASK_LIST_VALUE_STRUCTS(type, name, most) \
	CASK_LIST_VALUE_LISTS(type, name, most)
#define CASK_LIST_RUN_STRUCTS(type, name, most)   return NULL;
#define CASK_LIST_LEAST_STRUCTS(type, name, most) +CASK_LIST_NO_RUN
#define CASK_LIST_MOST_STRUCTS(type, name, most)  +CASK_LIST_NO_RUN

/* The members at which a run may give up. */

CASK_INLINE bool
cask_run_takes(size_t n, size_t *room)
{
	if (n > *room)
		return false;
	*room -= n;
	return true;
}

CASK_INLINE bool
cask_run_count(const struct cask_ar *ar, unsigned char *at, uint32_t *n,
    uint32_t most, size_t each, size_t *room, bool loading, bool big)
{
	uint16_t count = (uint16_t)*n;

	if (!loading && *n != count)
		return false;
	cask_move_u16(at, &count, loading, big);
	*n = count;
	return count <= most && count < 0xFFFF &&
	    (ar->limit.count == 0 || count <= ar->limit.count) &&
	    (!loading || cask_run_takes(count * each, room));
}

/* Text in MFC's Unicode form: where it ends, or NULL; and what is left of room,
 * of which loading takes all but the first byte. */
struct cask_run {
	unsigned char *at;
	size_t room;
};

struct cask_run cask_run_unicode(
    struct cask_ar *ar, unsigned char *at, char *s, size_t size, size_t room);

CASK_INLINE unsigned char *
cask_run_wide(
    struct cask_ar *ar, unsigned char *at, char *s, size_t size, size_t *room)
{
	struct cask_run r = cask_run_unicode(ar, at, s, size, *room);

	*room = r.room;
	return r.at;
}

CASK_INLINE unsigned char *
cask_run_text(struct cask_ar *ar, unsigned char *at, char *s, size_t size,
    size_t *room, bool loading)
{
	size_t n;

	if (loading) {
		n = *at;
		if (!CASK_LIKELY(n < size && n < 0xFF))
			return n == 0xFF ? cask_run_wide(ar, at, s, size, room)
					 : NULL;
		if (!CASK_LIKELY(ar->form < CASK_UTF8) ||
		    !cask_run_takes(n, room) || !cask_is_within(ar, n) ||
		    !cask_copy_plain(s, at + 1, n))
			return NULL;
		s[n] = '\0';
		ar->came = CASK_ANSI;
		return at + 1 + n;
	}
	if (ar->form != CASK_ANSI)
		return cask_run_wide(ar, at, s, size, room);
	n = cask_copy_string(at + 1, s, size);
	if (n >= size || n >= 0xFF || !cask_is_within(ar, n))
		return NULL;
	*at = (unsigned char)n;
	return at + 1 + n;
}

#ifdef __cplusplus
}
#endif

#endif
