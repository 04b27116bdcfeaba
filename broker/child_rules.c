/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child_rules: see child_rules.h. */
#include "child_rules.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "landlock.h"
#include "rights.h"

#define DATA_BYTES (512 * 1024 * 1024) /* of its own: a few of the largest pictures, and room */
#define OPEN_FILES 256

static const LandlockPath machine[] = {
	{"/usr", LANDLOCK_READ | LANDLOCK_EXECUTE},
	{"/bin", LANDLOCK_READ | LANDLOCK_EXECUTE},
	{"/lib", LANDLOCK_READ | LANDLOCK_EXECUTE},
	{"/lib64", LANDLOCK_READ | LANDLOCK_EXECUTE},
	{"/etc/ld.so.cache", LANDLOCK_READ},
	{"/etc/localtime", LANDLOCK_READ},
	{"/etc/fonts", LANDLOCK_READ},
	{"/etc/ssl/openssl.cnf", LANDLOCK_READ},
	{"/var/cache/fontconfig", LANDLOCK_READ},
	{"/dev/null", LANDLOCK_READ | LANDLOCK_WRITE},
	{"/dev/urandom", LANDLOCK_READ},
};

gboolean child_rules_make(ChildRules *rules, const char *program, GError **error)
{
	*rules = (ChildRules){.files = -1};
	if (SANDBOX_OPEN)
		return TRUE;
	return landlock_new(0, &rules->files, error) &&
	       landlock_allow_all(rules->files, machine, G_N_ELEMENTS(machine), error) &&
	       landlock_allow(rules->files, program, LANDLOCK_READ | LANDLOCK_EXECUTE, error) &&
	       syscalls_serve_only(&rules->calls, error);
}

void child_rules_clear(ChildRules *rules)
{
	if (rules->files >= 0)
		close(rules->files);
	syscalls_program_clear(&rules->calls);
}

gboolean child_rules_enter(const ChildRules *rules, int files)
{
	const struct rlimit memory = {DATA_BYTES, DATA_BYTES}, files_max = {OPEN_FILES, OPEN_FILES};
	const struct rlimit none = {0, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0 ||
	    setrlimit(RLIMIT_NOFILE, &files_max) < 0)
		return FALSE;
	return SANDBOX_OPEN || (setrlimit(RLIMIT_DATA, &memory) == 0 &&
				landlock_enter(rules->files < 0 ? -1 : files, NULL) &&
				syscalls_enter(&rules->calls));
}
