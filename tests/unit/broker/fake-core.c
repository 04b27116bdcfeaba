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
	Db *db;
	Limit *limit; /* real, on a database of its own */
	CoreTold told;
	gpointer told_data;
};

void fake_core_watch(Core *core, CoreTold told, gpointer data)
{
	g_mutex_lock(&core->lock);
	core->told = told;
	core->told_data = data;
	g_mutex_unlock(&core->lock);
}

void fake_core_tell(Core *core, unsigned what)
{
	g_mutex_lock(&core->lock);
	if (core->told != NULL)
		core->told(what, core->told_data);
	g_mutex_unlock(&core->lock);
}

Core *fake_core_new(Options *options)
{
	Core *core = g_new0(Core, 1);

	core->options = options;
	core->db = db_open(":memory:", NULL);
	core->limit = limit_new(core->db);
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
	limit_free(core->limit);
	db_close(core->db);
	g_free(core);
}

void fake_core_note(Core *core, const char *format, ...)
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

char *core_metrics(Core *core)
{
	return g_strdup("oriel_made_up 1\n");
}

Limit *core_limit(Core *core)
{
	return core->limit;
}

/* ---- who */

gint64 core_login_ends(const Options *options, gint64 began_at, gint64 now)
{
	return now + options->login_minutes * 60;
}

char *core_login(Core *core, const char *user, char **groups, const char *peer, GError **error)
{
	char *token = secret_generate();

	g_assert_nonnull(groups);
	fake_core_note(core, "login %s %s", user, peer);
	g_mutex_lock(&core->lock);
	g_hash_table_insert(core->tokens, g_strdup(token), g_strdup(user));
	g_mutex_unlock(&core->lock);
	return token;
}

char *core_login_by(Core *core, const char *user, char **groups, const char *peer, const char *how,
		    GError **error)
{
	return core_login(core, user, groups, peer, error);
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

void core_login_refused(Core *core, const char *user, const char *peer, unsigned wait)
{
	fake_core_note(core, "refused %s %s", user, peer);
}

/* ---- desktops */

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

gboolean core_desktop_update(Core *core, const Who *who, const char *id, const char *peer,
			     GError **error)
{
	g_autoptr(DesktopView) view = core_desktop(core, who, id, error);

	if (view == NULL)
		return FALSE;
	fake_core_note(core, "update %s %s %s", who->user, id, peer);
	return TRUE;
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
	fake_core_note(core, "connect %s %s %s %s", who->user, desktop_id, protocol, peer);
	ticket = g_new0(Ticket, 1);
	ticket->ticket = secret_dup("TICKETticket0123456789");
	ticket->expires_at = 1800000000;
	ticket->desktop_id = g_strdup("d-1");
	ticket->desktop_name = g_strdup(view->name);
	return ticket;
}

/* ---- sessions */

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

GPtrArray *core_sessions_found(Core *core, gboolean live, const char *text, const char *order,
			       gboolean down, unsigned limit, GError **error)
{
	fake_core_note(core, "sessions %s by %s%s, %u", text ? text : "-", order ? order : "-",
		       down ? " down" : "", limit);
	return core_sessions(core, NULL, live, limit, error);
}

gboolean core_sessions_count(Core *core, unsigned *out_sessions, unsigned *out_people,
			     GError **error)
{
	*out_sessions = 3;
	*out_people = 2;
	return TRUE;
}

gboolean core_session_end(Core *core, const Who *who, const char *id, GError **error)
{
	if (!g_str_equal(id, "s-1")) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "no session %s", id);
		return FALSE;
	}
	fake_core_note(core, "%s session_end %s", who ? who->user : "socket", id);
	return TRUE;
}

SessionView *core_session_extend(Core *core, const Who *who, const char *id, GError **error)
{
	SessionView *view;

	if (!g_str_equal(id, "s-1")) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "no session %s", id);
		return NULL;
	}
	fake_core_note(core, "%s session_extend %s", who ? who->user : "socket", id);
	view = g_new0(SessionView, 1);
	view->id = g_strdup(id);
	view->ends_at = 1800000000;
	view->ends_why = "length";
	return view;
}

gboolean core_session_move(Core *core, const char *admin, const char *id, const char *desktop,
			   GError **error)
{
	if (!g_str_equal(id, "s-1")) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "no session %s", id);
		return FALSE;
	}
	fake_core_note(core, "%s session_move %s %s", admin, id, desktop);
	return TRUE;
}

gboolean core_healthy(Core *core, char **out_detail)
{
	*out_detail = g_strdup(core->sick ? core->sick : "");
	return core->sick == NULL;
}

/* ---- snapshots */

GPtrArray *core_snapshots(Core *core, const Who *who, const char *desktop, GError **error)
{
	GPtrArray *views = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_view_free);
	SnapshotView *view = g_new0(SnapshotView, 1);

	view->id = g_strdup("n-1");
	view->name = g_strdup("before the exam");
	g_ptr_array_add(views, view);
	return views;
}

gboolean core_snapshot_take(Core *core, const Who *who, const char *desktop, const char *name,
			    char **out_id, GError **error)
{
	fake_core_note(core, "%s snapshot_take %s %s", who ? who->user : "socket", desktop, name);
	*out_id = g_strdup("n-2");
	return TRUE;
}

gboolean core_snapshot_revert(Core *core, const Who *who, const char *desktop, const char *id,
			      GError **error)
{
	fake_core_note(core, "%s snapshot_revert %s %s", who ? who->user : "socket", desktop, id);
	return TRUE;
}

gboolean core_snapshot_remove(Core *core, const Who *who, const char *desktop, const char *id,
			      GError **error)
{
	fake_core_note(core, "%s snapshot_remove %s %s", who ? who->user : "socket", desktop, id);
	return TRUE;
}
