/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics: what this process counts for Prometheus, and how its text is written. Like the log it is
 * the process's: no owner, from any thread. A label is one of few words (a route's pattern, a
 * fault, a pool): never a person, an address, an id or anything that a stranger chooses; past
 * SERIES_MAX series of one metric the rest are counted as "other".
 */
#pragma once

#include <glib.h>

typedef enum {
	METRIC_HTTP,            /* (method, route, status)             */
	METRIC_HTTP_SECONDS,    /* (work): how long answers took       */
	METRIC_EVENTS,          /* (event): of the audit log           */
	METRIC_CONNECT,         /* (fault, or "ok"): clicks            */
	METRIC_CONNECT_SECONDS, /* (): a click until its desktop is there */
	METRIC_N
} Metric;

/* One more; labels in the order above, NULL for those that it does not have. */
void metrics_count(Metric metric, const char *a, const char *b, const char *c);
void metrics_time(Metric metric, double seconds, const char *a);

/* Appends all of these. */
void metrics_write(GString *text);

/* ---- for what is looked up when somebody asks */

/* "# HELP" and "# TYPE"; type: "gauge" or "counter". */
void metrics_head(GString *text, const char *name, const char *type, const char *help);
/* One line; then up to 3 pairs of a label and its value, and NULL. */
void metrics_line(GString *text, const char *name, double value, ...) G_GNUC_NULL_TERMINATED;
