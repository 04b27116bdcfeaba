/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hosts: see hosts.h. */
#include "hosts/hosts.h"

#include "core_admin.h"
#include "desktops/desktop.h"
#include "fault.h"
#include "hosts/providers.h"
#include "log.h"
#include "provider/provider.h"
#include "rounds.h"
#include "store_host.h"
#include "upkeep/brokers.h"
#include "upkeep/maintainer.h"
#include "upkeep/reconcile.h"

#define WORKERS  8
#define FAILURES 3  /* in a row: down                                      */
#define PATIENCE 30 /* s: an answer that takes longer counts as a failure */

/* What is remembered of a host between two looks. */
typedef struct {
	unsigned failures;
	gint64 asked_at; /* monotonic; 0 = nobody is asking */
} Watch;

struct Hosts {
	Core *core;
	Rounds *rounds;
	GThreadPool *pool;

	GMutex lock;         /* of all below */
	GHashTable *watches; /* name -> Watch */
};

static Watch *watch_of(Hosts *hosts, const char *name)
{
	Watch *watch = g_hash_table_lookup(hosts->watches, name);

	if (!watch) {
		watch = g_new0(Watch, 1);
		g_hash_table_insert(hosts->watches, g_strdup(name), watch);
	}
	return watch;
}

static gboolean answers(Core *core, const HostView *host, GError **error)
{
	const ProviderOps *ops;
	Provider *provider;
	ProviderHost what;

	return providers_get(core->providers, host->provider, host->uri, &ops, &provider, error) &&
	       (!ops->host || ops->host(provider, &what, error));
}

static void complain(const HostView *host, const char *what, const GError *error)
{
	log_warning(NULL, "host %s: %s: %s", host->name, what, error->message);
}

/* Every desktop there goes its way, or waits for its session's end. */
static void clear(Core *core, const HostView *host)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) ids = store_host_desktops(core->db, host->name, &error);

	for (guint i = 0; ids && i < ids->len && !maintainer_stopping(core->maintainer); i++) {
		g_clear_error(&error);
		if (!desktop_leave_host(core, ids->pdata[i], &error) &&
		    !g_error_matches(error, FAULT, FAULT_NOT_FOUND) &&
		    !g_error_matches(error, FAULT, FAULT_TIMEOUT)) /* in the middle of a step */
			complain(host, ids->pdata[i], error);
	}
	if (!ids)
		complain(host, "its desktops", error);
	else if (ids->len > 0)
		maintainer_wake(core->maintainer);
}

static void set_state(Core *core, const HostView *host, const char *state, const char *detail)
{
	g_autoptr(GError) error = NULL;

	if (!store_host_set_state(core->db, host->name, state, detail, &error))
		complain(host, state, error);
	maintainer_wake(core->maintainer);
}

/* One look at one host. */
static void look_at(Hosts *hosts, const HostView *host)
{
	Core *core = hosts->core;
	g_autoptr(GError) error = NULL;
	gboolean there = answers(core, host, &error);
	gboolean down = g_str_equal(host->state, "down");
	unsigned failures;

	g_mutex_lock(&hosts->lock);
	failures = there ? 0 : watch_of(hosts, host->name)->failures + 1;
	watch_of(hosts, host->name)->failures = failures;
	g_mutex_unlock(&hosts->lock);
	if (there && down) {
		reconcile_orphans(core, host->provider, host->uri, host->name);
		set_state(core, host, "up", "");
		log_info(NULL, "host %s: is there again", host->name);
	} else if (!there && !down && failures >= FAILURES) {
		set_state(core, host, "down", error->message);
		complain(host, "is down", error);
		down = TRUE;
	}
	if ((down && !there) || (there && host->drain))
		clear(core, host);
}

/* Whoever still stands in the queue in the end has to go by here, too: GLib may drop what it took
 * from the queue of a pool that is freed at once, and forget to free it. */
static void look(gpointer data, gpointer user_data)
{
	Hosts *hosts = user_data;
	g_autofree char *name = data;
	g_autoptr(HostView) host = NULL;

	if (rounds_stopping(hosts->rounds))
		return;
	host = store_host(hosts->core->db, name, NULL); /* the next round will say why not */
	if (host)
		look_at(hosts, host);
	g_mutex_lock(&hosts->lock);
	watch_of(hosts, name)->asked_at = 0;
	g_mutex_unlock(&hosts->lock);
}

/* Nobody has answered for long: the one who asks is stuck in its driver. */
static gboolean stuck(Hosts *hosts, const HostView *host)
{
	Watch *watch = watch_of(hosts, host->name);
	gboolean is_stuck = watch->asked_at &&
			    g_get_monotonic_time() - watch->asked_at > PATIENCE * G_USEC_PER_SEC;

	if (!is_stuck)
		return FALSE;
	watch->failures = FAILURES;
	return g_str_equal(host->state, "up");
}

static gint64 look_at_all(gpointer data)
{
	Hosts *hosts = data;
	Core *core = hosts->core;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = store_hosts(core->db, &error);
	gboolean lead = brokers_lead(core->brokers);

	for (guint i = 0; all && i < all->len; i++) {
		const HostView *host = all->pdata[i];
		gboolean ours = host->broker
					? g_str_equal(host->broker, brokers_name(core->brokers))
					: lead;
		gboolean is_stuck, free;

		if (!ours)
			continue;
		g_mutex_lock(&hosts->lock);
		is_stuck = stuck(hosts, host);
		free = watch_of(hosts, host->name)->asked_at == 0;
		if (free)
			watch_of(hosts, host->name)->asked_at = g_get_monotonic_time();
		g_mutex_unlock(&hosts->lock);
		if (is_stuck) {
			set_state(core, host, "down", "it does not answer");
			log_warning(NULL, "host %s: is down: it does not answer", host->name);
		}
		if (free)
			g_thread_pool_push(hosts->pool, g_strdup(host->name), NULL);
	}
	if (!all)
		log_warning(NULL, "hosts: %s", error->message);
	return g_get_monotonic_time() + core->times.host * G_USEC_PER_SEC;
}

Hosts *hosts_new(Core *core)
{
	Hosts *hosts = g_new0(Hosts, 1);

	hosts->core = core;
	hosts->rounds = rounds_new("hosts", look_at_all, 0, hosts);
	g_mutex_init(&hosts->lock);
	hosts->watches = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return hosts;
}

void hosts_start(Hosts *hosts)
{
	hosts->pool = g_thread_pool_new(look, hosts, WORKERS, FALSE, NULL);
	rounds_start(hosts->rounds);
}

void hosts_stop(Hosts *hosts)
{
	if (hosts && rounds_stop(hosts->rounds))
		g_thread_pool_free(hosts->pool, FALSE, TRUE);
}

void hosts_free(Hosts *hosts)
{
	if (!hosts)
		return;
	rounds_free(hosts->rounds);
	g_hash_table_destroy(hosts->watches);
	g_mutex_clear(&hosts->lock);
	g_free(hosts);
}

void hosts_wake(Hosts *hosts)
{
	rounds_wake(hosts->rounds);
}
