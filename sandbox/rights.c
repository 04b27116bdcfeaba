/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rights: see rights.h. */
#include "rights.h"

#include "fault.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if SANDBOX_OPEN
/* What libraries of Debian 12 keep or lose, and LeakSanitizer would call ours, in programs that are
 * started without an environment (tests/lsan.supp says more); and what a PAM module was given as an
 * answer, which it owns and may forget. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\nleak:rfbGetClientIterator\nleak:rfbEnableExtension\nleak:"
	       "converse\n";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}
#endif

gboolean rights_freeze(GError **error)
{
	const struct rlimit none = {0, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0 &&
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
		return TRUE;
	fault_set_errno(error, FAULT_BUG, "give up rights");
	return FALSE;
}

gboolean rights_drop_capabilities(GError **error)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = {0};

	/* Only who holds CAP_SETPCAP can narrow the bounding set; who does not, has no new
	 * privileges and so no way to draw on it. */
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* A filter from outside may forbid even the letting go; it does not matter to who
	 * has none. */
	if (syscall(SYS_capget, &header, held) == 0 && memcmp(held, none, sizeof none) == 0)
		return TRUE;
	if (syscall(SYS_capset, &header, none) == 0)
		return TRUE;
	fault_set_errno(error, FAULT_BUG, "drop capabilities");
	return FALSE;
}
