/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lease: see lease.h. */
#include "sessions/lease.h"

#include <openssl/evp.h>
#include <string.h>

#include "secret.h"

Lease *lease_new(const char *user, const char *via, const ControlMessage *request,
		 const Asker *asker)
{
	Lease *lease = g_new0(Lease, 1);

	lease->id = core_make_id("s-");
	lease->user = g_strdup(user);
	lease->protocol = g_strdup(request->protocol);
	lease->via = g_strdup(via);
	lease->peer = g_strdup(request->peer);
	lease->gateway = g_strdup(asker->name);
	lease->connection = asker->connection;
	lease->groups = g_strdupv(asker->groups);
	lease->since = asker->since;
	lease->began = g_get_monotonic_time();
	lease->began_at = core_now();
	lease->carried = asker->bond != NULL;
	if (asker->bond)
		bond_copy(&lease->bond, asker->bond);
	else
		bond_seal(&lease->bond, request);
	return lease;
}

Lease *lease_new_from_row(const StoreLease *row)
{
	Lease *lease = g_new0(Lease, 1);
	gint64 age = MAX(core_now() - row->started_at, 0);

	lease->id = g_strdup(row->id);
	lease->user = g_strdup(row->user);
	lease->desktop = g_strdup(row->desktop);
	lease->desktop_name = g_strdup(row->desktop_name);
	lease->pool = g_strdup(row->pool);
	lease->protocol = g_strdup(row->protocol);
	lease->via = g_strdup(row->via);
	lease->peer = g_strdup(row->peer);
	lease->gateway = g_strdup(row->gateway);
	lease->started = row->started;
	lease->carried = row->started || row->backend_id != 0;
	lease->began = g_get_monotonic_time() - age * G_USEC_PER_SEC;
	lease->began_at = row->started_at;
	lease->taken_at = core_now();
	lease->bond.client_id = row->client_id;
	lease->bond.proof = g_strdup(row->proof);
	return lease;
}

void lease_free(Lease *lease)
{
	if (!lease)
		return;
	g_free(lease->id);
	g_free(lease->user);
	g_free(lease->desktop);
	g_free(lease->desktop_name);
	g_free(lease->pool);
	g_free(lease->protocol);
	g_free(lease->via);
	g_free(lease->peer);
	g_free(lease->gateway);
	g_free(lease->reason);
	g_free(lease->aside);
	g_free(lease->called_back);
	g_strfreev(lease->groups);
	bond_clear(&lease->bond);
	g_free(lease);
}

void lease_viewer(const Lease *lease, LeaseViewer *out)
{
	out->user = g_strdup(lease->user);
	out->desktop = g_strdup(lease->desktop);
	out->desktop_name = g_strdup(lease->desktop_name);
	out->protocol = g_strdup(lease->protocol);
	out->peer = g_strdup(lease->peer);
	out->gateway = g_strdup(lease->gateway);
	out->connection = lease->started ? lease->connection : NULL;
	out->groups = g_strdupv(lease->groups);
	out->since = lease->since;
	if (g_str_equal(lease->protocol, "spice"))
		bond_copy(&out->bond, &lease->bond);
}

void lease_viewer_clear(LeaseViewer *viewer)
{
	g_free(viewer->user);
	g_free(viewer->desktop);
	g_free(viewer->desktop_name);
	g_free(viewer->protocol);
	g_free(viewer->peer);
	g_free(viewer->gateway);
	g_strfreev(viewer->groups);
	bond_clear(&viewer->bond);
}

StoreLease lease_row(const Lease *lease, const char *broker)
{
	return (StoreLease){
		.id = lease->id,
		.user = lease->user,
		.desktop = lease->desktop,
		.desktop_name = lease->desktop_name,
		.pool = lease->pool,
		.protocol = lease->protocol,
		.via = lease->via,
		.peer = lease->peer,
		.gateway = lease->gateway,
		.started_at = lease->began_at,
		.client_id = lease->bond.client_id,
		.broker = (char *)broker,
		.proof = lease->bond.proof,
	};
}

/* The same for every channel, whichever broker dials it: the display knows one at a time. */
static char *display_password(const StoreLease *row)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	autosecret char *text = g_strconcat("display ", row->id, " ", row->proof, NULL);
	guint8 hash[32];
	char password[sizeof hash + 1] = "";

	if (!row->proof)
		return secret_generate();
	g_assert(EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL) == 1);
	for (gsize i = 0; i < sizeof hash; i++)
		password[i] = letters[hash[i] % (sizeof letters - 1)];
	return secret_dup(password);
}

void lease_grant(const StoreLease *row, Grant *out)
{
	out->lease = g_strdup(row->id);
	out->user = g_strdup(row->user);
	out->desktop = g_strdup(row->desktop);
	out->desktop_name = g_strdup(row->desktop_name);
	out->via = g_strdup(g_str_equal(row->protocol, "spice") ? "spice" : "vnc");
	out->password = display_password(row);
	out->client_id = row->client_id;
	out->backend_id = row->backend_id;
	if (g_str_equal(row->protocol, "spice"))
		out->bond = bond_word(row->client_id, row->proof);
}

void grant_clear(Grant *grant)
{
	g_free(grant->lease);
	g_free(grant->user);
	g_free(grant->desktop);
	g_free(grant->desktop_name);
	g_free(grant->via);
	secret_free(grant->password);
	secret_free(grant->bond);
	memset(grant, 0, sizeof *grant);
}
