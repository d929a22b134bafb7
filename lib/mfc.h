/*
 * What variants have of the values of fixed size.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_MFC_H
#define CASKI_MFC_H

#include <cask/mfc.h>

/* Money as COleVariant has it: the low half comes first. */
void caski_money_named(struct cask_ar *ar, int64_t *v, const char *name);

#endif
