/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake-core-admin: the administrators' half of fake-core.h. */
#include "core_admin.h"
#include "fake-core.h"
#include "fault.h"
#include "secret.h"

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

gboolean core_image_add(Core *core, const char *admin, const ImageView *image, gboolean copy,
			unsigned *out_version, GError **error)
{
	fake_core_note(core, "%s image_add %s disk=%s memory=%u cpus=%u video=%s network=%s%s",
		       admin, image->name, image->disk ? image->disk : "-", image->memory,
		       image->cpus, image->video, image->network ? image->network : "-",
		       copy ? " copy" : "");
	*out_version = 3;
	return TRUE;
}

gboolean core_image_remove(Core *core, const char *admin, const char *name, GError **error)
{
	fake_core_note(core, "%s image_remove %s", admin, name);
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
	fake_core_note(core, "%s pool_add %s %s image=%s provider=%s max=%u spare=%u", admin,
		       pool->name, pool->kind, pool->image ? pool->image : "-", pool->provider,
		       pool->max, pool->spare);
	return TRUE;
}

gboolean core_pool_publish(Core *core, const char *admin, const char *pool, const char *image,
			   unsigned version, GError **error)
{
	fake_core_note(core, "%s pool_publish %s %s %u", admin, pool, image ? image : "-", version);
	return TRUE;
}

gboolean core_pool_rollback(Core *core, const char *admin, const char *pool, GError **error)
{
	fake_core_note(core, "%s pool_rollback %s", admin, pool);
	return TRUE;
}

gboolean core_pool_remove(Core *core, const char *admin, const char *name, GError **error)
{
	if (g_str_equal(name, "busy")) {
		g_set_error(error, FAULT, FAULT_BUSY, "2 desktops of pool busy are in use");
		return FALSE;
	}
	fake_core_note(core, "%s pool_remove %s", admin, name);
	return TRUE;
}

static void host_free(gpointer data)
{
	HostView *view = data;

	g_free(view->name);
	g_free(view->state);
	g_free(view);
}

GPtrArray *core_hosts(Core *core, GError **error)
{
	GPtrArray *views = g_ptr_array_new_with_free_func(host_free);
	HostView *view = g_new0(HostView, 1);

	view->name = g_strdup("rack1");
	view->state = g_strdup("up");
	view->drain = TRUE;
	g_ptr_array_add(views, view);
	return views;
}

gboolean core_host_add(Core *core, const char *admin, const HostView *host, GError **error)
{
	fake_core_note(core, "%s host_add %s %s %s cpus=%u memory=%u ratios=%u,%u storage=%s",
		       admin, host->name, host->provider, host->uri, host->cpus, host->memory,
		       host->cpu_ratio, host->memory_ratio, host->storage ? host->storage : "-");
	return TRUE;
}

gboolean core_host_remove(Core *core, const char *admin, const char *name, GError **error)
{
	fake_core_note(core, "%s host_remove %s", admin, name);
	return TRUE;
}

gboolean core_host_drain(Core *core, const char *admin, const char *name, GError **error)
{
	fake_core_note(core, "%s host_drain %s", admin, name);
	return TRUE;
}

gboolean core_host_resume(Core *core, const char *admin, const char *name, GError **error)
{
	fake_core_note(core, "%s host_resume %s", admin, name);
	return TRUE;
}

gboolean core_pool_hosts(Core *core, const char *pool, PoolHostsView *out, GError **error)
{
	*out = (PoolHostsView){.pool = g_strdup(pool),
			       .hosts = g_strsplit("rack1", " ", -1),
			       .placement = g_strdup("pack"),
			       .apart = 3};
	return TRUE;
}

gboolean core_pool_set_hosts(Core *core, const char *admin, const PoolHostsView *hosts,
			     GError **error)
{
	g_autofree char *names = g_strjoinv("+", hosts->hosts);

	fake_core_note(core, "%s pool_hosts %s %s %s %u", admin, hosts->pool, names,
		       hosts->placement, hosts->apart);
	return TRUE;
}

gboolean core_machine_add(Core *core, const char *admin, const MachineSpec *machine, char **out_id,
			  GError **error)
{
	fake_core_note(core, "%s machine_add %s %s %s %s %s %s %s", admin, machine->pool,
		       machine->name, machine->protocol, machine->address,
		       machine->secret ? machine->secret : "-",
		       machine->power ? machine->power : "-",
		       machine->power_secret ? machine->power_secret : "-");
	*out_id = g_strdup("d-9");
	return TRUE;
}

char *core_machine_token(Core *core, const char *admin, const char *id, GError **error)
{
	fake_core_note(core, "%s machine_token %s", admin, id);
	return secret_dup("machine-token");
}

gboolean core_machine_local(Core *core, const char *id, const char *token, const char *user,
			    unsigned seconds, GError **error)
{
	if (!g_str_equal(token, "machine-token")) {
		g_set_error(error, FAULT, FAULT_DENIED, "wrong token");
		return FALSE;
	}
	fake_core_note(core, "machine_local %s %s %u", id, user ? user : "-", seconds);
	return TRUE;
}

gboolean core_machine_remove(Core *core, const char *admin, const char *id, GError **error)
{
	fake_core_note(core, "%s machine_remove %s", admin, id);
	return TRUE;
}

static void admin_desktop_free(gpointer data)
{
	AdminDesktopView *view = data;

	g_free(view->id);
	g_free(view->kind);
	g_free(view);
}

GPtrArray *core_admin_desktops_found(Core *core, const char *text, const char *order, gboolean down,
				     unsigned limit, GError **error)
{
	fake_core_note(core, "desktops %s by %s%s, %u", text ? text : "-", order ? order : "-",
		       down ? " down" : "", limit);
	return core_admin_desktops(core, error);
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

static void note_entitlement(Core *core, const char *admin, const char *what,
			     const EntitlementView *to)
{
	fake_core_note(core, "%s %s %s user=%s group=%s", admin, what, to->pool,
		       to->user ? to->user : "-", to->group ? to->group : "-");
}

gboolean core_entitle(Core *core, const char *admin, const EntitlementView *to, GError **error)
{
	note_entitlement(core, admin, "entitle", to);
	return TRUE;
}

gboolean core_unentitle(Core *core, const char *admin, const EntitlementView *to, GError **error)
{
	note_entitlement(core, admin, "unentitle", to);
	return TRUE;
}

GPtrArray *core_bans(Core *core, GError **error)
{
	GPtrArray *views = g_ptr_array_new_with_free_func((GDestroyNotify)ban_view_free);
	BanView *view = g_new0(BanView, 1);

	view->address = g_strdup("203.0.113.9");
	view->until = 1700000000;
	view->failures = 28;
	g_ptr_array_add(views, view);
	return views;
}

gboolean core_ban(Core *core, const char *admin, const char *user, const char *address,
		  guint64 minutes, const char *reason, GError **error)
{
	fake_core_note(core, "%s ban user=%s address=%s minutes=%u %s", admin, user ? user : "-",
		       address ? address : "-", (unsigned)minutes, reason);
	return TRUE;
}

gboolean core_unlock(Core *core, const char *admin, const char *user, const char *address,
		     GError **error)
{
	fake_core_note(core, "%s unlock user=%s address=%s", admin, user ? user : "-",
		       address ? address : "-");
	return TRUE;
}

gboolean core_message_send(Core *core, const char *admin, const char *user, const char *text,
			   GError **error)
{
	fake_core_note(core, "%s message_send %s %s", admin ? admin : "?", user, text);
	return TRUE;
}

GPtrArray *core_messages(Core *core, const Who *who, GError **error)
{
	GPtrArray *messages = g_ptr_array_new_with_free_func((GDestroyNotify)message_view_free);
	MessageView *message = g_new0(MessageView, 1);

	message->id = g_strdup("m-1");
	message->text = g_strdup("hello");
	g_ptr_array_add(messages, message);
	return messages;
}

GBytes *core_own_screen(Core *core, const Who *who, const char *id, GError **error)
{
	fake_core_note(core, "%s own_screen %s", who->user, id);
	return g_bytes_new_static("PNG", 3);
}

GBytes *core_desktop_screen(Core *core, const char *admin, const char *id, GError **error)
{
	fake_core_note(core, "%s desktop_screen %s", admin ? admin : "?", id);
	return g_bytes_new_static("\x89PNG\0", 5);
}

gboolean core_desktop_action(Core *core, const char *admin, const char *id, const char *action,
			     GError **error)
{
	fake_core_note(core, "%s %s %s", admin, action, id);
	return TRUE;
}

static void audit_free(gpointer data)
{
	AuditView *view = data;

	g_free(view->event);
	g_free(view->user);
	g_free(view);
}

void core_watch(Core *core, CoreTold told, gpointer data)
{
	fake_core_watch(core, told, data);
}

GPtrArray *core_audit(Core *core, gint64 before_id, unsigned limit, const char *text,
		      GError **error)
{
	if (text != NULL)
		fake_core_note(core, "audit %s", text);

	GPtrArray *views = g_ptr_array_new_with_free_func(audit_free);
	AuditView *view = g_new0(AuditView, 1);

	view->id = MIN(before_id, 100) - 1;
	view->at = limit;
	view->event = g_strdup("login");
	view->user = g_strdup(text);
	g_ptr_array_add(views, view);
	return views;
}

PlanView *core_plan(Core *core, const char *pool, GError **error)
{
	PlanView *view;

	if (!g_str_equal(pool, "demo")) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "no pool %s", pool);
		return NULL;
	}
	view = g_new0(PlanView, 1);
	view->pool = g_strdup("demo");
	view->disconnect = g_strdup("reset");
	view->idle = g_strdup("reset");
	view->logout = g_strdup("reset");
	view->disconnect_after = 5;
	view->warn = 60;
	return view;
}

GPtrArray *core_plans(Core *core, GError **error)
{
	GPtrArray *views = g_ptr_array_new_with_free_func((GDestroyNotify)plan_view_free);

	g_ptr_array_add(views, core_plan(core, "demo", NULL));
	return views;
}

gboolean core_plan_set(Core *core, const char *admin, const PlanView *plan, GError **error)
{
	fake_core_note(core, "%s plan_set %s %s/%u %s/%u %s/%u %u %u %u", admin, plan->pool,
		       plan->disconnect, plan->disconnect_after, plan->idle, plan->idle_after,
		       plan->logout, plan->logout_after, plan->length, plan->warn, plan->extend);
	return TRUE;
}

GPtrArray *core_quotas(Core *core, GError **error)
{
	GPtrArray *views = g_ptr_array_new_with_free_func((GDestroyNotify)quota_view_free);
	QuotaView *view = g_new0(QuotaView, 1);

	view->kind = g_strdup("user");
	view->name = g_strdup("*");
	view->desktops = 2;
	g_ptr_array_add(views, view);
	return views;
}

gboolean core_quota_set(Core *core, const char *admin, const QuotaView *quota, GError **error)
{
	fake_core_note(core, "%s quota_set %s %s %u %u %u %u", admin, quota->kind, quota->name,
		       quota->desktops, quota->sessions, quota->memory, quota->cpus);
	return TRUE;
}

gboolean core_quota_remove(Core *core, const char *admin, const char *kind, const char *name,
			   GError **error)
{
	fake_core_note(core, "%s quota_remove %s %s", admin, kind, name);
	return TRUE;
}

GPtrArray *core_maintenances(Core *core, GError **error)
{
	GPtrArray *views = g_ptr_array_new_with_free_func((GDestroyNotify)maintenance_view_free);
	MaintenanceView *view = g_new0(MaintenanceView, 1);

	view->kind = g_strdup("pool");
	view->name = g_strdup("demo");
	view->words = g_strdup("back at noon");
	g_ptr_array_add(views, view);
	return views;
}

gboolean core_maintenance_begin(Core *core, const char *admin, const MaintenanceView *view,
				GError **error)
{
	fake_core_note(core, "%s maintenance_begin %s %s %s", admin, view->kind, view->name,
		       view->words ? view->words : "-");
	return TRUE;
}

gboolean core_maintenance_end(Core *core, const char *admin, const char *kind, const char *name,
			      GError **error)
{
	fake_core_note(core, "%s maintenance_end %s %s", admin, kind, name);
	return TRUE;
}
