/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tunnel to the broker over two real socket pairs, with a clock of our own. */
#include "net/stream_tcp.h"
#include "session/session.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND 1000u

static struct {
	Session s;
	int browser, broker; /* the far ends */
	guint64 now, wake;   /* ms; wake: the earliest that was asked for */
} t;

/* ---- the session's part */

guint64 session_now(const Session *session)
{
	return t.now;
}

void session_wake_after(Session *session, guint64 ms)
{
	t.wake = MIN(t.wake, t.now + ms);
}

Step session_client_io(Session *session, Io io)
{
	static const Step steps[] = {STEP_NEXT, STEP_WAIT, STEP_END, STEP_FAIL};

	return steps[io];
}

static int connect_peer(Peer *peer)
{
	int fds[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
	peer->stream = stream_tcp_new(fds[0]);
	return fds[1];
}

static void open_tunnel(void)
{
	memset(&t, 0, sizeof t);
	t.now = 5000;
	t.browser = connect_peer(&t.s.client);
	t.broker = connect_peer(&t.s.desktop);
}

static void close_tunnel(void)
{
	relay_tunnel.close(&t.s);
	peer_clear(&t.s.client);
	peer_clear(&t.s.desktop);
	close(t.browser);
	close(t.broker);
}

/* Runs as often as the session's loop would, until `until`. */
static gboolean lives(guint64 until)
{
	while (t.now < until) {
		g_autoptr(GError) error = NULL;
		Step step;

		t.wake = until;
		step = relay_tunnel.run(&t.s, &error);
		if (step == STEP_FAIL) {
			g_assert_error(error, FAULT, FAULT_ENDED);
			return FALSE;
		}
		g_assert_cmpint(step, ==, STEP_WAIT);
		t.now = t.wake;
	}
	return TRUE;
}

static void say(int from, int to)
{
	char byte = 'x', got = 0;
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(write(from, &byte, 1), ==, 1);
	for (unsigned i = 0; i < 2; i++)
		g_assert_cmpint(relay_tunnel.run(&t.s, &error), ==, STEP_WAIT);
	g_assert_cmpint(recv(to, &got, 1, MSG_DONTWAIT), ==, 1);
	g_assert_cmpint(got, ==, byte);
}

static void test_idle(void)
{
	open_tunnel();
	g_assert_true(lives(t.now + 59 * SECOND));
	say(t.browser, t.broker);
	g_assert_true(lives(t.now + 59 * SECOND));
	say(t.broker, t.browser);
	g_assert_true(lives(t.now + 59 * SECOND));
	g_assert_false(lives(t.now + 2 * SECOND));
	close_tunnel();
}

static void test_old(void)
{
	guint64 begun;

	open_tunnel();
	begun = t.now;
	while (t.now < begun + 3590 * SECOND) {
		say(t.broker, t.browser);
		g_assert_true(lives(t.now + 10 * SECOND));
	}
	say(t.broker, t.browser);
	g_assert_false(lives(t.now + 11 * SECOND));
	g_assert_cmpuint(t.now, ==, begun + 3600 * SECOND);
	close_tunnel();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/tunnel/idle", test_idle);
	g_test_add_func("/tunnel/old", test_old);
	return g_test_run();
}
