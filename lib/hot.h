/*
 * Where functions stand.
 *
 * A call that sends or receives comes back from the system to cold caches, and
 * what it costs then is how many lines of code it goes through, more than how
 * many instructions.  So the functions that nearly every call goes through
 * stand side by side, without what few need between them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_HOT_H
#define CASKI_HOT_H

#if defined(__GNUC__)
#define CASKI_NOINLINE  __attribute__((noinline))
#define CASKI_INLINE    static inline __attribute__((always_inline))
#define CASKI_HOT       __attribute__((hot))
#define CASKI_COLD      __attribute__((cold, noinline))
#define CASKI_LIKELY(x) __builtin_expect(!!(x), 1)
#else
#define CASKI_NOINLINE
#define CASKI_INLINE static inline
#define CASKI_HOT
#define CASKI_COLD
#define CASKI_LIKELY(x) (x)
#endif

#endif
