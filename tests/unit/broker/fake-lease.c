/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake-lease: see fake-lease.h. */
#include "fake-lease.h"

#include <string.h>

#include "core_admin.h"

void lease_expect_end(Gateway *g, const char *lease, const char *reason)
{
	g_auto(ControlMessage) end = {0};

	g_assert_true(gateway_receive(g, &end));
	g_assert_cmpint(end.type, ==, CONTROL_END);
	g_assert_cmpstr(end.lease, ==, lease);
	g_assert_nonnull(strstr(end.reason, reason));
}

ControlMessage lease_redeem(const Ticket *ticket, const char *protocol)
{
	return (ControlMessage){.type = CONTROL_REDEEM,
				.ticket = ticket->ticket,
				.protocol = (char *)protocol,
				.peer = (char *)"192.0.2.1:5000"};
}

Ticket *lease_open(CoreFixture *f, Gateway *g, const char *protocol, ControlMessage *lease)
{
	Ticket *ticket = core_fixture_connect(f, "anna", "p-lab", protocol);
	ControlMessage redeem = lease_redeem(ticket, protocol);

	ask(g, &redeem, lease);
	g_assert_cmpint(lease->type, ==, CONTROL_LEASE);
	return ticket;
}

void lease_started(Gateway *g, const ControlMessage *lease)
{
	ControlMessage m = {.type = CONTROL_STARTED, .lease = lease->lease};

	gateway_send(g, &m);
}

void lease_started_for_sure(Gateway *g, const ControlMessage *lease)
{
	ControlMessage link = {.type = CONTROL_LINKED, .lease = lease->lease, .backend_id = 1};
	g_auto(ControlMessage) answer = {0};

	lease_started(g, lease);
	ask(g, &link, &answer);
}

void lease_ended(Gateway *g, const ControlMessage *lease, const char *channel, guint64 in,
		 guint64 out)
{
	ControlMessage m = {.type = CONTROL_ENDED,
			    .id = OF_ENDED,
			    .lease = lease->lease,
			    .channel = (char *)channel,
			    .fault = (char *)"ended",
			    .reason = (char *)"left",
			    .step = (char *)"relay",
			    .bytes_in = in,
			    .bytes_out = out,
			    .milliseconds = 5};

	gateway_send(g, &m);
}

void lease_ended_again(Gateway *g, const ControlMessage *lease, guint64 in, guint64 out)
{
	ControlMessage m = {.type = CONTROL_ENDED,
			    .id = OF_ENDED,
			    .lease = lease->lease,
			    .fault = (char *)"ended",
			    .step = (char *)"relay",
			    .bytes_in = in,
			    .bytes_out = out,
			    .again = TRUE};

	gateway_send(g, &m);
}

void lease_await_live(CoreFixture *f, const char *id)
{
	for (unsigned i = 0; i < 3000; i++) {
		g_autoptr(GPtrArray) live = core_sessions(f->core, NULL, TRUE, 10, NULL);
		const SessionView *one = live->len == 1 ? live->pdata[0] : NULL;

		if (one && g_str_equal(one->id, id) && g_str_equal(one->state, "live"))
			return;
		g_usleep(10000);
	}
	g_error("session %s never was live", id);
}

SessionView *lease_await_ended(CoreFixture *f, const char *id)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

	while (g_get_monotonic_time() < deadline) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) all = core_sessions(f->core, NULL, FALSE, 100, &error);

		g_assert_no_error(error);
		for (guint i = 0; i < all->len; i++) {
			SessionView *s = all->pdata[i];

			if (g_str_equal(s->id, id) && s->ended_at)
				return g_ptr_array_steal_index(all, i);
		}
		g_usleep(10000);
	}
	g_error("session %s never ended", id);
}

void lease_assert_audited(CoreFixture *f, const char *lease, const char *reason, guint64 out)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) audit = core_audit(f->core, 0, 1000, NULL, &error);
	unsigned found = 0;

	g_assert_no_error(error);
	for (guint i = 0; i < audit->len; i++) {
		AuditView *entry = audit->pdata[i];

		if (!g_str_equal(entry->event, "session-end") ||
		    !g_str_equal(entry->session, lease))
			continue;
		g_assert_cmpstr(entry->detail, ==, reason);
		g_assert_cmpuint(entry->bytes_out, ==, out);
		found++;
	}
	g_assert_cmpuint(found, ==, 1);
}
