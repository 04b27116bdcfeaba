/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conversation: see conversation.h. */
#include "auth/conversation.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "auth/authlink.h"
#include "autofd.h"
#include "fault.h"
#include "secret.h"

/* One round: what PAM's modules may take (a directory that does not answer), and the time that
 * oriel-auth adds to a refusal. How long a person may think is oriel-auth's to limit. */
#define ROUND_SECONDS 60

struct Conversation {
	int fd; /* -1 once there is a verdict or a fault */
	ConversationState state;
	GPtrArray *prompts; /* of Prompt */
	char *user;
	char **groups;
};

static void prompt_free(Prompt *prompt)
{
	g_free(prompt->text);
	g_free(prompt);
}

static gint64 round_deadline(void)
{
	return g_get_monotonic_time() + ROUND_SECONDS * G_TIME_SPAN_SECOND;
}

static void hang_up(Conversation *conversation)
{
	if (conversation->fd >= 0)
		close(conversation->fd);
	conversation->fd = -1;
}

void conversation_free(Conversation *conversation)
{
	if (conversation == NULL)
		return;
	hang_up(conversation);
	g_ptr_array_unref(conversation->prompts);
	g_free(conversation->user);
	g_strfreev(conversation->groups);
	g_free(conversation);
}

static void take_prompts(Conversation *conversation, const GPtrArray *prompts)
{
	static const PromptKind kinds[] = {[AUTH_SECRET] = PROMPT_SECRET,
					   [AUTH_VISIBLE] = PROMPT_VISIBLE,
					   [AUTH_INFO] = PROMPT_INFO,
					   [AUTH_ERROR] = PROMPT_ERROR};

	g_ptr_array_set_size(conversation->prompts, 0);
	for (guint i = 0; prompts != NULL && i < prompts->len; i++) {
		const AuthPrompt *from = prompts->pdata[i];
		Prompt *prompt = g_new(Prompt, 1);

		prompt->kind = kinds[from->kind];
		prompt->text = g_strdup(from->text);
		g_ptr_array_add(conversation->prompts, prompt);
	}
}

/* Sends a message and takes what comes back. After a fault the conversation is over. */
static gboolean conversation_round(Conversation *conversation, const AuthMessage *message,
				   GError **error)
{
	gint64 deadline = round_deadline();
	g_auto(AuthMessage) answer = {0};

	conversation->state = CONVERSATION_REFUSED;
	if (!authlink_send(conversation->fd, message, deadline, error) ||
	    !authlink_receive(conversation->fd, &answer, deadline, error)) {
		hang_up(conversation);
		return FALSE;
	}
	take_prompts(conversation, answer.prompts);
	switch (answer.type) {
	case AUTH_ASK: conversation->state = CONVERSATION_ASKS; return TRUE;
	case AUTH_ACCEPTED:
		conversation->state = CONVERSATION_ACCEPTED;
		conversation->user = g_steal_pointer(&answer.user);
		conversation->groups = g_steal_pointer(&answer.groups);
		break;
	case AUTH_REFUSED: break;
	default:
		g_set_error(error, FAULT, FAULT_BROKER, "oriel-auth spoke out of turn");
		hang_up(conversation);
		return FALSE;
	}
	hang_up(conversation);
	return TRUE;
}

static int connect_to(const char *path, GError **error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof address.sun_path) {
		g_set_error(error, FAULT, FAULT_CONFIG,
			    "the path of oriel-auth's socket is too long");
		return -1;
	}
	strcpy(address.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		/* EAGAIN: more logins wait than the listener's queue holds. */
		fault_set_errno(error, errno == EAGAIN ? FAULT_BUSY : FAULT_BROKER, "oriel-auth");
		return -1;
	}
	return autofd_steal(&fd);
}

Conversation *conversation_start(const char *socket_path, const char *user, const char *peer,
				 GError **error)
{
	g_autoptr(Conversation) conversation = NULL;
	AuthMessage begin = {AUTH_BEGIN, .user = (char *)user, .peer = (char *)peer};
	int fd = connect_to(socket_path, error);

	if (fd < 0)
		return NULL;
	conversation = g_new0(Conversation, 1);
	conversation->fd = fd;
	conversation->prompts = g_ptr_array_new_with_free_func((GDestroyNotify)prompt_free);
	return conversation_round(conversation, &begin, error) ? g_steal_pointer(&conversation)
							       : NULL;
}

ConversationState conversation_state(const Conversation *conversation)
{
	return conversation->state;
}

const GPtrArray *conversation_prompts(const Conversation *conversation)
{
	return conversation->prompts;
}

const char *conversation_user(const Conversation *conversation)
{
	return conversation->user;
}

char **conversation_groups(const Conversation *conversation)
{
	return conversation->groups;
}

static unsigned prompts_of_kind(const Conversation *conversation, PromptKind kind)
{
	unsigned n = 0;

	for (guint i = 0; i < conversation->prompts->len; i++)
		n += ((const Prompt *)conversation->prompts->pdata[i])->kind == kind;
	return n;
}

gboolean conversation_answer(Conversation *conversation, char **answers, GError **error)
{
	AuthMessage message = {AUTH_ANSWERS, .answers = answers};

	if (conversation->state != CONVERSATION_ASKS ||
	    g_strv_length(answers) != prompts_of_kind(conversation, PROMPT_SECRET) +
					      prompts_of_kind(conversation, PROMPT_VISIBLE)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "not the answers to what was asked");
		return FALSE;
	}
	/* Not cut to fit: the beginning of a secret must not pass for it. */
	for (char **answer = answers; *answer != NULL; answer++) {
		if (strlen(*answer) > AUTH_ANSWER || !g_utf8_validate(*answer, -1, NULL)) {
			g_set_error(error, FAULT, FAULT_CLIENT, "an answer that PAM cannot take");
			return FALSE;
		}
	}
	return conversation_round(conversation, &message, error);
}
