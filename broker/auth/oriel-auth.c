/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oriel-auth: one PAM login, then gone. Runs as root with the broker's socket as standard input
 * (systemd's Accept=yes, or oriel-authd); speaks authwire.h. Modules may block, leak and crash: it
 * is this process that they do it to.
 *
 * A refusal says nothing about its cause, and takes the same time for every cause. Passwords pass
 * through to PAM and are wiped; none is logged.
 */
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "auth/authlink.h"
#include "auth/sandbox_auth.h"
#include "fault.h"
#include "log.h"

#define SERVICE        "oriel"
#define LOGIN_SECONDS  120 /* for the person, all questions together                          */
#define KILL_SECONDS   180 /* for a module that blocks for ever                               */
#define REFUSE_SECONDS 2   /* a refusal comes this long after the last answer, or a multiple  */

typedef struct {
	int fd;
	gint64 deadline;
	gint64 answered; /* when we last heard from the person                    */
	GPtrArray *said; /* messages that no question has carried to them yet     */
	gboolean asked;  /* PAM had a question */
	gboolean gone;   /* nobody listens any more                               */
	LogContext log;
} Login;

/* ---- PAM's conversation function */

/* Sends what was said and asked, and waits for the answers. */
static gboolean login_ask(Login *login, AuthMessage *out_answers)
{
	g_autoptr(GError) error = NULL;
	AuthMessage ask = {AUTH_ASK, .prompts = login->said};

	if (!login->gone && authlink_send(login->fd, &ask, login->deadline, &error) &&
	    authlink_receive(login->fd, out_answers, login->deadline, &error)) {
		if (out_answers->type == AUTH_ANSWERS &&
		    g_strv_length(out_answers->answers) == auth_prompts_asking(login->said)) {
			g_ptr_array_set_size(login->said, 0);
			login->answered = g_get_monotonic_time();
			return TRUE;
		}
		log_warning(&login->log, "the broker answered something else");
	} else if (error != NULL) {
		log_info(&login->log, "broken off: %s", error->message);
	}
	login->gone = TRUE;
	return FALSE;
}

/* FALSE: a style that nobody here can show. */
static gboolean login_say(Login *login, const struct pam_message *message)
{
	AuthKind kind;

	switch (message->msg_style) {
	case PAM_PROMPT_ECHO_OFF: kind = AUTH_SECRET; break;
	case PAM_PROMPT_ECHO_ON: kind = AUTH_VISIBLE; break;
	case PAM_TEXT_INFO: kind = AUTH_INFO; break;
	case PAM_ERROR_MSG: kind = AUTH_ERROR; break;
	default: return FALSE;
	}
	/* Old messages give way: one call of PAM has no more than AUTH_PROMPTS. */
	if (login->said->len == AUTH_PROMPTS)
		g_ptr_array_remove_index(login->said, 0);
	g_ptr_array_add(login->said, auth_prompt_new(kind, message->msg ? message->msg : ""));
	login->asked |= kind == AUTH_SECRET || kind == AUTH_VISIBLE;
	return TRUE;
}

/* PAM frees the answers with free(). */
static int converse(int n, const struct pam_message **messages, struct pam_response **out,
		    void *data)
{
	Login *login = data;
	g_auto(AuthMessage) answers = {0};
	struct pam_response *responses;
	char **next;

	if (n < 1 || n > AUTH_PROMPTS || login->gone)
		return PAM_CONV_ERR;
	for (int i = 0; i < n; i++) {
		if (!login_say(login, messages[i]))
			return PAM_CONV_ERR;
	}
	if (auth_prompts_asking(login->said) > 0 && !login_ask(login, &answers))
		return PAM_CONV_ERR;
	responses = calloc((size_t)n, sizeof *responses);
	if (responses == NULL)
		return PAM_BUF_ERR;
	next = answers.answers;
	for (int i = 0; i < n; i++) {
		int style = messages[i]->msg_style;

		if (style != PAM_PROMPT_ECHO_OFF && style != PAM_PROMPT_ECHO_ON)
			continue;
		g_assert(next != NULL && *next != NULL); /* login_ask() has counted */
		responses[i].resp = strdup(*next++);
	}
	*out = responses;
	return PAM_SUCCESS;
}

/* In place of PAM's own delays, which depend on the module that refused. */
static void no_delay(int status, unsigned microseconds, void *data)
{
}

/* ---- the login */

/* PAM_RHOST is a host: without the port, and an IPv6 address without brackets. */
static char *peer_host(const char *peer)
{
	const char *colon = strrchr(peer, ':');

	if (*peer == '[')
		return g_strndup(peer + 1, strcspn(peer + 1, "]"));
	if (colon != NULL && strchr(peer, ':') == colon)
		return g_strndup(peer, (gsize)(colon - peer));
	return g_strdup(peer);
}

/* Authentication, account, and a new password if the old one is over. */
static int pam_login(pam_handle_t *pam, const char *host)
{
	int status = pam_set_item(pam, PAM_RHOST, host);

	if (status == PAM_SUCCESS)
		status = pam_set_item(pam, PAM_TTY, SERVICE);
	if (status == PAM_SUCCESS)
		status = pam_set_item(pam, PAM_FAIL_DELAY, (const void *)no_delay);
	if (status == PAM_SUCCESS)
		status = pam_authenticate(pam, PAM_DISALLOW_NULL_AUTHTOK);
	if (status == PAM_SUCCESS)
		status = pam_acct_mgmt(pam, PAM_DISALLOW_NULL_AUTHTOK);
	if (status == PAM_NEW_AUTHTOK_REQD)
		status = pam_chauthtok(pam, PAM_CHANGE_EXPIRED_AUTHTOK);
	return status;
}

/* The user's groups by name; passwd NULL: NSS does not know them, and there are none. */
static char **user_groups(Login *login, const char *user, const struct passwd *passwd)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree gid_t *ids = NULL;
	int n = 64;

	if (passwd != NULL) {
		gid_t first = passwd->pw_gid;
		int room = n;

		ids = g_new(gid_t, (gsize)room);
		while (getgrouplist(user, first, ids, &n) < 0) {
			room = MAX(n, room * 2);
			ids = g_renew(gid_t, ids, (gsize)room);
			n = room;
		}
		for (int i = 0; i < n && names->len < AUTH_GROUPS; i++) {
			const struct group *group = getgrgid(ids[i]);

			if (group != NULL && strlen(group->gr_name) <= AUTH_NAME)
				g_ptr_array_add(names, g_strdup(group->gr_name));
		}
		if (names->len == AUTH_GROUPS)
			log_warning(&login->log, "only the first %d groups count", AUTH_GROUPS);
	}
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

/* Directories take a name in many ways to write it ("ANNA", "anna@site"); whose desktops they are
 * must not hang on that: the name is the one that NSS has. */
static void accept_login(Login *login, const char *typed)
{
	const struct passwd *passwd = getpwnam(typed);
	g_autofree char *user = g_strdup(passwd ? passwd->pw_name : typed);
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) groups = user_groups(login, user, passwd);
	AuthMessage accepted = {AUTH_ACCEPTED, .user = user, .prompts = login->said,
				.groups = groups};

	login->log.user = user;
	if (authlink_send(login->fd, &accepted, login->deadline, &error))
		log_info(&login->log, "accepted");
	else
		log_info(&login->log, "accepted, but %s", error->message);
}

/* Waits for the moment of refusal, unless the broker hangs up before. */
static void refuse_wait(const Login *login)
{
	const gint64 unit = REFUSE_SECONDS * G_TIME_SPAN_SECOND;
	gint64 now = g_get_monotonic_time();
	gint64 until = now + unit - (now - login->answered) % unit;
	struct pollfd pollfd = {.fd = login->fd, .events = POLLRDHUP};

	while ((now = g_get_monotonic_time()) < until) {
		if (poll(&pollfd, 1, (int)((until - now + 999) / 1000)) > 0)
			return;
	}
}

static void refuse_login(Login *login, const char *why)
{
	AuthMessage refused = {AUTH_REFUSED};

	log_info(&login->log, "refused: %s", why);
	g_ptr_array_set_size(login->said, 0);
	if (!login->asked) {
		/* A module that knows its answer before any question would tell who exists. */
		g_auto(AuthMessage) answers = {0};

		g_ptr_array_add(login->said, auth_prompt_new(AUTH_SECRET, "Password: "));
		login_ask(login, &answers);
	}
	if (login->gone)
		return;
	refuse_wait(login);
	authlink_send(login->fd, &refused, g_get_monotonic_time() + G_TIME_SPAN_SECOND, NULL);
}

/* FALSE if PAM itself does not work; the broker then sees the link break. */
static gboolean login_run(Login *login, const AuthMessage *begin, const char *confdir)
{
	const struct pam_conv conv = {converse, login};
	g_autofree char *host = peer_host(begin->peer);
	g_autofree char *user = NULL;
	g_autofree char *why = NULL;
	pam_handle_t *pam = NULL;
	const void *item = NULL;
	int status;

	login->log = (LogContext){.user = begin->user, .peer = begin->peer};
	status =
		pam_start_confdir(SERVICE, *begin->user ? begin->user : NULL, &conv, confdir, &pam);
	if (status != PAM_SUCCESS) {
		log_error(&login->log, "PAM service %s: %s", SERVICE, pam_strerror(pam, status));
		return FALSE;
	}
	status = pam_login(pam, host);
	if (status == PAM_SUCCESS)
		status = pam_get_item(pam, PAM_USER, &item);
	if (status == PAM_SUCCESS && item != NULL)
		user = g_strdup(item);
	why = g_strdup(pam_strerror(pam, status));
	pam_end(pam, status);
	if (user != NULL)
		accept_login(login, user);
	else
		refuse_login(login, why);
	login->log.user = NULL;
	return TRUE;
}

/* ---- the process */

/* Nothing of a password may reach a disk, nothing of our caller a module. */
static void harden(void)
{
	if (!sandbox_auth(NULL) || close_range(3, ~0u, 0) < 0 || clearenv() != 0 ||
	    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1) < 0 ||
	    setenv("LANG", "C.UTF-8", 1) < 0)
		g_error("cannot secure this process");
	umask(077);
}

/* The socket, out of reach of what modules start; they get /dev/null. -1 if it is none. */
static int take_socket(void)
{
	int type, null, fd;
	socklen_t size = sizeof type;

	if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_STREAM)
		return -1;
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -1;
	close(null);
	return fd;
}

/* An end that no module can catch or put off, as it could with alarm(). */
static void limit_life(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
	const struct itimerspec life = {.it_value = {.tv_sec = KILL_SECONDS}};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 ||
	    timer_settime(timer, 0, &life, NULL) < 0)
		g_error("cannot limit the life of this process");
}

int main(int argc, char **argv)
{
	g_autofree char *confdir = NULL;
	const GOptionEntry entries[] = {
		{"pam-confdir", 0, 0, G_OPTION_ARG_FILENAME, &confdir,
		 "read the PAM service \"" SERVICE "\" from DIR instead of /etc/pam.d", "DIR"},
		{NULL},
	};
	g_autoptr(GOptionContext)
		context = g_option_context_new("- one PAM login on standard input");
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) said = auth_prompts_new();
	g_auto(AuthMessage) begin = {0};
	Login login = {.said = said, .answered = g_get_monotonic_time()};

	harden();
	log_init("oriel-auth", FALSE);
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		log_error(NULL, "%s", error->message);
		return 2;
	}
	login.fd = take_socket();
	if (login.fd < 0) {
		log_error(NULL, "standard input is not a stream socket: start this from "
				"oriel-auth.socket or oriel-authd");
		return 2;
	}
	limit_life();
	login.deadline = login.answered + LOGIN_SECONDS * G_TIME_SPAN_SECOND;
	if (!authlink_receive(login.fd, &begin, login.deadline, &error)) {
		log_info(NULL, "%s", error->message);
		return 1;
	}
	if (begin.type != AUTH_BEGIN) {
		log_warning(NULL, "a login that does not begin");
		return 1;
	}
	return login_run(&login, &begin, confdir) ? 0 : 1;
}
