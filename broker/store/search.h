/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search: the rows that hold some words, as a person types them. Part of a SELECT that is put
 * together at run time: the words are values, never SQL. */
#pragma once

#include "db.h"

#define SEARCH_WORDS 4 /* the last one has the rest of the text */

typedef struct {
	GString *sql;
	GPtrArray *patterns;
	DbValue values[SEARCH_WORDS + 2];
	unsigned n;
} Search;

/* sql ends with a WHERE clause; to each word of text (NULL = none), in any case, `where` has to be
 * like: an SQL expression in lower case. */
void search_begin(Search *search, const char *sql, const char *where, const char *text);
/* In that order (SQL), at most so many rows; 0 = all. */
DbRows *search_rows(Search *search, Db *db, const char *order, unsigned limit, GError **error);
void search_clear(Search *search);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

/* How a list may be put in order. The first one is what is meant by an unknown name. */
typedef struct {
	const char *name, *up, *down;
} SearchOrder;
const char *search_order(const SearchOrder *orders, unsigned n, const char *name, gboolean down);
