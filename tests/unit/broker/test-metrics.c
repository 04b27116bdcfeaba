/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counters, and the text that Prometheus reads. */
#include "metrics.h"

#include <string.h>

static char *text(void)
{
	GString *all = g_string_new(NULL);

	metrics_write(all);
	return g_string_free(all, FALSE);
}

static void has(const char *line)
{
	g_autofree char *all = text();

	if (strstr(all, line) == NULL)
		g_error("no \"%s\" in:\n%s", line, all);
}

static void test_counters(void)
{
	metrics_count(METRIC_EVENTS, "login", NULL, NULL);
	metrics_count(METRIC_EVENTS, "login", NULL, NULL);
	metrics_count(METRIC_HTTP, "GET", "/a", "200");
	has("# TYPE oriel_events_total counter\noriel_events_total{event=\"login\"} 2\n");
	has("oriel_http_requests_total{method=\"GET\",route=\"/a\",status=\"200\"} 1\n");
}

static void test_times(void)
{
	metrics_time(METRIC_HTTP_SECONDS, 0.002, "quick");
	metrics_time(METRIC_HTTP_SECONDS, 0.5, "quick");
	metrics_time(METRIC_HTTP_SECONDS, 3600, "quick");
	metrics_time(METRIC_CONNECT_SECONDS, 1, NULL);
	has("oriel_http_request_seconds_bucket{work=\"quick\",le=\"0.001\"} 0\n");
	has("oriel_http_request_seconds_bucket{work=\"quick\",le=\"0.0025\"} 1\n");
	has("oriel_http_request_seconds_bucket{work=\"quick\",le=\"0.5\"} 2\n");
	has("oriel_http_request_seconds_bucket{work=\"quick\",le=\"60\"} 2\n");
	has("oriel_http_request_seconds_bucket{work=\"quick\",le=\"+Inf\"} 3\n");
	has("oriel_http_request_seconds_sum{work=\"quick\"} 3600.502\n");
	has("oriel_http_request_seconds_count{work=\"quick\"} 3\n");
	has("oriel_connect_seconds_bucket{le=\"1\"} 1\noriel_connect_seconds_bucket{le=\"2.5\"} "
	    "1\n");
	has("oriel_connect_seconds_count 1\n");
}

static void test_escapes(void)
{
	g_autoptr(GString) line = g_string_new(NULL);

	metrics_line(line, "oriel_x", 1.5, "pool", "a\"b\\c\nd", "state", "off", NULL);
	metrics_line(line, "oriel_y", 12345678901234, NULL);
	g_assert_cmpstr(
		line->str, ==,
		"oriel_x{pool=\"a\\\"b\\\\c\\nd\",state=\"off\"} 1.5\noriel_y 12345678901234\n");
}

/* Whatever is counted, the text stays of a size. */
static void test_bounded(void)
{
	g_autofree char *all = NULL;
	unsigned lines = 0;

	for (unsigned i = 0; i < 5000; i++) {
		g_autofree char *route = g_strdup_printf("/%u", i);

		metrics_count(METRIC_HTTP, "GET", route, "200");
	}
	all = text();
	for (const char *c = all; (c = strstr(c, "\noriel_http_requests_total{")) != NULL; c++)
		lines++;
	g_assert_cmpuint(lines, <=, 401);
	has("oriel_http_requests_total{method=\"other\",route=\"other\",status=\"other\"} 4");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/metrics/counters", test_counters);
	g_test_add_func("/metrics/times", test_times);
	g_test_add_func("/metrics/escapes", test_escapes);
	g_test_add_func("/metrics/bounded", test_bounded);
	return g_test_run();
}
