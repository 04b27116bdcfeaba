/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a broker tells a copied guest, and which answers it does not believe. The guest is
 * made up. */
#include "guest_identity.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dial.h"
#include "fault.h"

#define UUID   "01234567-89ab-4cde-8f01-23456789abcd"
#define ID     "0123456789ab4cde8f0123456789abcd"
#define RANDOM "11111111-2222-4333-8444-555555555555"

typedef struct {
	int broker, guest;
} Fixture;

static void setup(Fixture *f, gconstpointer unused)
{
	int fds[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
	f->broker = fds[0];
	f->guest = fds[1];
}

static void teardown(Fixture *f, gconstpointer unused)
{
	close(f->broker);
	if (f->guest >= 0)
		close(f->guest);
}

static void say(Fixture *f, const char *words)
{
	g_assert_cmpint(write(f->guest, words, strlen(words)), ==, strlen(words));
}

static gboolean confirm(Fixture *f, char **out_random, GError **error)
{
	g_auto(GuestIdentity) identity = guest_identity_of("lab-1", UUID);

	return guest_identity_confirm(f->broker, &identity, dial_deadline(5), out_random, error);
}

/* An answer with the clock right; NULL leaves a line out. */
static void answer(Fixture *f, const char *host, const char *id, gint64 off_by, const char *random)
{
	g_autoptr(GString) words = g_string_new("spoken by a newer one\n");

	if (host)
		g_string_append_printf(words, "host %s\n", host);
	if (id)
		g_string_append_printf(words, "machine-id %s\n", id);
	g_string_append_printf(words, "time %" G_GINT64_FORMAT "\n",
			       g_get_real_time() / G_USEC_PER_SEC + off_by);
	if (random)
		g_string_append_printf(words, "random %s\n", random);
	g_string_append(words, "done\n");
	say(f, words->str);
}

static void refused(Fixture *f, const char *why)
{
	g_autoptr(GError) error = NULL;
	char *random = NULL;

	g_assert_false(confirm(f, &random, &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_assert_nonnull(strstr(error->message, why));
	g_assert_null(random);
}

static void test_told(Fixture *f, gconstpointer unused)
{
	g_auto(GuestIdentity) identity = guest_identity_of("lab-1", UUID);
	g_autoptr(GError) error = NULL;
	char words[1024] = "";
	g_auto(GStrv) lines = NULL;
	g_autofree char *random = NULL;
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;

	say(f, "ready\n");
	g_assert_true(guest_identity_await(f->broker, dial_deadline(5), &error));
	g_assert_true(guest_identity_tell(f->broker, &identity, dial_deadline(5), &error));
	g_assert_cmpint(read(f->guest, words, sizeof(words) - 1), >, 0);
	lines = g_strsplit(words, "\n", -1);
	g_assert_cmpuint(g_strv_length(lines), ==, 6);
	g_assert_true(g_str_has_prefix(lines[0], "seed "));
	g_assert_cmpuint(strlen(lines[0]), ==, 5 + 64);
	g_assert_cmpstr(lines[1], ==, "host lab-1");
	g_assert_cmpstr(lines[2], ==, "machine-id " ID);
	g_assert_cmpint(ABS(g_ascii_strtoll(lines[3] + 5, NULL, 10) - now), <, 5);
	g_assert_cmpstr(lines[4], ==, "apply");

	answer(f, "lab-1", ID, 2, RANDOM);
	g_assert_true(confirm(f, &random, &error));
	g_assert_cmpstr(random, ==, RANDOM);
}

static void test_not_believed(Fixture *f, gconstpointer unused)
{
	answer(f, "template", ID, 0, RANDOM);
	refused(f, "host name");
	answer(f, NULL, ID, 0, RANDOM);
	refused(f, "host name");
	answer(f, "lab-1", "0123", 0, RANDOM);
	refused(f, "machine id");
	answer(f, "lab-1", ID, -3600, RANDOM);
	refused(f, "clock");
	answer(f, "lab-1", ID, 0, NULL);
	refused(f, "random");
	answer(f, "lab-1", ID, 0, "chance");
	refused(f, "random");
}

static void test_nonsense(Fixture *f, gconstpointer unused)
{
	g_autofree char *endless = g_strnfill(300, 'x');
	g_autoptr(GError) error = NULL;

	say(f, "hello\n");
	g_assert_false(guest_identity_await(f->broker, dial_deadline(5), &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_clear_error(&error);
	/* Lines without end, and one without. */
	for (int i = 0; i < 40; i++)
		say(f, "a b\n");
	refused(f, "host name");
	say(f, endless);
	while (!g_error_matches(error, FAULT, FAULT_DESKTOP) ||
	       !strstr(error->message, "without an end")) {
		char *random = NULL;

		g_clear_error(&error);
		g_assert_false(confirm(f, &random, &error));
	}
	g_clear_error(&error);
	close(f->guest);
	f->guest = -1;
	refused(f, "hung up");
}

static void test_silence(Fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;

	g_assert_false(guest_identity_await(f->broker, g_get_monotonic_time() + 50000, &error));
	g_assert_error(error, FAULT, FAULT_TIMEOUT);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add("/guest-identity/" path, Fixture, NULL, setup, func, teardown)
	ADD("told", test_told);
	ADD("not-believed", test_not_believed);
	ADD("nonsense", test_nonsense);
	ADD("silence", test_silence);
	return g_test_run();
}
