/* SPDX-License-Identifier: GPL-3.0-or-later */
/* core-fixture: see core-fixture.h. */
#include "core-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/conversation.h"
#include "database.h"
#include "fault.h"
#include "secret.h"
#include "session.h"

FakeProvider fake;

/* ---- the provider */

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
	*out = d->address ? PROVIDER_RUNNING : is_at(provider, d->id) ? fake_state(d->id)
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
	unsigned seconds, Endpoint *out, int *out_fd, GError **error)
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

static const ProviderOps fake_ops = {
	.name = "qemu",
	.caps = PROVIDER_CLONES | PROVIDER_POWER | PROVIDER_RESETS | PROVIDER_EVENTS |
		PROVIDER_SURVIVES,
	.open = fake_open,
	.close = fake_close,
	.image_ensure = fake_image_ensure,
	.clone = fake_clone,
	.start = fake_start,
	.stop = fake_stop,
	.suspend = fake_suspend,
	.state = fake_get_state,
	.displays = fake_displays,
	.display = fake_display,
	.reset = fake_reset,
	.snapshot = fake_snapshot,
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

/* ---- PAM: everybody's password is "right", and what is "slow" takes its time; otto is asked for
 * a code (123), too, both.. for both at once */

struct Conversation {
	char *user;
	GPtrArray *prompts;
	char **groups;
	ConversationState state;
	gboolean known; /* the password was right */
};

static void prompt_free(gpointer data)
{
	g_free(((Prompt *)data)->text);
	g_free(data);
}

static void fake_asks(Conversation *c, PromptKind kind, const char *text)
{
	Prompt *prompt = g_new0(Prompt, 1);

	prompt->kind = kind;
	prompt->text = g_strdup(text);
	g_ptr_array_add(c->prompts, prompt);
}

Conversation *conversation_start(const char *socket_path, const char *user, const char *peer,
				 GError **error)
{
	Conversation *c = g_new0(Conversation, 1);

	c->user = g_strdup(user);
	c->groups = g_strsplit("staff", ",", -1);
	c->prompts = g_ptr_array_new_with_free_func(prompt_free);
	fake_asks(c, PROMPT_INFO, "Hi");
	fake_asks(c, PROMPT_SECRET, "Password: ");
	if (g_str_has_prefix(user, "both"))
		fake_asks(c, PROMPT_VISIBLE, "Code: ");
	return c;
}

ConversationState conversation_state(const Conversation *c)
{
	return c->state;
}

const GPtrArray *conversation_prompts(const Conversation *c)
{
	return c->prompts;
}

gboolean conversation_answer(Conversation *c, char **answers, GError **error)
{
	gboolean right = g_strcmp0(answers[0], c->known ? "123" : "right") == 0;

	if (g_strcmp0(answers[0], "slow") == 0)
		g_usleep(300 * 1000);
	g_ptr_array_set_size(c->prompts, 0);
	if (right && !c->known && g_str_equal(c->user, "otto"))
		fake_asks(c, PROMPT_VISIBLE, "Code: ");
	else
		c->state = right ? CONVERSATION_ACCEPTED : CONVERSATION_REFUSED;
	c->known = right;
	return TRUE;
}

const char *conversation_user(const Conversation *c)
{
	return c->user;
}

char **conversation_groups(const Conversation *c)
{
	return c->groups;
}

void conversation_free(Conversation *c)
{
	if (!c)
		return;
	g_free(c->user);
	g_ptr_array_unref(c->prompts);
	g_strfreev(c->groups);
	g_free(c);
}

/* ---- the core */

static void open_core(CoreFixture *f)
{
	g_autoptr(GError) error = NULL;

	f->core = core_open_with(f->options, &f->times, &error);
	g_assert_no_error(error);
}

void core_fixture_setup(CoreFixture *f, gconstpointer unused)
{
	const char *database;
	g_autoptr(GError) error = NULL;

	fake = (FakeProvider){0};
	fake_dead(NULL);
	machines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, machine_gone);
	f->dir = g_dir_make_tmp("oriel-core-XXXXXX", NULL);
	f->options = options_load(NULL, &error);
	g_assert_no_error(error);
	g_free(f->options->state);
	f->options->state = g_build_filename(f->dir, "state", NULL);
	if ((database = database_fresh())) {
		g_free(f->options->database);
		f->options->database = g_strdup(database);
	}
	/* Each protocol for itself; a test that wants a bridge names one. */
	g_free(f->options->bridge);
	f->options->bridge = g_strdup("");
	g_free(f->options->control);
	f->options->control = g_build_filename(f->dir, "control.sock", NULL);
	g_strfreev(f->options->admins);
	f->options->admins = g_strsplit("root,@wheel", ",", -1);
	f->times = (CoreTimes){.grace = 2, .start = 20, .connect = 5, .adopt = 4, .host = 1, .backoff = 1};
	open_core(f);
}

static void remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *child = g_build_filename(path, name, NULL);

		remove_tree(child);
	}
	g_assert_cmpint(g_remove(path), ==, 0);
}

void core_fixture_teardown(CoreFixture *f, gconstpointer unused)
{
	core_close(f->core);
	options_free(f->options);
	remove_tree(f->dir);
	g_free(f->dir);
	g_hash_table_destroy(machines);
	g_assert_cmpint(g_atomic_int_get(&fake.overlaps), ==, 0);
}

void core_fixture_restart(CoreFixture *f)
{
	core_close(f->core);
	open_core(f);
}

void core_fixture_pool(CoreFixture *f, const char *name, const char *kind, unsigned max,
	unsigned spare)
{
	gboolean machine = g_str_equal(kind, "machines");
	unsigned version;
	ImageView image = {.name = (char *)"tiny", .kernel = (char *)"/vmlinuz"};
	PoolView pool = {.name = (char *)name, .kind = (char *)kind,
		.image = machine ? NULL : (char *)"tiny", .max = max, .spare = spare};
	g_autoptr(GError) error = NULL;

	core_image_add(f->core, "root", &image, FALSE, &version, &error);
	g_assert_no_error(error);
	core_pool_add(f->core, "root", &pool, &error);
	g_assert_no_error(error);
	core_entitle(f->core, "root", name, NULL, "staff", TRUE, &error);
	g_assert_no_error(error);
}

Who *core_fixture_who(const char *user)
{
	Who *who = g_new0(Who, 1);

	who->user = g_strdup(user);
	who->groups = g_strsplit("staff", ",", -1);
	return who;
}

Ticket *core_fixture_connect(CoreFixture *f, const char *user, const char *card,
	const char *protocol)
{
	g_autoptr(Who) who = core_fixture_who(user);
	g_autoptr(GError) error = NULL;
	Ticket *ticket = core_connect(f->core, who, card, protocol, "::1", &error);

	g_assert_no_error(error);
	return ticket;
}

char *core_fixture_redeem(CoreFixture *f, const Ticket *ticket, const char *protocol)
{
	static const Asker nobody = {"a connection", "test"};
	ControlMessage m = {.type = CONTROL_REDEEM, .id = 1, .ticket = ticket->ticket,
		.protocol = (char *)protocol, .peer = (char *)"::1"};
	g_auto(Grant) grant = {0};
	g_autoptr(GError) error = NULL;

	session_redeem(f->core, &m, &nobody, &grant, &error);
	g_assert_no_error(error);
	return g_steal_pointer(&grant.lease);
}

char *core_fixture_state(CoreFixture *f, unsigned n)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) desktops = core_admin_desktops(f->core, &error);

	g_assert_no_error(error);
	return g_strdup(n < desktops->len ? ((AdminDesktopView *)desktops->pdata[n])->state : "");
}

void core_fixture_await(CoreFixture *f, unsigned n, const char *state)
{
	gint64 deadline = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
	g_autofree char *now = core_fixture_state(f, n);

	while (!g_str_equal(now, state) && g_get_monotonic_time() < deadline) {
		g_usleep(10000);
		g_free(now);
		now = core_fixture_state(f, n);
	}
	g_assert_cmpstr(now, ==, state);
}
