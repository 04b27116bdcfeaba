/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_rules: see qemu_rules.h. */
#include "qemu/qemu_rules.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const LandlockPath machine[] = {
	/* programs, libraries, firmware */
	{"/usr", LANDLOCK_READ | LANDLOCK_EXECUTE},
	{"/bin", LANDLOCK_READ | LANDLOCK_EXECUTE},
	{"/lib", LANDLOCK_READ | LANDLOCK_EXECUTE},
	{"/lib64", LANDLOCK_READ | LANDLOCK_EXECUTE},
	{"/opt", LANDLOCK_READ | LANDLOCK_EXECUTE},
	/* of /etc no more than libraries look at: the broker's own secrets are there, too */
	{"/etc/gnutls", LANDLOCK_READ},
	{"/etc/ld.so.cache", LANDLOCK_READ},
	{"/etc/ld.so.preload", LANDLOCK_READ},
	{"/etc/localtime", LANDLOCK_READ},
	{"/etc/sasl2", LANDLOCK_READ},
	{"/etc/selinux/config", LANDLOCK_READ},
	{"/etc/ssl/openssl.cnf", LANDLOCK_READ},
	{"/proc", LANDLOCK_READ},
	{"/sys/devices", LANDLOCK_READ},
	{"/sys/module", LANDLOCK_READ},
	/* devices */
	{"/dev/kvm", LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_DEVICE},
	{"/dev/null", LANDLOCK_READ | LANDLOCK_WRITE},
	{"/dev/zero", LANDLOCK_READ | LANDLOCK_WRITE},
	{"/dev/urandom", LANDLOCK_READ},
};

static char *real_path(const char *path)
{
	char *found = realpath(path, NULL);
	char *copy = g_strdup(found);

	free(found);
	return copy;
}

static gboolean holds(const char *dir, const char *path)
{
	gsize n = strlen(dir);

	return g_str_has_prefix(path, dir) &&
	       (path[n] == '\0' || path[n] == '/' || g_str_has_suffix(dir, "/"));
}

/* A disk may rest on others, which lie beside it; unless that place holds others' state. */
static gboolean allow_image(int rules, const char *file, const char *state, GError **error)
{
	g_autofree char *real = file ? real_path(file) : NULL;
	g_autofree char *dir = real ? g_path_get_dirname(real) : NULL;

	if (real == NULL) /* QEMU will say what is wrong with it */
		return TRUE;
	return landlock_allow(rules, real, LANDLOCK_READ, error) &&
	       (holds(dir, state) || landlock_allow(rules, dir, LANDLOCK_READ, error));
}

static gboolean allow_files(int files, const char *dir, const char *state, const char *template,
			    const ProviderImage *image, GError **error)
{
	if (!landlock_allow_all(files, machine, G_N_ELEMENTS(machine), error))
		return FALSE;
	if (template && !landlock_allow(files, template, LANDLOCK_READ, error))
		return FALSE;
	return landlock_allow(files, dir, LANDLOCK_READ | LANDLOCK_WRITE, error) &&
	       allow_image(files, image->disk, state, error) &&
	       allow_image(files, image->kernel, state, error) &&
	       allow_image(files, image->initrd, state, error);
}

QemuRules *qemu_rules_new(const char *dir, const char *state, const char *template,
			  const ProviderImage *image, GError **error)
{
	g_autofree char *real_state = real_path(state);
	g_autoptr(QemuRules) rules = g_new0(QemuRules, 1);

	rules->files = -1;
	if (!landlock_new(0, &rules->files, error) ||
	    !allow_files(rules->files, dir, real_state ? real_state : state, template, image,
			 error) ||
	    !syscalls_serve_only(&rules->calls, error))
		return NULL;
	return g_steal_pointer(&rules);
}

void qemu_rules_free(QemuRules *rules)
{
	if (rules == NULL)
		return;
	if (rules->files >= 0)
		close(rules->files);
	syscalls_program_clear(&rules->calls);
	g_free(rules);
}

gboolean qemu_rules_enter(const QemuRules *rules, int files)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       landlock_enter(rules->files < 0 ? -1 : files, NULL) && syscalls_enter(&rules->calls);
}
