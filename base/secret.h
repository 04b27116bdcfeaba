/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * secret: strings that are wiped before their memory goes back. Passwords, tickets and tokens live
 * in these and nowhere else; there is no log format for them.
 */
#pragma once

#include <glib.h>

/* A wiped, NUL-terminated copy on the heap; freed with secret_free(). NULL stays NULL. */
char *secret_dup(const char *text);
char *secret_ndup(const char *text, gsize n);

/* Wipes and frees; accepts NULL. */
void secret_free(char *secret);

/* Wipes n bytes in place; the compiler cannot drop it. */
void secret_wipe(void *bytes, gsize n);

/* Compares in time that depends on the lengths only. NULL equals nothing. */
gboolean secret_equal(const char *a, const char *b);

/*
 * A fresh ticket or token: 256 bits of the system's generator as 43 letters and digits (SPICE
 * clients refuse more than 59 characters and URLs need no escape). Aborts if the system has no
 * randomness. The caller frees it with secret_free().
 */
char *secret_generate(void);

/* SHA-256 in lower-case hex (64 characters): how tickets and tokens are stored. g_free() it. */
char *secret_hash(const char *secret);

/* g_autofree for secrets: "autosecret char *password = NULL;" */
static inline void secret_cleanup(char **secret)
{
	secret_free(*secret);
}
#define autosecret __attribute__((cleanup(secret_cleanup)))
