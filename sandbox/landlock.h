/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * landlock: which files a process may still use, landlock(7). What was opened before stays open,
 * and a program that it runs inherits the rules. A kernel too old for one kind of rule (or for
 * all) is no error: landlock_lacks() says what it cannot do, for the owner to log.
 *
 * Two things that Landlock does not see: connecting to a Unix socket that has a name (file
 * permissions decide; the gateway's filter of system calls forbids it), and stat().
 */
#pragma once

#include <glib.h>

typedef enum {
	LANDLOCK_READ = 1 << 0,    /* open files for reading, list directories          */
	LANDLOCK_EXECUTE = 1 << 1, /* run programs                                      */
	LANDLOCK_WRITE = 1 << 2,   /* write, create, rename and remove                  */
	LANDLOCK_DEVICE = 1 << 3,  /* ioctl() on devices                                */
} LandlockUse;

typedef struct {
	const char *path;
	LandlockUse use;
} LandlockPath;

typedef enum {
	LANDLOCK_TCP_LISTEN = 1 << 0, /* may bind TCP sockets                          */
	LANDLOCK_OUTSIDERS = 1 << 1,  /* may signal processes outside, and connect to
				       * abstract Unix sockets made outside            */
} LandlockKeep;

/* A set of rules that allows nothing but what `keep` names. *out_rules is a descriptor for the
 * caller to close; -1 where the kernel has no Landlock: the other calls then do nothing. */
gboolean landlock_new(LandlockKeep keep, int *out_rules, GError **error);

/* Allows a use of the file, or of all beneath the directory. A path that is not there is left
 * out: nothing can be there later that these rules would have to let pass. */
gboolean landlock_allow(int rules, const char *path, LandlockUse use, GError **error);

/* All of these, each as above. */
gboolean landlock_allow_all(int rules, const LandlockPath *paths, gsize n, GError **error);

/* Allows the reading of a file that is renewed from time to time, which makes it another one under
 * the same name, or one that the link of that name leads to from then on, as those of ACME clients
 * do: its directory, and the one in which it really is. */
gboolean landlock_allow_renewed(int rules, const char *file, GError **error);

/* Puts this thread, and all that it starts from now on, under the rules; they can only become
 * stricter. Needs rights_freeze(). A system call and no more: good between fork and exec. */
gboolean landlock_enter(int rules, GError **error);

/* What this kernel's Landlock cannot do, for people; NULL if nothing. */
const char *landlock_lacks(void);
