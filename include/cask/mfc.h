/*
 * MFC's and OLE's value types: times, dates, money, points, GUIDs, variants.
 *
 *     MFC                              here
 *     CTime                            cask_time        int64_t
 *     CTimeSpan                        cask_time_span   int64_t
 *     their Serialize64                cask_i64 (value.h)
 *     COleDateTime                     cask_date        struct cask_date
 *     COleDateTimeSpan                 cask_date_span   struct cask_date
 *     COleCurrency                     cask_currency    struct cask_currency
 *     CPoint, POINT                    cask_point       struct cask_point
 *     CSize, SIZE                      cask_size        struct cask_size
 *     CRect, RECT                      cask_rect        struct cask_rect
 *     GUID                             cask_guid        struct cask_guid
 *     CComBSTR                         cask_bstr_dup    char *
 *     COleVariant                      cask_variant_dup struct cask_variant
 *
 * Those that are structs have an exchange function, with _x behind its name,
 * for cask_structs and cask_structs_dup.  Errors are those of values, and what
 * is said here; after one, what did not come is zero.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_MFC_H
#define CASK_MFC_H

#include <cask/value.h>

#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Seconds since 1970, UTC.  Stored is the form of MFC 9 and later, a mark and 8
 * bytes; in an archive whose mfc is set and below 8, one of 4 bytes.  Loaded
 * are both.  CASK_ELIMIT: a time that the 4 bytes can't hold, which end on
 * 2038-01-19; one of their values, in 1901, is the mark.  (Of MFC 8 nothing is
 * known; it is taken for 9.)
 */
#define cask_time(ar, p) cask_time_named((ar), (p), #p)

/*
 * Seconds, in 4 bytes.  CASK_ELIMIT: more than they can hold, 68 years and 19
 * days to either side.  (MFC stores up to 4294967295 and loads what is above
 * 2147483647 as a negative number.)
 */
#define cask_time_span(ar, p) cask_time_span_named((ar), (p), #p)

/*
 * A date is a double of days since 1899-12-30, of no particular time zone.  Its
 * whole part is the day.  Its fraction is the time of that day, counted forward
 * from midnight even where the number is negative: -1.25 is 1899-12-29 06:00,
 * and 0.25 and -0.25 are both 1899-12-30 06:00.  So dates before that day do
 * not have the order of their numbers.
 *
 * A span is days, too, but nothing else: -1.25 is minus 30 hours.
 */
enum cask_status {
	CASK_VALID,
	CASK_INVALID,
	CASK_MISSING, /* MFC: null */
};

struct cask_date {
	int32_t status;
	double days;
};

#define cask_date(ar, p)      cask_struct(ar, p, cask_date_x)
#define cask_date_span(ar, p) cask_struct(ar, p, cask_date_x)
void cask_date_x(struct cask_ar *ar, struct cask_date *d);

/*
 * Between days and a time of UTC, to the nearest millisecond, which a date of
 * any year holds exactly.  Dates are those of the years 100 to 9999, spans at
 * most as long.  ERANGE beyond that, and for what is no number; EINVAL for a
 * tv_nsec that is none; EOVERFLOW where a time_t is too small.  After an error
 * the result is zero.
 */
int cask_date_to_time(double days, struct timespec *t);
int cask_time_to_date(const struct timespec *t, double *days);
int cask_span_to_time(double days, struct timespec *t);
int cask_time_to_span(const struct timespec *t, double *days);

/* Money, in ten-thousandths: 12345 is 1.2345. */
struct cask_currency {
	int32_t status;
	int64_t value;
};

#define cask_currency(ar, p) cask_struct(ar, p, cask_currency_x)
void cask_currency_x(struct cask_ar *ar, struct cask_currency *c);

struct cask_point {
	int32_t x, y;
};

struct cask_size {
	int32_t cx, cy;
};

struct cask_rect {
	int32_t left, top, right, bottom;
};

#define cask_point(ar, p) cask_struct(ar, p, cask_point_x)
#define cask_size(ar, p)  cask_struct(ar, p, cask_size_x)
#define cask_rect(ar, p)  cask_struct(ar, p, cask_rect_x)
void cask_point_x(struct cask_ar *ar, struct cask_point *p);
void cask_size_x(struct cask_ar *ar, struct cask_size *s);
void cask_rect_x(struct cask_ar *ar, struct cask_rect *r);

/* 16 bytes: a DWORD, two WORDs and eight bytes. */
struct cask_guid {
	uint32_t data1;
	uint16_t data2, data3;
	uint8_t data4[8];
};

#define CASK_GUID_TEXT 39 /* with its NUL */

#define cask_guid(ar, p) cask_guid_named((ar), (p), #p)

/* "{00112233-4455-6677-8899-AABBCCDDEEFF}".  Read is the same in either case,
 * and without braces; what is not that is EINVAL, and all zero. */
void cask_guid_text(const struct cask_guid *g, char to[CASK_GUID_TEXT]);
int cask_guid_parse(struct cask_guid *g, const char *text);

/*
 * Text of at most max bytes, on the wire always UTF-16, behind a DWORD that
 * counts its units.  In memory, and in its errors, as that of cask_text_dup.
 */
#define cask_bstr_dup(ar, p, max) cask_bstr_dup_named((ar), (p), (max), #p)

/*
 * A value that says its type, which is a VARTYPE.  A variant of a type with
 * CASK_VT_ARRAY or CASK_VT_BYREF has no value on the wire, as in MFC: it is its
 * type alone.  Others than these are ENOTSUP.  MFC's null pointer for a text is
 * "".  Loaded, as.text is allocated; the program frees it, or cask_release.
 * After an error the variant is CASK_VT_EMPTY.
 */
enum cask_vt {
	CASK_VT_EMPTY = 0,
	CASK_VT_NULL = 1,
	CASK_VT_I2 = 2,
	CASK_VT_I4 = 3,
	CASK_VT_R4 = 4,
	CASK_VT_R8 = 5,
	CASK_VT_CY = 6,     /* as.i64, in ten-thousandths */
	CASK_VT_DATE = 7,   /* as.f64: days, as above */
	CASK_VT_BSTR = 8,   /* as.text, of at most max bytes */
	CASK_VT_ERROR = 10, /* as.i32 */
	CASK_VT_BOOL = 11,  /* FFFF or 0000; others that are loaded are true */
	CASK_VT_I1 = 16,
	CASK_VT_UI1 = 17,
	CASK_VT_UI2 = 18,
	CASK_VT_UI4 = 19,
	CASK_VT_I8 = 20,
	CASK_VT_UI8 = 21,
	CASK_VT_ARRAY = 0x2000,
	CASK_VT_BYREF = 0x4000,
};

struct cask_variant {
	uint16_t type;
	union {
		int8_t i8;
		uint8_t u8;
		int16_t i16;
		uint16_t u16;
		int32_t i32;
		uint32_t u32;
		int64_t i64;
		uint64_t u64;
		float f32;
		double f64;
		bool truth;
		char *text;
	} as;
};

#define cask_variant_dup(ar, p, max) \
	cask_variant_dup_named((ar), (p), (max), #p)

/* ------------------------------------------------------------------------ */
/* How the above is done.                                                    */

void cask_time_named(struct cask_ar *ar, int64_t *seconds, const char *name);
void cask_time_span_named(
    struct cask_ar *ar, int64_t *seconds, const char *name);
void cask_guid_named(struct cask_ar *ar, struct cask_guid *g, const char *name);
void cask_bstr_dup_named(
    struct cask_ar *ar, char **s, size_t max, const char *name);
void cask_variant_dup_named(
    struct cask_ar *ar, struct cask_variant *v, size_t max, const char *name);

#ifdef __cplusplus
}
#endif

#endif
