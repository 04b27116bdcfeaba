/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login: who is asking. PAM has said yes (auth/); here a web login becomes a token, and a token a
 * person again. Whether somebody is an admin, or banned, is asked each time, not stored. */
#include "admin/audit.h"
#include "fault.h"
#include "people/entitlement.h"
#include "people/ration.h"
#include "secret.h"
#include "store_login.h"
#include "upkeep/plan.h"

#define LOGINS_MAX  100 /* of one person; a program that never signs out ends its own oldest */
#define RENEW_AFTER 60  /* s: not every request writes */

gint64 core_login_ends(const Options *options, gint64 began_at, gint64 now)
{
	gint64 idle = now + options->login_minutes * 60;

	if (options->login_longest_minutes == 0)
		return idle;
	return MIN(idle, began_at + options->login_longest_minutes * 60);
}

char *core_login(Core *core, const char *user, char **groups, const char *peer, GError **error)
{
	return core_login_by(core, user, groups, peer, "web", error);
}

char *core_login_by(Core *core, const char *user, char **groups, const char *peer, const char *how,
		    GError **error)
{
	autosecret char *token = secret_generate();
	g_autofree char *hash = secret_hash(token);
	g_autofree char *id = core_make_id("l-");
	gint64 now = core_now(), expires = core_login_ends(core->options, now, now);
	g_auto(DbTransaction) tx = {NULL};

	if (!ration_take(core->ration, user, now, error))
		return NULL;
	tx = db_begin(core->db, error);
	if (!tx.db)
		return NULL;
	if (!store_login_trim(core->db, user, LOGINS_MAX - 1, error) ||
	    !store_login_add(core->db, id, hash, user, groups, peer, now, expires, error) ||
	    !audit_add(core,
		       &(AuditEntry){.event = "login", .user = user, .peer = peer, .detail = how},
		       error) ||
	    !db_commit(&tx, error))
		return NULL;
	return g_steal_pointer(&token);
}

Who *core_who(Core *core, const char *token, GError **error)
{
	g_autofree char *hash = secret_hash(token);
	gint64 now = core_now(), expires;
	g_autoptr(StoreLogin) login = store_login_find(core->db, hash, now, error);
	Who *who;

	/* Also for who was banned since they signed in. */
	if (!login || !limit_admits(core->limit, "", login->user, limit_now(), error))
		return NULL;
	expires = core_login_ends(core->options, login->began_at, now);
	if (expires <= now) { /* as when it was used last, the longest life was longer */
		g_set_error(error, FAULT, FAULT_DENIED, "the login has lasted long enough");
		return NULL;
	}
	if (expires - login->expires_at >= RENEW_AFTER &&
	    !store_login_renew(core->db, login->id, expires, error))
		return NULL;
	who = g_new0(Who, 1);
	who->user = g_steal_pointer(&login->user);
	who->groups = g_steal_pointer(&login->groups);
	who->login = g_steal_pointer(&login->id);
	who->since = login->began_at;
	who->admin = entitlement_admin(core->options, who->user, who->groups);
	return who;
}

gboolean core_logout(Core *core, const Who *who, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(core->db, error);

	return tx.db && store_login_remove(core->db, who->login, error) &&
	       plan_sign_out(core, who->user, error) &&
	       audit_add(core, &(AuditEntry){.event = "logout", .user = who->user}, error) &&
	       db_commit(&tx, error);
}

void core_login_refused(Core *core, const char *user, const char *peer, unsigned wait)
{
	g_autofree char *detail = NULL;

	if (wait >= LIMIT_NOTABLE)
		detail = g_strdup_printf("locked out for %u s", wait);
	audit_note(core,
		   &(AuditEntry){
			   .event = "login-refused", .user = user, .peer = peer, .detail = detail});
}
