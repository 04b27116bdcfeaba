/* SPDX-License-Identifier: GPL-3.0-or-later */
/* views: frees what core.h hands out. Each accepts NULL. */
#include "core_admin.h"

#include "secret.h"

void who_free(Who *who)
{
	if (!who)
		return;
	g_free(who->user);
	g_strfreev(who->groups);
	g_free(who->login);
	g_free(who);
}

void desktop_view_free(DesktopView *view)
{
	if (!view)
		return;
	g_free(view->id);
	g_free(view->name);
	g_free(view->pool);
	g_free(view->kind);
	g_free(view->state);
	g_free(view->detail);
	g_strfreev(view->protocols);
	g_free(view);
}

void ticket_free(Ticket *ticket)
{
	if (!ticket)
		return;
	secret_free(ticket->ticket);
	g_free(ticket->desktop_id);
	g_free(ticket->desktop_name);
	g_free(ticket);
}

void session_view_free(SessionView *view)
{
	if (!view)
		return;
	g_free(view->id);
	g_free(view->user);
	g_free(view->desktop_id);
	g_free(view->desktop_name);
	g_free(view->pool);
	g_free(view->protocol);
	g_free(view->via);
	g_free(view->peer);
	g_free(view->gateway);
	g_free(view->state);
	g_free(view->reason);
	g_free(view);
}

void image_view_free(ImageView *view)
{
	if (!view)
		return;
	g_free(view->name);
	g_free(view->disk);
	g_free(view->kernel);
	g_free(view->initrd);
	g_free(view->cmdline);
	g_free(view->xml);
	g_free(view->video);
	g_free(view->network);
	g_free(view->files);
	g_free(view);
}

void pool_view_free(PoolView *view)
{
	if (!view)
		return;
	g_free(view->name);
	g_free(view->kind);
	g_free(view->image);
	g_free(view->previous_image);
	g_free(view->provider);
	g_free(view->uri);
	g_free(view->hypervisor);
	g_strfreev(view->can);
	g_free(view);
}

void snapshot_view_free(SnapshotView *view)
{
	if (!view)
		return;
	g_free(view->id);
	g_free(view->name);
	g_free(view);
}

void maintenance_view_free(MaintenanceView *view)
{
	if (!view)
		return;
	g_free(view->kind);
	g_free(view->name);
	g_free(view->words);
	g_free(view);
}

void quota_view_free(QuotaView *view)
{
	if (!view)
		return;
	g_free(view->kind);
	g_free(view->name);
	g_free(view);
}

void plan_view_free(PlanView *view)
{
	if (!view)
		return;
	g_free(view->pool);
	g_free(view->disconnect);
	g_free(view->idle);
	g_free(view->logout);
	g_free(view);
}

void admin_desktop_view_free(AdminDesktopView *view)
{
	if (!view)
		return;
	g_free(view->id);
	g_free(view->name);
	g_free(view->pool);
	g_free(view->kind);
	g_free(view->state);
	g_free(view->detail);
	g_free(view->owner);
	g_free(view->address);
	g_free(view->protocol);
	g_free(view->identity);
	g_free(view->image);
	g_free(view->mac);
	g_free(view);
}

void entitlement_view_free(EntitlementView *view)
{
	if (!view)
		return;
	g_free(view->pool);
	g_free(view->user);
	g_free(view->group);
	g_free(view);
}

void ban_view_free(BanView *view)
{
	if (!view)
		return;
	g_free(view->user);
	g_free(view->address);
	g_free(view->admin);
	g_free(view->reason);
	g_free(view);
}

void audit_view_free(AuditView *view)
{
	if (!view)
		return;
	g_free(view->event);
	g_free(view->user);
	g_free(view->peer);
	g_free(view->desktop_name);
	g_free(view->desktop);
	g_free(view->session);
	g_free(view->detail);
	g_free(view);
}

void message_view_free(MessageView *view)
{
	if (!view)
		return;
	g_free(view->id);
	g_free(view->user);
	g_free(view->sender);
	g_free(view->text);
	g_free(view);
}
