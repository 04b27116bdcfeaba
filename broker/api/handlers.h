/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handlers: what the rows of routes.c call. Each answers request->reply and returns TRUE, or
 * returns FALSE with the error that becomes the answer. They block and run on worker threads;
 * the guard has already let the caller in. Every call is one of the core's, which checks the values
 * and audits the change under the caller's name.
 */
#pragma once

#include "route.h"

/* handle_pve.c */
gboolean handle_pve_ticket(Request *request, GError **error);
gboolean handle_pve_list(Request *request, GError **error);
gboolean handle_pve_status(Request *request, GError **error);
gboolean handle_pve_spice(Request *request, GError **error);
gboolean handle_pve_file(Request *request, GError **error);

/* handle_message.c */
gboolean handle_messages(Request *request, GError **error);
gboolean handle_message_send(Request *request, GError **error);

/* handle_login.c */
gboolean handle_login(Request *request, GError **error);
gboolean handle_login_answer(Request *request, GError **error);
gboolean handle_login_cancel(Request *request, GError **error);
gboolean handle_session(Request *request, GError **error);

/* handle_oidc.c */
gboolean handle_oidc(Request *request, GError **error);
gboolean handle_oidc_login(Request *request, GError **error);
gboolean handle_oidc_return(Request *request, GError **error);
gboolean handle_logout(Request *request, GError **error);

/* handle_desktops.c */
gboolean handle_desktops(Request *request, GError **error);
gboolean handle_desktop(Request *request, GError **error);
gboolean handle_connect(Request *request, GError **error);
gboolean handle_desktop_update(Request *request, GError **error);
gboolean handle_console(Request *request, GError **error);
gboolean handle_sessions(Request *request, GError **error);
gboolean handle_session_end(Request *request, GError **error);

/* handle_images.c */
gboolean handle_images(Request *request, GError **error);
gboolean handle_image_add(Request *request, GError **error);
gboolean handle_image_remove(Request *request, GError **error);

/* handle_pools.c */
gboolean handle_pools(Request *request, GError **error);
gboolean handle_pool_add(Request *request, GError **error);
gboolean handle_pool_publish(Request *request, GError **error);
gboolean handle_pool_rollback(Request *request, GError **error);
gboolean handle_pool_remove(Request *request, GError **error);

/* handle_machines.c */
gboolean handle_machines(Request *request, GError **error);
gboolean handle_machine_add(Request *request, GError **error);
gboolean handle_machine_token(Request *request, GError **error);
gboolean handle_machine_local(Request *request, GError **error);
gboolean handle_machine_remove(Request *request, GError **error);

/* handle_entitlements.c */
gboolean handle_entitlements(Request *request, GError **error);
gboolean handle_entitle(Request *request, GError **error);
gboolean handle_unentitle(Request *request, GError **error);

/* handle_bans.c */
gboolean handle_bans(Request *request, GError **error);
gboolean handle_ban(Request *request, GError **error);
gboolean handle_unlock(Request *request, GError **error);

/* handle_screens.c */
gboolean handle_desktop_screen(Request *request, GError **error);
gboolean handle_own_screen(Request *request, GError **error);

/* handle_admin.c */
gboolean handle_admin_desktops(Request *request, GError **error);
gboolean handle_desktop_action(Request *request, GError **error);
gboolean handle_admin_sessions(Request *request, GError **error);
gboolean handle_sessions_count(Request *request, GError **error);
gboolean handle_session_move(Request *request, GError **error);
gboolean handle_audit(Request *request, GError **error);
gboolean handle_events(Request *request, GError **error);

/* handle_plan.c */
gboolean handle_session_extend(Request *request, GError **error);
gboolean handle_plans(Request *request, GError **error);
gboolean handle_plan_set(Request *request, GError **error);

/* handle_quota.c */
gboolean handle_quotas(Request *request, GError **error);
gboolean handle_quota_set(Request *request, GError **error);
gboolean handle_quota_remove(Request *request, GError **error);

/* handle_hosts.c */
gboolean handle_hosts(Request *request, GError **error);
gboolean handle_host_add(Request *request, GError **error);
gboolean handle_host_remove(Request *request, GError **error);
gboolean handle_host_drain(Request *request, GError **error);
gboolean handle_host_resume(Request *request, GError **error);
gboolean handle_pool_hosts(Request *request, GError **error);
gboolean handle_pool_set_hosts(Request *request, GError **error);

/* handle_snapshots.c */
gboolean handle_snapshots(Request *request, GError **error);
gboolean handle_snapshot_take(Request *request, GError **error);
gboolean handle_snapshot_revert(Request *request, GError **error);
gboolean handle_snapshot_remove(Request *request, GError **error);

/* handle_maintenance.c */
gboolean handle_maintenances(Request *request, GError **error);
gboolean handle_maintenance_begin(Request *request, GError **error);
gboolean handle_maintenance_end(Request *request, GError **error);

/* handle_misc.c */
gboolean handle_health(Request *request, GError **error);
gboolean handle_description(Request *request, GError **error);
gboolean handle_websockify(Request *request, GError **error);

/* ---- what they share (handle.c) */

/* Who does it, for the audit log. Owned by the request. */
const char *admin_name(const Request *request);

/* The same text, NULL for "": JSON has both, the core knows only NULL. */
char *or_null(const char *text);

/* FAULT_CLIENT names the value that is out of bounds. */
gboolean in_range(const char *name, json_int_t value, json_int_t min, json_int_t max,
		  GError **error);

/* 204 if it was done; else the core has set the error. Returns done. */
gboolean reply_done(Request *request, gboolean done);

/* 201 with {key: value}. Returns TRUE. */
gboolean reply_created(Request *request, const char *key, const char *value);

/* 200 with an array of views, each made by one of views.h. Takes them; FALSE for NULL, for which
 * the core has set the error. */
gboolean reply_views(Request *request, GPtrArray *views, json_t *(*view)(gconstpointer));
#define REPLY_VIEWS(request, views, view) \
	reply_views(request, views, (json_t * (*)(gconstpointer)) view)
