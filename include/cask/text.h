/*
 * Text: in memory UTF-8, or what the function's name says; on the wire what the
 * archive's settings say, or a field's own struct cask_as.
 *
 *     in memory    an array      allocated          allocated, with its length
 *
 *     char         cask_text     cask_text_dup      cask_string_dup
 *     uint16_t     cask_text16   cask_text16_dup    cask_string16_dup
 *     uint32_t     cask_text32   cask_text32_dup    cask_string32_dup
 *     wchar_t      cask_wtext    cask_wtext_dup     cask_wstring_dup
 *
 * They are UTF-8, UTF-16, UTF-32, and whichever of the last two a wchar_t is
 * wide enough for.  Each of the twelve has a sister with _as behind its name,
 * which takes a struct cask_as as well.
 *
 * On the wire, by ar->form:
 *
 *     CASK_UNICODE  MFC's CStringW: FF FE FF, a length, UTF-16
 *     CASK_ANSI     MFC's CStringA: a length, bytes in ar->codepage
 *     CASK_UTF8     a count (see value.h) of bytes, UTF-8
 *     CASK_UTF16    a count of code units, UTF-16, without a byte order mark
 *     CASK_UTF32    a count of characters, UTF-32, without one
 *
 * Both MFC forms are loaded where either is set, told apart by their marker;
 * ar->came tells which it was.  The others are loaded as themselves.  In a
 * big-endian archive lengths, marker and code units are big-endian.
 *
 * Text is never cut, altered or converted silently: ill-formed text (a
 * surrogate without its other half, too) is EILSEQ, characters that the target
 * lacks are CASK_ETEXT, or, with ar->replace, U+FFFD or '?', counted in
 * ar->replaced.  Text that is too long is CASK_ELIMIT, or, if asked for, cut
 * between two characters, counted in ar->cut.  A NUL within a text is kept
 * where its length is kept, and CASK_ETEXT elsewhere.  A code page without a
 * converter is CASK_ECHARSET.  The other errors are those of values.
 *
 * A character is a code point: U+0065 U+0301 are two.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_TEXT_H
#define CASK_TEXT_H

#include <cask/ar.h>
#include <cask/charset.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a text ends on the wire. */
enum cask_text_end {
	CASK_BY_LENGTH, /* a length in front, as the form has it */
	CASK_BY_NUL,    /* a NUL code unit behind */
	CASK_BY_FIELD,  /* it stands in a field of fixed width */
	CASK_BY_LF,     /* it is a line; LF or CR LF are loaded */
	CASK_BY_CRLF,   /* the same, but CR LF is stored */
};

/*
 * How one text goes on the wire, where that is not what the archive says.  All
 * zero, and NULL instead of it, is as the archive says.
 *
 *     static const struct cask_as symbol = { .form = CASK_ANSI,
 *             .end = CASK_BY_FIELD, .units = 8, .pad = ' ' };
 *
 *     cask_text_as(ar, q->symbol, sizeof q->symbol, &symbol);
 *
 * Without a length in front, CASK_UNICODE is UTF-16 and CASK_ANSI bytes in the
 * code page, nothing else.
 *
 * A field has so many units, of as many bytes as its form's code units have.
 * What the text leaves of it is filled with pad.  Loaded, a text ends before
 * the first NUL or, if pad is not NUL, before the pads at the end: a text's own
 * ones there are not told from them.
 *
 * A line holds no LF and, to be stored with LF, no CR at its end: CASK_ETEXT.
 * The last line of a stream may lack its LF.  A CR elsewhere is a character.
 */
struct cask_as {
	enum cask_text_form form; /* 0: the archive's */
	enum cask_text_end end;
	size_t units;      /* of the field */
	char pad;          /* of the field: NUL, ' ', or another of ASCII */
	size_t characters; /* at most so many; 0: no such limit */
	bool strict;       /* refuse what has no equivalent, or … */
	bool replace;      /* … replace it, whatever the archive does */
	bool cut;          /* cut what is too long for characters, the
			      array or max, or the field; count it in ar->cut */
};

/*
 * Exchange the text in an array of size code units, its NUL included: bytes in
 * an array of char, and so on.
 *
 * Longer text, or an array without a NUL that is to be stored, is CASK_ELIMIT.
 * After an error the text is "".  MFC: CString's << and >>.
 */
#define cask_text(ar, p, size)   cask_text_named((ar), (p), (size), #p)
#define cask_text16(ar, p, size) cask_text16_named((ar), (p), (size), NULL, #p)
#define cask_text32(ar, p, size) cask_text32_named((ar), (p), (size), NULL, #p)
#define cask_wtext(ar, p, size)  cask_wtext_named((ar), (p), (size), NULL, #p)

#define cask_text_as(ar, p, size, as) \
	cask_text_as_named((ar), (p), (size), (as), #p)
#define cask_text16_as(ar, p, size, as) \
	cask_text16_named((ar), (p), (size), (as), #p)
#define cask_text32_as(ar, p, size, as) \
	cask_text32_named((ar), (p), (size), (as), #p)
#define cask_wtext_as(ar, p, size, as) \
	cask_wtext_named((ar), (p), (size), (as), #p)

/*
 * Exchange text of at most max code units (its NUL not counted) behind a
 * pointer: p is a char **, and so on.
 *
 * Loading allocates: the program frees *p with free(3).  Memory grows with the
 * bytes that came, never with the length that was announced: it is at most
 * 64 KiB more than twice those bytes, or than the text.  After an error *p is
 * NULL.  To store NULL is to store "".  Longer text is CASK_ELIMIT.
 */
#define cask_text_dup(ar, p, max) \
	cask_text_dup_named((ar), (p), (max), NULL, #p)
#define cask_text16_dup(ar, p, max) \
	cask_text16_dup_named((ar), (p), (max), NULL, #p)
#define cask_text32_dup(ar, p, max) \
	cask_text32_dup_named((ar), (p), (max), NULL, #p)
#define cask_wtext_dup(ar, p, max) \
	cask_wtext_dup_named((ar), (p), (max), NULL, #p)

#define cask_text_dup_as(ar, p, max, as) \
	cask_text_dup_named((ar), (p), (max), (as), #p)
#define cask_text16_dup_as(ar, p, max, as) \
	cask_text16_dup_named((ar), (p), (max), (as), #p)
#define cask_text32_dup_as(ar, p, max, as) \
	cask_text32_dup_named((ar), (p), (max), (as), #p)
#define cask_wtext_dup_as(ar, p, max, as) \
	cask_wtext_dup_named((ar), (p), (max), (as), #p)

/*
 * The same, with the length: the text may hold NULs.  Loaded, it has one more
 * behind it.  After an error text is NULL and length 0.  The program frees
 * text.  MFC keeps NULs since version 9, too.
 */
struct cask_string {
	char *text;
	size_t length; /* in code units */
};

struct cask_string16 {
	uint16_t *text;
	size_t length;
};

struct cask_string32 {
	uint32_t *text;
	size_t length;
};

struct cask_wstring {
	wchar_t *text;
	size_t length;
};

#define cask_string_dup(ar, p, max) \
	cask_string_dup_named((ar), (p), (max), NULL, #p)
#define cask_string16_dup(ar, p, max) \
	cask_string16_dup_named((ar), (p), (max), NULL, #p)
#define cask_string32_dup(ar, p, max) \
	cask_string32_dup_named((ar), (p), (max), NULL, #p)
#define cask_wstring_dup(ar, p, max) \
	cask_wstring_dup_named((ar), (p), (max), NULL, #p)

#define cask_string_dup_as(ar, p, max, as) \
	cask_string_dup_named((ar), (p), (max), (as), #p)
#define cask_string16_dup_as(ar, p, max, as) \
	cask_string16_dup_named((ar), (p), (max), (as), #p)
#define cask_string32_dup_as(ar, p, max, as) \
	cask_string32_dup_named((ar), (p), (max), (as), #p)
#define cask_wstring_dup_as(ar, p, max, as) \
	cask_wstring_dup_named((ar), (p), (max), (as), #p)

/* One way: store a string; load one, giving its length in bytes. */
static inline void cask_put_text(struct cask_ar *ar, const char *s);
static inline size_t cask_get_text(struct cask_ar *ar, char *s, size_t size);

/*
 * Lines: text in the archive's form, no length in front, LF behind.
 *
 *     while (cask_more(&in)) {
 *             n = cask_get_line(&in, s, sizeof s);
 *
 * cask_put_line stores s and LF.  cask_get_line loads a line, leaves out its
 * LF or CR LF, and gives its length in bytes.  An empty line is "", as is one
 * after an error; a line that the array has no room for is CASK_ELIMIT.  To
 * store CR LF, to cut, or for lines of any length in memory of their own, there
 * is CASK_BY_LF above.
 *
 * Such text has no mark of its form: a program with MFC writes UTF-16 if it was
 * built for Unicode (CASK_UNICODE, the default here), or else ANSI.
 *
 * MFC: WriteString, which adds no LF (so s goes there with "\n" at its end),
 * and ReadString.  What ReadString does otherwise is cured.  It ends a line at
 * a CR and drops the next character, whatever it is; here only CR LF and LF
 * end one.  It gives a line that is too long in parts that look like lines; in
 * its growing form it says that there was none where the last line lacks an LF
 * and has a multiple of 128 characters; and it ends a line at a NUL, which is
 * CASK_ETEXT here.
 */
void cask_put_line(struct cask_ar *ar, const char *s);
size_t cask_get_line(struct cask_ar *ar, char *s, size_t size);

/* ------------------------------------------------------------------------ */
/* How the above is done.                                                    */

/* p is an array, a pointer to a pointer, or to one of the structs above; width
 * the size of a code unit in memory. */
void cask_slow_text(struct cask_ar *ar, void *p, size_t size, size_t width,
    const struct cask_as *as, const char *name);
void cask_slow_text_dup(struct cask_ar *ar, void *p, size_t max, size_t width,
    const struct cask_as *as, const char *name);
void cask_slow_string_dup(struct cask_ar *ar, void *p, size_t max, size_t width,
    const struct cask_as *as, const char *name);
size_t cask_slow_get_text(struct cask_ar *ar, char *s, size_t size);
void cask_slow_put_text(struct cask_ar *ar, const char *s, size_t n);

/* The compiler checks what p points to; U is a code unit in memory. */
#define CASK_TEXT(text, T, U, slow)                                      \
	static inline void cask_##text##_named(struct cask_ar *ar, T *p, \
	    size_t size, const struct cask_as *as, const char *name)     \
	{                                                                \
		cask_slow_##slow(ar, p, size, sizeof(U), as, name);      \
	}

CASK_TEXT(text_as, char, char, text)
CASK_TEXT(text16, uint16_t, uint16_t, text)
CASK_TEXT(text32, uint32_t, uint32_t, text)
CASK_TEXT(wtext, wchar_t, wchar_t, text)
CASK_TEXT(text_dup, char *, char, text_dup)
CASK_TEXT(text16_dup, uint16_t *, uint16_t, text_dup)
CASK_TEXT(text32_dup, uint32_t *, uint32_t, text_dup)
CASK_TEXT(wtext_dup, wchar_t *, wchar_t, text_dup)
CASK_TEXT(string_dup, struct cask_string, char, string_dup)
CASK_TEXT(string16_dup, struct cask_string16, uint16_t, string_dup)
CASK_TEXT(string32_dup, struct cask_string32, uint32_t, string_dup)
CASK_TEXT(wstring_dup, struct cask_wstring, wchar_t, string_dup)

#undef CASK_TEXT

/*
 * Plain text is ASCII without a NUL.  What is odd about 8 bytes: the high bit
 * of one that isn't plain.  Above the lowest of these bits mean nothing, and
 * others never do.
 */
#define CASK_ODD UINT64_C(0x8080808080808080)

static inline uint64_t
cask_odd8(uint64_t w)
{
	return w | (w - UINT64_C(0x0101010101010101));
}

static inline uint64_t
cask_copy8(void *dst, const void *src)
{
	uint64_t w;

	memcpy(&w, src, 8);
	memcpy(dst, &w, 8);
	return cask_odd8(w);
}

/* Which byte is odd, if the processor tells fast; 0: it is to be looked for. */
#if defined(__GNUC__)
#define CASK_ODD_AT(odd) \
	(CASK_HOST_BIG ? 0 : (unsigned)__builtin_ctzll(odd) / 8)
#else
#define CASK_ODD_AT(odd) 0
#endif

/* Copy by 8 bytes, from i on: how many are done, at least, and plain. */
static inline size_t
cask_copy_by8(
    unsigned char *dst, const unsigned char *src, size_t i, size_t size)
{
	for (; i + 8 <= size; i += 8) {
		uint64_t odd = cask_copy8(dst + i, src + i) & CASK_ODD;

		if (odd != 0)
			return i + CASK_ODD_AT(odd);
	}
	return i;
}

/*
 * The same from the beginning on; and copy n bytes, 16 or more: true if they
 * are plain.  The last ones may overlap those before them.  Some processors do
 * 16 bytes at once, to which a byte that is plain is above 0.
 */
#if defined(__GNUC__) && defined(__SSE2__)
typedef signed char cask_16 __attribute__((__vector_size__(16)));
typedef char cask_char16 __attribute__((__vector_size__(16)));

static inline cask_16
cask_copy16(unsigned char *dst, const unsigned char *src)
{
	cask_16 v, none = { 0 };

	memcpy(&v, src, 16);
	memcpy(dst, &v, 16);
	return (cask_16)(v > none);
}

/* A bit for each that is not. */
CASK_NO_MSAN static inline unsigned
cask_odd16(cask_16 plain)
{
	return (unsigned)__builtin_ia32_pmovmskb128((cask_char16)plain) ^
	    0xFFFF;
}

CASK_NO_MSAN static inline size_t
cask_copy_begin(unsigned char *dst, const unsigned char *src, size_t size)
{
	size_t i;

	for (i = 0; i + 16 <= size; i += 16) {
		unsigned odd = cask_odd16(cask_copy16(dst + i, src + i));

		if (odd != 0)
			return i + (unsigned)__builtin_ctz(odd);
	}
	return cask_copy_by8(dst, src, i, size);
}

static inline bool
cask_copy_long(unsigned char *dst, const unsigned char *src, size_t n)
{
	cask_16 plain = cask_copy16(dst + n - 16, src + n - 16);

	for (size_t i = 0; i + 16 < n; i += 16)
		plain &= cask_copy16(dst + i, src + i);
	return cask_odd16(plain) == 0;
}
#else
CASK_NO_MSAN static inline size_t
cask_copy_begin(unsigned char *dst, const unsigned char *src, size_t size)
{
	return cask_copy_by8(dst, src, 0, size);
}

static inline bool
cask_copy_long(unsigned char *dst, const unsigned char *src, size_t n)
{
	uint64_t odd = cask_copy8(dst + n - 8, src + n - 8);

	for (size_t i = 0; i + 8 < n; i += 8)
		odd |= cask_copy8(dst + i, src + i);
	return (odd & CASK_ODD) == 0;
}
#endif

/* Copy n bytes; true if they are plain. */
static inline bool
cask_copy_plain(void *to, const void *from, size_t n)
{
	unsigned char *dst = (unsigned char *)to;
	const unsigned char *src = (const unsigned char *)from;
	uint64_t odd = 0;

	if (n >= 16)
		return cask_copy_long(dst, src, n);
	if (n >= 8) {
		odd =
		    cask_copy8(dst, src) | cask_copy8(dst + n - 8, src + n - 8);
	} else {
		for (size_t i = 0; i < n; i++) {
			odd |= cask_odd8(src[i]) & 0x80;
			dst[i] = src[i];
		}
	}
	return (odd & CASK_ODD) == 0;
}

/*
 * Copy a text that ends within size bytes: its length; or size, if it doesn't,
 * or is not plain.  Bytes behind its end are looked at, and copied, too; what
 * they are makes no difference.
 */
CASK_NO_MSAN static inline size_t
cask_copy_string(void *to, const void *from, size_t size)
{
	unsigned char *dst = (unsigned char *)to;
	const unsigned char *src = (const unsigned char *)from;
	size_t i = cask_copy_begin(dst, src, size);

	for (; i < size && src[i] - 1u < 0x7F; i++)
		dst[i] = src[i];
	return i < size && src[i] == '\0' ? i : size;
}

/* Whether a text keeps its limit. */
static inline bool
cask_is_within(const struct cask_ar *ar, size_t n)
{
	return CASK_LIKELY(ar->limit.text == 0) || n <= ar->limit.text;
}

/*
 * The fast path of ANSI text: short, plain, and within the buffer.  Plain text
 * is the same in every code page.  That the archive has not failed and goes
 * this way is seen to by the end, as with values.
 */
static inline bool
cask_put_short(
    struct cask_ar *ar, const char *s, size_t n, const unsigned char *end)
{
	unsigned char *at = ar->cur;

	if (ar->form != CASK_ANSI || n >= 0xFF || !cask_fits(at, 1 + n, end) ||
	    !cask_is_within(ar, n) || !cask_copy_plain(at + 1, s, n))
		return false;
	*at = (unsigned char)n;
	ar->cur = at + 1 + n;
	return true;
}

static inline bool
cask_get_short(struct cask_ar *ar, char *s, size_t size,
    const unsigned char *end, size_t *length)
{
	unsigned char *at = ar->cur;
	size_t n;

	if (ar->form >= CASK_UTF8 || !cask_fits(at, 1, end))
		return false;
	n = *at;
	if (n == 0xFF || n >= size || !cask_fits(at, 1 + n, end) ||
	    !cask_is_within(ar, n) || !cask_copy_plain(s, at + 1, n))
		return false;
	s[n] = '\0';
	ar->cur = at + 1 + n;
	ar->came = CASK_ANSI;
	*length = n;
	return true;
}

static inline void
cask_put_text(struct cask_ar *ar, const char *s)
{
	size_t n = strlen(s);

	if (!cask_put_short(ar, s, n, ar->put_end))
		cask_slow_put_text(ar, s, n);
}

static inline size_t
cask_get_text(struct cask_ar *ar, char *s, size_t size)
{
	size_t n;

	if (cask_get_short(ar, s, size, ar->get_end, &n))
		return n;
	return cask_slow_get_text(ar, s, size);
}

static inline void
cask_text_named(struct cask_ar *ar, char *s, size_t size, const char *name)
{
	unsigned char *at = ar->cur;
	size_t n, most = size < 0xFF ? size : 0xFF;

	if (ar->loading) {
		if (cask_get_short(ar, s, size, ar->end, &n))
			return;
	} else if (ar->form == CASK_ANSI && cask_fits(at, 1 + most, ar->end)) {
		n = cask_copy_string(at + 1, s, most);
		if (n < most && cask_is_within(ar, n)) {
			*at = (unsigned char)n;
			ar->cur = at + 1 + n;
			return;
		}
	}
	cask_slow_text(ar, s, size, 1, NULL, name);
}

#ifdef __cplusplus
}
#endif

#endif
