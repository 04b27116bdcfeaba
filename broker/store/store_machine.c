/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_machine: see store_machine.h. */
#include "store_machine.h"

#include "fault.h"
#include "secret.h"

void store_machine_free(StoreMachine *machine)
{
	if (!machine)
		return;
	g_free(machine->power);
	secret_free(machine->secret);
	g_free(machine->local_user);
	g_free(machine);
}

StoreMachine *store_machine(Db *db, const char *desktop, GError **error)
{
	g_autoptr(DbRows)
		rows = db_select(db, error,
				 "SELECT power, secret, local_user, local_until FROM machine"
				 " WHERE desktop = ?",
				 DB_TEXT(desktop));
	StoreMachine *machine;

	if (!rows)
		return NULL;
	machine = g_new0(StoreMachine, 1);
	if (db_rows_next(rows)) {
		machine->power = db_rows_dup(rows, 0);
		machine->secret = secret_dup(db_rows_text(rows, 1));
		machine->local_user = db_rows_dup(rows, 2);
		machine->local_until = db_rows_int(rows, 3);
	}
	return machine;
}

gboolean store_machine_put(Db *db, const char *desktop, const char *power, const char *secret,
			   GError **error)
{
	return db_run(
		db, error,
		"INSERT INTO machine (desktop, power, secret, local_until) VALUES (?, ?, ?, 0)"
		" ON CONFLICT (desktop) DO UPDATE SET power = excluded.power,"
		" secret = excluded.secret",
		DB_TEXT(desktop), DB_TEXT(power), DB_TEXT(secret));
}

gboolean store_machine_set_token(Db *db, const char *desktop, const char *hash, GError **error)
{
	return db_run(db, error,
		      "INSERT INTO machine (desktop, token, local_until) VALUES (?, ?, 0)"
		      " ON CONFLICT (desktop) DO UPDATE SET token = excluded.token",
		      DB_TEXT(desktop), DB_TEXT(hash));
}

gboolean store_machine_set_local(Db *db, const char *desktop, const char *hash, const char *user,
				 gint64 until, GError **error)
{
	gint64 set = db_change(db, error,
			       "UPDATE machine SET local_user = ?, local_until = ?"
			       " WHERE desktop = ? AND token = ?",
			       DB_TEXT(user), DB_INT(until), DB_TEXT(desktop), DB_TEXT(hash));

	if (set == 0)
		g_set_error(error, FAULT, FAULT_DENIED, "that is not the token of machine %s",
			    desktop);
	return set > 0;
}
