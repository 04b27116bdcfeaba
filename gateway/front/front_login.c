/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_login: see front_login.h. */
#include "front/front_login.h"

#include "secret.h"

#include <string.h>

static Step denied(const char *why, GError **error)
{
	g_set_error_literal(error, FAULT, FAULT_DENIED, why);
	return STEP_FAIL;
}

Step front_login(Session *s, const char *user, const char *password, gboolean passwords,
		 GError **error)
{
	const char *slash = strchr(user, '/');
	gsize n = slash ? (gsize)(slash - user) : strlen(user);

	if (strcmp(user, "ticket") == 0) {
		if (*password == '\0')
			return denied("an empty ticket", error);
		s->ask.kind = ASK_TICKET;
		s->ask.ticket = secret_dup(password);
		return STEP_NEXT;
	}
	if (!passwords)
		return denied("only tickets are taken here", error);
	if (n == 0)
		return denied("no user name", error);
	s->ask.kind = ASK_LOGIN;
	s->ask.user = g_strndup(user, n);
	s->log.user = s->ask.user;
	s->ask.password = secret_dup(password);
	if (slash != NULL && slash[1] != '\0')
		s->ask.desktop = g_strdup(slash + 1);
	return STEP_NEXT;
}

char *front_login_words(const Session *s, const GError *error)
{
	if (fault_code(error) != FAULT_DENIED)
		return fault_words(error);
	switch (s->ask.kind) {
	case ASK_LOGIN:
		return g_strdup("Access denied: user name or password is not right, or the account "
				"is locked. Try again; if it stays so, ask your administrator.");
	case ASK_TICKET:
		return g_strdup("Access denied: this ticket is not good any more. It opens one "
				"desktop, once, and soon. Get a new one from the page with your "
				"desktops.");
	default: return fault_words(error);
	}
}
