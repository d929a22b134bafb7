/*
 * Cask: blocking sockets, and archives over them that read and write typed
 * values, byte order and text taken care of.
 *
 * This header includes all others.
 *
 *     error.h    errors and their words
 *     io.h       transports: memory, file descriptors, your own
 *     sock.h     sockets: connect, listen, accept, send, receive
 *     addr.h     addresses, datagrams, groups, options of sockets
 *     nets.h     lists of networks: who may come
 *     behind.h   behind a balancer: the PROXY protocol
 *     pump.h     the private loop of a thread: many sockets at once
 *     ar.h       archives: store and load, limits, what went wrong
 *     message.h  messages with their length, versions, descriptions
 *     value.h    numbers, raw bytes, counts, arrays
 *     text.h     text, in MFC's forms and others
 *     dup.h      arrays and structs in memory that loading allocates
 *     class.h    classes of objects, and what was loaded of them
 *     object.h   objects that point to each other, as MFC stores them
 *     collect.h  MFC's collections: arrays, lists and maps
 *     mfc.h      MFC's value types: times, dates, points, variants
 *     list.h     a struct and its exchange function from one list
 *     bytes.h    byte order
 *     utf.h      UTF-8, UTF-16, UTF-32
 *     charset.h  code pages
 *
 * Conventions
 *
 * Structs.  They are yours: on the stack, in an array, within other structs. An
 * all-zero struct is valid.  The members on top are settings and results, plain
 * fields to be written and read; those below the line "private" are not.
 * Nothing has to be set up, and there is no set-up that could fail.  A struct
 * must not move while it is in use.
 *
 * Memory.  Only functions with _dup in their name hand out memory, to be freed
 * with free(3).  What is closed holds some until then: sockets (cask_close),
 * links (cask_link_close), servers (cask_server_close), growing memory
 * (cask_mem_close) and graphs (cask_graph_clear).  The tables of code pages,
 * one for each that was used, stay.  Pointers that you pass are not kept beyond
 * the call unless the function says so, and must not be NULL unless it says so.
 *
 * Errors.  An error is an int: 0, an errno value, or one of the negative codes
 * of error.h.  The first one sticks to its socket or archive; after it, calls
 * do nothing, values are loaded as zero and counts as 0, so that loops end.
 * Errors flow downhill, from the name look-up to the socket to the archive, and
 * come out with what, where and why in words: cask_why.  So a program tests
 * once, at the end of a conversation.
 *
 * A message is described once, by an ordinary function:
 *
 *     struct quote { char symbol[16]; uint32_t count; double price[8]; };
 *
 *     static void
 *     quote_x(struct cask_ar *ar, struct quote *q)
 *     {
 *             cask_text(ar, q->symbol, sizeof q->symbol);
 *             cask_count(ar, &q->count, 8);
 *             cask_f64_array(ar, q->price, q->count);
 *     }
 *
 * quote_x(&out, &q) stores a quote and quote_x(&in, &q) loads one.  The names
 * of the functions are the types on the wire, and the compiler checks them.
 * Nothing is sent before cask_flush(&out); while (cask_more(&in)) is the loop
 * of a program that loads one message after the other.
 *
 * What else a struct may need takes a line or two each:
 *
 *     struct item { char name[16]; uint32_t pieces; double price; };
 *
 *     struct order {
 *             struct item gift, items[8];
 *             uint32_t count, flags, bonus;
 *             bool has_gift;
 *             uint8_t kind;
 *             union { uint32_t cash; char card[20]; } pay;
 *             unsigned char hash[4];
 *             char *note;
 *     };
 *
 *     static void
 *     item_x(struct cask_ar *ar, struct item *i)
 *     {
 *             cask_text(ar, i->name, sizeof i->name);
 *             cask_u32(ar, &i->pieces);
 *             cask_f64(ar, &i->price);
 *             if (i->price < 0) // a value is refused
 *                     cask_fail(ar, &i->price, ERANGE, "below 0");
 *     }
 *
 *     static void
 *     order_x(struct cask_ar *ar, struct order *o)
 *     {
 *             unsigned version = cask_version(ar, 3);
 *
 *             cask_bool(ar, &o->has_gift);
 *             if (o->has_gift) // an optional member, which is a struct
 *                     cask_struct(ar, &o->gift, item_x);
 *             cask_count(ar, &o->count, 8); // an array: how many, at most 8
 *             cask_structs(ar, o->items, o->count, item_x);
 *             cask_u8(ar, &o->kind);
 *             switch (o->kind) { // a union, and what tells its member
 *             case 0: cask_u32(ar, &o->pay.cash); break;
 *             case 1: cask_secret(ar, // not shown, wherever values are
 *                         cask_text(ar, o->pay.card, sizeof o->pay.card));
 *                     break;
 *             default: cask_fail(ar, &o->kind, EPROTO, "no way to pay");
 *             }
 *             cask_bytes(ar, o->hash, sizeof o->hash); // raw: as they are
 *             cask_text_dup(ar, &o->note, 1000); // text: is converted
 *             if (version >= 3) // a member since version 3
 *                     cask_u32(ar, &o->flags);
 *             if (cask_extends(ar)) // added since, which older ends pass over
 *                     cask_u32(ar, &o->bonus);
 *     }
 *
 *     static int
 *     send_order(struct cask_ar *out, struct order *o)
 *     {
 *             cask_message(out, o, order_x); // with its length in front
 *             return cask_flush(out);
 *     }
 *
 * A receiver loads that with the same cask_message(&in, &o, order_x), into a
 * struct that is all zero: members that an older end does not send stay so.
 *
 * Where it is not known how much there will be, loading allocates (dup.h), but
 * no more than max, and as the bytes come:
 *
 *     struct basket {
 *             struct item *items, *best;
 *             double *weight;
 *             uint32_t count, weights;
 *     };
 *
 *     static void
 *     basket_x(struct cask_ar *ar, struct basket *b)
 *     {
 *             cask_structs_dup(ar, &b->items, &b->count, 1000, item_x);
 *             cask_f64_array_dup(ar, &b->weight, &b->weights, 1000);
 *             cask_struct_dup(ar, &b->best, item_x); // or NULL: there is none
 *     }
 *
 *     static void
 *     free_basket(struct cask_ar *ar, struct basket *b)
 *     {
 *             cask_release(ar); // opened anew, for that
 *             basket_x(ar, b);
 *     }
 *
 * It is all zero before it is loaded, and then free_basket gives back what was
 * allocated, after a load that failed half-way, too.
 *
 * The same functions count the bytes (cask_measure), print them for people or
 * as JSON (cask_print), free what _dup has allocated (cask_release), and list
 * the fields for another end to compare (cask_describe).
 *
 * Time.  Blocking calls have a limit, 30 s unless you say otherwise
 * (cask_sock.timeout_ms); over an archive it holds for each value.
 * cask_deadline puts one limit on a whole exchange.
 *
 * Threads.  The library has no state of its own but one pump for each thread,
 * the number of name look-ups under way, the tables of code pages, which only
 * grow, and what CASK_TRACE and CASK_CHAOS ask for.  A socket or an archive
 * belongs to one thread at a time; a socket that is watched by a pump, to that
 * pump's thread.
 *
 * The process.  No signal is raised, no handler installed, nothing printed (but
 * for CASK_TRACE), no locale looked at (but by strerror); all descriptors are
 * closed on exec.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_H
#define CASK_H

#define CASK_VERSION_MAJOR 0
#define CASK_VERSION_MINOR 1
#define CASK_VERSION_PATCH 0

#include <cask/addr.h>
#include <cask/ar.h>
#include <cask/behind.h>
#include <cask/bytes.h>
#include <cask/charset.h>
#include <cask/class.h>
#include <cask/collect.h>
#include <cask/dup.h>
#include <cask/error.h>
#include <cask/io.h>
#include <cask/link.h>
#include <cask/list.h>
#include <cask/message.h>
#include <cask/mfc.h>
#include <cask/nets.h>
#include <cask/object.h>
#include <cask/pump.h>
#include <cask/serve.h>
#include <cask/sock.h>
#include <cask/text.h>
#include <cask/utf.h>
#include <cask/value.h>

#endif
