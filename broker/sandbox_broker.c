/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_broker: see sandbox_broker.h. */
#include "sandbox_broker.h"

#include "autofd.h"
#include "fault.h"
#include "landlock.h"
#include "rights.h"
#include "syscalls.h"

static const char *const scratch[] = {"/tmp", "/var/tmp"};

static gboolean allow_dir_of(int rules, const char *path, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(path);

	return landlock_allow(rules, dir, LANDLOCK_WRITE, error);
}

/* Devices are there to be used; permissions say which. */
static gboolean allow_all(int rules, const Options *options, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(scratch); i++) {
		if (!landlock_allow(rules, scratch[i], LANDLOCK_WRITE, error))
			return FALSE;
	}
	return landlock_allow(rules, "/", LANDLOCK_READ | LANDLOCK_EXECUTE, error) &&
	       landlock_allow(rules, "/dev", LANDLOCK_WRITE | LANDLOCK_DEVICE, error) &&
	       landlock_allow(rules, options->state, LANDLOCK_WRITE, error) &&
	       allow_dir_of(rules, options->control, error) &&
	       allow_dir_of(rules, options->web, error) &&
	       allow_dir_of(rules, options->admin, error) &&
	       (*options->audit_file == '\0' || allow_dir_of(rules, options->audit_file, error));
}

gboolean sandbox_broker(const Options *options, const char **out_lacks, GError **error)
{
	autofd int rules = -1;

	if (!rights_freeze(error) || !rights_drop_capabilities(error))
		return FALSE;
	if (SANDBOX_OPEN) {
		*out_lacks = SANDBOX_OPEN_WORDS;
		return TRUE;
	}
	*out_lacks = landlock_lacks();
	/* The rule needs the directory, which the first start has yet to make. */
	if (g_mkdir_with_parents(options->state, 0700) < 0) {
		fault_set_errno(error, FAULT_CONFIG, options->state);
		return FALSE;
	}
	/* Desktops that an earlier broker started are outside of these rules, and must be ended all
	 * the same; QEMU and libvirt may listen. */
	return landlock_new(LANDLOCK_TCP_LISTEN | LANDLOCK_OUTSIDERS, &rules, error) &&
	       allow_all(rules, options, error) && landlock_enter(rules, error) &&
	       syscalls_deny_dangerous(error);
}
