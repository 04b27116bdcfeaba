/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_login: what a login needs: oriel-auth, PAM's service and its modules, an account,
 * a pool. */
#include "doctor.h"

#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "autofd.h"

#define SERVICE      "oriel"
#define AUTH_SECONDS 5
#define DEPTH        8 /* of includes */
#define GROUPS       1024

/* ---- oriel-auth */

void doctor_auth(Doctor *doctor)
{
	const char *path = doctor->options->auth;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct timeval most = {.tv_sec = AUTH_SECONDS};

	/* Else a connection for which there is no room waits until there is. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		doctor_ill(doctor, "login",
			   "systemctl enable --now oriel-auth.socket; without systemd, oriel-authd "
			   "must run. Until then nobody can log in.",
			   "Nobody asks PAM: no answer at %s: %s", path,
			   errno == EAGAIN ? "it takes nobody in" : g_strerror(errno));
	else if (doctor->knows_broker &&
		 !doctor_may(doctor->broker_uid, doctor->broker_gid, path, W_OK))
		doctor_ill(doctor, "login",
			   "Its owner or group must be the broker's; oriel-auth.socket sets that.",
			   "The broker may not use %s", path);
	else
		doctor_well(doctor, "login", "oriel-auth answers at %s", path);
}

/* ---- PAM */

typedef struct {
	Doctor *doctor;
	unsigned auth, account; /* rules seen */
	gboolean ill;
} Stack;

static gboolean module_exists(const char *name)
{
	static const char *const places[] = {"/lib/*/security", "/usr/lib/*/security",
					     "/lib/security", "/lib64/security",
					     "/usr/lib64/security"};

	if (g_path_is_absolute(name))
		return access(name, R_OK) == 0;
	for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *pattern = g_build_filename(places[i], name, NULL);
		glob_t found;
		gboolean there = glob(pattern, 0, NULL, &found) == 0;

		globfree(&found);
		if (there)
			return TRUE;
	}
	return FALSE;
}

static void read_service(Stack *stack, const char *service, unsigned depth);

/* "auth required pam_unix.so ...", "auth [success=1 default=ignore] pam_unix.so ...",
 * "@include common-auth", "auth include common-auth". */
static void read_rule(Stack *stack, const char *service, const char *line, unsigned depth)
{
	g_autoptr(GRegex) form =
		g_regex_new("^-?(auth|account|password|session)\\s+(\\[[^]]*\\]|\\S+)\\s+(\\S+)",
			    G_REGEX_CASELESS, 0, NULL);
	g_autoptr(GRegex) include = g_regex_new("^@include\\s+(\\S+)", 0, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;
	g_autofree char *kind = NULL, *control = NULL, *module = NULL;

	if (g_regex_match(include, line, 0, &match)) {
		module = g_match_info_fetch(match, 1);
		read_service(stack, module, depth + 1);
		return;
	}
	g_clear_pointer(&match, g_match_info_unref);
	if (!g_regex_match(form, line, 0, &match))
		return;
	kind = g_match_info_fetch(match, 1);
	control = g_match_info_fetch(match, 2);
	module = g_match_info_fetch(match, 3);
	stack->auth += g_ascii_strcasecmp(kind, "auth") == 0;
	stack->account += g_ascii_strcasecmp(kind, "account") == 0;
	if (g_str_equal(control, "include") || g_str_equal(control, "substack")) {
		read_service(stack, module, depth + 1);
	} else if (*line != '-' && !module_exists(module)) {
		doctor_ill(
			stack->doctor, "PAM",
			"Install the package that has it (apt-file search finds it), or take the "
			"line out.",
			"%s names the module %s, which is not on this machine", service, module);
		stack->ill = TRUE;
	}
}

static void read_service(Stack *stack, const char *service, unsigned depth)
{
	g_autofree char *path = g_path_is_absolute(service)
					? g_strdup(service)
					: g_build_filename(stack->doctor->pam_dir, service, NULL);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (depth > DEPTH)
		return;
	if (!g_file_get_contents(path, &text, NULL, NULL)) {
		doctor_ill(stack->doctor, "PAM",
			   depth ? "Correct the name, or take the line out."
				 : "Copy the sample that comes with Oriel (config/pam.d/oriel), or "
				   "see "
				   "oriel-broker(8), LOGIN. Without it PAM refuses everybody.",
			   "%s is not there or cannot be read", path);
		stack->ill = TRUE;
		return;
	}
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++)
		read_rule(stack, path, g_strstrip(*line), depth);
}

void doctor_pam(Doctor *doctor)
{
	Stack stack = {.doctor = doctor};

	read_service(&stack, SERVICE, 0);
	if (stack.ill)
		return;
	if (stack.auth == 0 || stack.account == 0)
		doctor_ill(doctor, "PAM",
			   "It needs both: auth says who it is, account whether they may.",
			   "The service " SERVICE " has no rule of kind %s",
			   stack.auth == 0 ? "auth" : "account");
	else
		doctor_well(doctor, "PAM", "The service " SERVICE " is there, and all its modules");
}

/* ---- one person */

static void check_shadow(Doctor *doctor)
{
	const struct spwd *shadow = getspnam(doctor->user);
	long today = (long)(time(NULL) / 86400);

	if (!shadow)
		return; /* not root, or not a local account */
	if (shadow->sp_expire > 0 && shadow->sp_expire < today)
		doctor_ill(doctor, "user", "chage -E -1 USER lifts that.",
			   "The account of %s has expired", doctor->user);
	else if (*shadow->sp_pwdp == '!' || *shadow->sp_pwdp == '*')
		doctor_doubt(doctor, "user",
			     "passwd USER gives one, if pam_unix shall let them in.",
			     "%s has no local password that could be right", doctor->user);
}

static void check_bans(Doctor *doctor)
{
	json_t *bans = doctor_ask(doctor, "/api/v1/admin/bans");

	for (gsize i = 0; i < json_array_size(bans); i++) {
		json_t *ban = json_array_get(bans, i);

		if (g_strcmp0(json_string_value(json_object_get(ban, "user")), doctor->user) == 0)
			doctor_ill(doctor, "user",
				   "orielctl bans shows for how long; orielctl unlock "
				   "--user USER lifts it.",
				   "%s has to wait after refused logins, or is banned",
				   doctor->user);
	}
	json_decref(bans);
}

static gboolean in_group(const struct passwd *account, const char *name)
{
	const struct group *group = getgrnam(name);
	g_autofree gid_t *groups = g_new(gid_t, GROUPS);
	int n = GROUPS;

	if (!group || getgrouplist(account->pw_name, account->pw_gid, groups, &n) < 0)
		return FALSE;
	for (int i = 0; i < n; i++) {
		if (groups[i] == group->gr_gid)
			return TRUE;
	}
	return FALSE;
}

static void check_entitled(Doctor *doctor, const struct passwd *account)
{
	json_t *all = doctor_ask(doctor, "/api/v1/admin/entitlements");
	gboolean entitled = FALSE;

	if (!all)
		return;
	for (gsize i = 0; i < json_array_size(all); i++) {
		json_t *row = json_array_get(all, i);
		const char *user = json_string_value(json_object_get(row, "user"));
		const char *group = json_string_value(json_object_get(row, "group"));

		entitled |= g_strcmp0(user, doctor->user) == 0 ||
			    (group && *group && account && in_group(account, group));
	}
	json_decref(all);
	if (entitled)
		doctor_well(doctor, "user", "%s may have desktops", doctor->user);
	else
		doctor_ill(doctor, "user",
			   "orielctl entitle POOL --user NAME, or --group of one of their groups "
			   "(id USER shows them).",
			   "%s may log in, but is entitled to no pool", doctor->user);
}

void doctor_user(Doctor *doctor)
{
	const struct passwd *account;

	if (!doctor->user)
		return;
	account = getpwnam(doctor->user);
	if (account) {
		doctor_well(doctor, "user", "%s is known on this machine, user id %u", doctor->user,
			    (unsigned)account->pw_uid);
		check_shadow(doctor);
	} else {
		doctor_doubt(
			doctor, "user",
			"If getent passwd USER finds nothing either, the name service (NSS) does "
			"not know them: is it spelled right, and does sssd or nslcd run? Groups "
			"entitle only who has an account.",
			"%s has no account on this machine", doctor->user);
	}
	check_bans(doctor);
	check_entitled(doctor, account);
}

void doctor_entitlements(Doctor *doctor)
{
	json_t *pools = doctor_ask(doctor, "/api/v1/admin/pools");
	json_t *all = doctor_ask(doctor, "/api/v1/admin/entitlements");

	if (pools && json_array_size(pools) == 0)
		doctor_doubt(doctor, "pools", "orielctl image add and pool add make one.",
			     "There is no pool: nobody has a desktop");
	for (gsize i = 0; i < json_array_size(pools); i++) {
		const char *name =
			json_string_value(json_object_get(json_array_get(pools, i), "name"));
		gboolean anybody = FALSE;

		for (gsize k = 0; k < json_array_size(all); k++) {
			json_t *row = json_array_get(all, k);

			anybody |= g_strcmp0(json_string_value(json_object_get(row, "pool")),
					     name) == 0;
		}
		if (all && !anybody)
			doctor_doubt(doctor, "pools",
				     "orielctl entitle POOL --user NAME or --group NAME.",
				     "Nobody may have a desktop of pool %s", name);
	}
	json_decref(pools);
	json_decref(all);
}
