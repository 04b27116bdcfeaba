/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit log on its way out: every entry once, in order, whatever happens to the file. */
#include "core-fixture.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/audit.h"
#include "log.h"

static char *path_of(CoreFixture *f, const char *name)
{
	return g_build_filename(f->dir, name, NULL);
}

static void setup(CoreFixture *f, gconstpointer unused)
{
	core_fixture_setup(f, NULL);
	g_free(f->options->audit_file);
	f->options->audit_file = path_of(f, "audit.jsonl");
	core_fixture_restart(f);
}

static void happens(CoreFixture *f, const char *user)
{
	audit_note(f->core,
		   &(AuditEntry){.event = "login-refused", .user = user, .peer = "192.0.2.1"});
}

/* The users of the lines in the file; each line must be whole. */
static char *users(CoreFixture *f, const char *name)
{
	g_autofree char *path = path_of(f, name);
	GString *found = g_string_new(NULL);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return g_string_free(found, FALSE);
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line && **line; line++) {
		json_t *json = json_loads(*line, JSON_REJECT_DUPLICATES, NULL);

		if (!json)
			break; /* it is being written */
		g_assert_cmpstr(json_string_value(json_object_get(json, "event")), ==,
				"login-refused");
		g_assert_true(
			g_str_has_suffix(json_string_value(json_object_get(json, "time")), "Z"));
		g_string_append_printf(found, "%s%s", found->len ? " " : "",
				       json_string_value(json_object_get(json, "user")));
		json_decref(json);
	}
	return g_string_free(found, FALSE);
}

static void await_users(CoreFixture *f, const char *name, const char *wanted)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	g_autofree char *now = users(f, name);

	while (!g_str_equal(now, wanted) && g_get_monotonic_time() < deadline) {
		g_usleep(10000);
		g_free(now);
		now = users(f, name);
	}
	g_assert_cmpstr(now, ==, wanted);
}

/* Whoever looks at the file in a terminal sees what strangers called themselves, and no more. */
static void test_terminal(CoreFixture *f, gconstpointer unused)
{
	static const char name[] = "\303\266\302\2332J\177\342\200\256\363\240\201\201";
	g_autofree char *path = path_of(f, "audit.jsonl");
	g_autofree char *text = NULL;

	happens(f, name);
	await_users(f, "audit.jsonl", name);
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_nonnull(strstr(text, "\"\303\266\\u009b2J\\u007f\\u202e\\udb40\\udc41\""));
}

static void test_lines(CoreFixture *f, gconstpointer unused)
{
	happens(f, "anna");
	happens(f, "b\"e\nn");
	await_users(f, "audit.jsonl", "anna b\"e\nn");
	/* What happened before it was told to go out stays where it is; what was sent is not sent
	 * again. */
	core_fixture_restart(f);
	happens(f, "carla");
	await_users(f, "audit.jsonl", "anna b\"e\nn carla");
}

/* What a transaction takes back never happened. */
static void test_rollback(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;

	{
		g_auto(DbTransaction) tx = db_begin(f->core->db, &error);

		g_assert_true(audit_add(f->core,
					&(AuditEntry){.event = "login-refused", .user = "nobody"},
					&error));
	}
	happens(f, "anna");
	await_users(f, "audit.jsonl", "anna");
}

static void test_rotation(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *path = path_of(f, "audit.jsonl");
	g_autofree char *old = path_of(f, "audit.jsonl.1");

	happens(f, "anna");
	await_users(f, "audit.jsonl", "anna");
	g_assert_cmpint(g_rename(path, old), ==, 0);
	happens(f, "ben");
	await_users(f, "audit.jsonl", "ben");
	await_users(f, "audit.jsonl.1", "anna");
	g_assert_cmpint(truncate(path, 0), ==, 0); /* copytruncate */
	happens(f, "carla");
	await_users(f, "audit.jsonl", "carla");
}

/* A directory in the file's place: nothing is lost, and nothing comes twice. */
static void test_out_of_order(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *path = path_of(f, "audit.jsonl");

	g_assert_cmpint(g_unlink(path), ==, 0);
	g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
	happens(f, "anna");
	happens(f, "ben");
	g_usleep(300000); /* time enough to fail; a longer one proves no more */
	g_assert_cmpint(g_rmdir(path), ==, 0);
	happens(f, "carla");
	await_users(f, "audit.jsonl", "anna ben carla");
}

/* In a namespace of our own, where /dev/log is ours. */
static void test_syslog(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	struct timeval patience = {.tv_sec = 60};
	CoreFixture f = {0};
	char text[4096];
	ssize_t n;
	int fd;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount("", "/", "", MS_REC | MS_PRIVATE, NULL) < 0) {
		g_test_skip("needs root, and mount namespaces");
		return;
	}
	core_fixture_setup(&f, NULL);
	g_assert_cmpint(mount("none", "/dev", "tmpfs", 0, NULL), ==, 0);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	f.options->audit_syslog = TRUE;
	core_fixture_restart(&f);
	happens(&f, "anna");
	n = recv(fd, text, sizeof text - 1, 0);
	g_assert_cmpint(n, >, 0);
	text[n] = '\0';
	/* <authpriv.notice> */
	g_assert_true(g_str_has_prefix(text, "<85>"));
	g_assert_nonnull(strstr(text, "oriel-broker["));
	g_assert_nonnull(strstr(text, "\"event\":\"login-refused\",\"user\":\"anna\""));
	g_assert_cmpint(umount2("/dev", MNT_DETACH), ==, 0);
	core_fixture_teardown(&f, NULL);
	close(fd);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, function) \
	g_test_add(path, CoreFixture, NULL, setup, function, core_fixture_teardown)
	ADD("/audit/lines", test_lines);
	ADD("/audit/terminal", test_terminal);
	ADD("/audit/rollback", test_rollback);
	ADD("/audit/rotation", test_rotation);
	ADD("/audit/out-of-order", test_out_of_order);
	g_test_add_func("/audit/syslog", test_syslog);
	return g_test_run();
}
