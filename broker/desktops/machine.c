/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine: see machine.h and core.h. */
#include "desktops/machine.h"

#include <string.h>

#include "admin/audit.h"
#include "core_admin.h"
#include "desktops/desktop.h"
#include "fault.h"
#include "provider/machine/machine_power.h"
#include "secret.h"
#include "sessions/session.h"
#include "store_desktop.h"
#include "store_machine.h"
#include "store_pool.h"

#define USER_MAX 256

static gboolean wrong(GError **error, const char *words)
{
	g_set_error_literal(error, FAULT, FAULT_CLIENT, words);
	return FALSE;
}

static gboolean address_ok(const char *address)
{
	const char *colon;
	guint64 port;

	if (!address)
		return FALSE;
	if (g_str_has_prefix(address, "unix:"))
		return g_path_is_absolute(address + 5);
	colon = strrchr(address, ':');
	return colon && colon != address &&
	       g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL);
}

static gboolean possible(const MachineSpec *machine, GError **error)
{
	g_autoptr(GError) why = NULL;

	if (!core_name_ok(machine->name, "a machine", error))
		return FALSE;
	if (!machine->protocol ||
	    !g_strv_contains((const char *const[]){"vnc", "spice", "rdp", NULL}, machine->protocol))
		return wrong(error, "a machine's protocol is vnc, spice or rdp");
	if (!address_ok(machine->address))
		return wrong(error, "an address is HOST:PORT or unix:/PATH");
	if (machine->power && !machine_power_check(machine->power, &why))
		return wrong(error, why->message);
	return TRUE;
}

static gboolean add(Core *core, const MachineSpec *machine, const char *id, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(core->db, error);
	StoreDesktop row = {.id = (char *)id,
			    .name = (char *)machine->name,
			    .pool = (char *)machine->pool,
			    .state = (char *)"ready",
			    .address = (char *)machine->address,
			    .protocol = (char *)machine->protocol,
			    .secret = (char *)machine->secret};

	return tx.db && store_desktop_add(core->db, &row, error) &&
	       store_machine_put(core->db, id, machine->power, machine->power_secret, error) &&
	       db_commit(&tx, error);
}

gboolean core_machine_add(Core *core, const char *admin, const MachineSpec *machine, char **out_id,
			  GError **error)
{
	g_autoptr(PoolView) found = store_pool(core->db, machine->pool, error);
	g_autofree char *id = core_make_id("d-");

	if (!found)
		return FALSE;
	if (!g_str_equal(found->kind, "machines")) {
		g_set_error(error, FAULT, FAULT_CLIENT, "pool '%s' makes its desktops itself",
			    machine->pool);
		return FALSE;
	}
	if (!possible(machine, error) || !add(core, machine, id, error))
		return FALSE;
	audit_admin(core, admin, id, "machine add %s %s (%s %s)%s%s", machine->pool, machine->name,
		    machine->protocol, machine->address, machine->power ? " " : "",
		    machine->power ? machine->power : "");
	*out_id = g_steal_pointer(&id);
	return TRUE;
}

/* FAULT_CLIENT if it is a desktop of another kind. */
static StoreDesktop *find(Core *core, const char *id, GError **error)
{
	g_autoptr(StoreDesktop) row = store_desktop(core->db, id, error);

	if (!row || g_str_equal(row->kind, "machines"))
		return g_steal_pointer(&row);
	g_set_error(error, FAULT, FAULT_CLIENT, "%s is not a machine", id);
	return NULL;
}

gboolean core_machine_remove(Core *core, const char *admin, const char *id, GError **error)
{
	g_autoptr(StoreDesktop) row = find(core, id, error);

	if (!row)
		return FALSE;
	sessions_end_desktop(core, id, NULL, "the machine was removed");
	if (!desktop_destroy(core, id, error))
		return FALSE;
	audit_admin(core, admin, id, "machine remove %s %s", row->pool, row->name);
	return TRUE;
}

/* ---- who sits at it */

char *core_machine_token(Core *core, const char *admin, const char *id, GError **error)
{
	g_autoptr(StoreDesktop) row = find(core, id, error);
	autosecret char *token = secret_generate();
	g_autofree char *hash = secret_hash(token);

	if (!row || !store_machine_set_token(core->db, id, hash, error))
		return NULL;
	audit_admin(core, admin, id, "machine token %s %s", row->pool, row->name);
	return g_steal_pointer(&token);
}

gboolean core_machine_local(Core *core, const char *id, const char *token, const char *user,
			    unsigned seconds, GError **error)
{
	g_autofree char *hash = secret_hash(token);

	if (user && (!*user || strlen(user) > USER_MAX || strpbrk(user, "\n\r")))
		return wrong(error, "that is no user's name");
	return store_machine_set_local(core->db, id, hash, user, user ? core_now() + seconds : 0,
				       error);
}

gboolean machine_free_for(Core *core, const char *id, const char *user, gboolean *out_free,
			  GError **error)
{
	g_autoptr(StoreMachine) machine = store_machine(core->db, id, error);

	if (!machine)
		return FALSE;
	*out_free = !machine->local_user || machine->local_until <= core_now() ||
		    g_strcmp0(machine->local_user, user) == 0;
	return TRUE;
}
