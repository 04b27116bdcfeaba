/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metrics: see metrics.h. The format: Prometheus' text exposition, version 0.0.4. */
#include "metrics.h"

#include <string.h>

#define SERIES_MAX 400
#define LABELS_MAX 3

static const double bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
				0.5,   1,      2.5,   5,    10,    30,   60};

static const struct {
	const char *name;
	const char *help;
	const char *labels[LABELS_MAX];
	gboolean timed;
} table[METRIC_N] = {
	[METRIC_HTTP] = {"oriel_http_requests_total",
			 "Answers of the API.",
			 {"method", "route", "status"}},
	[METRIC_HTTP_SECONDS] = {"oriel_http_request_seconds",
				 "How long answers of the API took, by kind of work.",
				 {"work"},
				 TRUE},
	[METRIC_EVENTS] = {"oriel_events_total", "Entries of the audit log.", {"event"}},
	[METRIC_CONNECT] = {"oriel_connects_total",
			    "People who asked for a desktop, by what came of it.",
			    {"result"}},
	[METRIC_CONNECT_SECONDS] = {"oriel_connect_seconds",
				    "From the click until the desktop's display is there.",
				    {NULL},
				    TRUE},
};

typedef struct {
	char *labels; /* as they stand between the braces; "" = none */
	guint64 count;
	guint64 below[G_N_ELEMENTS(bounds)];
	double sum;
} Series;

static GMutex lock;
static GHashTable *all[METRIC_N]; /* labels -> Series, the owner */

static void series_free(gpointer data)
{
	Series *series = data;

	g_free(series->labels);
	g_free(series);
}

static void append_label(GString *text, const char *label, const char *value)
{
	g_string_append_printf(text, "%s%s=\"", text->len ? "," : "", label);
	for (const char *c = value; *c != '\0'; c++) {
		if (*c == '\n')
			g_string_append(text, "\\n");
		else if (*c == '"' || *c == '\\')
			g_string_append_printf(text, "\\%c", *c);
		else
			g_string_append_c(text, *c);
	}
	g_string_append_c(text, '"');
}

/* Under the lock. */
static Series *find(Metric metric, const char *const values[LABELS_MAX])
{
	g_autoptr(GString) labels = g_string_new(NULL);
	Series *series;

	if (all[metric] == NULL)
		all[metric] = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, series_free);
	for (unsigned again = 0; again < 2; again++) {
		gboolean full = g_hash_table_size(all[metric]) >= SERIES_MAX;

		g_string_truncate(labels, 0);
		for (unsigned i = 0; i < LABELS_MAX && table[metric].labels[i] != NULL; i++)
			append_label(labels, table[metric].labels[i],
				     again       ? "other"
				     : values[i] ? values[i]
						 : "");
		series = g_hash_table_lookup(all[metric], labels->str);
		if (series != NULL)
			return series;
		if (!full || again)
			break;
	}
	series = g_new0(Series, 1);
	series->labels = g_strdup(labels->str);
	g_hash_table_insert(all[metric], series->labels, series);
	return series;
}

void metrics_count(Metric metric, const char *a, const char *b, const char *c)
{
	const char *const values[LABELS_MAX] = {a, b, c};

	g_assert(!table[metric].timed);
	g_mutex_lock(&lock);
	find(metric, values)->count++;
	g_mutex_unlock(&lock);
}

void metrics_time(Metric metric, double seconds, const char *a)
{
	const char *const values[LABELS_MAX] = {a};
	Series *series;

	g_assert(table[metric].timed);
	g_mutex_lock(&lock);
	series = find(metric, values);
	series->count++;
	series->sum += seconds;
	for (gsize i = 0; i < G_N_ELEMENTS(bounds); i++)
		series->below[i] += seconds <= bounds[i];
	g_mutex_unlock(&lock);
}

/* ---- text */

static void append_number(GString *text, double value)
{
	char number[G_ASCII_DTOSTR_BUF_SIZE];

	g_string_append_printf(text, " %s\n",
			       g_ascii_formatd(number, sizeof number, "%.15g", value));
}

static void append_series(GString *text, const char *name, const char *part, const char *labels,
			  double value)
{
	g_string_append_printf(text, "%s%s", name, part);
	if (*labels != '\0')
		g_string_append_printf(text, "{%s}", labels);
	append_number(text, value);
}

void metrics_head(GString *text, const char *name, const char *type, const char *help)
{
	g_string_append_printf(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_line(GString *text, const char *name, double value, ...)
{
	g_autoptr(GString) labels = g_string_new(NULL);
	const char *label;
	va_list pairs;

	va_start(pairs, value);
	while ((label = va_arg(pairs, const char *)) != NULL)
		append_label(labels, label, va_arg(pairs, const char *));
	va_end(pairs);
	append_series(text, name, "", labels->str, value);
}

static void write_timed(GString *text, const char *name, const Series *series)
{
	g_autoptr(GString) labels = g_string_new(series->labels);
	gsize n = labels->len;

	for (gsize i = 0; i <= G_N_ELEMENTS(bounds); i++) {
		char number[G_ASCII_DTOSTR_BUF_SIZE] = "+Inf";
		gboolean last = i == G_N_ELEMENTS(bounds);

		if (!last)
			g_ascii_formatd(number, sizeof number, "%g", bounds[i]);
		g_string_truncate(labels, n);
		append_label(labels, "le", number);
		append_series(text, name, "_bucket", labels->str,
			      (double)(last ? series->count : series->below[i]));
	}
	append_series(text, name, "_sum", series->labels, series->sum);
	append_series(text, name, "_count", series->labels, (double)series->count);
}

static int by_labels(gconstpointer a, gconstpointer b)
{
	return strcmp(((const Series *)a)->labels, ((const Series *)b)->labels);
}

static void write_metric(GString *text, Metric metric)
{
	GList *sorted = g_list_sort(g_hash_table_get_values(all[metric]), by_labels);

	metrics_head(text, table[metric].name, table[metric].timed ? "histogram" : "counter",
		     table[metric].help);
	for (const GList *l = sorted; l != NULL; l = l->next) {
		const Series *series = l->data;

		if (table[metric].timed)
			write_timed(text, table[metric].name, series);
		else
			append_series(text, table[metric].name, "", series->labels,
				      (double)series->count);
	}
	g_list_free(sorted);
}

void metrics_write(GString *text)
{
	g_mutex_lock(&lock);
	for (unsigned i = 0; i < METRIC_N; i++) {
		if (all[i] != NULL)
			write_metric(text, i);
	}
	g_mutex_unlock(&lock);
}
