/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a worker must still be able to do inside its sandbox, and the dialer that does the rest for
 * it. What neither may do any more is in tests/unit/sandbox/.
 */
#include "autofd.h"
#include "broker/dialer.h"
#include "certificate.h"
#include "fault.h"
#include "net/tls.h"
#include "rights.h"
#include "sandbox_gateway.h"
#include "scratch.h"
#include "server_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* What there is to find on such a machine; made once. */
static struct {
	char *dir;
	int tcp_port;
	int listeners[2]; /* control, TCP */
	Options options;
} world;

/* ---- what must go on: 0 or errno */

static int result(long status)
{
	return status < 0 ? errno : 0;
}

static int open_path(const char *path, int flags)
{
	autofd int fd = open(path, flags | O_CLOEXEC, 0600);

	return result(fd);
}

static int connect_desktop(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((guint16)world.tcp_port),
	};
	autofd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&address, sizeof address));
}

static int verify_by_system(void)
{
	SSL_CTX *context = tls_client_context(NULL, NULL);

	SSL_CTX_free(context);
	return context == NULL ? EIO : open_path("/etc/ssl/certs/ca-certificates.crt", O_RDONLY);
}

static int no_rights_left(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	/* valgrind believes that only the first of them is filled in. */
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{.permitted = 1},
		{.permitted = 1},
	};

	if (syscall(SYS_capget, &header, data) < 0)
		return errno;
	return data[0].permitted | data[0].effective | data[0].inheritable | data[1].permitted;
}

/* ---- the two ways to try */

static int run_in_child(int (*attempt)(void), gboolean inside)
{
	int status;
	pid_t pid = fork();

	g_assert_cmpint(pid, >=, 0);
	if (pid == 0) {
		const char *lacks = NULL;

		if (inside && !sandbox_gateway(&lacks, NULL))
			_exit(255);
		_exit(attempt());
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_true(WIFEXITED(status));
	g_assert_cmpint(WEXITSTATUS(status), !=, 255);
	return WEXITSTATUS(status);
}

typedef struct {
	const char *name;
	int (*attempt)(void);
} Case;

static const Case permitted[] = {
	{"connect-desktop", connect_desktop},
	{"verify-by-system", verify_by_system},
};

static void test_permitted(gconstpointer data)
{
	const Case *c = data;

	/* What programs of the same user have used up says nothing of the sandbox. */
	if (run_in_child(c->attempt, FALSE) == EMFILE) {
		g_test_skip("this user has none left, with or without a sandbox");
		return;
	}
	g_assert_cmpint(run_in_child(c->attempt, TRUE), ==, 0);
}

/* As certbot and others do it: new files under the old names, while a worker is inside: its signer
 * reads them, it may not. */
static int renew(void)
{
	g_autofree char *certificate = NULL, *key = NULL;
	g_autoptr(Signer) signer = signer_start(&world.options, NULL);
	ServerTls tls = {0};
	const char *lacks;
	int status;

	if (!server_tls_read(&tls, &world.options, signer, NULL, NULL))
		return 253;
	certificate_make(&certificate, &key);
	if (!g_file_set_contents(world.options.certificate, certificate, -1, NULL) ||
	    !g_file_set_contents(world.options.key, key, -1, NULL) ||
	    !sandbox_gateway(&lacks, NULL))
		return 254;
	status = server_tls_read(&tls, &world.options, signer, NULL, NULL) ? 0 : EIO;
	server_tls_clear(&tls);
	if (status == 0 && !SANDBOX_OPEN && lacks == NULL)
		status = open_path(world.options.key, O_RDONLY) == EACCES ? 0 : EEXIST;
	return status;
}

static void test_renewal(void)
{
	g_assert_cmpint(run_in_child(renew, FALSE), ==, 0);
}

static void test_rights(void)
{
	struct rlimit core;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (!rights_freeze(NULL) || !rights_drop_capabilities(NULL) ||
		    no_rights_left() != 0)
			_exit(1);
		if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max != 0)
			_exit(2);
		if (prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
			_exit(3);
		_exit(0);
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_cmpint(status, ==, 0);
}

/* ---- the dialer */

static void test_dialer(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Dialer) dialer = dialer_start(&world.options, &error);
	int fd;

	g_assert_no_error(error);
	for (int i = 0; i < 3; i++) {
		autofd int peer = -1;
		char byte = 0;

		fd = dialer_connect(dialer, DIALER_CONTROL, &error);
		g_assert_no_error(error);
		g_assert_cmpint(fcntl(fd, F_GETFL) & O_NONBLOCK, !=, 0);
		g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, !=, 0);
		peer = accept(world.listeners[0], NULL, NULL);
		g_assert_cmpint(write(fd, "x", 1), ==, 1);
		g_assert_cmpint(read(peer, &byte, 1), ==, 1);
		g_assert_cmpint(byte, ==, 'x');
		close(fd);
	}
	/* Nobody listens there. */
	g_assert_cmpint(dialer_connect(dialer, DIALER_WEB, &error), ==, -1);
	g_assert_error(error, FAULT, FAULT_BROKER);
}

static int use_dialer(void)
{
	Dialer *dialer = dialer_start(&world.options, NULL);
	const char *lacks;
	int fd;

	if (dialer == NULL || !sandbox_gateway(&lacks, NULL))
		return 254;
	fd = dialer_connect(dialer, DIALER_CONTROL, NULL);
	return fd < 0 ? 1 : result(write(fd, "x", 1));
}

static void test_dialer_from_inside(void)
{
	g_assert_cmpint(run_in_child(use_dialer, FALSE), ==, 0);
}

/* It says so, and asks this process once to make room for another. */
static int lose_dialer(void)
{
	g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", (int)getpid());
	g_autofree char *children = NULL;
	g_autoptr(GError) error = NULL;
	Dialer *dialer;
	siginfo_t child;
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	dialer = dialer_start(&world.options, NULL);
	/* Our only child: ended, it stays to be waited for. */
	if (dialer == NULL || !g_file_get_contents(path, &children, NULL, NULL) ||
	    kill(atoi(children), SIGKILL) < 0 || waitid(P_ALL, 0, &child, WEXITED) < 0)
		return 254;
	if (dialer_connect(dialer, DIALER_CONTROL, &error) != -1 || error == NULL)
		return 1;
	if (sigtimedwait(&term, NULL, &(struct timespec){.tv_sec = 1}) != SIGTERM)
		return 2;
	if (dialer_connect(dialer, DIALER_CONTROL, NULL) != -1)
		return 3;
	return sigtimedwait(&term, NULL, &(struct timespec){0}) == SIGTERM ? 4 : 0;
}

static void test_dialer_lost(void)
{
	g_assert_cmpint(run_in_child(lose_dialer, FALSE), ==, 0);
}

/* ---- the world */

static char *make_file(const char *dir, const char *name, const char *text)
{
	char *path = g_build_filename(world.dir, dir, name, NULL);
	g_autofree char *parent = g_path_get_dirname(path);

	g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	return path;
}

/* The certificate is a link, as ACME clients make it. */
static void world_make(void)
{
	g_autofree char *certificate = NULL, *key = NULL, *real = NULL, *live = NULL;

	world.dir = g_dir_make_tmp("oriel-sandbox-XXXXXX", NULL);
	certificate_make(&certificate, &key);
	real = make_file("archive", "tls1.crt", certificate);
	world.options.key = make_file("live", "tls.key", key);
	world.options.certificate = g_build_filename(world.dir, "live", "tls.crt", NULL);
	g_assert_cmpint(symlink("../archive/tls1.crt", world.options.certificate), ==, 0);
	world.options.ocsp = g_strdup("");
	world.options.control = g_build_filename(world.dir, "control.sock", NULL);
	world.options.web = g_build_filename(world.dir, "web.sock", NULL);
	world.listeners[0] = scratch_listen_unix(world.options.control);
	world.listeners[1] = scratch_listen_tcp(&world.tcp_port);
}

static void world_end(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(world.listeners); i++)
		close(world.listeners[i]);
	scratch_remove(world.dir);
	g_free(world.options.certificate);
	g_free(world.options.key);
	g_free(world.options.ocsp);
	g_free(world.options.control);
	g_free(world.options.web);
	g_free(world.dir);
}

int main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	world_make();
	for (gsize i = 0; i < G_N_ELEMENTS(permitted); i++) {
		g_autofree char *path = g_strconcat("/sandbox/permitted/", permitted[i].name, NULL);

		g_test_add_data_func(path, &permitted[i], test_permitted);
	}
	g_test_add_func("/sandbox/renewal", test_renewal);
	g_test_add_func("/sandbox/rights", test_rights);
	g_test_add_func("/dialer/connects", test_dialer);
	g_test_add_func("/dialer/from-inside", test_dialer_from_inside);
	g_test_add_func("/dialer/lost", test_dialer_lost);
	status = g_test_run();
	world_end();
	return status;
}
