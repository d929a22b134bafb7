/*
 * Archives: typed values over any transport, in either direction.
 *
 * An archive stores or loads, never both; use two on one socket.  It knows
 * byte order, text encodings, limits and the name of what it carries.  It does
 * not know what a socket is.  MFC: CArchive.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_AR_H
#define CASK_AR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cask/bytes.h>
#include <cask/error.h>
#include <cask/io.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CASK_PRINTF(words, first) \
	__attribute__((__format__(__printf__, words, first)))
#else
#define CASK_PRINTF(words, first)
#endif

/* Bytes of buffer within an archive: MFC's size.  It is part of the ABI; the
 * library's own tests, which compile all of it, make it tiny. */
#ifdef CASK_TEST_BUFFER
#define CASK_BUFFER CASK_TEST_BUFFER
#else
#define CASK_BUFFER 4096
#endif

/* How text goes on the wire (see text.h).  The last three are for peers that
 * aren't MFC's: a count, and that. */
enum cask_text_form {
	CASK_UNICODE = 1, /* MFC's Unicode string: any script */
	CASK_ANSI,        /* MFC's ANSI string, in the archive's code page */
	CASK_UTF8,
	CASK_UTF16,
	CASK_UTF32,
};

/* Limits.  0 in a member: the default. */
struct cask_limits {
	uint64_t message; /* bytes of one message: 64 MiB when loading from a
			     peer; from memory and files, and storing, none */
	uint64_t text;    /* bytes of one text, in memory: 16 MiB */
	uint64_t count;   /* things announced by one count: 16777216 */
	uint64_t memory;  /* bytes that loading one message allocates, and 16
			     for each array, text and struct; not objects:
			     256 MiB from a peer, otherwise none */
	unsigned depth;   /* structs within structs: 100 */
};

struct cask_graph;
struct cask_message;

/* A struct being exchanged within another: cask_struct makes these, and fills
 * them in where somebody watches. */
struct cask_frame {
	const char *name;
	size_t index; /* in an array; or one of these: */
	struct cask_frame *up;
};

#define CASK_NO_INDEX   SIZE_MAX       /* no array */
#define CASK_NO_ELEMENT (SIZE_MAX - 1) /* one before its first element */

/* What numbers there are; see value.h. */
enum cask_type {
	CASK_TYPE_U8,
	CASK_TYPE_I8,
	CASK_TYPE_BOOL,
	CASK_TYPE_U16,
	CASK_TYPE_I16,
	CASK_TYPE_CHAR16,
	CASK_TYPE_U32,
	CASK_TYPE_I32,
	CASK_TYPE_F32,
	CASK_TYPE_U64,
	CASK_TYPE_I64,
	CASK_TYPE_F64,
};

/* What an archive does with the values of a walk. */
enum cask_way {
	CASK_CLOSED,
	CASK_STORES,
	CASK_LOADS,
	CASK_MEASURES,
	CASK_PRINTS,
	CASK_RELEASES,
	CASK_DESCRIBES,
};

#define CASK_SEEN 16 /* bytes of a value that a watcher is shown */

/* A value that has gone through an archive, for those who watch.  All of it
 * lasts only as long as the call. */
struct cask_field {
	const char *path; /* "report.disks[3].name"; "" of one without a name */
	const char *type; /* "u32", "text", … */
	const char *value;          /* 42, "ACME", …; *** of a secret */
	const char *error;          /* why the value failed, or NULL */
	uint64_t at;                /* the stream's offset of its first byte */
	uint64_t size;              /* its bytes on the wire */
	const unsigned char *bytes; /* the first of them, … */
	size_t seen;                /* … so many; none of a secret */
};

/* All zero is valid: an archive on which nothing was opened yet. */
struct cask_ar {
	/* Settings: fill them in first.  They may be changed later: limits from
	   one message to the next, the buffer and the limit to depth from one
	   opening to the next, the others from one value to the next. */
	bool big_endian; /* byte order of all values; MFC's is little */
	enum cask_text_form form; /* of text that is stored; 0: CASK_UNICODE */
	int codepage;             /* of ANSI text; 0: 1252 */
	bool replace;             /* replace what has no equivalent, counted */
	bool count32;             /* counts as 32-bit MFC programs write them */
	int mfc; /* whose forms to store: MFC's of that version; 0: the newest.
		    Below 10 the order of maps (collect.h), below 8 CTime
		    (mfc.h); what is loaded is recognised */
	struct cask_limits limit;
	void *buffer; /* the caller's buffer, instead of the one within */
	size_t buffer_size;
	void *user;               /* free for the program */
	bool json;                /* what is printed is JSON */
	struct cask_graph *graph; /* for objects (object.h), of this archive */

	/* Set before the archive is opened: told of each value that was stored
	   or loaded, and of the one that failed.  CASK_TRACE=wire tells the
	   same on stderr. */
	void (*watch)(struct cask_ar *ar, const struct cask_field *field);

	/* Results: read them at any time. */
	int err;           /* 0, or the first error; cask_why has the words */
	uint64_t replaced; /* characters replaced so far */
	uint64_t cut;      /* texts cut so far, where that was asked for */
	enum cask_text_form came; /* the form of the last text loaded, or 0 */

	/* private */
	bool loading;
	bool storing;
	bool watched;           /* every value goes the slow way */
	bool started;           /* the transport knows of the value in hand */
	unsigned char *cur;     /* the next byte in the buffer */
	unsigned char *end;     /* the end of what the fast path may use */
	unsigned char *put_end; /* … NULL when loading */
	unsigned char *get_end; /* … NULL when storing */
	int levels;       /* of structs that may be entered the fast way … */
	int most_levels;  /* … when none has been */
	unsigned schema;  /* of the object in hand */
	unsigned secret;  /* above 0: what is in hand is not to be shown */
	unsigned unnamed; /* structs around what failed, not in its path yet */
	struct cask_frame *frame; /* when watched */
	struct cask_io *io;
	enum cask_way way;
	unsigned char *start; /* the buffer */
	unsigned char *most; /* the end of its room, or of what may be loaded */
	unsigned char *filled;  /* the end of what was read into it */
	size_t size;            /* of the buffer */
	unsigned char *scratch; /* counting: what is stored here is dropped */
	struct cask_message *within; /* a message with its length in front */
	uint64_t base;               /* the stream's offset of start */
	uint64_t message;            /* … of the present message */
	uint64_t whole;              /* … up to which messages are whole */
	uint64_t at;                 /* … of the value in hand */
	const char *type;            /* of the value in hand */
	const char *name;
	size_t width;     /* … of each, if it is an array of numbers */
	size_t element;   /* … which, if they go one by one, + 1 */
	uint64_t taken;   /* of limit.memory, by this message */
	uint64_t printed; /* lines, or JSON's members of the present struct */
	unsigned char seen[CASK_SEEN];
	unsigned short path_at; /* in why: where the path stands … */
	unsigned short path_size;
	char why[256];
	unsigned char own[CASK_BUFFER];
};

/*
 * Begin to store to, or to load from, a transport.  The settings stay, all the
 * rest is set anew: an error is forgotten, and so is what was stored and not
 * flushed, or read ahead.  Neither allocates, blocks or fails: what is wrong
 * comes out at the first value.  The archive must not move afterwards.  It has
 * nothing that would have to be closed; cask_flush sends what was stored.
 */
void cask_store(struct cask_ar *ar, struct cask_io *io);
void cask_load(struct cask_ar *ar, struct cask_io *io);

/*
 * The same walk has more uses.  Each begins as those two do.
 *
 * measure   how many bytes would be stored: cask_at tells, after the walk.  To
 *           exchange functions it is storing.
 * print     what would be stored, in words: "f64     price[0] = 41.5", a line
 *           for each value; with ar->json an object, ended by cask_flush.  To
 *           exchange functions it is storing.
 * release   frees what the _dup functions have allocated, as far as loading
 *           came, whether it failed or not, and sets the pointers to NULL;
 *           nothing else is touched.  The struct was all zero before it was
 *           loaded.  It is neither storing nor loading; cask_fail does nothing.
 * describe  the types and names of the fields, a line for each: see
 *           cask_agree.  The struct is all zero, and overwritten: to exchange
 *           functions it is loading, counts and options are 1, all else is 0;
 *           cask_fail does nothing.
 */
void cask_measure(struct cask_ar *ar);
void cask_print(struct cask_ar *ar, struct cask_io *io);
void cask_release(struct cask_ar *ar);
void cask_describe(struct cask_ar *ar, struct cask_io *io);

/*
 * Send what was stored: the end of a message.  Blocks as the transport does.
 * Gives the archive's error.  On a loading archive it does nothing.
 */
int cask_flush(struct cask_ar *ar);

/*
 * Whether another message begins: the condition of a loop that loads.  Blocks
 * until a byte has come or the stream has ended.  False at a clean end, which
 * is no error, and after an error.  The limit of a message starts anew here.
 */
static inline bool cask_more(struct cask_ar *ar);

/*
 * How many bytes were read ahead.  They wake nobody: a handler of notifications
 * has to go on until this is 0, since what has come, perhaps several messages,
 * is in the archive and no longer in the socket.  MFC: IsBufferEmpty.
 */
size_t cask_pending(const struct cask_ar *ar);

/*
 * Be done with a transport, which another archive may use from here on.  What
 * was stored is flushed.  What was read ahead goes back: memory, sockets and
 * files can take it, but from a pipe or a terminal it is lost, which is ESPIPE;
 * there, set the transport's exact, and nothing is read ahead.  Gives the
 * archive's error.  MFC: CArchive::Close.
 */
int cask_finish(struct cask_ar *ar);

/*
 * Be done with it, and forget what was stored and not flushed, or read ahead.
 * What went wrong, if something had, stays readable.  MFC: CArchive::Abort.
 */
void cask_abort(struct cask_ar *ar);

/* How many bytes are left to be loaded: of the message in hand (message.h),
 * else of the transport; -1 where that is not known. */
int64_t cask_left(const struct cask_ar *ar);

/* How many bytes of the stream have been stored or loaded. */
uint64_t cask_at(const struct cask_ar *ar);

/*
 * What went wrong, in words: what, which field, where and why.
 *
 *     u32 q->count at byte 42 from 10.0.0.7:5123: stream ended inside a message
 *     text report.disks[3].name at byte 905: length 300, limit 63 bytes
 *     connect localhost:7000: Connection refused
 *
 * Never NULL; "no error" while there is none.  Lasts as long as the archive.
 * The path grows as the structs that the field is in are left: to an exchange
 * function that asks for it, it begins with the struct in hand.
 *
 * An error of storing to a peer fails the transport as well: the other archive
 * on it says at once what went wrong, instead of waiting for an answer.
 */
const char *cask_why(const struct cask_ar *ar);

/*
 * Refuse a value: cask_fail(ar, &q->kind, EPROTO, "%u is no kind", q->kind),
 * from within an exchange function.  err is an errno value or one of ours; the
 * rest is the reason, as for printf.  p may be NULL: the struct as a whole.
 * Only the first error sticks.  After an error all values are zero, and that is
 * no news: a check that zero would not pass need not ask for ar->err first.
 * Gives the error that stuck.
 */
#define cask_fail(ar, p, err, ...) \
	cask_fail_named((ar), (p), #p, (err), __VA_ARGS__)

int cask_fail_named(struct cask_ar *ar, const void *p, const char *name,
    int err, const char *format, ...) CASK_PRINTF(5, 6);

/* The direction: for the rare exchange function that has to know. */
static inline bool
cask_storing(const struct cask_ar *ar)
{
	return ar->storing;
}

static inline bool
cask_loading(const struct cask_ar *ar)
{
	return ar->loading;
}

/*
 * A field that is not to be seen, neither in traces (CASK_TRACE=wire) nor in
 * print: cask_secret(ar, cask_text(ar, u->password, sizeof u->password));
 */
#define cask_secret(ar, exchange) \
	do {                      \
		(ar)->secret++;   \
		exchange;         \
		(ar)->secret--;   \
	} while (0)

/*
 * Exchange a struct within a struct: cask_struct(ar, &r->memory, memory_x);
 * or an array of n structs: cask_structs(ar, r->disks, r->disk_count, disk_x).
 *
 * The exchange function is called for each, and an error names the whole path.
 * Calling memory_x(ar, &r->memory) does the same but for the path and the limit
 * to depth.  Structs beyond that limit (CASK_ELIMIT), and those of an array
 * that come after an error, are zeroed, not exchanged.
 *
 * ar and p may be evaluated several times.  The exchange function has to
 * return, not to be left by longjmp or a C++ exception, and must not open the
 * archive anew.
 */
#define cask_struct(ar, p, exchange)                                      \
	do {                                                              \
		struct cask_frame cask_frame_;                            \
		if (cask_enter_as((ar), &cask_frame_, #p, CASK_NO_INDEX)) \
			exchange((ar), (p));                              \
		else if (cask_loading(ar))                                \
			memset((p), 0, sizeof *(p));                      \
		cask_leave_as((ar), #p, CASK_NO_INDEX);                   \
	} while (0)

#define cask_structs(ar, p, n, exchange)                                \
	do {                                                            \
		struct cask_frame cask_frame_;                          \
		size_t cask_n_ = (size_t)(n), cask_i_ = 0;              \
		if (cask_enter_array((ar), &cask_frame_, #p))           \
			for (; cask_i_ < cask_n_ &&                     \
			     cask_element((ar), &cask_frame_, cask_i_); \
			     cask_i_++)                                 \
				exchange((ar), &(p)[cask_i_]);          \
		if (cask_loading(ar) && cask_i_ < cask_n_)              \
			memset(&(p)[cask_i_], 0,                        \
			    (cask_n_ - cask_i_) * sizeof *(p));         \
		cask_leave((ar), &cask_frame_);                         \
	} while (0)

/* ------------------------------------------------------------------------ */
/* What the above, and the fast paths of value.h and text.h, are made of.    */

#if defined(__GNUC__)
#define CASK_LIKELY(x) __builtin_expect(!!(x), 1)
#define CASK_INLINE    static inline __attribute__((__always_inline__))
#define CASK_NOINLINE  static __attribute__((__noinline__, __unused__))
#else
#define CASK_LIKELY(x) (x)
#define CASK_INLINE    static inline
#define CASK_NOINLINE  static inline
#endif

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define CASK_NO_MSAN __attribute__((__no_sanitize__("memory")))
#endif
#endif
#if !defined(CASK_NO_MSAN)
#define CASK_NO_MSAN
#endif

/* Numbers, not pointers: adding to a pointer must not leave its array. */
static inline bool
cask_fits(const unsigned char *at, size_t n, const unsigned char *end)
{
	return (uintptr_t)at + n <= (uintptr_t)end;
}

/*
 * Something of the next message is in the buffer, of which no limit hides a
 * byte; what is watched, and what stands within a message, goes the slow way.
 */
bool cask_slow_more(struct cask_ar *ar);

static inline bool
cask_more(struct cask_ar *ar)
{
	if (!CASK_LIKELY(ar->cur < ar->filled) || ar->get_end != ar->filled ||
	    ar->within != NULL)
		return cask_slow_more(ar);
	ar->message = ar->whole = ar->base + (uint64_t)(ar->cur - ar->start);
	ar->taken = 0;
	return true;
}

/*
 * Structs are only counted.  Their names are of interest when a value fails:
 * each is put before the path when its struct is left.  Who watches wants to
 * know them while they are exchanged; then, and after an error, there are no
 * levels of the fast path, and so it is when it is too deep.
 */
bool cask_slow_enter(
    struct cask_ar *ar, struct cask_frame *f, const char *name, size_t index);
bool cask_slow_element(struct cask_ar *ar, struct cask_frame *f, size_t i);
void cask_slow_leave(struct cask_ar *ar, const char *name, size_t index);

static inline bool
cask_enter_as(
    struct cask_ar *ar, struct cask_frame *f, const char *name, size_t index)
{
	return CASK_LIKELY(--ar->levels >= 0) ||
	    cask_slow_enter(ar, f, name, index);
}

static inline void
cask_leave_as(struct cask_ar *ar, const char *name, size_t index)
{
	if (!CASK_LIKELY(++ar->levels >= 0))
		cask_slow_leave(ar, name, index);
}

/* The same, with a frame that keeps the name. */
static inline bool
cask_enter(struct cask_ar *ar, struct cask_frame *f, const char *name)
{
	f->name = name;
	f->index = CASK_NO_INDEX;
	return cask_enter_as(ar, f, name, CASK_NO_INDEX);
}

static inline bool
cask_enter_array(struct cask_ar *ar, struct cask_frame *f, const char *name)
{
	f->name = name;
	f->index = CASK_NO_ELEMENT;
	return cask_enter_as(ar, f, name, CASK_NO_ELEMENT);
}

/* Whether to exchange the ith element. */
static inline bool
cask_element(struct cask_ar *ar, struct cask_frame *f, size_t i)
{
	if (!CASK_LIKELY(ar->levels >= 0))
		return cask_slow_element(ar, f, i);
	f->index = i;
	return true;
}

static inline void
cask_leave(struct cask_ar *ar, const struct cask_frame *f)
{
	cask_leave_as(ar, f->name, f->index);
}

#ifdef __cplusplus
}
#endif

#endif
