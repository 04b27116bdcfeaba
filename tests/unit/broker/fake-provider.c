/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake-provider: see fake-provider.h. */
#include "fake-provider.h"

#include <sys/socket.h>
#include <unistd.h>

#include "fault.h"
#include "secret.h"

FakeProvider fake;

typedef struct {
	gboolean running, still;
	GHashTable *snapshots; /* name -> content; NULL = none yet */
	int content;
	int generation;
	gboolean busy;
	char at[16]; /* uri of the host */
} Machine;

static GMutex lock;
static GHashTable *machines; /* id -> Machine */
static ProviderEvent on_event;
static gpointer on_event_data;
static int generations;

struct Provider {
	char *uri;
};

static char *dead; /* uri */

void fake_dead(const char *uri)
{
	g_mutex_lock(&lock);
	g_free(dead);
	dead = g_strdup(uri);
	g_mutex_unlock(&lock);
}

static void machine_gone(gpointer data)
{
	Machine *m = data;

	if (m->snapshots)
		g_hash_table_destroy(m->snapshots);
	g_free(m);
}

static gboolean trouble(int *counter, const char *what, GError **error)
{
	if (g_atomic_int_get(counter) <= 0)
		return FALSE;
	g_set_error(error, FAULT, FAULT_DESKTOP, "made up: %s failed", what);
	return TRUE;
}

/* Marks the desktop as being worked on, takes its time, and counts overlaps. */
static void step(const char *id, int *counter)
{
	Machine *m;
	int n;

	g_atomic_int_inc(counter);
	g_mutex_lock(&lock);
	m = g_hash_table_lookup(machines, id);
	if (m && m->busy)
		g_atomic_int_inc(&fake.overlaps);
	if (m)
		m->busy = TRUE;
	g_mutex_unlock(&lock);
	n = g_atomic_int_add(&fake.steps, 1) + 1;
	if (n > g_atomic_int_get(&fake.most))
		g_atomic_int_set(&fake.most, n);
	if (g_atomic_int_get(&fake.slow_ms))
		g_usleep((gulong)g_atomic_int_get(&fake.slow_ms) * 1000);
	g_atomic_int_add(&fake.steps, -1);
	g_mutex_lock(&lock);
	m = g_hash_table_lookup(machines, id);
	if (m)
		m->busy = FALSE;
	g_mutex_unlock(&lock);
}

static Provider *fake_open(const char *uri, const char *dir, const char *accel, ProviderEvent event,
			   gpointer user_data, GError **error)
{
	on_event = event;
	on_event_data = user_data;
	Provider *provider = g_new0(Provider, 1);

	provider->uri = g_strdup(uri);
	return provider;
}

static void fake_close(Provider *provider)
{
	on_event = NULL;
	g_free(provider->uri);
	g_free(provider);
}

static gboolean fake_image_ensure(Provider *provider, const ProviderImage *image, GError **error)
{
	return TRUE;
}

static char *renew(const Provider *provider, const char *id)
{
	Machine *m;
	char *identity;

	g_mutex_lock(&lock);
	m = g_hash_table_lookup(machines, id);
	if (!m) {
		m = g_new0(Machine, 1);
		g_hash_table_insert(machines, g_strdup(id), m);
	}
	if (!g_atomic_int_get(&fake.same_identity) || m->generation == 0)
		m->generation = ++generations;
	m->running = FALSE;
	g_strlcpy(m->at, provider ? provider->uri : "", sizeof m->at);
	identity = g_strdup_printf("overlay-%d", m->generation);
	g_mutex_unlock(&lock);
	return identity;
}

static gboolean fake_clone(Provider *provider, const ProviderDesktop *d, char **out_identity,
			   GError **error)
{
	step(d->id, &fake.clones);
	if (trouble(&fake.fail_clone, "clone", error))
		return FALSE;
	*out_identity = renew(provider, d->id);
	return TRUE;
}

static gboolean fake_start(Provider *provider, const ProviderDesktop *d, GError **error)
{
	Machine *m;

	step(d->id, &fake.starts);
	if (trouble(&fake.fail_start, "start", error) ||
	    (d->image.instant && trouble(&fake.fail_instant, "waking the copy", error)))
		return FALSE;
	g_mutex_lock(&lock);
	m = g_hash_table_lookup(machines, d->id);
	g_assert_nonnull(m);
	m->running = TRUE;
	m->still = FALSE;
	g_mutex_unlock(&lock);
	return TRUE;
}

static gboolean fake_stop(Provider *provider, const ProviderDesktop *d, gboolean force,
			  GError **error)
{
	Machine *m;

	g_mutex_lock(&lock);
	m = g_hash_table_lookup(machines, d->id);
	if (m)
		m->running = FALSE;
	g_mutex_unlock(&lock);
	return TRUE;
}

static gboolean fake_suspend(Provider *provider, const ProviderDesktop *d, GError **error)
{
	Machine *m;

	g_mutex_lock(&lock);
	m = g_hash_table_lookup(machines, d->id);
	g_assert_true(m && m->running);
	m->still = TRUE;
	g_mutex_unlock(&lock);
	return TRUE;
}

ProviderState fake_state(const char *id)
{
	ProviderState state = PROVIDER_ABSENT;
	Machine *m;

	g_mutex_lock(&lock);
	m = g_hash_table_lookup(machines, id);
	if (m)
		state = !m->running ? PROVIDER_STOPPED
			: m->still  ? PROVIDER_SUSPENDED
				    : PROVIDER_RUNNING;
	g_mutex_unlock(&lock);
	return state;
}

static gboolean is_at(const Provider *provider, const char *id)
{
	Machine *m;
	gboolean at;

	g_mutex_lock(&lock);
	m = g_hash_table_lookup(machines, id);
	at = m && g_str_equal(m->at, provider->uri);
	g_mutex_unlock(&lock);
	return at;
}

static gboolean fake_get_state(Provider *provider, const ProviderDesktop *d, ProviderState *out,
			       GError **error)
{
	*out = d->address               ? PROVIDER_RUNNING
	       : is_at(provider, d->id) ? fake_state(d->id)
					: PROVIDER_ABSENT;
	return TRUE;
}

static unsigned fake_displays(Provider *provider, const ProviderDesktop *d)
{
	if (d->address)
		return g_str_equal(d->protocol, "vnc") ? PROVIDER_VNC : PROVIDER_SPICE;
	return PROVIDER_VNC | PROVIDER_SPICE;
}

/* A descriptor for what we run, an address for a machine. */
static gboolean fake_display(Provider *provider, const ProviderDesktop *d, const char *protocol,
			     gboolean far, unsigned seconds, Endpoint *out, int *out_fd,
			     GError **error)
{
	int fds[2];

	if (trouble(&fake.fail_display, "display", error))
		return FALSE;
	if (g_atomic_int_get(&fake.late_display) > 0) {
		g_atomic_int_dec_and_test(&fake.late_display);
		g_usleep(seconds * G_USEC_PER_SEC);
		g_set_error(error, FAULT, FAULT_TIMEOUT, "made up: no display yet");
		return FALSE;
	}
	out->protocol = g_strdup(protocol);
	if (d->address) {
		out->host = g_strdup("localhost");
		out->port = 5900;
		out->password = secret_dup(d->secret);
		return TRUE;
	}
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
	g_assert_cmpint(write(fds[1], "display", 7), ==, 7);
	close(fds[1]);
	out->has_fd = TRUE;
	*out_fd = fds[0];
	if (g_atomic_int_get(&fake.short_lived) > 0) {
		g_atomic_int_dec_and_test(&fake.short_lived);
		fake_crash(d->id);
		g_usleep(200 * 1000); /* the core hears of it while the step still goes on */
	}
	return TRUE;
}

static gboolean fake_reset(Provider *provider, const ProviderDesktop *d, char **out_identity,
			   GError **error)
{
	step(d->id, &fake.resets);
	if (trouble(&fake.fail_reset, "reset", error))
		return FALSE;
	*out_identity = renew(provider, d->id);
	return TRUE;
}

/* What a disk has is its generation of the moment. */
static gboolean fake_snapshot(Provider *provider, const ProviderDesktop *d, ProviderSnapshot deed,
			      const char *name, GError **error)
{
	Machine *m;
	gboolean ok = TRUE;

	if (trouble(&fake.fail_snapshot, "snapshot", error))
		return FALSE;
	g_mutex_lock(&lock);
	m = g_hash_table_lookup(machines, d->id);
	if (!m->snapshots)
		m->snapshots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (deed == PROVIDER_TAKE)
		g_hash_table_insert(m->snapshots, g_strdup(name), GINT_TO_POINTER(m->content));
	else if (deed == PROVIDER_FORGET)
		g_hash_table_remove(m->snapshots, name);
	else if ((ok = g_hash_table_contains(m->snapshots, name))) {
		m->content = GPOINTER_TO_INT(g_hash_table_lookup(m->snapshots, name));
		m->running = FALSE;
	}
	g_mutex_unlock(&lock);
	if (!ok)
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "made up: no such snapshot");
	return ok;
}

int fake_content(const char *id, int content)
{
	Machine *m;
	int found;

	g_mutex_lock(&lock);
	m = g_hash_table_lookup(machines, id);
	if (content)
		m->content = content;
	found = m->content;
	g_mutex_unlock(&lock);
	return found;
}

unsigned fake_snapshots(const char *id)
{
	Machine *m;
	unsigned n;

	g_mutex_lock(&lock);
	m = g_hash_table_lookup(machines, id);
	n = m->snapshots ? g_hash_table_size(m->snapshots) : 0;
	g_mutex_unlock(&lock);
	return n;
}

static gboolean fake_destroy(Provider *provider, const ProviderDesktop *d, GError **error)
{
	step(d->id, &fake.destroys);
	if (!is_at(provider, d->id))
		return TRUE;
	g_mutex_lock(&lock);
	g_hash_table_remove(machines, d->id);
	g_mutex_unlock(&lock);
	return TRUE;
}

static gboolean fake_host(Provider *provider, ProviderHost *out, GError **error)
{
	gboolean is_dead;

	g_mutex_lock(&lock);
	is_dead = g_strcmp0(dead, provider->uri) == 0;
	g_mutex_unlock(&lock);
	*out = (ProviderHost){.cpus = 8, .memory = 16384};
	if (is_dead)
		g_set_error(error, FAULT, FAULT_DESKTOP, "made up: no route to the host");
	return !is_dead;
}

static gboolean fake_adopt(Provider *provider, const ProviderDesktop *d, const char *identity,
			   GError **error)
{
	Machine *m;

	step(d->id, &fake.adopts);
	g_mutex_lock(&lock);
	m = g_hash_table_lookup(machines, d->id);
	g_assert_nonnull(m);
	m->running = FALSE;
	g_strlcpy(m->at, provider->uri, sizeof m->at);
	g_mutex_unlock(&lock);
	return TRUE;
}

static gboolean fake_migrate(Provider *provider, Provider *to, const ProviderDesktop *d,
			     GError **error)
{
	Machine *m;

	step(d->id, &fake.moves);
	if (trouble(&fake.fail_start, "migration", error))
		return FALSE;
	g_mutex_lock(&lock);
	m = g_hash_table_lookup(machines, d->id);
	g_assert_true(m && m->running);
	g_strlcpy(m->at, to->uri, sizeof m->at);
	g_mutex_unlock(&lock);
	return TRUE;
}

static gboolean fake_forget(Provider *provider, const ProviderDesktop *d, GError **error)
{
	return TRUE;
}

static GPtrArray *fake_list(Provider *provider, GError **error)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer id, m;

	g_mutex_lock(&lock);
	g_hash_table_iter_init(&iter, machines);
	while (g_hash_table_iter_next(&iter, &id, &m)) {
		if (g_str_equal(((Machine *)m)->at, provider->uri))
			g_ptr_array_add(ids, g_strdup(id));
	}
	g_mutex_unlock(&lock);
	return ids;
}

static GBytes *fake_screen(Provider *provider, const ProviderDesktop *d, GError **error)
{
	static const char ppm[] = "P6\n2 2\n255\nabcdefghijkl";

	g_atomic_int_inc(&fake.screens);
	if (fake.on_screen)
		fake.on_screen(d->id, fake.on_screen_data);
	return g_bytes_new_static(ppm, sizeof ppm - 1);
}

static gboolean fake_prepare(Provider *provider, const ProviderImage *image, ProviderGiveUp give_up,
			     gpointer data, GError **error)
{
	g_atomic_int_set(&fake.templates, 1);
	return TRUE;
}

static gboolean fake_prepared(Provider *provider, const ProviderImage *image)
{
	return g_atomic_int_get(&fake.templates) > 0;
}

static void fake_tidy(Provider *provider, const ProviderImage *images, gsize n)
{
	if (n == 0)
		g_atomic_int_set(&fake.templates, 0);
}

static const ProviderOps fake_ops = {
	.name = "qemu",
	.caps = PROVIDER_CLONES | PROVIDER_POWER | PROVIDER_RESETS | PROVIDER_EVENTS |
		PROVIDER_SURVIVES | PROVIDER_SNAPSHOTS | PROVIDER_SUSPENDS | PROVIDER_MIGRATES |
		PROVIDER_DISKS,
	.shows = PROVIDER_VNC | PROVIDER_SPICE,
	.open = fake_open,
	.close = fake_close,
	.image_ensure = fake_image_ensure,
	.clone = fake_clone,
	.start = fake_start,
	.stop = fake_stop,
	.suspend = fake_suspend,
	.prepare = fake_prepare,
	.prepared = fake_prepared,
	.tidy = fake_tidy,
	.state = fake_get_state,
	.displays = fake_displays,
	.display = fake_display,
	.reset = fake_reset,
	.snapshot = fake_snapshot,
	.screen = fake_screen,
	.destroy = fake_destroy,
	.list = fake_list,
	.host = fake_host,
	.adopt = fake_adopt,
	.migrate = fake_migrate,
	.forget = fake_forget,
};

static Provider *machine_open(const char *uri, const char *dir, const char *accel,
			      ProviderEvent event, gpointer user_data, GError **error)
{
	return g_new0(Provider, 1);
}

static void machine_close(Provider *provider)
{
	g_free(provider);
}

static const ProviderOps machine_ops = {
	.name = "machine",
	.open = machine_open,
	.close = machine_close,
	.state = fake_get_state,
	.displays = fake_displays,
	.display = fake_display,
};

const ProviderOps *provider_find(const char *name)
{
	if (g_strcmp0(name, "qemu") == 0)
		return &fake_ops;
	return g_strcmp0(name, "machine") == 0 ? &machine_ops : NULL;
}

void fake_crash(const char *id)
{
	fake_stop(NULL, &(ProviderDesktop){.id = id}, TRUE, NULL);
	on_event(id, PROVIDER_STOPPED, on_event_data);
}

void fake_begin(void)
{
	fake = (FakeProvider){0};
	fake_dead(NULL);
	machines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, machine_gone);
}

void fake_end(void)
{
	g_hash_table_destroy(machines);
	g_assert_cmpint(g_atomic_int_get(&fake.overlaps), ==, 0);
}

void fake_plant(const char *id)
{
	g_free(renew(NULL, id));
}

unsigned fake_count(void)
{
	unsigned n;

	g_mutex_lock(&lock);
	n = g_hash_table_size(machines);
	g_mutex_unlock(&lock);
	return n;
}
