/* SPDX-License-Identifier: GPL-3.0-or-later */
/* landlock: see landlock.h. Numbers of Linux 6.12 (ABI 6), for headers that are older. */
#include "landlock.h"

#include "autofd.h"
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Uses of files, by the version of Landlock that began to watch over them. */
#define FS_READ    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_EXECUTE LANDLOCK_ACCESS_FS_EXECUTE
#define FS_CHANGE                                                         \
	(LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |     \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |     \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |   \
	 LANDLOCK_ACCESS_FS_MAKE_SYM)
#define FS_REFER     (1ULL << 13) /* 2: rename and link between directories    */
#define FS_TRUNCATE  (1ULL << 14) /* 3                                         */
#define FS_IOCTL_DEV (1ULL << 15) /* 5                                         */
#define FS_WRITE     (LANDLOCK_ACCESS_FS_WRITE_FILE | FS_CHANGE | FS_REFER | FS_TRUNCATE)
/* What a rule for something that is no directory may name. */
#define FS_OF_FILE                                                    \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	 LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

#define NET_BIND_TCP   (1ULL << 0) /* 4 */
#define SCOPE_ABSTRACT (1ULL << 0) /* 6 */
#define SCOPE_SIGNAL   (1ULL << 1)

#define VERSION_ALL 6

typedef struct {
	guint64 fs, net, scoped;
} Rules;

/* 0 = none */
static int version(void)
{
	long n = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return n > 0 ? (int)n : 0;
}

static guint64 watched(int abi)
{
	guint64 all = FS_READ | FS_EXECUTE | FS_WRITE | FS_IOCTL_DEV;

	if (abi < 5)
		all &= ~FS_IOCTL_DEV;
	if (abi < 3)
		all &= ~FS_TRUNCATE;
	if (abi < 2)
		all &= ~FS_REFER;
	return all;
}

gboolean landlock_new(LandlockKeep keep, int *out_rules, GError **error)
{
	int abi = version();
	Rules rules = {.fs = watched(abi)};
	long fd;

	*out_rules = -1;
	if (abi == 0)
		return TRUE;
	if (abi >= 4 && !(keep & LANDLOCK_TCP_LISTEN))
		rules.net = NET_BIND_TCP;
	if (abi >= 6 && !(keep & LANDLOCK_OUTSIDERS))
		rules.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	/* An older kernel takes the larger struct as long as what it does not know is zero. */
	fd = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
	if (fd < 0) {
		fault_set_errno(error, FAULT_BUG, "Landlock");
		return FALSE;
	}
	*out_rules = (int)fd;
	return TRUE;
}

gboolean landlock_allow(int rules, const char *path, LandlockUse use, GError **error)
{
	struct landlock_path_beneath_attr beneath = {0};
	autofd int fd = -1;
	struct stat info;

	if (rules < 0)
		return TRUE;
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return TRUE;
	if (fd >= 0 && fstat(fd, &info) == 0) {
		guint64 access = (use & LANDLOCK_READ ? FS_READ : 0) |
				 (use & LANDLOCK_EXECUTE ? FS_EXECUTE : 0) |
				 (use & LANDLOCK_WRITE ? FS_WRITE : 0) |
				 (use & LANDLOCK_DEVICE ? FS_IOCTL_DEV : 0);

		beneath.parent_fd = fd;
		beneath.allowed_access = access & watched(version()) &
					 (S_ISDIR(info.st_mode) ? ~0ULL : FS_OF_FILE);
		if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath,
			    0) == 0)
			return TRUE;
	}
	fault_set_errno(error, FAULT_CONFIG, path);
	return FALSE;
}

gboolean landlock_allow_all(int rules, const LandlockPath *paths, gsize n, GError **error)
{
	for (gsize i = 0; i < n; i++) {
		if (!landlock_allow(rules, paths[i].path, paths[i].use, error))
			return FALSE;
	}
	return TRUE;
}

gboolean landlock_allow_renewed(int rules, const char *file, GError **error)
{
	char *real = realpath(file, NULL);
	g_autofree char *named = g_path_get_dirname(file);
	g_autofree char *led = real ? g_path_get_dirname(real) : g_strdup(named);

	free(real);
	return landlock_allow(rules, named, LANDLOCK_READ, error) &&
	       landlock_allow(rules, led, LANDLOCK_READ, error);
}

gboolean landlock_enter(int rules, GError **error)
{
	if (rules < 0 || syscall(SYS_landlock_restrict_self, rules, 0) == 0)
		return TRUE;
	fault_set_errno(error, FAULT_BUG, "Landlock");
	return FALSE;
}

const char *landlock_lacks(void)
{
	int abi = version();

	if (abi == 0)
		return "the kernel has no Landlock: file permissions alone guard the files";
	return abi < VERSION_ALL ? "the kernel's Landlock is older than Linux 6.12 and does not "
				   "guard all that it could"
				 : NULL;
}
