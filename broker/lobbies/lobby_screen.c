/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobby_screen: see lobby_screen.h. */
#include "lobbies/lobby_screen.h"

#include "fault.h"

#define MOVE_SECONDS 20
#define LATE_SECONDS 30 /* after a session should have ended */

static void say(Lobby *l, const LobbyMessage *message)
{
	if (!lobby_process_send(&l->process, message, -1))
		l->over = TRUE;
}

static void rest(Lobby *l, LobbyScreen at, gint64 seconds)
{
	l->at = at;
	l->deadline = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
}

/* A screen at which the person is waited for. */
static void wait_at(Lobby *l, LobbyScreen at)
{
	rest(l, at, l->core->options->lobby_minutes * 60);
}

/* ---- the screens */

void lobby_screen_open(Lobby *l)
{
	say(l, &(LobbyMessage){.type = LOBBY_OPEN,
			       .user = l->who ? l->who->user : NULL,
			       .text = l->text,
			       .hint = l->hint});
	g_clear_pointer(&l->text, g_free);
	g_clear_pointer(&l->hint, g_free);
	wait_at(l, AT_SIGN_IN);
}

void lobby_screen_prompts(Lobby *l)
{
	say(l,
	    &(LobbyMessage){.type = LOBBY_PROMPTS_ARE, .prompts = native_login_prompts(l->login)});
	wait_at(l, AT_PROMPTS);
}

/* NULL: the store did not answer. */
static GPtrArray *reachable(const Lobby *l, GError **error)
{
	g_autoptr(GPtrArray) cards = core_desktops(l->core, l->who, error);
	GPtrArray *list;

	if (!cards)
		return NULL;
	list = lobby_desktops_new();
	for (guint i = 0; i < cards->len; i++) {
		const DesktopView *card = cards->pdata[i];

		if (g_strv_contains((const char *const *)card->protocols, l->protocol))
			g_ptr_array_add(
				list, lobby_desktop_new(card->id, card->name, card->pool,
							*card->detail ? card->detail : card->state,
							card->last_used));
	}
	return list;
}

void lobby_screen_desktops(Lobby *l, char **out_only)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list = reachable(l, &error);

	if (!list) {
		lobby_screen_fault(l, error);
		return;
	}
	say(l, &(LobbyMessage){.type = LOBBY_DESKTOPS_ARE, .desktops = list});
	wait_at(l, AT_CHOOSER);
	if (out_only && list->len == 1)
		*out_only = g_strdup(((const LobbyDesktop *)list->pdata[0])->id);
}

void lobby_screen_start(Lobby *l)
{
	g_clear_pointer(&l->progress, g_free);
	lobby_screen_progress(l, "Preparing your desktop");
	l->at = AT_START;
}

void lobby_screen_progress(Lobby *l, const char *text)
{
	if (g_strcmp0(l->progress, text) == 0)
		return;
	g_free(l->progress);
	l->progress = g_strdup(text);
	say(l, &(LobbyMessage){.type = LOBBY_PROGRESS, .text = (char *)text, .percent = -1});
}

void lobby_screen_ending(Lobby *l, const char *text)
{
	gint64 left = MAX(l->ending.ends_at - core_now(), 1);

	say(l, &(LobbyMessage){.type = LOBBY_ENDING,
			       .text = (char *)text,
			       .seconds = (int)MIN(left, 86400),
			       .extend = l->ending.extendable});
	rest(l, AT_ENDING, left + LATE_SECONDS);
}

void lobby_screen_move(Lobby *l)
{
	rest(l, AT_MOVE, MOVE_SECONDS);
}

/* ---- on top of them */

void lobby_screen_error(Lobby *l, const char *text, const char *hint)
{
	say(l, &(LobbyMessage){.type = LOBBY_ERROR, .text = (char *)text, .hint = (char *)hint});
}

void lobby_screen_fault(Lobby *l, const GError *error)
{
	lobby_screen_error(l, fault_info(fault_code(error))->words, NULL);
	lobby_log_fault(l, error);
}

void lobby_screen_warn(Lobby *l, int seconds)
{
	l->warned = seconds > 0;
	say(l, &(LobbyMessage){.type = LOBBY_WARNING, .seconds = seconds, .extend = seconds > 0});
}

void lobby_screen_stay(Lobby *l)
{
	wait_at(l, l->at);
}
