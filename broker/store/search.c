/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search: see search.h. */
#include "search.h"

void search_begin(Search *search, const char *sql, const char *where, const char *text)
{
	g_autofree char *plain = g_strstrip(g_strdup(text ? text : ""));
	g_auto(GStrv) words = g_strsplit(plain, " ", SEARCH_WORDS);

	*search = (Search){.sql = g_string_new(sql),
			   .patterns = g_ptr_array_new_with_free_func(g_free)};
	for (; words[search->n]; search->n++) {
		char *pattern = db_pattern(g_strstrip(words[search->n]));

		g_string_append_printf(search->sql, " AND %s LIKE ? ESCAPE '!'", where);
		g_ptr_array_add(search->patterns, pattern);
		search->values[search->n] = DB_TEXT(pattern);
	}
}

DbRows *search_rows(Search *search, Db *db, const char *order, unsigned limit, GError **error)
{
	search->values[search->n] = DB_INT(limit > 0 ? limit : G_MAXINT32);
	search->values[search->n + 1] = DB_END;
	g_string_append_printf(search->sql, " ORDER BY %s LIMIT ?", order);
	return db_select_values(db, error, search->sql->str, search->values);
}

void search_clear(Search *search)
{
	g_string_free(search->sql, TRUE);
	g_ptr_array_unref(search->patterns);
}

const char *search_order(const SearchOrder *orders, unsigned n, const char *name, gboolean down)
{
	const SearchOrder *order = orders;

	for (unsigned i = 1; name && i < n; i++) {
		if (g_str_equal(name, orders[i].name))
			order = &orders[i];
	}
	return down ? order->down : order->up;
}
