/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bridges that their desktops have taken over (fake-bridge.c), for a real core. */
#include <poll.h>
#include <unistd.h>

#include "bridges/bridges.h"
#include "core-fixture.h"
#include "fault.h"
#include "log.h"
#include "sessions/session.h"

typedef struct {
	CoreFixture f;
	Ticket *ticket;
	char *lease;
	Seat *seat;
} Bridged;

static void setup(Bridged *b, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;

	core_fixture_setup(&b->f, NULL);
	g_free(b->f.options->bridge);
	b->f.options->bridge = g_strdup(g_getenv("FAKE_BRIDGE"));
	core_fixture_pool(&b->f, "lab", "floating", 2, 0);
	b->ticket = core_fixture_connect(&b->f, "anna", "p-lab", "web");
	b->lease = core_fixture_redeem(&b->f, b->ticket, "web");
	b->seat = seat_load(b->f.core, b->ticket->desktop_id, &error);
	g_assert_no_error(error);
}

static void teardown(Bridged *b, gconstpointer unused)
{
	seat_free(b->seat);
	g_free(b->lease);
	ticket_free(b->ticket);
	core_fixture_teardown(&b->f, NULL);
}

/* The client's end of the way through one more bridge. */
static int dial(Bridged *b)
{
	g_auto(Endpoint) endpoint = {0};
	g_autoptr(GError) error = NULL;
	int fd = -1;

	bridges_dial(b->f.core, b->lease, b->seat, "vnc", "spice", "secret", &endpoint, &fd,
		     &error);
	g_assert_no_error(error);
	return fd;
}

/* Closed at the other end: nobody but the bridge has that one. */
static void gone(int fd)
{
	struct pollfd end = {.fd = fd, .events = POLLIN};
	char byte;

	g_assert_cmpint(poll(&end, 1, 60000), ==, 1);
	g_assert_cmpint(read(fd, &byte, 1), ==, 0);
	close(fd);
}

/* The desktop may be another person's a moment later: no bridge of this one is there then, not even
 * one from which the client has gone over to another. */
static void test_outlives_nobody(Bridged *b, gconstpointer unused)
{
	int first = dial(b), second = dial(b);

	g_assert_true(session_end(b->f.core, b->lease, FAULT_ENDED, "a test"));
	gone(first);
	gone(second);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
	g_test_add("/bridges/outlives-nobody", Bridged, NULL, setup, test_outlives_nobody,
		   teardown);
	return g_test_run();
}
