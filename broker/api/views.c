/* SPDX-License-Identifier: GPL-3.0-or-later */
/* views: see views.h. */
#include "views.h"

#include "control/jsonframe.h"

#define TEXT_MAX 4096

json_t *view_text(const char *text)
{
	return text ? jsonframe_string(text, TEXT_MAX) : json_null();
}

static json_t *number(guint64 value)
{
	return json_integer((json_int_t)value);
}

json_t *view_desktop(const DesktopView *view)
{
	json_t *protocols = json_array();
	json_t *json;

	for (char **name = view->protocols; name && *name; name++)
		json_array_append_new(protocols, view_text(*name));
	json = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:b}", "id", view_text(view->id), "name",
			 view_text(view->name), "pool", view_text(view->pool), "kind",
			 view_text(view->kind), "state", view_text(view->state), "detail",
			 view_text(view->detail), "protocols", protocols, "last_used",
			 (json_int_t)view->last_used, "update", view->update);
	json_object_set_new(json, "snapshots", json_integer(view->snapshots));
	json_object_set_new(json, "closed", json_boolean(view->closed));
	json_object_set_new(json, "screen", json_boolean(view->screen));
	return json;
}

static gint64 idle_seconds(const SessionView *view)
{
	return MAX(g_get_real_time() / G_USEC_PER_SEC - view->active_at, 0);
}

/* For who has another clock. */
static gint64 left(const SessionView *view)
{
	return MAX(view->ends_at - g_get_real_time() / G_USEC_PER_SEC, 0);
}

json_t *view_session(const SessionView *view)
{
	json_t *json = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "id", view_text(view->id),
				 "user", view_text(view->user), "desktop",
				 view_text(view->desktop_id), "desktop_name",
				 view_text(view->desktop_name), "pool", view_text(view->pool),
				 "protocol", view_text(view->protocol), "via", view_text(view->via),
				 "peer", view_text(view->peer));

	json_object_set_new(json, "gateway", view_text(view->gateway));
	json_object_set_new(json, "state", view_text(view->state));
	json_object_set_new(json, "started_at", json_integer(view->started_at));
	json_object_set_new(json, "ended_at", json_integer(view->ended_at));
	if (view->ended_at == 0)
		json_object_set_new(json, "idle", json_integer(idle_seconds(view)));
	json_object_set_new(json, "round_trip", number(view->round_trip));
	json_object_set_new(json, "ends_at", json_integer(view->ends_at));
	json_object_set_new(json, "warn_at", json_integer(view->warn_at));
	json_object_set_new(json, "ends_in",
			    view->ends_at ? json_integer(left(view)) : json_null());
	json_object_set_new(json, "ends_why", view_text(view->ends_why));
	json_object_set_new(json, "extendable", json_boolean(view->extendable));
	json_object_set_new(json, "reason", view_text(view->reason));
	json_object_set_new(json, "bytes_in", number(view->bytes_in));
	json_object_set_new(json, "bytes_out", number(view->bytes_out));
	return json;
}

json_t *view_image(const ImageView *view)
{
	json_t *json = json_pack("{s:o,s:I,s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:o}", "name",
				 view_text(view->name), "version", (json_int_t)view->version,
				 "disk", view_text(view->disk), "kernel", view_text(view->kernel),
				 "initrd", view_text(view->initrd), "cmdline",
				 view_text(view->cmdline), "xml", view_text(view->xml), "memory",
				 (json_int_t)view->memory, "cpus", (json_int_t)view->cpus, "video",
				 view_text(view->video));

	json_object_set_new(json, "network", view_text(view->network));
	json_object_set_new(json, "copied", json_boolean(view->files != NULL));
	json_object_set_new(json, "added_at", json_integer(view->added_at));
	return json;
}

json_t *view_snapshot(const SnapshotView *view)
{
	return json_pack("{s:o,s:o,s:I}", "id", view_text(view->id), "name", view_text(view->name),
			 "taken_at", (json_int_t)view->taken_at);
}

json_t *view_maintenance(const MaintenanceView *view)
{
	return json_pack("{s:o,s:o,s:o,s:I,s:I}", "kind", view_text(view->kind), "name",
			 view_text(view->name), "words", view_text(view->words), "since",
			 (json_int_t)view->since, "sessions", (json_int_t)view->sessions);
}

json_t *view_quota(const QuotaView *view)
{
	return json_pack("{s:o,s:o,s:I,s:I,s:I,s:I}", "kind", view_text(view->kind), "name",
			 view_text(view->name), "desktops", (json_int_t)view->desktops, "sessions",
			 (json_int_t)view->sessions, "memory", (json_int_t)view->memory, "cpus",
			 (json_int_t)view->cpus);
}

json_t *view_plan(const PlanView *view)
{
	json_t *json = json_pack("{s:o,s:o,s:I,s:o,s:I}", "pool", view_text(view->pool),
				 "disconnect", view_text(view->disconnect), "disconnect_after",
				 (json_int_t)view->disconnect_after, "idle", view_text(view->idle),
				 "idle_after", (json_int_t)view->idle_after);

	json_object_set_new(json, "logout", view_text(view->logout));
	json_object_set_new(json, "logout_after", number(view->logout_after));
	json_object_set_new(json, "length", number(view->length));
	json_object_set_new(json, "warn", number(view->warn));
	json_object_set_new(json, "extend", number(view->extend));
	json_object_set_new(json, "snapshots", number(view->snapshots));
	return json;
}

static void set_ability(json_t *json, const char *hypervisor, char *const *can)
{
	json_t *words = json_array();

	for (; can && *can; can++)
		json_array_append_new(words, view_text(*can));
	json_object_set_new(json, "hypervisor", view_text(hypervisor));
	json_object_set_new(json, "can", words);
}

json_t *view_pool(const PoolView *view)
{
	json_t *json = json_pack("{s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:I,s:I}", "name",
				 view_text(view->name), "kind", view_text(view->kind), "image",
				 view_text(view->image), "provider", view_text(view->provider),
				 "uri", view_text(view->uri), "max", (json_int_t)view->max, "spare",
				 (json_int_t)view->spare, "total", (json_int_t)view->total, "busy",
				 (json_int_t)view->busy);

	json_object_set_new(json, "version", number(view->version));
	json_object_set_new(json, "previous_image", view_text(view->previous_image));
	json_object_set_new(json, "previous_version", number(view->previous_version));
	json_object_set_new(json, "stale", number(view->stale));
	json_object_set_new(json, "ready", number(view->ready));
	json_object_set_new(json, "failed", number(view->failed));
	json_object_set_new(json, "instant", json_boolean(view->instant));
	json_object_set_new(json, "weight", number(view->weight));
	set_ability(json, view->hypervisor, view->can);
	return json;
}

json_t *view_host(const HostView *view)
{
	const char *state = view->drain && g_str_equal(view->state, "up") ? "drain" : view->state;
	json_t *json = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "name", view_text(view->name),
				 "provider", view_text(view->provider), "uri", view_text(view->uri),
				 "broker", view_text(view->broker), "storage",
				 view_text(view->storage), "state", view_text(state), "detail",
				 view_text(view->detail));

	json_object_set_new(json, "cpus", number(view->cpus));
	json_object_set_new(json, "memory", number(view->memory));
	json_object_set_new(json, "cpu_ratio", number(view->cpu_ratio));
	json_object_set_new(json, "memory_ratio", number(view->memory_ratio));
	json_object_set_new(json, "desktops", number(view->desktops));
	json_object_set_new(json, "used_cpus", number(view->used_cpus));
	json_object_set_new(json, "used_memory", number(view->used_memory));
	set_ability(json, view->hypervisor, view->can);
	return json;
}

json_t *view_pool_hosts(const PoolHostsView *view)
{
	json_t *hosts = json_array();

	for (char **host = view->hosts; *host; host++)
		json_array_append_new(hosts, view_text(*host));
	return json_pack("{s:o,s:o,s:I}", "hosts", hosts, "placement", view_text(view->placement),
			 "apart", (json_int_t)view->apart);
}

json_t *view_admin_desktop(const AdminDesktopView *view)
{
	json_t *json = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "id", view_text(view->id), "name",
				 view_text(view->name), "pool", view_text(view->pool), "kind",
				 view_text(view->kind), "state", view_text(view->state), "detail",
				 view_text(view->detail), "owner", view_text(view->owner));

	json_object_set_new(json, "screen", json_boolean(view->screen));
	json_object_set_new(json, "address", view_text(view->address));
	json_object_set_new(json, "protocol", view_text(view->protocol));
	json_object_set_new(json, "mac", view_text(view->mac));
	json_object_set_new(json, "identity", view_text(view->identity));
	json_object_set_new(json, "image", view_text(view->image));
	json_object_set_new(json, "version", number(view->version));
	json_object_set_new(json, "last_used", json_integer(view->last_used));
	return json;
}

json_t *view_entitlement(const EntitlementView *view)
{
	return json_pack("{s:o,s:o,s:o}", "pool", view_text(view->pool), "user",
			 view_text(view->user), "group", view_text(view->group));
}

json_t *view_ban(const BanView *view)
{
	return json_pack("{s:o,s:o,s:I,s:I,s:o,s:o}", "user", view_text(view->user), "address",
			 view_text(view->address), "until", (json_int_t)view->until, "failures",
			 (json_int_t)view->failures, "admin", view_text(view->admin), "reason",
			 view_text(view->reason));
}

json_t *view_audit(const AuditView *view)
{
	json_t *json = json_pack("{s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o}", "id", (json_int_t)view->id,
				 "at", (json_int_t)view->at, "event", view_text(view->event),
				 "user", view_text(view->user), "peer", view_text(view->peer),
				 "desktop", view_text(view->desktop), "session",
				 view_text(view->session), "detail", view_text(view->detail));

	json_object_set_new(json, "bytes_in", number(view->bytes_in));
	json_object_set_new(json, "bytes_out", number(view->bytes_out));
	json_object_set_new(json, "milliseconds", number(view->milliseconds));
	json_object_set_new(json, "desktop_name", view_text(view->desktop_name));
	return json;
}

json_t *view_message(const MessageView *view)
{
	return json_pack("{s:o,s:o,s:I}", "id", view_text(view->id), "text", view_text(view->text),
			 "at", (json_int_t)view->at);
}
