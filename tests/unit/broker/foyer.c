/* SPDX-License-Identifier: GPL-3.0-or-later */
/* foyer: see foyer.h. */
#include "foyer.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void foyer_setup(Foyer *x, gconstpointer unused)
{
	core_fixture_setup(&x->f, NULL);
	g_free(x->f.options->lobby);
	x->f.options->lobby = g_strdup(g_getenv("FAKE_LOBBY"));
	x->f.options->vnc_lobby = TRUE;
	core_fixture_pool(&x->f, "lab", "floating", 2, 0);
	gateway_hello(&x->g, &x->f);
	x->client = -1;
}

void foyer_teardown(Foyer *x, gconstpointer unused)
{
	if (x->client >= 0)
		close(x->client);
	g_free(x->lease);
	gateway_close(&x->g);
	core_fixture_teardown(&x->f, NULL);
	g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
	g_assert_cmpint(errno, ==, ECHILD);
}

void foyer_note(Foyer *x, ControlType type, const char *lease)
{
	gateway_send(&x->g, &(ControlMessage){.type = type,
					      .id = OF_ENDED,
					      .lease = (char *)lease,
					      .fault = (char *)"ended",
					      .step = (char *)"relay"});
}

void foyer_hear(Foyer *x, LobbyType type, LobbyMessage *out)
{
	person_hear(x->client, type, out);
}

void foyer_expect(Foyer *x, LobbyType type)
{
	person_expect(x->client, type);
}

void foyer_say(Foyer *x, const LobbyMessage *message)
{
	person_say(x->client, message);
}

char *foyer_moved(Foyer *x, const char *desktop)
{
	g_auto(ControlMessage) move = {0};
	char byte;

	g_assert_true(gateway_receive(&x->g, &move));
	g_assert_cmpint(move.type, ==, CONTROL_MOVE);
	g_assert_cmpstr(move.lease, ==, x->lease);
	g_assert_cmpstr(move.desktop, ==, desktop);
	close(gateway_take_fd(&x->g));
	foyer_note(x, CONTROL_ENDED, x->lease);
	foyer_note(x, CONTROL_STARTED, move.to);
	while (recv(x->client, &byte, 1, 0) > 0)
		; /* the lobby goes by itself */
	return g_strdup(move.to);
}

void foyer_end_session(Foyer *x, const char *lease)
{
	g_auto(ControlMessage) end = {0};
	g_autoptr(GError) error = NULL;

	lease_await_live(&x->f, lease);
	g_assert_true(core_session_end(x->f.core, NULL, lease, &error));
	g_assert_true(gateway_receive(&x->g, &end));
	g_assert_cmpint(end.type, ==, CONTROL_END);
	foyer_note(x, CONTROL_ENDED, lease);
}

/* One that was killed may not have been waited for yet. */
static gboolean is_alive(const char *pid)
{
	g_autofree char *file = g_strdup_printf("/proc/%s/stat", pid);
	g_autofree char *stat = NULL;

	return g_file_get_contents(file, &stat, NULL, NULL) && !strstr(stat, ") Z ");
}

void foyer_kill(void)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task", getpid());
	g_autoptr(GDir) tasks = g_dir_open(path, 0, NULL);
	const char *task;
	unsigned killed = 0;

	while ((task = g_dir_read_name(tasks))) {
		g_autofree char *file = g_strdup_printf("%s/%s/children", path, task);
		g_autofree char *children = NULL;
		g_auto(GStrv) pids = NULL;

		if (!g_file_get_contents(file, &children, NULL, NULL))
			continue;
		pids = g_strsplit(g_strstrip(children), " ", -1);
		for (char **pid = pids; *pid; pid++) {
			if (!is_alive(*pid))
				continue;
			g_assert_cmpint(kill(atoi(*pid), SIGKILL), ==, 0);
			while (is_alive(*pid)) /* its sockets close before it is dead */
				g_usleep(1000);
			killed++;
		}
	}
	g_assert_cmpuint(killed, ==, 1);
}
