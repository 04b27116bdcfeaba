/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_probe: see qemu_probe.h. */
#include "qemu/qemu_probe.h"

#include <string.h>
#include <unistd.h>

#include "qemu/qemu_argv.h"
#include "run.h"

#define PROBE_SECONDS 10
#define PROBE_PROOF   "Kernel panic - not syncing: VFS"

static GMutex mutex;

/* The stored answer, if it was given since the machine started. */
static const char *recall(const char *path, const char *boot_id)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) words = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	words = g_strsplit(g_strchomp(text), " ", 2);
	if (g_strv_length(words) != 2 || !g_str_equal(words[0], boot_id))
		return NULL;
	if (g_str_equal(words[1], "kvm"))
		return "kvm";
	return g_str_equal(words[1], "tcg") ? "tcg" : NULL;
}

static gboolean boots(const char *accel, const char *kernel)
{
	g_auto(GStrv) argv = qemu_argv_probe(accel, kernel);

	return run_program((const char *const *)argv, PROBE_PROOF, PROBE_SECONDS, NULL, NULL);
}

const char *qemu_probe(const char *dir, const char *kernel)
{
	g_autofree char *path = g_build_filename(dir, "accel", NULL);
	g_autofree char *boot_id = NULL;
	g_autofree char *text = NULL;
	const char *accel;

	if (access("/dev/kvm", R_OK | W_OK) < 0 ||
	    !g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot_id, NULL, NULL))
		return "tcg";
	g_strchomp(boot_id);

	g_mutex_lock(&mutex);
	accel = recall(path, boot_id);
	if (!accel && kernel) {
		accel = boots("kvm", kernel) ? "kvm" : "tcg";
		text = g_strdup_printf("%s %s\n", boot_id, accel);
		/* If it cannot be kept, the next one asks again. */
		g_file_set_contents(path, text, -1, NULL);
	}
	g_mutex_unlock(&mutex);
	return accel ? accel : "tcg";
}
