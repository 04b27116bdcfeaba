/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows: see rows.h. */
#include "rows.h"

#include "core_parts.h"
#include "store_lease.h"
#include "store_session.h"

void rows_add_desktop(Db *db, int number, const char *id, const char *name, const char *pool,
		      const char *owner, gboolean busy)
{
	g_autoptr(GError) error = NULL;
	StoreDesktop row = {.id = (char *)id,
			    .name = (char *)name,
			    .pool = (char *)pool,
			    .owner = (char *)owner,
			    .state = (char *)(busy ? "in-use" : "off"),
			    .identity = (char *)"o-1",
			    .used = owner ? (char *)"o-1" : NULL};
	StoreLease lease = {.id = (char *)id,
			    .user = (char *)owner,
			    .desktop = (char *)id,
			    .desktop_name = (char *)name,
			    .pool = (char *)pool,
			    .protocol = (char *)"vnc",
			    .via = (char *)"vnc",
			    .peer = (char *)"::1",
			    .gateway = (char *)"gw",
			    .broker = (char *)"",
			    .started_at = core_now(),
			    .client_id = (guint32)number + 1};

	g_assert_true(store_desktop_add(db, &row, &error));
	if (busy)
		g_assert_true(store_lease_add(db, &lease, &error) &&
			      store_session_start(db, id, &error));
}
