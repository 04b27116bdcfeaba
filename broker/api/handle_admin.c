/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handle_admin: images, pools, machines, entitlements, desktops, sessions and the audit log, for
 * admins over HTTPS and for orielctl at the admin socket. Every call is one of the core's, which
 * checks the values and audits the change under the admin's name.
 */
#include "handlers.h"

#include <string.h>

#include "secret.h"
#include "services.h"
#include "views.h"

#define AUDIT_MAX  1000
#define SEARCH_MAX 200
#define PAST       100 /* sessions that have ended, if nobody says how many */

#define BAN_MINUTES_MAX 5256000 /* ten years */

/* Where one fits all: a desktop under emulation, a pool for a small office. */
#define DEFAULT_MEMORY 1024
#define DEFAULT_CPUS   1
#define DEFAULT_VIDEO  "std"
#define DEFAULT_MAX    10
#define DEFAULT_LOCAL  300 /* s */

const char *admin_name(const Request *request)
{
	return request->who ? request->who->user : request->peer;
}

/* NULL and "" are the same in JSON; the core knows only NULL. */
static char *or_null(const char *text)
{
	return text != NULL && *text != '\0' ? (char *)text : NULL;
}

static gboolean in_range(const char *name, json_int_t value, json_int_t min, json_int_t max,
			 GError **error)
{
	if (value >= min && value <= max)
		return TRUE;
	g_set_error(error, FAULT, FAULT_CLIENT, "%s must be from %lld to %lld", name,
		    (long long)min, (long long)max);
	return FALSE;
}

static gboolean reply_array(Request *request, GPtrArray *views, json_t *(*view)(gconstpointer))
{
	if (views == NULL)
		return FALSE;
	reply_json(request, 200, view_array(views, view));
	g_ptr_array_unref(views);
	return TRUE;
}
#define REPLY_ARRAY(request, views, view) \
	reply_array(request, views, (json_t * (*)(gconstpointer)) view)

static gboolean reply_created(Request *request, const char *key, const char *value)
{
	reply_json(request, 201, json_pack("{s:s}", key, value));
	return TRUE;
}

static gboolean reply_done(Request *request, gboolean done)
{
	if (done)
		reply_empty(request, 204);
	return done;
}

gboolean handle_images(Request *request, GError **error)
{
	return REPLY_ARRAY(request, core_images(request->services->core, error), view_image);
}

gboolean handle_image_add(Request *request, GError **error)
{
	json_int_t memory = DEFAULT_MEMORY, cpus = DEFAULT_CPUS;
	const char *disk = NULL, *kernel = NULL, *initrd = NULL, *cmdline = NULL, *xml = NULL;
	const char *name, *video = DEFAULT_VIDEO, *network = NULL;
	g_autoptr(json_t) root = NULL;
	unsigned version;
	ImageView image;
	int copy = 0;

	if (!request_json(request, &root, error,
			  "{s:s,s?:s,s?:s,s?:s,s?:s,s?:s,s?:I,s?:I,s?:s,s?:s,s?:b}", "name", &name,
			  "disk", &disk, "kernel", &kernel, "initrd", &initrd, "cmdline", &cmdline,
			  "xml", &xml, "memory", &memory, "cpus", &cpus, "video", &video, "network",
			  &network, "copy", &copy))
		return FALSE;
	if (!in_range("memory", memory, 16, 4 * 1024 * 1024, error) ||
	    !in_range("cpus", cpus, 1, 512, error))
		return FALSE;
	image = (ImageView){
		.name = (char *)name,
		.disk = or_null(disk),
		.kernel = or_null(kernel),
		.initrd = or_null(initrd),
		.cmdline = or_null(cmdline),
		.xml = or_null(xml),
		.memory = (unsigned)memory,
		.cpus = (unsigned)cpus,
		.video = (char *)video,
		.network = or_null(network),
	};
	if (!core_image_add(request->services->core, admin_name(request), &image, copy, &version,
			    error))
		return FALSE;
	reply_json(request, 201,
		   json_pack("{s:s,s:I}", "name", name, "version", (json_int_t)version));
	return TRUE;
}

gboolean handle_image_remove(Request *request, GError **error)
{
	return reply_done(request, core_image_remove(request->services->core, admin_name(request),
						     request->args[0], error));
}

gboolean handle_pools(Request *request, GError **error)
{
	return REPLY_ARRAY(request, core_pools(request->services->core, error), view_pool);
}

gboolean handle_pool_add(Request *request, GError **error)
{
	const char *name, *kind, *image = NULL, *provider = NULL, *uri = "";
	json_int_t max = DEFAULT_MAX, spare = 0, version = 0, weight = 0;
	int instant = 0;
	g_autoptr(json_t) root = NULL;
	PoolView pool;

	if (!request_json(request, &root, error,
			  "{s:s,s:s,s?:s,s?:I,s?:s,s?:s,s?:I,s?:I,s?:b,s?:I}", "name", &name,
			  "kind", &kind, "image", &image, "version", &version, "provider",
			  &provider, "uri", &uri, "max", &max, "spare", &spare, "instant", &instant,
			  "weight", &weight))
		return FALSE;
	if (!in_range("max", max, 1, 100000, error) || !in_range("spare", spare, 0, max, error) ||
	    !in_range("version", version, 0, G_MAXINT32, error) ||
	    !in_range("weight", weight, 0, 10000, error))
		return FALSE;
	if (provider == NULL)
		provider = g_str_equal(kind, "machines") ? "machine" : "qemu";
	pool = (PoolView){
		.name = (char *)name,
		.kind = (char *)kind,
		.image = or_null(image),
		.version = (unsigned)version,
		.instant = instant,
		.weight = (unsigned)weight,
		.provider = (char *)provider,
		.uri = (char *)uri,
		.max = (unsigned)max,
		.spare = (unsigned)spare,
	};
	if (!core_pool_add(request->services->core, admin_name(request), &pool, error))
		return FALSE;
	return reply_created(request, "name", name);
}

gboolean handle_pool_remove(Request *request, GError **error)
{
	return reply_done(request, core_pool_remove(request->services->core, admin_name(request),
						    request->args[0], error));
}

gboolean handle_pool_publish(Request *request, GError **error)
{
	const char *image = NULL;
	json_int_t version = 0;
	g_autoptr(json_t) root = NULL;

	/* No body: the newest version of the same image. */
	if ((request->body->len > 0 && !request_json(request, &root, error, "{s?:s,s?:I}", "image",
						     &image, "version", &version)) ||
	    !in_range("version", version, 0, G_MAXINT32, error))
		return FALSE;
	return reply_done(request, core_pool_publish(request->services->core, admin_name(request),
						     request->args[0], or_null(image),
						     (unsigned)version, error));
}

gboolean handle_pool_rollback(Request *request, GError **error)
{
	return reply_done(request, core_pool_rollback(request->services->core, admin_name(request),
						      request->args[0], error));
}

/* The desktops that stand on their own somewhere: those of pools of kind "machines". */
gboolean handle_machines(Request *request, GError **error)
{
	g_autoptr(GPtrArray) desktops = core_admin_desktops(request->services->core, error);
	json_t *array;

	if (desktops == NULL)
		return FALSE;
	array = json_array();
	for (unsigned i = 0; i < desktops->len; i++) {
		const AdminDesktopView *desktop = g_ptr_array_index(desktops, i);

		if (g_strcmp0(desktop->kind, "machines") == 0)
			json_array_append_new(array, view_admin_desktop(desktop));
	}
	reply_json(request, 200, array);
	return TRUE;
}

gboolean handle_machine_add(Request *request, GError **error)
{
	MachineSpec machine = {0};
	g_autoptr(json_t) root = NULL;
	g_autofree char *id = NULL;

	if (!request_json(request, &root, error, "{s:s,s:s,s:s,s:s,s?:s,s?:s,s?:s}", "pool",
			  &machine.pool, "name", &machine.name, "protocol", &machine.protocol,
			  "address", &machine.address, "secret", &machine.secret, "power",
			  &machine.power, "power_secret", &machine.power_secret))
		return FALSE;
	machine.secret = or_null(machine.secret);
	machine.power = or_null(machine.power);
	machine.power_secret = or_null(machine.power_secret);
	if (!core_machine_add(request->services->core, admin_name(request), &machine, &id, error))
		return FALSE;
	return reply_created(request, "id", id);
}

gboolean handle_machine_token(Request *request, GError **error)
{
	autosecret char *token = core_machine_token(request->services->core, admin_name(request),
						    request->args[0], error);

	return token != NULL && reply_created(request, "token", token);
}

/* The machine's own word, not a person's. */
gboolean handle_machine_local(Request *request, GError **error)
{
	const char *authorization = request->header[HEADER_AUTHORIZATION];
	json_int_t seconds = DEFAULT_LOCAL;
	g_autoptr(json_t) root = NULL;
	const char *user;

	if (authorization == NULL || g_ascii_strncasecmp(authorization, "Bearer ", 7) != 0) {
		g_set_error(error, FAULT, FAULT_DENIED, "no token of a machine");
		return FALSE;
	}
	return request_json(request, &root, error, "{s:s,s?:I}", "user", &user, "seconds",
			    &seconds) &&
	       in_range("seconds", seconds, 10, 86400, error) &&
	       reply_done(request, core_machine_local(request->services->core, request->args[0],
						      authorization + 7, or_null(user),
						      (unsigned)seconds, error));
}

gboolean handle_machine_remove(Request *request, GError **error)
{
	return reply_done(request, core_machine_remove(request->services->core, admin_name(request),
						       request->args[0], error));
}

gboolean handle_entitlements(Request *request, GError **error)
{
	return REPLY_ARRAY(request, core_entitlements(request->services->core, error),
			   view_entitlement);
}

static gboolean entitle(Request *request, const char *pool, const char *user, const char *group,
			gboolean grant, GError **error)
{
	if (or_null(pool) == NULL || (or_null(user) == NULL) == (or_null(group) == NULL)) {
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "want a pool, and either a user or a group");
		return FALSE;
	}
	return core_entitle(request->services->core, admin_name(request), pool, or_null(user),
			    or_null(group), grant, error);
}

gboolean handle_entitle(Request *request, GError **error)
{
	const char *pool, *user = NULL, *group = NULL;
	g_autoptr(json_t) root = NULL;

	if (!request_json(request, &root, error, "{s:s,s?:s,s?:s}", "pool", &pool, "user", &user,
			  "group", &group) ||
	    !entitle(request, pool, user, group, TRUE, error))
		return FALSE;
	return reply_created(request, "pool", pool);
}

/* ?pool=&user= or ?pool=&group=: a DELETE has no body. */
gboolean handle_unentitle(Request *request, GError **error)
{
	return reply_done(request,
			  entitle(request, g_hash_table_lookup(request->query, "pool"),
				  g_hash_table_lookup(request->query, "user"),
				  g_hash_table_lookup(request->query, "group"), FALSE, error));
}

gboolean handle_bans(Request *request, GError **error)
{
	return REPLY_ARRAY(request, core_bans(request->services->core, error), view_ban);
}

gboolean handle_ban(Request *request, GError **error)
{
	const char *user = NULL, *address = NULL, *reason = "";
	g_autoptr(json_t) root = NULL;
	json_int_t minutes = 0;

	if (!request_json(request, &root, error, "{s?:s,s?:s,s?:I,s?:s}", "user", &user, "address",
			  &address, "minutes", &minutes, "reason", &reason) ||
	    !in_range("minutes", minutes, 0, BAN_MINUTES_MAX, error) ||
	    !core_ban(request->services->core, admin_name(request), or_null(user), or_null(address),
		      (guint64)minutes, reason, error))
		return FALSE;
	return reply_created(request, or_null(user) ? "user" : "address",
			     or_null(user) ? user : address);
}

/* ?user= or ?address=, or both. */
gboolean handle_unlock(Request *request, GError **error)
{
	return reply_done(request,
			  core_unlock(request->services->core, admin_name(request),
				      or_null(g_hash_table_lookup(request->query, "user")),
				      or_null(g_hash_table_lookup(request->query, "address")),
				      error));
}

/* *out NULL = nothing is looked for. */
static gboolean search_text(Request *request, const char **out, GError **error)
{
	*out = g_hash_table_lookup(request->query, "text");
	if (*out == NULL || strlen(*out) <= SEARCH_MAX)
		return TRUE;
	g_set_error(error, FAULT, FAULT_CLIENT, "text: at most %d bytes", SEARCH_MAX);
	return FALSE;
}

/* What part of a long list is wanted. */
typedef struct {
	const char *text, *order;
	gboolean down;
	unsigned limit;
} Part;

/* orders: with "|" between them. limit 0: all. */
static gboolean want_part(Request *request, const char *orders, Part *out, GError **error)
{
	g_auto(GStrv) known = g_strsplit(orders, "|", -1);
	gint64 limit, down;

	out->order = g_hash_table_lookup(request->query, "order");
	if (!search_text(request, &out->text, error) ||
	    !request_number(request, "limit", 0, G_MAXINT32, 0, &limit, error) ||
	    !request_number(request, "down", 0, 1, 0, &down, error))
		return FALSE;
	out->limit = (unsigned)limit;
	out->down = down != 0;
	if (!out->order || g_strv_contains((const char *const *)known, out->order))
		return TRUE;
	g_set_error(error, FAULT, FAULT_CLIENT, "order: want one of %s", orders);
	return FALSE;
}

gboolean handle_admin_desktops(Request *request, GError **error)
{
	Part part;

	return want_part(request, "name|pool|state|user|used", &part, error) &&
	       REPLY_ARRAY(request,
			   core_admin_desktops_found(request->services->core, part.text, part.order,
						     part.down, part.limit, error),
			   view_admin_desktop);
}

static gboolean reply_png(Request *request, GBytes *png)
{
	gsize n;
	gconstpointer bytes;

	if (png == NULL)
		return FALSE;
	bytes = g_bytes_get_data(png, &n);
	reply_bytes(request, 200, "image/png", g_memdup2(bytes, n), n);
	g_bytes_unref(png);
	return TRUE;
}

gboolean handle_desktop_screen(Request *request, GError **error)
{
	return reply_png(request, core_desktop_screen(request->services->core, admin_name(request),
						      request->args[0], error));
}

gboolean handle_own_screen(Request *request, GError **error)
{
	return reply_png(request, core_own_screen(request->services->core, request->who,
						  request->args[0], error));
}

gboolean handle_desktop_action(Request *request, GError **error)
{
	static const char *const actions[] = {"start", "stop", "reset", "release", NULL};

	if (!g_strv_contains(actions, request->args[1])) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "no such action on a desktop");
		return FALSE;
	}
	return reply_done(request, core_desktop_action(request->services->core, admin_name(request),
						       request->args[0], request->args[1], error));
}

gboolean handle_session_move(Request *request, GError **error)
{
	g_autoptr(json_t) root = NULL;
	const char *desktop;

	if (!request_json(request, &root, error, "{s:s}", "desktop", &desktop))
		return FALSE;
	return reply_done(request, core_session_move(request->services->core, admin_name(request),
						     request->args[0], desktop, error));
}

/* ?ended=1: also those that are over. Unless an order is wanted, the newest first. */
gboolean handle_admin_sessions(Request *request, GError **error)
{
	gboolean ended = request_flag(request, "ended");
	Part part;

	return want_part(request, "since|user|desktop|client|from|ended|sent|line|idle", &part,
			 error) &&
	       REPLY_ARRAY(request,
			   core_sessions_found(request->services->core, !ended, part.text,
					       part.order, part.down || !part.order,
					       part.limit || !ended ? part.limit : PAST, error),
			   view_session);
}

gboolean handle_sessions_count(Request *request, GError **error)
{
	unsigned sessions, people;

	if (!core_sessions_count(request->services->core, &sessions, &people, error))
		return FALSE;
	reply_json(request, 200,
		   json_pack("{s:i, s:i}", "sessions", (int)sessions, "people", (int)people));
	return TRUE;
}

/* ?before=ID&limit=N&text=WORDS: newest first; the last one's id is the next page's before. */
gboolean handle_audit(Request *request, GError **error)
{
	const char *text;
	gint64 before, limit;

	if (!search_text(request, &text, error) ||
	    !request_number(request, "before", 1, G_MAXINT64, G_MAXINT64, &before, error) ||
	    !request_number(request, "limit", 1, AUDIT_MAX, 100, &limit, error))
		return FALSE;
	return REPLY_ARRAY(
		request, core_audit(request->services->core, before, (unsigned)limit, text, error),
		view_audit);
}

gboolean handle_events(Request *request, GError **error)
{
	reply_events(request);
	return TRUE;
}
