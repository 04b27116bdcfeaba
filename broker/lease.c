/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lease: see lease.h. */
#include "lease.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

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
	lease->password = secret_generate();
	lease->began = g_get_monotonic_time();
	lease->began_at = core_now();
	lease_seal(lease, request);
	return lease;
}

Lease *lease_new_from_row(const SessionView *row)
{
	Lease *lease = g_new0(Lease, 1);
	gint64 age = MAX(core_now() - row->started_at, 0);

	lease->id = g_strdup(row->id);
	lease->user = g_strdup(row->user);
	lease->desktop = g_strdup(row->desktop_id);
	lease->desktop_name = g_strdup(row->desktop_name);
	lease->pool = g_strdup(row->pool);
	lease->protocol = g_strdup(row->protocol);
	lease->via = g_strdup(row->via);
	lease->peer = g_strdup(row->peer);
	lease->gateway = g_strdup(row->gateway);
	lease->password = secret_generate();
	lease->started = g_str_equal(row->state, "live");
	lease->began = g_get_monotonic_time() - age * G_USEC_PER_SEC;
	lease->began_at = row->started_at;
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
	secret_free(lease->password);
	secret_wipe(lease->key, sizeof lease->key);
	g_free(lease);
}

/* Each text with its length before it, so that no two requests read the same. */
static void prove(const Lease *lease, const ControlMessage *request, guint8 proof[32])
{
	const char *texts[] = {request->ticket, request->ticket ? NULL : request->user,
		request->ticket ? NULL : request->password};
	GByteArray *bytes = g_byte_array_new();
	unsigned n = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		guint32 length = texts[i] ? (guint32)strlen(texts[i]) + 1 : 0;

		g_byte_array_append(bytes, (const guint8 *)&length, sizeof length);
		g_byte_array_append(bytes, (const guint8 *)texts[i], length);
	}
	g_assert(HMAC(EVP_sha256(), lease->key, sizeof lease->key, bytes->data, bytes->len, proof,
		&n) && n == 32);
	control_wipe(bytes);
}

void lease_seal(Lease *lease, const ControlMessage *request)
{
	g_assert(getrandom(lease->key, sizeof lease->key, 0) == sizeof lease->key);
	prove(lease, request, lease->proof);
	lease->joinable = TRUE;
}

gboolean lease_proven(const Lease *lease, const ControlMessage *request)
{
	guint8 proof[32];

	if (!lease->joinable)
		return FALSE;
	prove(lease, request, proof);
	return CRYPTO_memcmp(proof, lease->proof, sizeof proof) == 0;
}

void lease_grant(const Lease *lease, Grant *out)
{
	out->lease = g_strdup(lease->id);
	out->user = g_strdup(lease->user);
	out->desktop = g_strdup(lease->desktop);
	out->desktop_name = g_strdup(lease->desktop_name);
	out->via = g_strdup(lease->via);
	out->password = secret_dup(lease->password);
	out->client_id = lease->client_id;
	out->backend_id = lease->backend_id;
}

void grant_clear(Grant *grant)
{
	g_free(grant->lease);
	g_free(grant->user);
	g_free(grant->desktop);
	g_free(grant->desktop_name);
	g_free(grant->via);
	secret_free(grant->password);
	memset(grant, 0, sizeof *grant);
}
