/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How those who connect are sent to (TCP_CONGESTION): what the options name, where it is to be had.
 */
#include "autofd.h"
#include "log.h"
#include "sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define NAME 17

static void has(int fd, char name[NAME])
{
	socklen_t n = NAME - 1;

	memset(name, 0, NAME);
	g_assert_cmpint(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &n), ==, 0);
}

static GArray *one_socket(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	Socket one = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .rows = 1};
	GArray *sockets = g_array_new(FALSE, FALSE, sizeof(Socket));

	g_assert_cmpint(bind(one.fd, (struct sockaddr *)&any, sizeof any), ==, 0);
	g_assert_cmpint(listen(one.fd, 4), ==, 0);
	g_array_append_val(sockets, one);
	return sockets;
}

/* What somebody has who connects there now. */
static void is_sent_to_as(const GArray *sockets, const char *name)
{
	int listening = g_array_index(sockets, Socket, 0).fd;
	struct sockaddr_in address;
	socklen_t n = sizeof address;
	autofd int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), accepted = -1;
	char found[NAME];

	g_assert_cmpint(getsockname(listening, (struct sockaddr *)&address, &n), ==, 0);
	g_assert_cmpint(connect(client, (struct sockaddr *)&address, n), ==, 0);
	accepted = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	g_assert_cmpint(accepted, >=, 0);
	has(accepted, found);
	g_assert_cmpstr(found, ==, name);
}

static void test_congestion(void)
{
	autofd int plain = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	GArray *sockets = one_socket();
	const char *other;
	char usual[NAME];

	has(plain, usual);
	other = strcmp(usual, "reno") == 0 ? "cubic" : "reno"; /* which nobody is denied */
	sockets_pace(sockets, other);
	is_sent_to_as(sockets, other);
	/* a reload takes it back, */
	sockets_pace(sockets, "");
	is_sent_to_as(sockets, usual);
	/* and what nobody has leaves nothing of what was there before */
	sockets_pace(sockets, other);
	sockets_pace(sockets, "nobody-has-this");
	is_sent_to_as(sockets, usual);
	sockets_close(sockets);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test-sockets", FALSE);
	g_test_add_func("/sockets/congestion", test_congestion);
	return g_test_run();
}
