/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rights: what any process of ours gives up however it was started: gaining rights (set-user-id
 * programs, file capabilities), capabilities, being looked into by others of its user, and core
 * files, which would hold passwords and keys.
 */
#pragma once

#include <glib.h>

/*
 * With AddressSanitizer and its kin a process needs more than it does itself: the leak check
 * clones and traces, reports run a symbolizer. There the sandboxes stay open, and where the build
 * says so (-Dsandbox=false, for valgrind); what they forbid is tested in the normal build.
 */
#define SANDBOX_OPEN_WORDS "this is a build for checking, which leaves the sandbox open"
#if defined(SANDBOX_OPEN)
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_OPEN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(memory_sanitizer)
#define SANDBOX_OPEN 1
#endif
#endif
#ifndef SANDBOX_OPEN
#define SANDBOX_OPEN 0
#endif

/* No gain of rights, no core file, no look inside; programs that it runs inherit the first two. */
gboolean rights_freeze(GError **error);

/* Lets go of every capability, also of the right to regain one. For a process without any it does
 * nothing. */
gboolean rights_drop_capabilities(GError **error);
