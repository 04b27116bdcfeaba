/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobby_talk: see lobby_talk.h. */
#include "lobbies/lobby_talk.h"

#include "admin/audit.h"
#include "fault.h"
#include "lobbies/lobby_screen.h"
#include "lobbies/lobby_warning.h"

#define TICK_MS      300 /* between two looks at a desktop that starts */
#define WARN_SECONDS 30
#define ERRANDS_MAX  4 /* given up ones that still run, and the present one */

static void start_desktop(Lobby *l, const char *card);

/* ---- signing in */

/* One alone needs no choice. */
static void go_on(Lobby *l)
{
	g_autofree char *only = NULL;

	lobby_screen_desktops(l, &only);
	if (only)
		start_desktop(l, only);
}

static void forget_person(Lobby *l)
{
	g_clear_pointer(&l->who, who_free);
	g_clear_pointer(&l->login, native_login_free);
	lobbies_sign(l, NULL);
}

static void show_prompts(Lobby *l)
{
	LogContext context = lobby_context(l);

	lobby_screen_prompts(l);
	log_info(&context, "PAM has more to say");
}

/* Words that came with the verdict are read before it goes on. */
static void signed_in(Lobby *l, Who *who)
{
	LogContext context;

	l->who = who;
	lobbies_sign(l, who);
	context = lobby_context(l);
	lobby_screen_open(l);
	log_info(&context, "signed in");
	if (native_login_prompts(l->login)->len > 0)
		show_prompts(l);
	else
		go_on(l);
}

static void after_round(Lobby *l, const char *said, const GError *error)
{
	Who *who = l->login && !error ? native_login_who(l->login) : NULL;
	g_autofree char *words = NULL;

	if (who) {
		signed_in(l, who);
		return;
	}
	if (!error) {
		show_prompts(l);
		return;
	}
	words = fault_words(error);
	/* The questions still stand. */
	if (l->login && (fault_code(error) == FAULT_BUSY || fault_code(error) == FAULT_CLIENT)) {
		lobby_screen_error(l, fault_wait(error) ? words : error->message, NULL);
		return;
	}
	if (l->at != AT_SIGN_IN)
		lobby_screen_open(l);
	g_clear_pointer(&l->login, native_login_free);
	if (fault_code(error) == FAULT_DENIED)
		lobby_screen_error(l, "The login was refused. Check your user name and password.",
				   said);
	else
		lobby_screen_error(l, words, NULL);
	lobby_log_fault(l, error);
}

static void on_login(Lobby *l, const LobbyMessage *m)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *said = NULL;

	if (*m->user == '\0') {
		lobby_screen_error(l, "Please enter your user name.", NULL);
		return;
	}
	forget_person(l);
	l->login = native_login_start(l->core, m->user, m->password, l->peer, l->protocol, &said,
				      &error);
	after_round(l, said, error);
}

static void on_answers(Lobby *l, const LobbyMessage *m)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *said = NULL;

	if (l->who) {
		go_on(l);
		return;
	}
	native_login_answer(l->login, m->answers, &said, &error);
	after_round(l, said, error);
}

static void on_signout(Lobby *l, const LobbyMessage *m)
{
	audit_note(l->core,
		   &(AuditEntry){.event = "logout", .user = l->who->user, .peer = l->peer});
	forget_person(l);
	lobby_screen_open(l);
}

/* ---- a desktop */

static LobbyErrand *present(const Lobby *l)
{
	return l->errands->len ? l->errands->pdata[l->errands->len - 1] : NULL;
}

/* Those that were given up and have come to their end. */
static void clean_errands(Lobby *l)
{
	for (guint i = l->errands->len; i-- > 0;) {
		if (lobby_errand_done(l->errands->pdata[i]))
			g_ptr_array_remove_index(l->errands, i);
	}
}

static void start_desktop(Lobby *l, const char *card)
{
	LogContext context = lobby_context(l);

	clean_errands(l);
	if (l->errands->len >= ERRANDS_MAX) {
		lobby_screen_error(l, "What you gave up has not come to its end yet.",
				   "Please wait a moment.");
		return;
	}
	g_free(l->card);
	l->card = g_strdup(card);
	lobby_screen_start(l);
	log_info(&context, "chose %s", card);
	g_ptr_array_add(l->errands, lobby_errand_new(l, card));
}

static void on_choose(Lobby *l, const LobbyMessage *m)
{
	start_desktop(l, m->desktop);
}

/* ---- a session that ends soon */

/* It is a lobby from here on that people come back to. */
static void after_session(Lobby *l)
{
	lobby_screen_warn(l, 0);
	if (!l->core->options->native_return) {
		l->over = TRUE;
		lobbies_ended(l->core, l->id, FAULT_ENDED);
		return;
	}
	if (l->who && !l->still_known)
		forget_person(l);
	lobby_screen_open(l);
	if (l->who)
		lobby_screen_desktops(l, NULL);
}

static void go_back(Lobby *l, gboolean extend)
{
	g_autoptr(GError) error = NULL;

	if (lobby_warning_return(l, extend, &error)) {
		lobby_screen_move(l);
		return;
	}
	lobby_log_fault(l, error);
	l->still_known = l->who != NULL;
	g_free(l->text);
	l->text = g_strdup(fault_info(fault_code(error))->words);
	after_session(l);
}

static void on_cancel(Lobby *l, const LobbyMessage *m)
{
	if (l->at == AT_ENDING) {
		go_back(l, FALSE);
		return;
	}
	if (l->at == AT_START) {
		lobby_errand_cancel(present(l));
		lobby_screen_desktops(l, NULL);
		return;
	}
	forget_person(l);
	lobby_screen_open(l);
}

static void look_at_start(Lobby *l)
{
	g_autoptr(DesktopView) view = NULL;
	g_autoptr(GError) error = NULL;

	if (!lobby_errand_done(present(l))) {
		view = core_desktop(l->core, l->who, l->card, NULL);
		if (view && *view->detail)
			lobby_screen_progress(l, view->detail);
		return;
	}
	if (lobby_errand_result(present(l), &error)) {
		lobby_screen_move(l);
		return;
	}
	lobby_screen_desktops(l, NULL);
	lobby_screen_fault(l, error);
}

/* ---- what the person does */

static void on_extend(Lobby *l, const LobbyMessage *m)
{
	if (l->at == AT_ENDING)
		go_back(l, TRUE);
}

#define IN(screen) (1u << AT_##screen)
static const struct {
	unsigned screens; /* where it makes sense: elsewhere it crossed with something of ours */
	void (*run)(Lobby *l, const LobbyMessage *m);
} table[] = {
	[LOBBY_LOGIN] = {IN(SIGN_IN), on_login},
	[LOBBY_ANSWERS] = {IN(PROMPTS), on_answers},
	[LOBBY_CHOOSE] = {IN(CHOOSER), on_choose},
	[LOBBY_CANCEL] = {IN(PROMPTS) | IN(START) | IN(ENDING), on_cancel},
	[LOBBY_EXTEND] = {IN(SIGN_IN) | IN(PROMPTS) | IN(CHOOSER) | IN(ENDING), on_extend},
	[LOBBY_SIGNOUT] = {IN(CHOOSER), on_signout},
};

void lobby_talk_heed(Lobby *l, const LobbyMessage *m)
{
	if (m->type >= G_N_ELEMENTS(table) || !(table[m->type].screens & 1u << l->at))
		return;
	if (l->warned)
		lobby_screen_warn(l, 0);
	if (l->at != AT_START)
		lobby_screen_stay(l);
	table[m->type].run(l, m);
}

/* ---- time */

static void past_deadline(Lobby *l)
{
	LogContext context = lobby_context(l);

	if (l->at == AT_ENDING) {
		after_session(l);
	} else if (l->at == AT_MOVE) {
		lobby_screen_open(l);
		if (l->who)
			lobby_screen_desktops(l, NULL);
		lobby_screen_error(l, fault_info(FAULT_DESKTOP)->words, NULL);
	} else if (!l->warned) {
		lobby_screen_warn(l, WARN_SECONDS);
		l->deadline += WARN_SECONDS * G_USEC_PER_SEC;
	} else {
		l->over = TRUE;
		/* Its client has not lost it: it gets no other. */
		lobbies_ended(l->core, l->id, FAULT_ENDED);
		log_info(&context, "nobody has said a word for long");
	}
}

int lobby_talk_wait_ms(const Lobby *l)
{
	gint64 left = l->deadline - g_get_monotonic_time();

	if (l->at == AT_START)
		return TICK_MS;
	return (int)CLAMP(left / 1000 + 1, 0, 60000);
}

void lobby_talk_begin(Lobby *l, const char *ending)
{
	if (ending)
		lobby_screen_ending(l, ending);
	else if (l->login)
		show_prompts(l);
	else if (l->who && l->again)
		lobby_screen_desktops(l, NULL);
	else if (l->who)
		go_on(l);
}

void lobby_talk_tick(Lobby *l)
{
	if (l->at == AT_ENDING && lobbies_take_end(l))
		after_session(l);
	else if (l->at == AT_START)
		look_at_start(l);
	else if (g_get_monotonic_time() >= l->deadline)
		past_deadline(l);
}
