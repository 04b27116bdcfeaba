/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A child enters the sandbox of each process, the product's own code, under a user id as it has,
 * and tries all that an intruder would. Each attempt is made outside as well, by root, where it
 * must work, or it proves nothing. QEMU adds its own filter, -sandbox on, which is not in here.
 */
#include "attempts.h"
#include "auth/sandbox_auth.h"
#include "child_rules.h"
#include "landlock.h"
#include "qemu/qemu_rules.h"
#include "rights.h"
#include "sandbox_bridge.h"
#include "sandbox_broker.h"
#include "sandbox_gateway.h"
#include "sandbox_lobby.h"
#include "sandbox_tunnel.h"
#include "world.h"

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT_ENTER 255

static const char *const names[PROCESSES] = {"worker", "dialer", "signer", "parent", "broker",
					     "qemu",   "auth",   "lobby",  "bridge", "tunnel"};

static gboolean become_user(Process process)
{
	/* The worst for a worker or its signer would be to share the owner's id. Its dialer, its
	 * parent and a tunnel have nothing but their own to keep them from some of this. */
	uid_t uid = process == DIALER || process == PARENT || process == TUNNEL ? WORLD_STRANGER
										: WORLD_OWNER;

	return process == AUTH || geteuid() != 0 ||
	       (setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 &&
		setresuid(uid, uid, uid) == 0);
}

static gboolean become_qemu(void)
{
	QemuRules *rules =
		qemu_rules_new(world.place, world.options.state, NULL, &world.desktop, NULL);

	return rules && qemu_rules_enter(rules, rules->files);
}

/* As the broker starts it; there is no lobby without the same, on top of which it has its own. */
static gboolean become_child(void)
{
	g_auto(ChildRules) rules = {.files = -1};

	return child_rules_make(&rules, "/bin/true", NULL) &&
	       child_rules_enter(&rules, rules.files);
}

static gboolean enter(Process process)
{
	const char *lacks = NULL;

	switch (process) {
	case WORKER: return sandbox_gateway(&lacks, NULL);
	case DIALER: return sandbox_dialer(NULL);
	case SIGNER: return sandbox_signer(&world.options, NULL);
	case PARENT: return rights_freeze(NULL);
	case BROKER: return sandbox_broker(&world.options, &lacks, NULL);
	case QEMU: return sandbox_broker(&world.options, &lacks, NULL) && become_qemu();
	case AUTH: return sandbox_auth(NULL);
	case LOBBY: return sandbox_lobby(NULL);
	case BRIDGE:
		return sandbox_broker(&world.options, &lacks, NULL) && become_child() &&
		       sandbox_bridge(NULL);
	case TUNNEL: return sandbox_tunnel(&world.options, &lacks, NULL);
	default: return FALSE;
	}
}

static int wait_for(pid_t pid)
{
	int status;

	g_assert_cmpint(pid, >=, 0);
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	if (WIFSIGNALED(status))
		return KILLED + WTERMSIG(status);
	g_assert_cmpint(WEXITSTATUS(status), !=, CANNOT_ENTER);
	return WEXITSTATUS(status);
}

static int outside(const Attempt *attempt)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(attempt->run());
	return wait_for(pid);
}

static int inside(const Attempt *attempt, Process process)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(become_user(process) && enter(process) ? attempt->run() : CANNOT_ENTER);
	return wait_for(pid);
}

typedef struct {
	const Attempt *attempt;
	Process process;
} Case;

static void test_case(gconstpointer data)
{
	const Case *c = data;

	if (SANDBOX_OPEN || landlock_lacks() != NULL)
		g_test_skip("a build for checking or an old kernel has no such sandbox");
	else if (geteuid() != 0)
		g_test_skip("only root can be each of these users");
	else if (outside(c->attempt) != 0)
		g_test_skip("not possible outside either");
	else
		g_assert_cmpint(inside(c->attempt, c->process), ==, c->attempt->expect[c->process]);
}

int main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	world_make();
	for (gsize i = 0; i < attempts_n; i++) {
		for (Process p = 0; p < PROCESSES; p++) {
			Case c = {&attempts[i], p};
			g_autofree char *path =
				g_strdup_printf("/sandbox/%s/%s", names[p], attempts[i].name);

			g_test_add_data_func_full(path, g_memdup2(&c, sizeof c), test_case, g_free);
		}
	}
	status = g_test_run();
	world_end();
	return status;
}
