/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gateway_counts: what gateways count, added up here for /metrics. By machine and not by process:
 * processes come and go with every reload, and a counter must not lose what they counted.
 */
#include <string.h>

#include "gateways/gateway_connection.h"
#include "metrics.h"

#define MACHINES_MAX 256

/* "gate1/4711" -> "gate1" */
static char *machine_of(const char *name)
{
	return g_strndup(name, strcspn(name, "/"));
}

/* Under the link's lock. */
static guint64 *totals(GatewayLink *link, const char *name)
{
	g_autofree char *machine = machine_of(name);
	guint64 *counts = g_hash_table_lookup(link->counted, machine);

	if (!counts && g_hash_table_size(link->counted) >= MACHINES_MAX) {
		g_free(machine);
		machine = g_strdup("other");
		counts = g_hash_table_lookup(link->counted, machine);
	}
	if (!counts) {
		counts = g_new0(guint64, COUNTS_N);
		g_hash_table_insert(link->counted, g_steal_pointer(&machine), counts);
	}
	return counts;
}

static gboolean is_now(unsigned i)
{
	return i >= COUNTS_NOW && i < COUNTS_NOW_END;
}

void gateway_link_take_counts(GatewayConnection *c, const guint64 *counts)
{
	guint64 *sum;

	g_mutex_lock(&c->lock);
	memcpy(c->now, counts + COUNTS_NOW, sizeof c->now);
	g_mutex_unlock(&c->lock);
	g_mutex_lock(&c->link->lock);
	sum = totals(c->link, c->name);
	for (unsigned i = 0; i < COUNTS_N; i++)
		sum[i] += is_now(i) ? 0 : counts[i];
	g_mutex_unlock(&c->link->lock);
}

/* ---- text */

/* What is true now: sums of those that are linked, but the certificate that expires first. Under
 * the link's lock. */
static void gather_now(GatewayLink *link)
{
	GHashTableIter iter;
	gpointer key, value;

	g_hash_table_iter_init(&iter, link->counted);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		memset((guint64 *)value + COUNTS_NOW, 0, (COUNTS_NOW_END - COUNTS_NOW) * 8);
	g_hash_table_iter_init(&iter, link->connections);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		GatewayConnection *c = key;
		guint64 *sum;

		g_mutex_lock(&c->lock);
		if (c->name && !c->gone) {
			guint64 end = c->now[COUNTS_CERTIFICATE - COUNTS_NOW];

			sum = totals(link, c->name);
			sum[COUNTS_HANDSHAKING] += c->now[COUNTS_HANDSHAKING - COUNTS_NOW];
			sum[COUNTS_RELAYING] += c->now[COUNTS_RELAYING - COUNTS_NOW];
			if (end > 0 &&
			    (sum[COUNTS_CERTIFICATE] == 0 || end < sum[COUNTS_CERTIFICATE]))
				sum[COUNTS_CERTIFICATE] = end;
		}
		g_mutex_unlock(&c->lock);
	}
}

static const struct {
	const char *name, *type, *help;
	const char *label; /* of each place; NULL = one place without */
	struct {
		const char *value;
		unsigned place;
	} places[4];
} table[] = {
	{"oriel_gateway_connections_total",
	 "counter",
	 "Connections accepted.",
	 NULL,
	 {{"", COUNTS_CONNECTIONS}}},
	{"oriel_gateway_refused_total",
	 "counter",
	 "Connections over a limit.",
	 NULL,
	 {{"", COUNTS_REFUSED}}},
	{"oriel_gateway_client_bytes_total",
	 "counter",
	 "Bytes from and to clients.",
	 "direction",
	 {{"in", COUNTS_BYTES_IN}, {"out", COUNTS_BYTES_OUT}}},
	{"oriel_gateway_relays_total",
	 "counter",
	 "Connections that came as far as a desktop (each channel of SPICE) or a page.",
	 "protocol",
	 {{"web", COUNTS_WEB},
	  {"vnc", COUNTS_VNC},
	  {"spice", COUNTS_SPICE},
	  {"pages", COUNTS_PAGES}}},
	{"oriel_gateway_connections",
	 "gauge",
	 "Connections there now.",
	 "state",
	 {{"handshake", COUNTS_HANDSHAKING}, {"relay", COUNTS_RELAYING}}},
	{"oriel_gateway_certificate_expires_seconds",
	 "gauge",
	 "When the TLS certificate expires, in seconds since 1970.",
	 NULL,
	 {{"", COUNTS_CERTIFICATE}}},
};

static void write_places(GHashTable *counted, GString *text, gsize row)
{
	GHashTableIter iter;
	gpointer machine, counts;

	g_hash_table_iter_init(&iter, counted);
	while (g_hash_table_iter_next(&iter, &machine, &counts)) {
		for (gsize i = 0; i < G_N_ELEMENTS(table[row].places) && table[row].places[i].value;
		     i++) {
			guint64 value = ((const guint64 *)counts)[table[row].places[i].place];

			metrics_line(text, table[row].name, (double)value, "gateway", machine,
				     table[row].label, table[row].places[i].value, NULL);
		}
	}
}

/* Only what has happened: most pairs never do. */
static void write_named(GHashTable *counted, GString *text, const char *metric, const char *label,
			unsigned first, const char *(*name)(unsigned i))
{
	GHashTableIter iter;
	gpointer machine, value;

	g_hash_table_iter_init(&iter, counted);
	while (g_hash_table_iter_next(&iter, &machine, &value)) {
		const guint64 *counts = (const guint64 *)value + first;

		for (unsigned i = 0; name(i); i++) {
			if (counts[i])
				metrics_line(text, metric, (double)counts[i], "gateway", machine,
					     label, name(i), NULL);
		}
	}
}

static const char *fault_name(unsigned i)
{
	G_STATIC_ASSERT(COUNTS_ENDED + FAULT_LAST < COUNTS_ENDED_END);
	return i <= FAULT_LAST ? fault_info(i)->name : NULL;
}

void gateway_link_write_metrics(GatewayLink *link, GString *text)
{
	metrics_head(text, "oriel_gateways", "gauge", "Gateway processes that are linked.");
	metrics_line(text, "oriel_gateways", gateway_link_count(link), NULL);
	g_mutex_lock(&link->lock);
	gather_now(link);
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		metrics_head(text, table[i].name, table[i].type, table[i].help);
		write_places(link->counted, text, i);
	}
	metrics_head(text, "oriel_gateway_ended_total", "counter",
		     "Connections that ended, by whose fault it was.");
	write_named(link->counted, text, "oriel_gateway_ended_total", "fault", COUNTS_ENDED,
		    fault_name);
	metrics_head(
		text, "oriel_gateway_lost_total", "counter",
		"Connections that a fault ended before their relay, by the step they were at.");
	write_named(link->counted, text, "oriel_gateway_lost_total", "step", COUNTS_LOST,
		    counts_step_name);
	g_mutex_unlock(&link->lock);
}
