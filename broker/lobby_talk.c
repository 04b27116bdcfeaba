/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobby_talk: see lobby_talk.h. */
#include "lobby_talk.h"

#include "audit.h"
#include "fault.h"
#include "lobby_warning.h"
#include "log.h"

#define TICK_MS      300 /* between two looks at a desktop that starts */
#define WARN_SECONDS 30
#define MOVE_SECONDS 20
#define LATE_SECONDS 30 /* after a session should have ended */
#define ERRANDS_MAX  4  /* given up ones that still run, and the present one */

/* ---- what it shows */

static void say(Lobby *l, const LobbyMessage *message)
{
	if (!lobby_process_send(&l->process, message, -1))
		l->over = TRUE;
}

static void say_error(Lobby *l, const char *text, const char *hint)
{
	say(l, &(LobbyMessage){.type = LOBBY_ERROR, .text = (char *)text, .hint = (char *)hint});
}

/* The thread's own word for who is there: l->user is the table's. */
LogContext lobby_talk_context(const Lobby *l)
{
	return (LogContext){.session = l->id,
			    .user = l->who ? l->who->user : NULL,
			    .peer = l->peer,
			    .step = "lobby"};
}

static void log_fault(const Lobby *l, const GError *error)
{
	LogContext context = lobby_talk_context(l);

	log_write(fault_info(fault_code(error))->log_level, &context, "%s", error->message);
}

static void say_fault(Lobby *l, const GError *error)
{
	say_error(l, fault_info(fault_code(error))->words, NULL);
	log_fault(l, error);
}

static void rest(Lobby *l, LobbyScreen at, gint64 seconds)
{
	l->at = at;
	l->deadline = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
}

/* A screen at which the person is waited for. */
static void stay(Lobby *l, LobbyScreen at)
{
	rest(l, at, l->core->options->lobby_minutes * 60);
}

/* What brought the person here is said once. */
void lobby_talk_open(Lobby *l)
{
	say(l, &(LobbyMessage){.type = LOBBY_OPEN,
			       .user = l->who ? l->who->user : NULL,
			       .text = l->text,
			       .hint = l->hint});
	g_clear_pointer(&l->text, g_free);
	g_clear_pointer(&l->hint, g_free);
	stay(l, AT_SIGN_IN);
}

static void show_prompts(Lobby *l)
{
	LogContext context = lobby_talk_context(l);

	say(l,
	    &(LobbyMessage){.type = LOBBY_PROMPTS_ARE, .prompts = native_login_prompts(l->login)});
	stay(l, AT_PROMPTS);
	log_info(&context, "PAM has more to say");
}

/* Those that this client can be shown; NULL = the store did not answer, which has been said. */
static GPtrArray *reachable(Lobby *l)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) cards = core_desktops(l->core, l->who, &error);
	GPtrArray *list;

	if (!cards) {
		say_fault(l, error);
		return NULL;
	}
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

static void start_desktop(Lobby *l, const char *card);

/* straight: one alone needs no choice. */
static void show_desktops(Lobby *l, gboolean straight)
{
	g_autoptr(GPtrArray) list = reachable(l);

	if (!list)
		return;
	say(l, &(LobbyMessage){.type = LOBBY_DESKTOPS_ARE, .desktops = list});
	stay(l, AT_CHOOSER);
	if (list->len == 1 && straight)
		start_desktop(l, ((const LobbyDesktop *)list->pdata[0])->id);
}

/* ---- signing in */

static void forget_person(Lobby *l)
{
	g_clear_pointer(&l->who, who_free);
	g_clear_pointer(&l->login, native_login_free);
	lobbies_sign(l, NULL);
}

/* Words that came with the verdict are read before it goes on. */
static void signed_in(Lobby *l, Who *who)
{
	LogContext context;

	l->who = who;
	lobbies_sign(l, who);
	context = lobby_talk_context(l);
	log_info(&context, "signed in");
	lobby_talk_open(l);
	if (native_login_prompts(l->login)->len > 0)
		show_prompts(l);
	else
		show_desktops(l, TRUE);
}

static void after_round(Lobby *l, const char *said, const GError *error)
{
	Who *who = l->login && !error ? native_login_who(l->login) : NULL;

	if (who) {
		signed_in(l, who);
		return;
	}
	if (!error) {
		show_prompts(l);
		return;
	}
	/* The questions still stand. */
	if (l->login && (fault_code(error) == FAULT_BUSY || fault_code(error) == FAULT_CLIENT)) {
		say_error(l, error->message, NULL);
		return;
	}
	if (l->at != AT_SIGN_IN)
		lobby_talk_open(l);
	g_clear_pointer(&l->login, native_login_free);
	if (fault_code(error) == FAULT_DENIED)
		say_error(l, "The login was refused. Check your user name and password.", said);
	else if (fault_code(error) == FAULT_BUSY)
		say_error(l, "Too many attempts. Please wait a moment.", NULL);
	else
		say_error(l, fault_info(fault_code(error))->words, NULL);
	log_fault(l, error);
}

static void on_login(Lobby *l, const LobbyMessage *m)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *said = NULL;

	if (*m->user == '\0') {
		say_error(l, "Please enter your user name.", NULL);
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
		show_desktops(l, TRUE);
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
	lobby_talk_open(l);
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

static void say_progress(Lobby *l, const char *text)
{
	if (g_strcmp0(l->progress, text) == 0)
		return;
	g_free(l->progress);
	l->progress = g_strdup(text);
	say(l, &(LobbyMessage){.type = LOBBY_PROGRESS, .text = (char *)text, .percent = -1});
}

static void start_desktop(Lobby *l, const char *card)
{
	LogContext context = lobby_talk_context(l);

	clean_errands(l);
	if (l->errands->len >= ERRANDS_MAX) {
		say_error(l, "What you gave up has not come to its end yet.",
			  "Please wait a moment.");
		return;
	}
	g_free(l->card);
	l->card = g_strdup(card);
	g_clear_pointer(&l->progress, g_free);
	say_progress(l, "Preparing your desktop");
	l->at = AT_START;
	log_info(&context, "chose %s", card);
	g_ptr_array_add(l->errands, lobby_errand_new(l, card));
}

static void on_choose(Lobby *l, const LobbyMessage *m)
{
	start_desktop(l, m->desktop);
}

/* ---- a session that ends soon */

static void show_ending(Lobby *l, const char *text)
{
	gint64 left = MAX(l->ending.ends_at - core_now(), 1);

	say(l, &(LobbyMessage){.type = LOBBY_ENDING,
			       .text = (char *)text,
			       .seconds = (int)MIN(left, 86400),
			       .extend = l->ending.extendable});
	rest(l, AT_ENDING, left + LATE_SECONDS);
}

/* It is a lobby from here on that people come back to. */
static void after_session(Lobby *l)
{
	say(l, &(LobbyMessage){.type = LOBBY_WARNING});
	if (!l->core->options->native_return) {
		l->over = TRUE;
		lobbies_ended(l->core, l->id, FAULT_ENDED);
		return;
	}
	if (l->who && !l->still_known)
		forget_person(l);
	lobby_talk_open(l);
	if (l->who)
		show_desktops(l, FALSE);
}

static void go_back(Lobby *l, gboolean extend)
{
	g_autoptr(GError) error = NULL;

	if (lobby_warning_return(l, extend, &error)) {
		rest(l, AT_MOVE, MOVE_SECONDS);
		return;
	}
	log_fault(l, error);
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
		show_desktops(l, FALSE);
		return;
	}
	forget_person(l);
	lobby_talk_open(l);
}

static void look_at_start(Lobby *l)
{
	g_autoptr(DesktopView) view = NULL;
	g_autoptr(GError) error = NULL;

	if (!lobby_errand_done(present(l))) {
		view = core_desktop(l->core, l->who, l->card, NULL);
		if (view && *view->detail)
			say_progress(l, view->detail);
		return;
	}
	if (lobby_errand_result(present(l), &error)) {
		rest(l, AT_MOVE, MOVE_SECONDS);
		return;
	}
	show_desktops(l, FALSE);
	say_fault(l, error);
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
		say(l, &(LobbyMessage){.type = LOBBY_WARNING});
	l->warned = FALSE;
	if (l->at != AT_START)
		stay(l, l->at);
	table[m->type].run(l, m);
}

/* ---- time */

static void past_deadline(Lobby *l)
{
	LogContext context = lobby_talk_context(l);

	if (l->at == AT_ENDING) {
		after_session(l);
	} else if (l->at == AT_MOVE) {
		lobby_talk_open(l);
		if (l->who)
			show_desktops(l, FALSE);
		say_error(l, fault_info(FAULT_DESKTOP)->words, NULL);
	} else if (!l->warned) {
		l->warned = TRUE;
		say(l, &(LobbyMessage){
			       .type = LOBBY_WARNING, .seconds = WARN_SECONDS, .extend = TRUE});
		l->deadline += WARN_SECONDS * G_USEC_PER_SEC;
	} else {
		log_info(&context, "nobody has said a word for long");
		l->over = TRUE;
		/* Its client has not lost it: it gets no other. */
		lobbies_ended(l->core, l->id, FAULT_ENDED);
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
		show_ending(l, ending);
	else if (l->login)
		show_prompts(l);
	else if (l->who)
		show_desktops(l, !l->again);
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
