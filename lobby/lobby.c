/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobby: see lobby.h. */
#include "lobby.h"

#include "autofd.h"
#include "fault.h"
#include "lean.h"
#include "secret.h"
#include "view.h"
#include "wire.h"

#include <string.h>

/* Until the client tells how large its window is. The least is what the pages are made for. */
#define WIDTH      1024
#define HEIGHT     768
#define MIN_WIDTH  320
#define MIN_HEIGHT 240

struct Lobby {
	const FaceOps *ops;
	Face *face;
	Wire *wire;
	View *view;
	Model model;
	guint clock;        /* the warning's source, once a second while there is one */
	guint lean;         /* the source that lets go of what the start needed */
	gboolean cancelled; /* the broker was told, and has not said anything since */
	gboolean over;
	LobbyEnded ended;
	gpointer owner;
};

static void end(Lobby *lobby, const GError *error)
{
	if (lobby->over)
		return;
	lobby->over = TRUE;
	lobby->ended(lobby->owner, error);
}

static void tell(Lobby *lobby, const LobbyMessage *message)
{
	g_autoptr(GError) error = NULL;

	if (!lobby->over && !wire_send(lobby->wire, message, &error))
		end(lobby, error);
}

/* ---- the person */

static void free_texts(char **texts)
{
	for (char **text = texts; *text != NULL; text++)
		secret_free(*text);
	g_free(texts);
}

static void submit(Lobby *lobby)
{
	char **texts = view_texts(lobby->view);
	LobbyMessage message = {LOBBY_ANSWERS, .answers = texts};

	if (lobby->model.screen == SCREEN_SIGNIN) {
		g_assert(g_strv_length(texts) == 2);
		message = (LobbyMessage){LOBBY_LOGIN, .user = texts[0], .password = texts[1]};
	}
	if (message.type == LOBBY_LOGIN && *message.user == '\0') {
		view_refocus(lobby->view); /* nobody signs in without a name */
	} else {
		model_acted(&lobby->model);
		view_wait(lobby->view);
		tell(lobby, &message);
	}
	free_texts(texts);
}

static void choose(Lobby *lobby, guint index)
{
	const LobbyDesktop *desktop = lobby->model.desktops->pdata[index];

	model_acted(&lobby->model);
	model_choose(&lobby->model, desktop);
	view_wait(lobby->view);
	tell(lobby, &(LobbyMessage){LOBBY_CHOOSE, .desktop = desktop->id});
}

static void leave(Lobby *lobby, LobbyType type)
{
	if (lobby->cancelled)
		return;
	lobby->cancelled = TRUE;
	model_acted(&lobby->model);
	view_wait(lobby->view);
	tell(lobby, &(LobbyMessage){type});
}

static void show_warning(Lobby *lobby);

static void on_act(gpointer data, Act act, guint index)
{
	Lobby *lobby = data;

	switch (act) {
	case ACT_CANCEL: leave(lobby, LOBBY_CANCEL); return;
	case ACT_SIGNOUT: leave(lobby, LOBBY_SIGNOUT); return;
	case ACT_EXTEND:
		if (lobby->model.screen == SCREEN_ENDING) {
			leave(lobby, LOBBY_EXTEND);
			return;
		}
		lobby->model.extend = FALSE; /* the broker will say what came of it */
		show_warning(lobby);
		tell(lobby, &(LobbyMessage){LOBBY_EXTEND});
		return;
	default: break;
	}
	if (lobby->model.busy)
		return;
	if (act == ACT_SUBMIT)
		submit(lobby);
	else if (act == ACT_CHOOSE)
		choose(lobby, index);
}

/* ---- the broker */

static gboolean on_clock(gpointer data)
{
	show_warning(data);
	return G_SOURCE_CONTINUE;
}

static void show_warning(Lobby *lobby)
{
	gint64 left = lobby->model.ends - g_get_monotonic_time();
	gint64 seconds = MAX((left + G_USEC_PER_SEC / 2) / G_USEC_PER_SEC, 0);
	g_autofree char *text = NULL;

	if (lobby->model.ends != 0)
		text = g_strdup_printf("Your session ends in %d:%02d", (int)(seconds / 60),
				       (int)(seconds % 60));
	view_warn(lobby->view, text,
		  text != NULL && lobby->model.extend && lobby->model.screen != SCREEN_ENDING);
	if (text != NULL && lobby->clock == 0)
		lobby->clock = g_timeout_add_seconds(1, on_clock, lobby);
	if (text == NULL && lobby->clock != 0)
		g_source_remove(lobby->clock);
	if (text == NULL)
		lobby->clock = 0;
}

static void on_message(gpointer data, LobbyMessage *message, int fd)
{
	Lobby *lobby = data;
	g_autoptr(GError) error = NULL;
	gboolean good;

	if (message->type == LOBBY_CHANNEL) {
		good = lobby->ops->connect(lobby->face, fd, &error);
	} else {
		good = model_take(&lobby->model, message, g_get_monotonic_time(), &error);
		lobby->cancelled = FALSE;
		if (good && message->type != LOBBY_WARNING)
			view_show(lobby->view, &lobby->model);
		if (good && (message->type == LOBBY_WARNING || message->type == LOBBY_ENDING))
			show_warning(lobby);
	}
	if (!good)
		end(lobby, error);
}

static void on_wire_closed(gpointer data, const GError *error)
{
	end(data, error);
}

static const WireEvents wire_events = {on_message, on_wire_closed};

/* ---- the client */

static gboolean on_shown(gpointer data)
{
	Lobby *lobby = data;

	lobby->lean = 0;
	lean_start_over();
	return G_SOURCE_REMOVE;
}

/* The first picture is on its way after this turn of the loop. */
static void on_ready(gpointer data)
{
	Lobby *lobby = data;

	lobby->lean = g_timeout_add_seconds(1, on_shown, lobby);
}

static void on_key(gpointer data, guint32 keysym, guint32 scancode, gboolean down)
{
	view_key(((Lobby *)data)->view, keysym, scancode, down);
}

static void on_pointer(gpointer data, int x, int y, guint buttons)
{
	view_pointer(((Lobby *)data)->view, x, y, buttons);
}

static void on_window(gpointer data, int width, int height)
{
	Lobby *lobby = data;

	if (width < MIN_WIDTH || height < MIN_HEIGHT)
		return;
	if (lobby->ops->resize(lobby->face, width, height))
		view_resized(lobby->view, width, height);
}

static void on_clipboard(gpointer data, const char *text)
{
	view_clipboard(((Lobby *)data)->view, text);
}

static void on_face_closed(gpointer data)
{
	end(data, NULL);
}

static const FaceEvents face_events = {
	on_ready, on_key, on_pointer, on_window, on_clipboard, on_face_closed,
};

Lobby *lobby_new(const FaceOps *ops, gboolean layouts, int wire, LobbyEnded ended, gpointer owner,
		 GError **error)
{
	Lobby *lobby = g_new0(Lobby, 1);

	lobby->ops = ops;
	lobby->ended = ended;
	lobby->owner = owner;
	lobby->wire = wire_new(wire, &wire_events, lobby);
	lobby->face = ops->open("Oriel", WIDTH, HEIGHT, &face_events, lobby, error);
	if (lobby->face == NULL) {
		lobby_free(lobby);
		return NULL;
	}
	lobby->view = view_new(ops, lobby->face, WIDTH, HEIGHT, layouts, on_act, lobby);
	return lobby;
}

void lobby_free(Lobby *lobby)
{
	if (lobby == NULL)
		return;
	if (lobby->clock != 0)
		g_source_remove(lobby->clock);
	if (lobby->lean != 0)
		g_source_remove(lobby->lean);
	wire_free(lobby->wire);
	view_free(lobby->view);
	if (lobby->face != NULL)
		lobby->ops->close(lobby->face);
	model_clear(&lobby->model);
	g_free(lobby);
}
