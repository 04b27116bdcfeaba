/* SPDX-License-Identifier: GPL-3.0-or-later */
/* form: a body of application/x-www-form-urlencoded, which may hold passwords. */
#pragma once

#include <glib.h>

/* A field, the first of that name, as UTF-8; secret_free() it. NULL if it is not there, or
 * no text. */
char *form_field(const void *body, gsize n, const char *name);
