/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake-core: see fake-core.h. */
#include "fake-core.h"

#include "fault.h"
#include "secret.h"

struct Core {
	Options *options;
	GMutex lock;
	GCond changed;
	gboolean held;
	unsigned waiting;
	GString *calls;
	GHashTable *tokens; /* token -> user */
	char *sick;
};

Core *fake_core_new(Options *options)
{
	Core *core = g_new0(Core, 1);

	core->options = options;
	g_mutex_init(&core->lock);
	g_cond_init(&core->changed);
	core->calls = g_string_new(NULL);
	core->tokens = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return core;
}

void fake_core_free(Core *core)
{
	options_free(core->options);
	g_mutex_clear(&core->lock);
	g_cond_clear(&core->changed);
	g_string_free(core->calls, TRUE);
	g_hash_table_unref(core->tokens);
	g_free(core->sick);
	g_free(core);
}

static void note(Core *core, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void note(Core *core, const char *format, ...)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&core->lock);
	va_list values;

	va_start(values, format);
	g_string_append_vprintf(core->calls, format, values);
	va_end(values);
	g_string_append_c(core->calls, '\n');
}

const char *fake_core_calls(Core *core)
{
	return core->calls->str;
}

void fake_core_forget(Core *core)
{
	g_string_truncate(core->calls, 0);
}

void fake_core_sicken(Core *core, const char *detail)
{
	g_free(core->sick);
	core->sick = g_strdup(detail);
}

void fake_core_hold(Core *core, gboolean hold)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&core->lock);

	core->held = hold;
	g_cond_broadcast(&core->changed);
}

void fake_core_await(Core *core, unsigned n)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&core->lock);

	while (core->waiting < n)
		g_cond_wait(&core->changed, &core->lock);
}

const Options *core_options(const Core *core)
{
	return core->options;
}

/* ---- who */

void who_free(Who *who)
{
	if (who == NULL)
		return;
	g_free(who->user);
	g_strfreev(who->groups);
	g_free(who->login);
	g_free(who);
}

char *core_login(Core *core, const char *user, char **groups, const char *peer, GError **error)
{
	char *token = secret_generate();

	g_assert_nonnull(groups);
	note(core, "login %s %s", user, peer);
	g_mutex_lock(&core->lock);
	g_hash_table_insert(core->tokens, g_strdup(token), g_strdup(user));
	g_mutex_unlock(&core->lock);
	return token;
}

Who *core_who(Core *core, const char *token, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&core->lock);
	const char *user = g_hash_table_lookup(core->tokens, token);
	Who *who;

	if (user == NULL) {
		g_set_error(error, FAULT, FAULT_DENIED, "no such login");
		return NULL;
	}
	who = g_new0(Who, 1);
	who->user = g_strdup(user);
	who->groups = g_new0(char *, 1);
	who->admin = g_str_equal(user, "root");
	who->login = g_strdup(token);
	return who;
}

gboolean core_logout(Core *core, const Who *who, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&core->lock);

	return g_hash_table_remove(core->tokens, who->login);
}

void core_login_refused(Core *core, const char *user, const char *peer)
{
	note(core, "refused %s %s", user, peer);
}

/* ---- desktops */

void desktop_view_free(DesktopView *view)
{
	if (view == NULL)
		return;
	g_free(view->id);
	g_free(view->name);
	g_free(view->pool);
	g_free(view->kind);
	g_free(view->state);
	g_free(view->detail);
	g_strfreev(view->protocols);
	g_free(view);
}

static DesktopView *make_desktop(const char *id)
{
	DesktopView *view = g_new0(DesktopView, 1);

	view->id = g_strdup(id);
	view->name = g_strdup(g_str_equal(id, "d-1") ? "B\303\274ro \"1\"" : "lab");
	view->pool = g_strdup("demo");
	view->kind = g_strdup("dedicated");
	view->state = g_strdup("ready");
	view->detail = g_strdup("");
	view->protocols = g_strsplit(g_str_equal(id, "d-1") ? "web,vnc,spice" : "web,vnc", ",", -1);
	view->last_used = 1700000000;
	return view;
}

GPtrArray *core_desktops(Core *core, const Who *who, GError **error)
{
	GPtrArray *views = g_ptr_array_new_with_free_func((GDestroyNotify)desktop_view_free);

	if (g_str_equal(who->user, "anna")) {
		g_ptr_array_add(views, make_desktop("d-1"));
		g_ptr_array_add(views, make_desktop("p-1"));
	}
	return views;
}

DesktopView *core_desktop(Core *core, const Who *who, const char *id, GError **error)
{
	if (g_str_equal(who->user, "anna") && (g_str_equal(id, "d-1") || g_str_equal(id, "p-1")))
		return make_desktop(id);
	g_set_error(error, FAULT, FAULT_NOT_FOUND, "no desktop %s in table 17", id);
	return NULL;
}

void ticket_free(Ticket *ticket)
{
	if (ticket == NULL)
		return;
	secret_free(ticket->ticket);
	g_free(ticket->desktop_id);
	g_free(ticket->desktop_name);
	g_free(ticket);
}

Ticket *core_connect(Core *core, const Who *who, const char *desktop_id, const char *protocol,
	const char *peer, GError **error)
{
	g_autoptr(DesktopView) view = core_desktop(core, who, desktop_id, error);
	Ticket *ticket;

	if (view == NULL)
		return NULL;
	g_mutex_lock(&core->lock);
	core->waiting++;
	g_cond_broadcast(&core->changed);
	while (core->held)
		g_cond_wait(&core->changed, &core->lock);
	core->waiting--;
	g_mutex_unlock(&core->lock);
	note(core, "connect %s %s %s %s", who->user, desktop_id, protocol, peer);
	ticket = g_new0(Ticket, 1);
	ticket->ticket = secret_dup("TICKETticket0123456789");
	ticket->expires_at = 1800000000;
	ticket->desktop_id = g_strdup("d-1");
	ticket->desktop_name = g_strdup(view->name);
	return ticket;
}

/* ---- sessions */

void session_view_free(SessionView *view)
{
	if (view == NULL)
		return;
	g_free(view->id);
	g_free(view->user);
	g_free(view->state);
	g_free(view);
}

GPtrArray *core_sessions(Core *core, const char *user, gboolean live, unsigned limit,
	GError **error)
{
	GPtrArray *views = g_ptr_array_new_with_free_func((GDestroyNotify)session_view_free);
	SessionView *view = g_new0(SessionView, 1);

	view->id = g_strdup("s-1");
	view->user = g_strdup(user ? user : "everybody");
	view->state = g_strdup(live ? "live" : "ended");
	view->started_at = limit;
	view->bytes_out = 1234567;
	g_ptr_array_add(views, view);
	return views;
}

gboolean core_session_end(Core *core, const Who *who, const char *id, GError **error)
{
	if (!g_str_equal(id, "s-1")) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "no session %s", id);
		return FALSE;
	}
	note(core, "%s session_end %s", who ? who->user : "socket", id);
	return TRUE;
}

/* ---- administration */

static void image_free(gpointer data)
{
	ImageView *view = data;

	g_free(view->name);
	g_free(view->video);
	g_free(view);
}

GPtrArray *core_images(Core *core, GError **error)
{
	GPtrArray *views = g_ptr_array_new_with_free_func(image_free);
	ImageView *view = g_new0(ImageView, 1);

	view->name = g_strdup("tiny");
	view->video = g_strdup("std");
	view->memory = 128;
	g_ptr_array_add(views, view);
	return views;
}

gboolean core_image_add(Core *core, const char *admin, const ImageView *image, GError **error)
{
	note(core, "%s image_add %s disk=%s memory=%u cpus=%u video=%s", admin, image->name,
		image->disk ? image->disk : "-", image->memory, image->cpus, image->video);
	return TRUE;
}

gboolean core_image_remove(Core *core, const char *admin, const char *name, GError **error)
{
	note(core, "%s image_remove %s", admin, name);
	return TRUE;
}

static void pool_free(gpointer data)
{
	PoolView *view = data;

	g_free(view->name);
	g_free(view->kind);
	g_free(view);
}

GPtrArray *core_pools(Core *core, GError **error)
{
	GPtrArray *views = g_ptr_array_new_with_free_func(pool_free);
	PoolView *view = g_new0(PoolView, 1);

	view->name = g_strdup("demo");
	view->kind = g_strdup("floating");
	view->max = 7;
	g_ptr_array_add(views, view);
	return views;
}

gboolean core_pool_add(Core *core, const char *admin, const PoolView *pool, GError **error)
{
	note(core, "%s pool_add %s %s image=%s provider=%s max=%u spare=%u", admin, pool->name,
		pool->kind, pool->image ? pool->image : "-", pool->provider, pool->max,
		pool->spare);
	return TRUE;
}

gboolean core_pool_remove(Core *core, const char *admin, const char *name, GError **error)
{
	if (g_str_equal(name, "busy")) {
		g_set_error(error, FAULT, FAULT_BUSY, "2 desktops of pool busy are in use");
		return FALSE;
	}
	note(core, "%s pool_remove %s", admin, name);
	return TRUE;
}

gboolean core_machine_add(Core *core, const char *admin, const char *pool, const char *name,
	const char *protocol, const char *address, const char *secret, char **out_id,
	GError **error)
{
	note(core, "%s machine_add %s %s %s %s %s", admin, pool, name, protocol, address,
		secret ? secret : "-");
	*out_id = g_strdup("d-9");
	return TRUE;
}

gboolean core_machine_remove(Core *core, const char *admin, const char *id, GError **error)
{
	note(core, "%s machine_remove %s", admin, id);
	return TRUE;
}

static void admin_desktop_free(gpointer data)
{
	AdminDesktopView *view = data;

	g_free(view->id);
	g_free(view->kind);
	g_free(view);
}

GPtrArray *core_admin_desktops(Core *core, GError **error)
{
	static const char *const kinds[] = {"machines", "floating"};
	GPtrArray *views = g_ptr_array_new_with_free_func(admin_desktop_free);

	for (unsigned i = 0; i < 2; i++) {
		AdminDesktopView *view = g_new0(AdminDesktopView, 1);

		view->id = g_strdup_printf("d-%u", i + 1);
		view->kind = g_strdup(kinds[i]);
		g_ptr_array_add(views, view);
	}
	return views;
}

static void entitlement_free(gpointer data)
{
	EntitlementView *view = data;

	g_free(view->pool);
	g_free(view->user);
	g_free(view);
}

GPtrArray *core_entitlements(Core *core, GError **error)
{
	GPtrArray *views = g_ptr_array_new_with_free_func(entitlement_free);
	EntitlementView *view = g_new0(EntitlementView, 1);

	view->pool = g_strdup("demo");
	view->user = g_strdup("anna");
	g_ptr_array_add(views, view);
	return views;
}

gboolean core_entitle(Core *core, const char *admin, const char *pool, const char *user,
	const char *group, gboolean grant, GError **error)
{
	note(core, "%s %s %s user=%s group=%s", admin, grant ? "entitle" : "unentitle", pool,
		user ? user : "-", group ? group : "-");
	return TRUE;
}

gboolean core_desktop_action(Core *core, const char *admin, const char *id, const char *action,
	GError **error)
{
	note(core, "%s %s %s", admin, action, id);
	return TRUE;
}

static void audit_free(gpointer data)
{
	AuditView *view = data;

	g_free(view->event);
	g_free(view);
}

GPtrArray *core_audit(Core *core, gint64 before_id, unsigned limit, GError **error)
{
	GPtrArray *views = g_ptr_array_new_with_free_func(audit_free);
	AuditView *view = g_new0(AuditView, 1);

	view->id = MIN(before_id, 100) - 1;
	view->at = limit;
	view->event = g_strdup("login");
	g_ptr_array_add(views, view);
	return views;
}

gboolean core_healthy(Core *core, char **out_detail)
{
	*out_detail = g_strdup(core->sick ? core->sick : "");
	return core->sick == NULL;
}
