/* SPDX-License-Identifier: GPL-3.0-or-later */
/* columns: what orielctl's lists show, for the table in commands.c: each row a title and a key of
 * the API, the last one NULL. */
#pragma once

#include "command.h"

extern const Column image_columns[], pool_columns[], plan_columns[], host_columns[],
	machine_columns[], entitlement_columns[], quota_columns[], maintenance_columns[],
	desktop_columns[], snapshot_columns[], session_columns[], ban_columns[], audit_columns[];
