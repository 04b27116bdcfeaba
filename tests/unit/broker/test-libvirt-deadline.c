/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_deadline: who opens a connection comes back, whatever the daemon does. */
#include <string.h>

#include "libvirt/libvirt_deadline.h"

static GMutex mutex;
static GCond changed;
static gboolean stuck; /* open_stuck() does not come back */
static unsigned calls, back;

static virConnectPtr open_refused(const char *uri, Fault code, GError **error)
{
	g_set_error(error, FAULT, code, "%s: refused", uri);
	return NULL;
}

static virConnectPtr open_test(const char *uri, Fault code, GError **error)
{
	return virConnectOpen("test:///default");
}

static virConnectPtr open_stuck(const char *uri, Fault code, GError **error)
{
	g_mutex_lock(&mutex);
	calls++;
	while (stuck)
		g_cond_wait(&changed, &mutex);
	back++;
	g_cond_broadcast(&changed);
	g_mutex_unlock(&mutex);
	return open_test(uri, code, error);
}

static void test_answers(void)
{
	g_autoptr(GError) error = NULL;
	virConnectPtr connection =
		libvirt_deadline_open(open_test, "a:///", FAULT_CONFIG, 30, &error);

	g_assert_no_error(error);
	g_assert_cmpstr(virConnectGetType(connection), ==, "TEST");
	virConnectClose(connection);
	g_assert_null(libvirt_deadline_open(open_refused, "a:///", FAULT_DESKTOP, 30, &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_assert_cmpstr(error->message, ==, "a:///: refused");
}

static void refused(const char *uri, unsigned seconds)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(libvirt_deadline_open(open_stuck, uri, FAULT_DESKTOP, seconds, &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_assert_nonnull(strstr(error->message, "says nothing"));
}

static void test_silence(void)
{
	virConnectPtr connection;

	stuck = TRUE;
	refused("b:///", 1);
	g_assert_cmpuint(calls, ==, 1);
	refused("b:///", 600); /* nobody tries again while the first one is stuck */
	g_assert_cmpuint(calls, ==, 1);
	refused("c:///", 1); /* each URI for itself */
	g_assert_cmpuint(calls, ==, 2);

	g_mutex_lock(&mutex);
	stuck = FALSE;
	g_cond_broadcast(&changed);
	while (back < 2)
		g_cond_wait(&changed, &mutex);
	g_mutex_unlock(&mutex);
	/* It is back, but may not have said so yet. */
	while (!(connection = libvirt_deadline_open(open_stuck, "b:///", FAULT_DESKTOP, 30, NULL)))
		g_usleep(1000);
	virConnectClose(connection);
	g_assert_cmpuint(calls, ==, 3);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	virInitialize();
	g_test_add_func("/libvirt-deadline/answers", test_answers);
	g_test_add_func("/libvirt-deadline/silence", test_silence);
	return g_test_run();
}
