/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_clone: see qemu_clone.h. */
#include "qemu/qemu_clone.h"

#include "autofd.h"
#include "dial.h"
#include "fault.h"
#include "guest_identity.h"
#include "qemu/qemu_argv.h"

#define POLL_MS 3

/* Begins a transfer by a command and waits for its end: QEMU tells no one who does not ask. */
static gboolean transfer(Qmp *qmp, const char *command, int state, gint64 deadline, GError **error)
{
	if (!qmp_give_file(qmp, "state", state, deadline, error) ||
	    !qmp_order(qmp, "migrate-set-capabilities",
		       json_pack("{s:[{s:s, s:b}]}", "capabilities", "capability",
				 "x-ignore-shared", "state", TRUE),
		       deadline, error) ||
	    !qmp_order(qmp, command, json_pack("{s:s}", "uri", "fd:state"), deadline, error))
		return FALSE;
	for (;;) {
		json_t *answer = qmp_execute(qmp, "query-migrate", NULL, deadline, error);
		const char *status = "", *words = "no reason";
		gboolean done, failed;

		if (!answer)
			return FALSE;
		json_unpack(answer, "{s?:s, s?:s}", "status", &status, "error-desc", &words);
		done = g_str_equal(status, "completed");
		failed = g_str_equal(status, "failed") || g_str_equal(status, "cancelled");
		if (failed)
			g_set_error(error, FAULT, FAULT_DESKTOP, "QEMU: %s: %s", command, words);
		json_decref(answer);
		if (done || failed)
			return done;
		if (dial_milliseconds(deadline) == 0) {
			g_set_error(error, FAULT, FAULT_TIMEOUT, "QEMU: %s takes too long",
				    command);
			return FALSE;
		}
		g_usleep(POLL_MS * 1000);
	}
}

gboolean qemu_clone_save(Qmp *qmp, int state, gint64 deadline, GError **error)
{
	return qmp_order(qmp, "stop", NULL, deadline, error) &&
	       transfer(qmp, "migrate", state, deadline, error);
}

gboolean qemu_clone_wake(const char *place, const ProviderDesktop *desktop, const char *identity,
			 int state, gint64 deadline, char **out_random, GError **error)
{
	g_autofree char *monitor = g_build_filename(place, QEMU_MONITOR, NULL);
	g_autofree char *port = g_build_filename(place, QEMU_GUEST, NULL);
	g_autofree char *host = qemu_argv_host(desktop);
	g_auto(GuestIdentity) who = guest_identity_of(host, identity);
	g_autoptr(Qmp) qmp = qmp_open(monitor, deadline, error);
	/* Before the state is read, where the port is connected as it was in the template: the
	 * guest sees no break. */
	autofd int guest = qmp ? dial_socket(port, deadline, error) : -1;

	return guest >= 0 && transfer(qmp, "migrate-incoming", state, deadline, error) &&
	       guest_identity_tell(guest, &who, deadline, error) &&
	       qmp_order(qmp, "cont", NULL, deadline, error) &&
	       guest_identity_confirm(guest, &who, deadline, out_random, error);
}
