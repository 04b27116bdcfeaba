/* SPDX-License-Identifier: GPL-3.0-or-later */
/* routes: the whole API, one row a call (docs/api.yaml has the same rows, in the same order). */
#include "handlers.h"

#define V1    "/api/v1"
#define ADMIN V1 "/admin"

const Route routes[] = {
	{"POST", V1 "/login", MAY_ANYONE, WORK_LOGIN, .run = handle_login},
	{"POST", V1 "/login/{conversation}", MAY_ANYONE, WORK_LOGIN, .run = handle_login_answer},
	{"DELETE", V1 "/login/{conversation}", MAY_ANYONE, WORK_QUICK, .run = handle_login_cancel},
	{"GET", V1 "/oidc", MAY_ANYONE, WORK_QUICK, .run = handle_oidc},
	{"GET", V1 "/oidc/login", MAY_ANYONE, WORK_LOGIN, .run = handle_oidc_login},
	{"GET", V1 "/oidc/return", MAY_ANYONE, WORK_LOGIN, .run = handle_oidc_return},
	{"GET", V1 "/session", MAY_USER, WORK_QUICK, .run = handle_session},
	{"POST", V1 "/logout", MAY_USER, WORK_LOGIN, .run = handle_logout},

	{"GET", V1 "/desktops", MAY_USER, WORK_QUICK, .run = handle_desktops},
	{"GET", V1 "/desktops/{id}", MAY_USER, WORK_QUICK, .run = handle_desktop},
	{"POST", V1 "/desktops/{id}/connect", MAY_USER, WORK_START, .run = handle_connect},
	{"POST", V1 "/desktops/{id}/update", MAY_USER, WORK_START, .run = handle_desktop_update},
	{"GET", V1 "/desktops/{id}/console.vv", MAY_USER, WORK_START, TRUE, handle_console},
	{"GET", V1 "/sessions", MAY_USER, WORK_QUICK, .run = handle_sessions},
	{"DELETE", V1 "/sessions/{id}", MAY_USER, WORK_QUICK, .run = handle_session_end},
	{"POST", V1 "/sessions/{id}/end", MAY_USER, WORK_QUICK, .run = handle_session_end},
	{"POST", V1 "/sessions/{id}/extend", MAY_USER, WORK_QUICK, .run = handle_session_extend},

	{"POST", V1 "/machines/{id}/local", MAY_ANYONE, WORK_QUICK, .run = handle_machine_local},

	{"GET", ADMIN "/images", MAY_ADMIN, WORK_QUICK, .run = handle_images},
	{"POST", ADMIN "/images", MAY_ADMIN, WORK_START, .run = handle_image_add},
	{"DELETE", ADMIN "/images/{name}", MAY_ADMIN, WORK_START, .run = handle_image_remove},
	{"GET", ADMIN "/pools", MAY_ADMIN, WORK_QUICK, .run = handle_pools},
	{"POST", ADMIN "/pools", MAY_ADMIN, WORK_START, .run = handle_pool_add},
	{"POST", ADMIN "/pools/{name}/publish", MAY_ADMIN, WORK_START, .run = handle_pool_publish},
	{"POST", ADMIN "/pools/{name}/rollback", MAY_ADMIN, WORK_START,
	 .run = handle_pool_rollback},
	{"DELETE", ADMIN "/pools/{name}", MAY_ADMIN, WORK_START, .run = handle_pool_remove},
	{"GET", ADMIN "/plans", MAY_ADMIN, WORK_QUICK, .run = handle_plans},
	{"POST", ADMIN "/pools/{name}/plan", MAY_ADMIN, WORK_QUICK, .run = handle_plan_set},
	{"GET", ADMIN "/machines", MAY_ADMIN, WORK_QUICK, .run = handle_machines},
	{"POST", ADMIN "/machines", MAY_ADMIN, WORK_QUICK, .run = handle_machine_add},
	{"POST", ADMIN "/machines/{id}/token", MAY_ADMIN, WORK_QUICK, .run = handle_machine_token},
	{"DELETE", ADMIN "/machines/{id}", MAY_ADMIN, WORK_START, .run = handle_machine_remove},
	{"GET", ADMIN "/entitlements", MAY_ADMIN, WORK_QUICK, .run = handle_entitlements},
	{"POST", ADMIN "/entitlements", MAY_ADMIN, WORK_QUICK, .run = handle_entitle},
	{"DELETE", ADMIN "/entitlements", MAY_ADMIN, WORK_QUICK, .run = handle_unentitle},
	{"GET", ADMIN "/bans", MAY_ADMIN, WORK_QUICK, .run = handle_bans},
	{"POST", ADMIN "/bans", MAY_ADMIN, WORK_QUICK, .run = handle_ban},
	{"DELETE", ADMIN "/bans", MAY_ADMIN, WORK_QUICK, .run = handle_unlock},
	{"GET", ADMIN "/quotas", MAY_ADMIN, WORK_QUICK, .run = handle_quotas},
	{"POST", ADMIN "/quotas", MAY_ADMIN, WORK_QUICK, .run = handle_quota_set},
	{"DELETE", ADMIN "/quotas/{kind}/{name}", MAY_ADMIN, WORK_QUICK,
	 .run = handle_quota_remove},
	{"GET", ADMIN "/desktops", MAY_ADMIN, WORK_QUICK, .run = handle_admin_desktops},
	{"POST", ADMIN "/desktops/{id}/{action}", MAY_ADMIN, WORK_START,
	 .run = handle_desktop_action},
	{"GET", ADMIN "/sessions", MAY_ADMIN, WORK_QUICK, .run = handle_admin_sessions},
	{"DELETE", ADMIN "/sessions/{id}", MAY_ADMIN, WORK_QUICK, .run = handle_session_end},
	{"POST", ADMIN "/sessions/{id}/move", MAY_ADMIN, WORK_START, .run = handle_session_move},
	{"GET", ADMIN "/audit", MAY_ADMIN, WORK_QUICK, .run = handle_audit},
	{"GET", ADMIN "/events", MAY_ADMIN, WORK_QUICK, .run = handle_events},

	{"GET", V1 "/openapi.yaml", MAY_ANYONE, WORK_QUICK, .run = handle_description},
	{"GET", "/healthz", MAY_ANYONE, WORK_QUICK, .run = handle_health},
	{"GET", "/websockify", MAY_ANYONE, WORK_QUICK, .run = handle_websockify},
};
const unsigned n_routes = G_N_ELEMENTS(routes);
