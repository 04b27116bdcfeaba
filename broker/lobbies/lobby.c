/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobby: see lobby.h. From its beginning to its end; what is said in it is lobby_talk.c, what is
 * shown lobby_screen.c. */
#include "lobbies/lobby.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fault.h"
#include "lobbies/lobby_screen.h"
#include "lobbies/lobby_talk.h"
#include "lobbies/lobby_warning.h"

void lobby_ending_clear(LobbyEnding *ending)
{
	g_free(ending->lease);
	g_free(ending->user);
	memset(ending, 0, sizeof *ending);
}

void lobby_start_clear(LobbyStart *start)
{
	g_clear_pointer(&start->who, who_free);
	g_clear_pointer(&start->login, native_login_free);
	g_clear_pointer(&start->text, g_free);
	g_clear_pointer(&start->hint, g_free);
	bond_clear(&start->bond);
	lobby_ending_clear(&start->ending);
}

static char *place_of(const char *peer)
{
	g_autofree char *host = native_login_host(peer);

	return limit_place(host);
}

Lobby *lobby_new(Core *core, LobbyStart *start)
{
	Lobby *lobby = g_new0(Lobby, 1);

	lobby->core = core;
	lobby->id = core_make_id(LOBBY_PREFIX);
	lobby->protocol = g_strdup(start->protocol);
	lobby->peer = g_strdup(start->peer);
	lobby->place = place_of(start->peer);
	lobby->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	lobby->asker = (Asker){start->asker.connection, g_strdup(start->asker.name), NULL, NULL};
	lobby->user = start->who ? g_strdup(start->who->user) : NULL;
	lobby->groups = start->who ? g_strdupv(start->who->groups) : NULL;
	lobby->since = start->who ? start->who->since : 0;
	lobby->displays = g_array_new(FALSE, FALSE, sizeof(int));
	lobby->process = (LobbyProcess){.fd = -1, .words = -1};
	lobby->who = g_steal_pointer(&start->who);
	lobby->login = g_steal_pointer(&start->login);
	lobby->text = g_steal_pointer(&start->text);
	lobby->hint = g_steal_pointer(&start->hint);
	lobby->again = start->again;
	lobby->reborn = start->reborn;
	lobby->carried = start->bond.client_id != 0;
	lobby->bond = start->bond;
	memset(&start->bond, 0, sizeof start->bond);
	lobby->ending = start->ending;
	memset(&start->ending, 0, sizeof start->ending);
	lobby->errands = g_ptr_array_new_with_free_func((GDestroyNotify)lobby_errand_free);
	return lobby;
}

void lobby_free(Lobby *l)
{
	if (!l)
		return;
	g_ptr_array_unref(l->errands); /* waits for them: they write to wake */
	lobby_process_stop(&l->process);
	if (l->wake >= 0)
		close(l->wake);
	for (guint i = 0; i < l->displays->len; i++)
		close(g_array_index(l->displays, int, i));
	g_array_unref(l->displays);
	bond_clear(&l->bond);
	lobby_ending_clear(&l->ending);
	g_free(l->end_text);
	g_free(l->end_hint);
	g_free(l->id);
	g_free(l->protocol);
	g_free(l->peer);
	g_free(l->place);
	g_free((char *)l->asker.name);
	g_free(l->user);
	g_strfreev(l->groups);
	who_free(l->who);
	native_login_free(l->login);
	g_free(l->text);
	g_free(l->hint);
	g_free(l->card);
	g_free(l->progress);
	g_free(l);
}

/* ---- its log */

/* The thread's own word for who is there: l->user is the table's. */
LogContext lobby_context(const Lobby *l)
{
	return (LogContext){.session = l->id,
			    .user = l->who ? l->who->user : NULL,
			    .peer = l->peer,
			    .step = "lobby"};
}

void lobby_log_fault(const Lobby *l, const GError *error)
{
	LogContext context = lobby_context(l);

	log_write(fault_info(fault_code(error))->log_level, &context, "%s", error->message);
}

/* ---- its thread */

static void listen_to(Lobby *l)
{
	LogContext context = lobby_context(l);
	g_autoptr(GError) error = NULL;
	int n = 1;

	while (n > 0 && !l->over) {
		g_auto(LobbyMessage) message = {0};

		n = lobby_process_receive(&l->process, &message, &error);
		if (n > 0)
			lobby_talk_heed(l, &message);
	}
	l->over = l->over || n < 0;
	if (error)
		log_warning(&context, "%s", error->message);
}

static void pass_displays(Lobby *l)
{
	int fd;

	while ((fd = lobbies_take_display(l)) >= 0) {
		if (!lobby_process_send(&l->process, &(LobbyMessage){.type = LOBBY_CHANNEL}, fd))
			l->over = TRUE;
		close(fd);
	}
}

static void turn(Lobby *l)
{
	struct pollfd fds[] = {{.fd = l->process.fd, .events = POLLIN},
			       {.fd = l->wake, .events = POLLIN}};
	eventfd_t woken;

	poll(fds, G_N_ELEMENTS(fds), lobby_talk_wait_ms(l));
	if (fds[1].revents)
		eventfd_read(l->wake, &woken);
	pass_displays(l);
	if (fds[0].revents)
		listen_to(l);
	if (!l->over)
		lobby_talk_tick(l);
}

static gboolean open_lobby(Lobby *l, GError **error)
{
	LogContext context = lobby_context(l);
	g_autofree char *ending = NULL;

	if (!lobby_process_start(&l->process, l->core->options->lobby, l->protocol, error))
		return FALSE;
	if (l->ending.lease)
		ending = g_steal_pointer(&l->text);
	lobby_screen_open(l);
	pass_displays(l);
	log_info(&context, "opened for %s", l->who ? l->who->user : "somebody to sign in");
	lobby_talk_begin(l, ending);
	return TRUE;
}

static gpointer lobby_thread(gpointer data)
{
	Lobby *l = data;
	Lobbies *lobbies = l->core->lobbies;
	LogContext context = lobby_context(l);
	g_autoptr(GError) error = NULL;

	if (!open_lobby(l, &error))
		log_error(&context, "%s", error->message);
	while (!error && !l->over && !lobbies_left(l))
		turn(l);
	if (l->at == AT_ENDING && lobbies_stopping(lobbies))
		lobby_warning_stop(l);
	lobbies_leave(l, !error);
	if (l->ending.lease)
		lobby_warning_over(l);
	for (guint i = 0; i < l->errands->len; i++)
		lobby_errand_cancel(l->errands->pdata[i]);
	lobby_process_stop(&l->process); /* now: an errand may take a minute */
	lobby_free(l);
	lobbies_thread_gone(lobbies);
	return NULL;
}

void lobby_begin(Lobby *l)
{
	g_thread_unref(g_thread_new("lobby", lobby_thread, l));
}
