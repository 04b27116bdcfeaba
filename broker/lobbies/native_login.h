/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native_login: a person at a native viewer signs in, in as many rounds as PAM wants: under the
 * same limits as on the web page, and audited like there. Calls block for as long as PAM takes.
 */
#pragma once

#include "core_parts.h"

typedef struct NativeLogin NativeLogin;

/*
 * The first round; the password answers the first secret question and no other, and may be NULL.
 * protocol ("vnc", "spice") is for the audit. NULL: FAULT_DENIED (whatever the cause), FAULT_BUSY
 * (too many refused or under way; the words say how long to wait), FAULT_BROKER, FAULT_TIMEOUT.
 * *out_said, if not NULL: what PAM said to a person whom it refused, in words; NULL = nothing.
 */
NativeLogin *native_login_start(Core *core, const char *user, const char *password,
				const char *peer, const char *protocol, char **out_said,
				GError **error);

/* The next: one text for each question. FALSE as above: the login is over, but for FAULT_CLIENT
 * (not as many as questions) and FAULT_BUSY: the questions stand. */
gboolean native_login_answer(NativeLogin *login, char **answers, char **out_said, GError **error);

/* Who comes from where: without the port, which is another one each time. g_free() it. */
char *native_login_host(const char *peer);

/* Whom PAM has accepted, once; the caller's. NULL: it asks. */
Who *native_login_who(NativeLogin *login);

/* What PAM said and asked in the last round: of LobbyPrompt. Owned by the login. */
GPtrArray *native_login_prompts(NativeLogin *login);

void native_login_free(NativeLogin *login);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NativeLogin, native_login_free)
