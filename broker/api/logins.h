/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * logins: the conversations in which PAM has asked and the person has not yet answered. Each is
 * known by a random id, belongs to the address it began from and ends after two minutes; it holds
 * a process of oriel-auth, so their number is bounded.
 *
 * Taking one out is what makes "one request at a time" true: while a thread has it, nobody else
 * finds it.
 */
#pragma once

#include "auth/conversation.h"

typedef struct Logins Logins;

typedef struct {
	char *id;
	char *user;
	char *peer;
	char *place;     /* of the peer: limit_place() */
	gint64 deadline; /* of g_get_monotonic_time() */
	Conversation *conversation;
} Login;
void login_free(Login *login);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Login, login_free)

/* A thread of its own ends what is overdue. */
Logins *logins_new(void);
/* Ends all that wait. */
void logins_free(Logins *logins);

/* A new one, not yet in the table; takes the conversation. */
Login *login_new(const char *user, const char *peer, Conversation *conversation);

/* Takes the login, to be found by its id. When there are too many from its place, the oldest of
 * these makes room; when there are too many in all, the oldest of the place that has most: so a
 * stranger who opens logins and answers none keeps nobody out. FAULT_DENIED (and login freed) when
 * its time is over. */
gboolean logins_put(Logins *logins, Login *login, GError **error);

/* Takes it out of the table; NULL if there is none by this id from this address. */
Login *logins_take(Logins *logins, const char *id, const char *peer);
