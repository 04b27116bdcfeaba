/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tally: see tally.h. */
#include "tally.h"

#include <string.h>
#include <time.h>

void tally_relaying(guint64 *counts, const Session *session)
{
	const char *protocol = session->ask.protocol;

	if (session->ask.kind == ASK_PORTAL)
		counts[COUNTS_PAGES]++;
	else if (g_str_equal(protocol, "web"))
		counts[COUNTS_WEB]++;
	else
		counts[g_str_equal(protocol, "vnc") ? COUNTS_VNC : COUNTS_SPICE]++;
}

static guint64 certificate_end(const SSL_CTX *tls)
{
	struct tm end;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(tls)), &end) != 1)
		return 0;
	return (guint64)MAX(timegm(&end), 0);
}

void tally_report(guint64 *counts, GHashTable *sessions, BrokerLink *broker, const SSL_CTX *tls)
{
	ControlMessage message = {.type = CONTROL_COUNTS};
	GHashTableIter iter;
	gpointer session;

	if (!broker_link_is_up(broker))
		return;
	counts[COUNTS_HANDSHAKING] = counts[COUNTS_RELAYING] = 0;
	g_hash_table_iter_init(&iter, sessions);
	while (g_hash_table_iter_next(&iter, &session, NULL))
		session_count(session, counts);
	counts[COUNTS_CERTIFICATE] = certificate_end(tls);
	memcpy(message.counts, counts, sizeof message.counts);
	broker_link_notify(broker, &message);
	memset(counts, 0, sizeof message.counts);
}
