/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bans: who may not log in now, for admins to see, to add to and to lift. */
#include <arpa/inet.h>
#include <string.h>

#include "admin/audit.h"
#include "core_admin.h"
#include "fault.h"
#include "store_refusal.h"

#define TEXT_MAX 255

GPtrArray *core_bans(Core *core, GError **error)
{
	return store_bans(core->db, limit_now(), error);
}

/* An address as limit.h counts it: "2001:db8::7" and "2001:db8::/64" are one place. */
static char *place_of(const char *address, GError **error)
{
	g_autofree char *alone = g_str_has_suffix(address, "/64")
					 ? g_strndup(address, strlen(address) - 3)
					 : g_strdup(address);
	guint8 bytes[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET6, alone, bytes) == 1 ||
	    (g_str_equal(alone, address) && inet_pton(AF_INET, alone, bytes) == 1))
		return limit_place(alone);
	g_set_error(error, FAULT, FAULT_CLIENT,
		    "an address is one of IPv4, or one of IPv6, which stands for its /64");
	return NULL;
}

/* What to look for; NULL stays NULL. */
static gboolean names_of(const char *user, const char *address, char **out_user, char **out_place,
			 GError **error)
{
	if (user && strlen(user) > TEXT_MAX) {
		g_set_error(error, FAULT, FAULT_CLIENT, "the name is too long");
		return FALSE;
	}
	if (address && !(*out_place = place_of(address, error)))
		return FALSE;
	if (user)
		*out_user = limit_user(user);
	return TRUE;
}

gboolean core_ban(Core *core, const char *admin, const char *user, const char *address,
		  guint64 minutes, const char *reason, GError **error)
{
	gint64 until = minutes ? limit_now() + (gint64)minutes * 60 * 1000 : 0;
	g_autofree char *name = NULL;
	g_autofree char *place = NULL;

	if (!user == !address || strlen(reason) > TEXT_MAX) {
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "want either a user or an address, and a short reason");
		return FALSE;
	}
	if (!names_of(user, address, &name, &place, error) ||
	    !store_ban_put(core->db, name ? name : "", place ? place : "", until, admin, reason,
			   error))
		return FALSE;
	audit_admin(core, admin, NULL, "ban %s %s %s", user ? "user" : "address",
		    user ? user : place, reason);
	return TRUE;
}

/* Both names: this place is one of theirs. */
static gboolean introduce(Core *core, const char *admin, const char *name, const char *place,
			  GError **error)
{
	if (!limit_introduce(core->limit, name, place, limit_now(), error) ||
	    !store_refusal_remove(core->db, name, place, error))
		return FALSE;
	audit_admin(core, admin, NULL, "unlock user %s at %s", name, place);
	return TRUE;
}

gboolean core_unlock(Core *core, const char *admin, const char *user, const char *address,
		     GError **error)
{
	g_autofree char *name = NULL;
	g_autofree char *place = NULL;
	gint64 n;

	if (!user && !address) {
		g_set_error(error, FAULT, FAULT_CLIENT, "name a user, an address or both");
		return FALSE;
	}
	if (!names_of(user, address, &name, &place, error))
		return FALSE;
	if (name && place)
		return introduce(core, admin, name, place, error);
	n = store_unlock(core->db, name, place, error);
	if (n == 0)
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "%s is not locked out",
			    user ? user : address);
	if (n <= 0)
		return FALSE;
	audit_admin(core, admin, NULL, "unlock %s %s", user ? "user" : "address",
		    user ? name : place);
	return TRUE;
}
