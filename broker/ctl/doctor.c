/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: see doctor.h. */
#include "doctor.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "fault.h"
#include "printable.h"
#include "table.h"

#define ANSWER_SECONDS 10L /* a broker that takes longer is ill */
#define HANGS                                                                                     \
	"It hangs, or this machine has far too much to do (top). systemctl restart oriel-broker " \
	"ends nobody's session."

static void finding_free(gpointer data)
{
	Finding *finding = data;

	g_free(finding->words);
	g_free(finding->advice);
	g_free(finding);
}

static void add(Doctor *doctor, const char *topic, Health health, const char *advice,
		const char *format, va_list values)
{
	Finding *finding = g_new0(Finding, 1);

	finding->topic = topic;
	finding->health = health;
	finding->words = g_strdup_vprintf(format, values);
	finding->advice = g_strdup(advice);
	g_ptr_array_add(doctor->findings, finding);
}

void doctor_well(Doctor *doctor, const char *topic, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	add(doctor, topic, HEALTH_WELL, NULL, format, values);
	va_end(values);
}

void doctor_doubt(Doctor *doctor, const char *topic, const char *advice, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	add(doctor, topic, HEALTH_DOUBTFUL, advice, format, values);
	va_end(values);
}

void doctor_ill(Doctor *doctor, const char *topic, const char *advice, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	add(doctor, topic, HEALTH_ILL, advice, format, values);
	va_end(values);
}

json_t *doctor_ask(Doctor *doctor, const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	json_t *list;

	if (!doctor->answers)
		return NULL;
	if (!client_look(doctor->socket_path, path, ANSWER_SECONDS, &text, &error)) {
		doctor->answers = fault_code(error) != FAULT_TIMEOUT; /* once is enough */
		if (!doctor->answers)
			doctor_ill(doctor, "broker", HANGS, "%s: %s", path, error->message);
		return NULL;
	}
	list = json_loads(text, 0, NULL);
	if (json_is_array(list))
		return list;
	json_decref(list);
	return NULL;
}

/* In a child, which becomes that user: the only way to ask the kernel all that it asks itself. */
gboolean doctor_may(unsigned uid, unsigned gid, const char *path, int mode)
{
	struct passwd *account = getpwuid(uid);
	pid_t child;
	int status;

	if (geteuid() != 0)
		return TRUE;
	child = fork();
	if (child == 0) {
		int groups = account ? initgroups(account->pw_name, gid) : setgroups(0, NULL);

		_exit(groups < 0 || setgid(gid) < 0 || setuid(uid) < 0 || access(path, mode) < 0);
	}
	return child < 0 || waitpid(child, &status, 0) != child || status == 0;
}

/* ---- the broker itself, which most others depend on */

static void check_broker(Doctor *doctor)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	struct stat st;

	if (stat(doctor->socket_path, &st) == 0) {
		doctor->knows_broker = TRUE;
		doctor->broker_uid = st.st_uid;
		doctor->broker_gid = st.st_gid;
	}
	/* It may answer and be unwell. */
	doctor->answers = client_look(doctor->socket_path, "/api/v1/admin/pools", ANSWER_SECONDS,
				      &text, &error);
	if (!doctor->answers) {
		doctor_ill(doctor, "broker",
			   fault_code(error) == FAULT_TIMEOUT
				   ? HANGS
				   : "Is oriel-broker running (systemctl status oriel-broker), and "
				     "may you use "
				     "its admin socket (root may)? Its log says why it ended: "
				     "journalctl -u "
				     "oriel-broker.",
			   "%s", error->message);
		return;
	}
	g_clear_pointer(&text, g_free);
	if (client_look(doctor->socket_path, "/healthz", ANSWER_SECONDS, &text, &error))
		doctor_well(doctor, "broker",
			    "It answers, its database too, and a gateway is linked");
	else
		doctor_ill(
			doctor, "broker",
			"Start oriel-gateway (systemctl start oriel-gateway); if it runs, its log "
			"says why it does not come through: journalctl -u oriel-gateway.",
			"It answers, but: %s", error->message);
}

static void (*const checks[])(Doctor *doctor) = {
	check_broker,      doctor_auth,   doctor_pam,         doctor_user,     doctor_entitlements,
	doctor_sockets,    doctor_ports,  doctor_certificate, doctor_state,    doctor_pages,
	doctor_hypervisor, doctor_images, doctor_cards,       doctor_desktops, doctor_helpers,
	doctor_provider,   doctor_hosts,  doctor_abilities,
};

/* ---- the report */

static const char *const marks[] = {
	[HEALTH_WELL] = "ok", [HEALTH_DOUBTFUL] = "doubtful", [HEALTH_ILL] = "ILL"};

static void print_json(const Doctor *doctor)
{
	g_autofree char *text = NULL;
	json_t *list = json_array();

	for (guint i = 0; i < doctor->findings->len; i++) {
		const Finding *finding = doctor->findings->pdata[i];
		json_t *row = json_pack("{s:s,s:s,s:s}", "topic", finding->topic, "health",
					finding->health == HEALTH_WELL       ? "well"
					: finding->health == HEALTH_DOUBTFUL ? "doubtful"
									     : "ill",
					"words", finding->words);

		if (finding->advice)
			json_object_set_new(row, "advice", json_string(finding->advice));
		json_array_append_new(list, row);
	}
	text = table_json(list);
	fputs(text, stdout);
	json_decref(list);
}

static void print_words(const Doctor *doctor, unsigned ill, unsigned doubtful)
{
	for (guint i = 0; i < doctor->findings->len; i++) {
		const Finding *finding = doctor->findings->pdata[i];

		g_autofree char *words = printable_text(finding->words);

		printf("%-9s %-13s %s.\n", marks[finding->health], finding->topic, words);
		if (finding->advice)
			printf("%23s %s\n", "->", finding->advice);
	}
	if (geteuid() != 0)
		puts("Not root: rights of others, and who holds a port, could not be seen.");
	if (ill + doubtful == 0)
		puts("All is well.");
	else
		printf("%u ill, %u doubtful.\n", ill, doubtful);
}

static unsigned count(const Doctor *doctor, Health health)
{
	unsigned n = 0;

	for (guint i = 0; i < doctor->findings->len; i++)
		n += ((const Finding *)doctor->findings->pdata[i])->health == health;
	return n;
}

int doctor_run(const char *config, const char *socket_path, const char *pam_dir, const char *user,
	       gboolean json)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Options) options = options_load(config, &error);
	Doctor doctor = {.options = options,
			 .pam_dir = pam_dir ? pam_dir : "/etc/pam.d",
			 .user = user,
			 .findings = g_ptr_array_new_with_free_func(finding_free)};
	unsigned ill;

	if (options) {
		doctor.socket_path = socket_path ? socket_path : options->admin;
		doctor_well(&doctor, "configuration", "%s can be read",
			    config ? config : "No file: the defaults");
		for (gsize i = 0; i < G_N_ELEMENTS(checks); i++)
			checks[i](&doctor);
	} else {
		doctor_ill(
			&doctor, "configuration",
			"oriel.conf(5) has every key. Neither daemon starts before this is right.",
			"%s", error->message);
	}
	ill = count(&doctor, HEALTH_ILL);
	if (json)
		print_json(&doctor);
	else
		print_words(&doctor, ill, count(&doctor, HEALTH_DOUBTFUL));
	g_ptr_array_unref(doctor.findings);
	return ill > 0;
}
