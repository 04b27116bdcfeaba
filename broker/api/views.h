/* SPDX-License-Identifier: GPL-3.0-or-later */
/* views: the core's views as the JSON that docs/api.yaml promises. Nothing secret is in a view. */
#pragma once

#include <jansson.h>

#include "core_admin.h"

/* A text, or null. Names of accounts and guests come from outside and may not be UTF-8: what is
 * not shows as '?'. */
json_t *view_text(const char *text);

/* One view, copied: a new reference each. */
json_t *view_desktop(const DesktopView *view);
json_t *view_snapshot(const SnapshotView *view);
json_t *view_maintenance(const MaintenanceView *view);
json_t *view_quota(const QuotaView *view);
json_t *view_plan(const PlanView *view);
json_t *view_session(const SessionView *view);
json_t *view_image(const ImageView *view);
json_t *view_pool(const PoolView *view);
json_t *view_host(const HostView *view);
json_t *view_pool_hosts(const PoolHostsView *view);
json_t *view_admin_desktop(const AdminDesktopView *view);
json_t *view_entitlement(const EntitlementView *view);
json_t *view_ban(const BanView *view);
json_t *view_message(const MessageView *view);
json_t *view_audit(const AuditView *view);
