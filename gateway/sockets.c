/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sockets: see sockets.h. */
#include "sockets.h"

#include "autofd.h"
#include "fault.h"
#include "log.h"
#include "net/address.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG         4096
#define SYSTEMD_FIRST   3 /* SD_LISTEN_FDS_START */
#define PASSED_MAX      1024
#define CONGESTION_NAME 17 /* the kernel's TCP_CA_NAME_MAX, and a zero */

static int open_socket(const struct sockaddr_storage *address, socklen_t n, GError **error)
{
	autofd int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, off = 0;

	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
		if (address->ss_family == AF_INET6)
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	}
	if (fd < 0 || bind(fd, (const struct sockaddr *)address, n) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		char text[ADDRESS_TEXT];
		g_autofree char *what = NULL;

		address_describe(address, text);
		what = g_strdup_printf("listen on %s", text);
		fault_set_errno(error, FAULT_CONFIG, what);
		return -1;
	}
	return autofd_steal(&fd);
}

/* Where a descriptor listens; "" if it does not. */
static void describe(int fd, char text[ADDRESS_TEXT])
{
	struct sockaddr_storage address = {0};
	socklen_t n = sizeof address;
	int listens = 0;
	socklen_t size = sizeof listens;

	text[0] = '\0';
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens &&
	    getsockname(fd, (struct sockaddr *)&address, &n) == 0)
		address_describe(&address, text);
}

/* Moves those that listen there from `passed` to `sockets`. */
static void take_passed(GArray *sockets, GArray *passed, const char *where, gboolean vnc_only)
{
	for (guint i = 0; i < passed->len;) {
		Socket socket = {.fd = g_array_index(passed, int, i), .vnc_only = vnc_only};
		char text[ADDRESS_TEXT];

		describe(socket.fd, text);
		if (g_str_equal(text, where)) {
			g_array_append_val(sockets, socket);
			g_array_remove_index(passed, i);
		} else {
			i++;
		}
	}
}

static gboolean open_address(GArray *sockets, const char *where, gboolean vnc_only,
			     unsigned workers, GArray *passed, GError **error)
{
	struct sockaddr_storage address;
	socklen_t n = address_parse(where, &address);
	guint before = sockets->len;
	char text[ADDRESS_TEXT];

	if (n == 0) {
		g_set_error(error, FAULT, FAULT_CONFIG, "listen: %s is no ADDRESS:PORT", where);
		return FALSE;
	}
	address_describe(&address, text);
	take_passed(sockets, passed, text, vnc_only);
	/* Whoever has bound some has decided how many. */
	for (unsigned i = 0, more = sockets->len > before ? 0 : workers; i < more; i++) {
		Socket socket = {
			.fd = open_socket(&address, n, error), .vnc_only = vnc_only, .fresh = TRUE};

		if (socket.fd < 0)
			return FALSE;
		g_array_append_val(sockets, socket);
	}
	for (guint i = before; i < sockets->len; i++) {
		g_array_index(sockets, Socket, i).row = i - before;
		g_array_index(sockets, Socket, i).rows = sockets->len - before;
	}
	return TRUE;
}

GArray *sockets_open(const Options *options, unsigned workers, GArray *passed, GError **error)
{
	GArray *sockets = g_array_new(FALSE, FALSE, sizeof(Socket));
	gboolean ok = TRUE;

	for (unsigned vnc = 0; vnc < 2; vnc++) {
		char **where = vnc ? options->listen_vnc : options->listen;

		for (; ok && *where; where++)
			ok = open_address(sockets, *where, vnc, workers, passed, error);
	}
	if (ok)
		return sockets;
	sockets_close(sockets);
	return NULL;
}

static void get_congestion(int fd, char name[CONGESTION_NAME])
{
	socklen_t n = CONGESTION_NAME - 1;

	memset(name, 0, CONGESTION_NAME);
	getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &n);
}

static gboolean set_congestion(int fd, const char *name)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, (socklen_t)strlen(name)) == 0;
}

/* A socket that nobody has set follows the system's, also when that is changed: it stays so. */
static void set_usual_congestion(int fd, const char *usual)
{
	char has[CONGESTION_NAME];

	get_congestion(fd, has);
	if (!g_str_equal(has, usual))
		set_congestion(fd, usual);
}

void sockets_pace(const GArray *sockets, const char *congestion)
{
	autofd int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	gboolean wanted = *congestion != '\0';
	char usual[CONGESTION_NAME];

	get_congestion(other, usual);
	for (guint i = 0; i < sockets->len; i++) {
		int fd = g_array_index(sockets, Socket, i).fd;

		if (wanted && !set_congestion(fd, congestion)) {
			log_info(NULL, "tcp_congestion: %s is not to be had here (%s), so it is %s",
				 congestion, g_strerror(errno), usual);
			wanted = FALSE;
		}
		if (!wanted)
			set_usual_congestion(fd, usual);
	}
}

void sockets_close_passed(GArray *passed)
{
	for (guint i = 0; i < passed->len; i++) {
		char text[ADDRESS_TEXT];

		describe(g_array_index(passed, int, i), text);
		log_warning(NULL, "a passed descriptor is in no list of listen addresses: %s",
			    *text ? text : "it does not listen");
		close(g_array_index(passed, int, i));
	}
	g_array_unref(passed);
}

GArray *sockets_from_systemd(void)
{
	GArray *passed = g_array_new(FALSE, FALSE, sizeof(int));
	const char *pid = g_getenv("LISTEN_PID"), *count = g_getenv("LISTEN_FDS");
	guint64 n = 0, to = 0;

	if (pid != NULL && count != NULL &&
	    g_ascii_string_to_unsigned(pid, 10, 1, G_MAXINT, &to, NULL) &&
	    to == (guint64)getpid() &&
	    g_ascii_string_to_unsigned(count, 10, 1, PASSED_MAX, &n, NULL)) {
		for (int fd = SYSTEMD_FIRST; fd < SYSTEMD_FIRST + (int)n; fd++) {
			fcntl(fd, F_SETFD, FD_CLOEXEC);
			fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
			g_array_append_val(passed, fd);
		}
	}
	g_unsetenv("LISTEN_PID");
	g_unsetenv("LISTEN_FDS");
	g_unsetenv("LISTEN_FDNAMES");
	return passed;
}

static gboolean is_for(const Socket *socket, unsigned worker, unsigned workers)
{
	return socket->rows < workers ? socket->row == worker % socket->rows
				      : socket->row % workers == worker;
}

void sockets_keep(GArray *sockets, unsigned worker, unsigned workers)
{
	for (guint i = 0; i < sockets->len;) {
		const Socket *socket = &g_array_index(sockets, Socket, i);

		if (is_for(socket, worker, workers)) {
			i++;
		} else {
			close(socket->fd);
			g_array_remove_index(sockets, i);
		}
	}
}

void sockets_inherit(const GArray *sockets, gboolean inherit)
{
	for (guint i = 0; i < sockets->len; i++)
		fcntl(g_array_index(sockets, Socket, i).fd, F_SETFD, inherit ? 0 : FD_CLOEXEC);
}

void sockets_close(GArray *sockets)
{
	for (guint i = 0; sockets && i < sockets->len; i++)
		close(g_array_index(sockets, Socket, i).fd);
	if (sockets)
		g_array_unref(sockets);
}
