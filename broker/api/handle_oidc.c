/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handle_oidc: signing in at the site's OpenID provider. The browser is sent there with a cookie
 * that holds this sign-in's secret, comes back with a code, and gets the same kind of login as by
 * PAM:
 *
 *   GET /oidc          is there one, and what is it called?
 *   GET /oidc/login    -> the provider (302)
 *   GET /oidc/return   -> the portal (302), signed in, or with what went wrong behind the "#"
 *
 * The cookie of the sign-in is Lax: it must come along when the provider sends the person back.
 */
#include "handlers.h"

#include "guard.h"
#include "oidc/oidc.h"
#include "secret.h"
#include "services.h"
#include "views.h"

#define SIGNIN_COOKIE  "__Host-oriel-signin"
#define SIGNIN_SECONDS "600"
/* A mark, no secret: who signed in there is offered to sign out there. */
#define THERE_COOKIE "__Host-oriel-oidc"

static Oidc *oidc_of(Request *request, GError **error)
{
	if (request->services->oidc == NULL)
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "no OpenID provider is configured");
	return request->services->oidc;
}

/* value NULL = forget it. */
static void set_cookie(Request *request, const char *name, const char *value, const char *site,
		       const char *seconds)
{
	autosecret char *cookie = g_strconcat(
		name, "=", value ? value : "", "; Path=/; Secure; HttpOnly; SameSite=", site,
		seconds || !value ? "; Max-Age=" : "", value ? seconds : "0", NULL);

	reply_header(request, "Set-Cookie", cookie);
}

static void redirect(Request *request, const char *where)
{
	reply_empty(request, 302);
	reply_header(request, "Location", where);
}

/* The portal says it in words; the cause goes into the log. */
static gboolean send_back(Request *request, GError *why)
{
	g_autofree char *where =
		g_strconcat("/#/signin-failed/", fault_info(fault_code(why))->name, NULL);

	redirect(request, where);
	set_cookie(request, SIGNIN_COOKIE, NULL, "Lax", NULL);
	request->reply.cause = why;
	return TRUE;
}

gboolean handle_oidc(Request *request, GError **error)
{
	const char *label = core_options(request->services->core)->oidc_label;

	reply_json(request, 200,
		   json_pack("{s:o}", "label",
			     view_text(request->services->oidc != NULL ? label : NULL)));
	return TRUE;
}

gboolean handle_oidc_login(Request *request, GError **error)
{
	autosecret char *secret = secret_generate();
	g_autofree char *where = NULL;
	g_autoptr(GError) why = NULL;
	Oidc *oidc = oidc_of(request, error);

	if (oidc == NULL)
		return FALSE;
	where = oidc_begin(oidc, secret, &why);
	if (where == NULL)
		return send_back(request, g_steal_pointer(&why));
	redirect(request, where);
	set_cookie(request, SIGNIN_COOKIE, secret, "Lax", SIGNIN_SECONDS);
	return TRUE;
}

/* So much at a time for each place: it waits for the provider. */
static gboolean finish(Request *request, Oidc *oidc, const char *secret, const OidcReturn *with,
		       char **out_user, char ***out_groups, GError **error)
{
	Quota *signins = request->services->signins;
	g_autofree char *place = limit_place(request->peer);
	gboolean done;

	if (!quota_begin(signins, place)) {
		g_set_error(error, FAULT, FAULT_BUSY, "too many sign-ins from %s are under way",
			    place);
		return FALSE;
	}
	done = oidc_finish(oidc, secret, with, out_user, out_groups, error);
	quota_end(signins, place);
	return done;
}

/* The token of a new login; NULL with why not. */
static char *sign_in(Request *request, Oidc *oidc, GError **error)
{
	autosecret char *secret = guard_cookie_value(request->header[HEADER_COOKIE], SIGNIN_COOKIE);
	const OidcReturn with = {
		.code = g_hash_table_lookup(request->query, "code"),
		.state = g_hash_table_lookup(request->query, "state"),
		.issuer = g_hash_table_lookup(request->query, "iss"),
		.error = g_hash_table_lookup(request->query, "error"),
	};
	g_autofree char *user = NULL;
	g_auto(GStrv) groups = NULL;

	if (secret == NULL || *secret == '\0') {
		g_set_error(error, FAULT, FAULT_DENIED,
			    "a sign-in that this browser did not begin");
		return NULL;
	}
	if (!finish(request, oidc, secret, &with, &user, &groups, error))
		return NULL;
	if (!limit_admits(request->services->limit, request->peer, user, limit_now(), error)) {
		core_login_refused(request->services->core, user, request->peer, 0);
		return NULL;
	}
	return core_login_by(request->services->core, user, groups, request->peer, "oidc", error);
}

gboolean handle_oidc_return(Request *request, GError **error)
{
	autosecret char *token = NULL;
	autosecret char *cookie = NULL;
	g_autoptr(GError) why = NULL;
	Oidc *oidc = oidc_of(request, error);

	if (oidc == NULL)
		return FALSE;
	token = sign_in(request, oidc, &why);
	if (token == NULL)
		return send_back(request, g_steal_pointer(&why));
	redirect(request, "/");
	cookie = guard_cookie(token);
	reply_header(request, "Set-Cookie", cookie);
	set_cookie(request, SIGNIN_COOKIE, NULL, "Lax", NULL);
	set_cookie(request, THERE_COOKIE, "1", "Strict", NULL);
	return TRUE;
}

gboolean handle_logout(Request *request, GError **error)
{
	autosecret char *cookie = guard_cookie(NULL);
	autosecret char *there = guard_cookie_value(request->header[HEADER_COOKIE], THERE_COOKIE);
	Oidc *oidc = request->services->oidc;
	g_autofree char *where = NULL;

	if (!core_logout(request->services->core, request->who, error))
		return FALSE;
	if (oidc != NULL && g_strcmp0(there, "1") == 0)
		where = oidc_end(oidc);
	if (where != NULL)
		reply_json(request, 200, json_pack("{s:s}", "redirect", where));
	else
		reply_empty(request, 204);
	reply_header(request, "Set-Cookie", cookie);
	if (there != NULL)
		set_cookie(request, THERE_COOKIE, NULL, "Strict", NULL);
	return TRUE;
}
