/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_snapshot: see qemu_snapshot.h. */
#include "qemu/qemu_snapshot.h"

#include <string.h>
#include <unistd.h>

#include "dial.h"
#include "fault.h"
#include "qemu/qemu_argv.h"
#include "qemu/qmp.h"
#include "run.h"

#define SECONDS  60
#define RULES_FD 5 /* until it is qemu-img */

static void enter(gpointer data)
{
	const QemuRules *rules = data;

	if (!qemu_rules_enter(rules, RULES_FD) || (rules->files >= 0 && close(RULES_FD) < 0))
		_exit(127);
}

static gboolean qemu_img(const QemuRules *rules, const char *const *argv, char **out_output,
			 GError **error)
{
	const RunRules under = {enter, (gpointer)rules, rules->files, RULES_FD};

	return run_program_under(&under, argv, SECONDS, out_output, error);
}

/* Whether the overlay has one of this name, by the third word of a line of the list. */
static gboolean has(const QemuRules *rules, const char *overlay, const char *name, gboolean *out,
		    GError **error)
{
	const char *argv[] = {"qemu-img", "snapshot", "-U", "-l", overlay, NULL};
	g_autofree char *output = NULL;
	g_auto(GStrv) lines = NULL;

	if (!qemu_img(rules, argv, &output, error))
		return FALSE;
	*out = FALSE;
	lines = g_strsplit(output, "\n", -1);
	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit_set(*line, " \t", -1);
		unsigned n = 0;

		for (char **word = words; *word && n < 2; word++) {
			if (**word && ++n == 2)
				*out |= g_str_equal(*word, name);
		}
	}
	return TRUE;
}

static gboolean by_qemu(const char *place, ProviderSnapshot deed, const char *name, GError **error)
{
	g_autofree char *monitor = g_build_filename(place, QEMU_MONITOR, NULL);
	gint64 deadline = dial_deadline(SECONDS);
	g_autoptr(Qmp) qmp = qmp_open(monitor, deadline, error);
	const char *command = deed == PROVIDER_TAKE ? "blockdev-snapshot-internal-sync"
						    : "blockdev-snapshot-delete-internal-sync";

	return qmp &&
	       qmp_order(qmp, command, json_pack("{s:s,s:s}", "device", QEMU_DISK, "name", name),
			 deadline, error);
}

static gboolean by_hand(const QemuRules *rules, const char *overlay, ProviderSnapshot deed,
			const char *name, GError **error)
{
	const char *flag = deed == PROVIDER_TAKE ? "-c" : deed == PROVIDER_REVERT ? "-a" : "-d";
	const char *argv[] = {"qemu-img", "snapshot", flag, name, overlay, NULL};

	return qemu_img(rules, argv, NULL, error);
}

gboolean qemu_snapshot(const char *place, const QemuRules *rules, gboolean running,
		       ProviderSnapshot deed, const char *name, GError **error)
{
	g_autofree char *overlay = g_build_filename(place, QEMU_OVERLAY, NULL);
	gboolean there;

	if (!g_file_test(overlay, G_FILE_TEST_EXISTS)) {
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "a desktop without a disk has no snapshots");
		return FALSE;
	}
	if (!has(rules, overlay, name, &there, error))
		return FALSE;
	if (deed == PROVIDER_REVERT && !there) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "the disk has no snapshot %s", name);
		return FALSE;
	}
	if (deed != PROVIDER_REVERT && there == (deed == PROVIDER_TAKE))
		return TRUE;
	return running ? by_qemu(place, deed, name, error)
		       : by_hand(rules, overlay, deed, name, error);
}
