/*
 * What compilers are told of functions: of some that they are always, of others
 * that they are never to be within those that call them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_INLINE_H
#define CASKI_INLINE_H

#if defined(__GNUC__)
#define CASKI_NOINLINE __attribute__((noinline))
#define CASKI_INLINE   static inline __attribute__((always_inline))
#else
#define CASKI_NOINLINE
#define CASKI_INLINE static inline
#endif

#endif
