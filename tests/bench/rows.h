/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows: what fills a store as a large site's would be filled. */
#pragma once

#include "store_desktop.h"

/* A desktop that its owner (NULL = nobody) has used; busy: and is using, at a gateway that is not
 * there. number: of no other. What fails aborts. */
void rows_add_desktop(Db *db, int number, const char *id, const char *name, const char *pool,
		      const char *owner, gboolean busy);
