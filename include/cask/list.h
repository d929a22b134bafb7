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
 * F(list, party, buyer)       struct party buyer
 * F(lists, party, seller, 2)  uint32_t seller_count; struct party seller[2]
 *
 * Errors name a member "p->price[1]", or "p->seller[1].name".  What is not here
 * (options, unions, versions, values to be refused) takes a function written by
 * hand; either kind may hold structs of the other.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_LIST_H
#define CASK_LIST_H

#include <cask/text.h>
#include <cask/value.h>

#define CASK_LIST_STRUCT(name, LIST)    \
	struct name {                   \
		LIST(CASK_LIST_MEMBER_) \
	};
#define CASK_LIST_EXCHANGE(name, LIST)                                  \
	static inline void name##_x(struct cask_ar *ar, struct name *p) \
	{                                                               \
		LIST(CASK_LIST_VALUE_)                                  \
	}

/* How that is done: each kind is something as a member, and as a value. */
#define CASK_LIST_MEMBER_(kind, ...) CASK_LIST_##kind(MEMBER, __VA_ARGS__)
#define CASK_LIST_VALUE_(kind, ...)  CASK_LIST_##kind(VALUE, __VA_ARGS__)

#define CASK_LIST_MEMBER(T, type, name) T name;
#define CASK_LIST_VALUE(T, type, name)  cask_##type(ar, &p->name);
#define CASK_LIST_u8(as, name)          CASK_LIST_##as(uint8_t, u8, name)
#define CASK_LIST_i8(as, name)          CASK_LIST_##as(int8_t, i8, name)
#define CASK_LIST_bool(as, name)        CASK_LIST_##as(bool, bool, name)
#define CASK_LIST_u16(as, name)         CASK_LIST_##as(uint16_t, u16, name)
#define CASK_LIST_i16(as, name)         CASK_LIST_##as(int16_t, i16, name)
#define CASK_LIST_char16(as, name)      CASK_LIST_##as(uint16_t, char16, name)
#define CASK_LIST_u32(as, name)         CASK_LIST_##as(uint32_t, u32, name)
#define CASK_LIST_i32(as, name)         CASK_LIST_##as(int32_t, i32, name)
#define CASK_LIST_f32(as, name)         CASK_LIST_##as(float, f32, name)
#define CASK_LIST_u64(as, name)         CASK_LIST_##as(uint64_t, u64, name)
#define CASK_LIST_i64(as, name)         CASK_LIST_##as(int64_t, i64, name)
#define CASK_LIST_f64(as, name)         CASK_LIST_##as(double, f64, name)

#define CASK_LIST_text(as, name, size)     CASK_LIST_##as##_TEXT(name, size)
#define CASK_LIST_MEMBER_TEXT(name, size)  char name[size];
#define CASK_LIST_VALUE_TEXT(name, size)   cask_text(ar, p->name, size);
#define CASK_LIST_bytes(as, name, n)       CASK_LIST_##as##_BYTES(name, n)
#define CASK_LIST_MEMBER_BYTES(name, n)    unsigned char name[n];
#define CASK_LIST_VALUE_BYTES(name, n)     cask_bytes(ar, p->name, n);
#define CASK_LIST_list(as, type, name)     CASK_LIST_##as##_LIST(type, name)
#define CASK_LIST_MEMBER_LIST(type, name)  struct type name;
#define CASK_LIST_VALUE_LIST(type, name)   cask_struct(ar, &p->name, type##_x);
#define CASK_LIST_COUNT(as, name, most)    CASK_LIST_##as##_COUNT(name, most)
#define CASK_LIST_MEMBER_COUNT(name, most) uint32_t name##_count;
#define CASK_LIST_VALUE_COUNT(name, most) \
	cask_count(ar, &p->name##_count, most);
#define CASK_LIST_array(as, type, name, most) \
	CASK_LIST_COUNT(as, name, most) CASK_LIST_##as##_ARRAY(type, name, most)
#define CASK_LIST_MEMBER_ARRAY(type, name, most) \
	CASK_LIST_##type(MEMBER, name[most])
#define CASK_LIST_VALUE_ARRAY(type, name, most) \
	cask_##type##_array(ar, p->name, p->name##_count);
#define CASK_LIST_lists(as, type, name, most) \
	CASK_LIST_COUNT(as, name, most) CASK_LIST_##as##_LISTS(type, name, most)
#define CASK_LIST_MEMBER_LISTS(type, name, most) struct type name[most];
#define CASK_LIST_VALUE_LISTS(type, name, most) \
	cask_structs(ar, p->name, p->name##_count, type##_x);

#endif
