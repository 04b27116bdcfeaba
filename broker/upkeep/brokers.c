/* SPDX-License-Identifier: GPL-3.0-or-later */
/* brokers: see brokers.h. */
#include "upkeep/brokers.h"

#include "gateways/gateway_link.h"
#include "log.h"
#include "rounds.h"
#include "sessions/sessions.h"
#include "store_desktop.h"
#include "store_host.h"
#include "store_lease.h"
#include "upkeep/maintainer.h"

#define TICK       (1 * G_USEC_PER_SEC)
#define NAME_WAIT  (15 * G_USEC_PER_SEC) /* the server finds out that a machine is dead */
#define MISSING    (5 * G_USEC_PER_SEC)  /* a broker that loses its line has it back by then */
#define REASON_MAX 1000
#define LEAD       "maintainer"

struct Brokers {
	Core *core;
	char *name;
	Rounds *rounds;
	GHashTable *missing; /* name -> since when; the rounds' own */

	GMutex lock; /* of lead */
	gboolean lead;
};

static char *lock_of(const char *name)
{
	return g_strconcat("broker ", name, NULL);
}

/* ---- what is told */

static void tell(Brokers *b, const char *text)
{
	g_autoptr(GError) error = NULL;

	if (!db_tell(b->core->db, text, &error))
		log_warning(NULL, "the other brokers are not told: %s", error->message);
}

void brokers_tell_end(Brokers *b, const char *lease, Fault code, const char *reason)
{
	g_autofree char *text = g_strdup_printf("end\n%s\n%s\n%s\n%.*s", b->name, lease,
						fault_info(code)->name, REASON_MAX, reason);

	if (db_shared(b->core->db))
		tell(b, text);
}

void brokers_tell_follow(Brokers *b, const ControlMessage *follow)
{
	g_autofree char *text = g_strdup_printf("follow\n%s\n%s\n%s", b->name, follow->bond,
						follow->fault ? follow->fault : "");

	if (db_shared(b->core->db))
		tell(b, text);
}

void brokers_tell_wake(Brokers *b)
{
	g_autofree char *text = g_strconcat("wake\n", b->name, NULL);

	if (db_shared(b->core->db))
		tell(b, text);
}

static void look_again(Core *core)
{
	maintainer_look(core->maintainer);
	if (core->told)
		core->told(CHANGE_SESSIONS | CHANGE_DESKTOPS, core->told_data);
}

static void hear_follow(Brokers *b, char **words)
{
	ControlMessage follow = {.type = CONTROL_FOLLOW, .bond = words[2]};

	follow.fault = *words[3] ? words[3] : NULL;
	gateway_link_follow(b->core->link, &follow);
}

static void heard(const char *text, gpointer data)
{
	Brokers *b = data;
	g_auto(GStrv) words = g_strsplit(text ? text : "", "\n", 5);
	unsigned n = g_strv_length(words);
	Fault code = FAULT_ENDED;

	if (text && (n < 2 || g_str_equal(words[1], b->name)))
		return;
	if (g_strcmp0(words[0], "follow") == 0) {
		if (n == 4)
			hear_follow(b, words);
		return;
	}
	if (!text) {
		sessions_resync(b->core);
	} else if (n == 5 && g_str_equal(words[0], "end")) {
		fault_from_name(words[3], &code);
		sessions_forget(b->core, words[2]);
		gateway_link_end(b->core->link, words[2], code, words[4]);
	}
	look_again(b->core);
}

/* ---- who is there */

/* Its name can be had by another: it is gone, or has lost its line for a moment. */
static gboolean is_missing(Brokers *b, const char *name, gint64 now)
{
	g_autofree char *lock = lock_of(name);
	gboolean free_name = FALSE;
	gint64 *since = g_hash_table_lookup(b->missing, name);

	if (db_hold(b->core->db, lock, &free_name, NULL) && free_name)
		db_drop(b->core->db, lock);
	if (!free_name) {
		g_hash_table_remove(b->missing, name);
		return FALSE;
	}
	if (!since) {
		g_hash_table_insert(b->missing, g_strdup(name), g_memdup2(&now, sizeof now));
		return FALSE;
	}
	return now - *since >= MISSING;
}

/* The sessions of those that are gone get their time to be confirmed by a gateway. */
static void inherit(Brokers *b)
{
	g_autoptr(GPtrArray) names = store_lease_brokers(b->core->db, NULL);
	gint64 now = g_get_monotonic_time();

	for (guint i = 0; names && i < names->len; i++) {
		const char *name = names->pdata[i];

		if (g_str_equal(name, b->name) || !is_missing(b, name, now))
			continue;
		sessions_inherit(b->core, name);
		log_warning(NULL, "broker %s is gone: its sessions wait for their gateways", name);
		maintainer_look(b->core->maintainer);
	}
}

static gint64 tick(gpointer brokers)
{
	Brokers *b = brokers;
	g_autofree char *lock = lock_of(b->name);
	gboolean mine = FALSE, lead = FALSE, before;

	/* Both are gone after a lost line, and taken again here. */
	if (!db_hold(b->core->db, lock, &mine, NULL) || !db_hold(b->core->db, LEAD, &lead, NULL))
		mine = lead = FALSE;
	g_mutex_lock(&b->lock);
	before = b->lead;
	b->lead = lead;
	g_mutex_unlock(&b->lock);
	if (lead && !before) {
		log_info(NULL, "broker %s leads", b->name);
		maintainer_look(b->core->maintainer);
	}
	if (lead)
		inherit(b);
	return g_get_monotonic_time() + TICK;
}

/* ---- for others */

/* Alone, all are ours, whatever we were called before: the machine may have got another name. */
static gboolean take_all(Db *db, const char *name, GError **error)
{
	return db_shared(db) ||
	       (store_lease_take_all(db, name, error) && store_desktop_take_all(db, name, error) &&
		store_host_take_all(db, name, error));
}

Brokers *brokers_new(Core *core, GError **error)
{
	const char *name = *core->options->name ? core->options->name : g_get_host_name();
	gint64 deadline = g_get_monotonic_time() + NAME_WAIT;
	g_autofree char *lock = lock_of(name);
	gboolean mine = FALSE, lead = FALSE;
	Brokers *b;

	while (db_hold(core->db, lock, &mine, error) && !mine && g_get_monotonic_time() < deadline)
		g_usleep(G_USEC_PER_SEC / 4);
	if (!mine) {
		if (error && !*error)
			g_set_error(error, FAULT, FAULT_CONFIG,
				    "another broker on this database is called '%s': give each its"
				    " own [broker] name",
				    name);
		return NULL;
	}
	if (!db_hold(core->db, LEAD, &lead, error) || !take_all(core->db, name, error))
		return NULL;
	b = g_new0(Brokers, 1);
	b->core = core;
	b->name = g_strdup(name);
	b->lead = lead;
	b->missing = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_mutex_init(&b->lock);
	b->rounds = rounds_new("brokers", tick, 0, b);
	return b;
}

void brokers_start(Brokers *b)
{
	if (!db_shared(b->core->db))
		return;
	db_listen(b->core->db, heard, b);
	rounds_start(b->rounds);
}

void brokers_stop(Brokers *b)
{
	if (b && rounds_stop(b->rounds))
		db_unlisten(b->core->db);
}

void brokers_free(Brokers *b)
{
	if (!b)
		return;
	rounds_free(b->rounds);
	g_hash_table_destroy(b->missing);
	g_mutex_clear(&b->lock);
	g_free(b->name);
	g_free(b);
}

const char *brokers_name(const Brokers *b)
{
	return b->name;
}

gboolean brokers_lead(Brokers *b)
{
	gboolean lead;

	g_mutex_lock(&b->lock);
	lead = b->lead;
	g_mutex_unlock(&b->lock);
	return lead;
}
