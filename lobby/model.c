/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model: see model.h. */
#include "model.h"

#include "fault.h"
#include "secret.h"

#include <string.h>

static void take_text(char **to, char **from)
{
	g_free(*to);
	*to = g_steal_pointer(from);
}

static void forget_notices(Model *model)
{
	g_clear_pointer(&model->notice, g_free);
	g_clear_pointer(&model->notice_hint, g_free);
	g_clear_pointer(&model->error, g_free);
	g_clear_pointer(&model->error_hint, g_free);
}

static void take_open(Model *model, LobbyMessage *message)
{
	forget_notices(model);
	secret_free(model->user);
	model->user = g_steal_pointer(&message->user);
	take_text(&model->notice, &message->text);
	take_text(&model->notice_hint, &message->hint);
	g_clear_pointer(&model->desktops, g_ptr_array_unref);
	g_clear_pointer(&model->chosen, g_free);
	model->screen = model->user ? SCREEN_WAIT : SCREEN_SIGNIN;
}

/* Back to where the person can try again. Prompts are over: PAM begins anew. */
static void take_error(Model *model, LobbyMessage *message)
{
	forget_notices(model);
	take_text(&model->error, &message->text);
	take_text(&model->error_hint, &message->hint);
	if (model->screen == SCREEN_SIGNIN || model->screen == SCREEN_DESKTOPS)
		return;
	if (model->desktops != NULL)
		model->screen = SCREEN_DESKTOPS;
	else
		model->screen = model->user ? SCREEN_ERROR : SCREEN_SIGNIN;
}

static void take_warning(Model *model, const LobbyMessage *message, gint64 now)
{
	model->ends = message->seconds ? now + message->seconds * G_USEC_PER_SEC : 0;
	model->extend = message->extend;
}

gboolean model_take(Model *model, LobbyMessage *message, gint64 now, GError **error)
{
	switch (message->type) {
	case LOBBY_WARNING: take_warning(model, message, now); return TRUE;
	case LOBBY_OPEN: take_open(model, message); break;
	case LOBBY_ERROR: take_error(model, message); break;
	case LOBBY_ENDING:
		take_warning(model, message, now);
		take_text(&model->ending, &message->text);
		model->screen = SCREEN_ENDING;
		break;
	case LOBBY_PROMPTS_ARE:
		g_clear_pointer(&model->prompts, g_ptr_array_unref);
		model->prompts = g_steal_pointer(&message->prompts);
		model->screen = SCREEN_PROMPTS;
		break;
	case LOBBY_DESKTOPS_ARE:
		g_clear_pointer(&model->desktops, g_ptr_array_unref);
		model->desktops = g_steal_pointer(&message->desktops);
		model->screen = SCREEN_DESKTOPS;
		break;
	case LOBBY_PROGRESS:
		take_text(&model->progress, &message->text);
		model->percent = message->percent;
		model->screen = SCREEN_PROGRESS;
		break;
	default:
		g_set_error(error, FAULT, FAULT_BROKER, "not for a lobby's screen: %s",
			    lobby_type_name(message->type));
		return FALSE;
	}
	model->busy = FALSE;
	return TRUE;
}

void model_acted(Model *model)
{
	forget_notices(model);
	model->busy = TRUE;
}

void model_choose(Model *model, const LobbyDesktop *desktop)
{
	g_free(model->chosen);
	model->chosen = g_strdup(desktop->name);
}

void model_clear(Model *model)
{
	forget_notices(model);
	secret_free(model->user);
	g_free(model->chosen);
	g_free(model->progress);
	g_free(model->ending);
	g_clear_pointer(&model->prompts, g_ptr_array_unref);
	g_clear_pointer(&model->desktops, g_ptr_array_unref);
	memset(model, 0, sizeof *model);
}
