/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_login: what a name and a password from a native viewer ask for. */
#pragma once

#include "session/session.h"

/*
 * "USER" or "USER/DESKTOP" with a password, or "ticket" with a ticket for its password; fills
 * session->ask but for its protocol. Without `passwords` only tickets are taken. Both texts are
 * copied. STEP_NEXT, or STEP_FAIL with FAULT_DENIED.
 */
Step front_login(Session *session, const char *user, const char *password, gboolean passwords,
		 GError **error);

/* What a person reads about `error`: of a login that is refused, what to look at, or when to try
 * again; of a ticket, where to get another. g_free() it. */
char *front_login_words(const Session *session, const GError *error);
