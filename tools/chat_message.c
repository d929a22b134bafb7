/*
 * The message of Chatter and ChatSrvr, and its settings.  See chat.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat.h"
#include "term.h"
#include "words.h"

/* CMsg::Serialize: WORD, CString, CStringList. */
void
chat_x(struct cask_ar *ar, struct chat *c)
{
	cask_u16(ar, &c->leaves);
	if (c->leaves > 1)
		cask_fail(ar, &c->leaves, EPROTO, "%u, where 0 or 1 has to be",
		    c->leaves);
	cask_text_dup(ar, &c->text, CHAT_LONGEST);
	cask_texts_dup(ar, &c->line, &c->lines, CHAT_MANY, CHAT_LONGEST);
}

void
chat_free(struct chat *c)
{
	struct cask_ar ar = { 0 };

	c->leaves = 0; /* or it would be refused here, too */
	cask_release(&ar);
	chat_x(&ar, c);
}

/* Lines */

static size_t
name_length(const char *line)
{
	const char *colon = strstr(line, ": ");

	return colon != NULL && colon - line < CHAT_NAME
	    ? (size_t)(colon - line)
	    : 0;
}

bool
chat_name(char name[CHAT_NAME], const char *line)
{
	size_t n = name_length(line);

	memcpy(name, line, n);
	name[n] = '\0';
	return n > 0;
}

/* The same name, the same colour. */
static enum style
style_of(const char *name, const char *mine)
{
	static const enum style styles[] = { STYLE_NAME, STYLE_GOOD, STYLE_SENT,
		STYLE_RECEIVED };
	unsigned sum = 0;

	if (mine != NULL && strcmp(name, mine) == 0)
		return STYLE_STRONG;
	for (; *name != '\0'; name++)
		sum = sum * 31 + (unsigned char)*name;
	return styles[sum % (sizeof styles / sizeof styles[0])];
}

void
chat_print(const char *line, const char *mine)
{
	static char rest[CHAT_LONGEST + 1];
	char name[CHAT_NAME], clean[CHAT_NAME];

	if (chat_name(name, line))
		printf("%s%s%s", term_style(stdout, style_of(name, mine)),
		    printable(clean, sizeof clean, name),
		    term_style(stdout, STYLE_PLAIN));
	printf("%s\n", printable(rest, sizeof rest, line + strlen(name)));
}

/* Settings */

bool
chat_wire_check(const struct chat_wire *w)
{
	int err = cask_charset_check((int)w->codepage);

	if (err != 0)
		complain("--codepage: %" PRIu64 ": %s", w->codepage,
		    cask_strerror(err));
	return err == 0;
}

void
chat_wire_set(const struct chat_wire *w, struct cask_ar *ar)
{
	ar->form = w->unicode ? CASK_UNICODE : CASK_ANSI;
	ar->codepage = (int)w->codepage;
	ar->replace = true;
}

void
chat_wire_tell(struct chat_wire *w, const struct cask_ar *out)
{
	if (w->told || out->replaced == 0)
		return;
	w->told = true;
	if (w->unicode)
		complain("what is not UTF-8 was sent as U+FFFD");
	else
		complain("what code page %" PRIu64 " lacks was sent as '?'; "
			 "--unicode sends any script",
		    w->codepage);
}

const char *
chat_wire_port(const struct chat_wire *w, struct chat_port *p)
{
	snprintf(
	    p->text, sizeof p->text, "%u", CHAT_PORT + (unsigned)w->channel);
	return w->port != NULL ? w->port : p->text;
}
