/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections: to sockets with long paths, to hosts with several addresses, and pairs. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dial.h"
#include "dial_pair.h"
#include "fault.h"

#define ADDRESSES 3

/* ---- a name server of ours: in the place of the C library's functions */

static struct {
	struct sockaddr_in addresses[ADDRESSES];
	struct addrinfo infos[ADDRESSES];
	guint n;
} zone;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	for (guint i = 0; i < zone.n; i++) {
		zone.addresses[i].sin_port = htons((guint16)atoi(service));
		zone.infos[i] = (struct addrinfo){
			.ai_family = AF_INET,
			.ai_socktype = SOCK_STREAM,
			.ai_addr = (struct sockaddr *)&zone.addresses[i],
			.ai_addrlen = sizeof zone.addresses[i],
			.ai_next = i + 1 < zone.n ? &zone.infos[i + 1] : NULL,
		};
	}
	*out = zone.infos;
	return zone.n > 0 ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *infos)
{
}

static void zone_add(const char *address)
{
	zone.addresses[zone.n].sin_family = AF_INET;
	g_assert_cmpint(inet_pton(AF_INET, address, &zone.addresses[zone.n++].sin_addr), ==, 1);
}

/* ---- hosts */

static int listen_at(const char *address, guint16 *port, int backlog)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(*port)};
	socklen_t size = sizeof name;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &name.sin_addr);
	g_assert_no_errno(bind(fd, (struct sockaddr *)&name, sizeof name));
	g_assert_no_errno(listen(fd, backlog));
	g_assert_no_errno(getsockname(fd, (struct sockaddr *)&name, &size));
	*port = ntohs(name.sin_port);
	return fd;
}

/* A host that answers nothing: nobody takes those who wait, and there is room for one. */
typedef struct {
	int listener, waiting;
} Silent;

static Silent silent_at(const char *address, guint16 *port)
{
	Silent silent = {listen_at(address, port, 0), -1};

	zone.n = 0;
	zone_add(address);
	silent.waiting = dial_tcp("full.example", *port, dial_deadline(2), NULL, NULL);
	g_assert_cmpint(silent.waiting, >=, 0);
	g_assert_cmpint(dial_tcp("full.example", *port, g_get_monotonic_time(), NULL, NULL), ==,
			-1);
	zone.n = 0;
	return silent;
}

static void silent_close(const Silent *silent)
{
	close(silent->waiting);
	close(silent->listener);
}

static int option(int fd, int level, int name)
{
	socklen_t size = sizeof(int);
	int value = 0;

	g_assert_no_errno(getsockopt(fd, level, name, &value, &size));
	return value;
}

/* A firewall that drops packets is in the way to the first address, nobody listens at the second;
 * the third answers. */
static void test_several_addresses(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *address = NULL;
	guint16 port = 0;
	Silent silent = silent_at("127.0.0.2", &port);
	int listener = listen_at("127.0.0.4", &port, 4), fd;
	gint64 deadline = dial_deadline(30);

	zone_add("127.0.0.2");
	zone_add("127.0.0.3");
	zone_add("127.0.0.4");
	fd = dial_tcp("pc.example", port, deadline, &address, &error);
	g_assert_no_error(error);
	/* The first one has not had all the time that there is. */
	g_assert_cmpint(dial_milliseconds(deadline), >, 15000);
	g_assert_cmpstr(address, ==, "127.0.0.4");
	g_assert_cmpint(option(fd, IPPROTO_TCP, TCP_NODELAY), ==, 1);
	g_assert_cmpint(option(fd, SOL_SOCKET, SO_KEEPALIVE), ==, 1);
	close(fd);
	close(listener);
	silent_close(&silent);
}

static void test_nobody_answers(void)
{
	g_autoptr(GError) error = NULL;
	guint16 port = 0;
	Silent silent = silent_at("127.0.0.2", &port);

	g_assert_cmpint(dial_tcp("nowhere.example", port, dial_deadline(2), NULL, &error), ==, -1);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_clear_error(&error);
	zone_add("127.0.0.3");
	g_assert_cmpint(dial_tcp("pc.example", port, dial_deadline(2), NULL, &error), ==, -1);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_clear_error(&error);
	zone_add("127.0.0.2");
	g_assert_cmpint(dial_tcp("pc.example", port, dial_deadline(1), NULL, &error), ==, -1);
	g_assert_error(error, FAULT, FAULT_TIMEOUT);
	zone.n = 0;
	silent_close(&silent);
}

/* ---- Unix sockets, and pairs */

/* Somebody else is at the next socket that listens as soon as it does. */
static gboolean stranger_comes;
static int stranger = -1;

int listen(int fd, int backlog)
{
	struct sockaddr_storage name = {0};
	socklen_t size = sizeof name;
	int rc = (int)syscall(SYS_listen, fd, backlog);

	if (rc == 0 && stranger_comes) {
		stranger_comes = FALSE;
		stranger = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		g_assert_no_errno(getsockname(fd, (struct sockaddr *)&name, &size));
		g_assert_no_errno(connect(stranger, (struct sockaddr *)&name, size));
	}
	return rc;
}

/* A socket whose path does not fit into an address, a link to it, and one that nobody answers at.
 */
static void test_unix(void)
{
	g_autofree char *base = g_dir_make_tmp("oriel-dial-XXXXXX", NULL);
	g_autofree char *name = g_strnfill(120, 'n');
	g_autofree char *dir = g_build_filename(base, name, NULL);
	g_autofree char *path = g_build_filename(dir, "s", NULL);
	g_autofree char *link = g_build_filename(dir, "l", NULL);
	g_autoptr(GError) error = NULL;
	int listener, fd;

	g_assert_cmpint(g_mkdir(dir, 0700), ==, 0);
	listener = dial_listen(path, &error);
	g_assert_no_error(error);
	fd = dial_unix(path, dial_deadline(2), &error);
	g_assert_no_error(error);
	close(fd);
	fd = dial_socket(path, dial_deadline(2), &error);
	g_assert_no_error(error);
	close(fd);
	g_assert_cmpint(symlink(path, link), ==, 0);
	g_assert_cmpint(dial_socket(link, dial_deadline(2), &error), ==, -1);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_clear_error(&error);
	close(listener);
	g_assert_cmpint(dial_unix(path, dial_deadline(2), &error), ==, -1);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_clear_error(&error);
	g_unlink(link);
	g_unlink(path);
	g_rmdir(dir);
	g_assert_cmpint(g_rmdir(base), ==, 0);
}

/* Each end has the other one; libspice-server is not to see a Unix socket. */
static void check_pair(const char *protocol, int family)
{
	struct sockaddr_storage name = {0};
	socklen_t size = sizeof name;
	static char picture[64 * 1024];
	gssize have = 0, n;
	char bytes[3] = "";
	int pair[2];

	g_assert_true(dial_pair(protocol, pair, NULL));
	for (int i = 0; i < 2; i++) {
		g_assert_cmpint(getsockname(pair[i], (struct sockaddr *)&name, &size), ==, 0);
		g_assert_cmpint(name.ss_family, ==, family);
		g_assert_cmpint(fcntl(pair[i], F_GETFD), ==, FD_CLOEXEC);
		g_assert_cmpint(recv(pair[i], bytes, 1, 0), ==, -1);
		g_assert_cmpint(errno, ==, EAGAIN);
		g_assert_cmpint(send(pair[i], "hi", 2, 0), ==, 2);
		g_assert_true(dial_wait(pair[!i], POLLIN, dial_deadline(2), "its end", NULL));
		g_assert_cmpint(recv(pair[!i], bytes, sizeof bytes, 0), ==, 2);
		g_assert_cmpstr(bytes, ==, "hi");
	}
	while ((n = send(pair[0], picture, sizeof picture, 0)) > 0)
		have += n;
	g_assert_cmpint(have, <, 1 << 20);
	close(pair[0]);
	close(pair[1]);
}

static void test_pairs(void)
{
	check_pair("vnc", AF_UNIX);
	check_pair("spice", AF_INET);
}

static void test_a_stranger(void)
{
	char byte;

	stranger_comes = TRUE;
	check_pair("spice", AF_INET);
	g_assert_cmpint(stranger, >=, 0);
	g_assert_cmpint(recv(stranger, &byte, 1, 0), <=, 0);
	close(stranger);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dial/several-addresses", test_several_addresses);
	g_test_add_func("/dial/nobody-answers", test_nobody_answers);
	g_test_add_func("/dial/unix", test_unix);
	g_test_add_func("/dial/pairs", test_pairs);
	g_test_add_func("/dial/a-stranger", test_a_stranger);
	return g_test_run();
}
