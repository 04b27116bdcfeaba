/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake-gateway: see fake-gateway.h. */
#include "fake-gateway.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fdpass.h"

void gateway_send(Gateway *g, const ControlMessage *m)
{
	GByteArray *bytes = control_encode(m);

	g_assert_cmpint(send(g->fd, bytes->data, bytes->len, MSG_NOSIGNAL), ==, bytes->len);
	control_wipe(bytes);
}

static ssize_t receive_some(Gateway *g)
{
	int fd;
	ssize_t n = fdpass_receive_one(g->fd, buffer_reserve(&g->in, 4096), 4096, &fd, 0);

	if (n > 0)
		buffer_commit(&g->in, (gsize)n);
	if (fd >= 0) {
		g_assert_cmpint(g->received_fd, ==, -1);
		g->received_fd = fd;
	}
	return n;
}

gboolean gateway_receive(Gateway *g, ControlMessage *out)
{
	g_autoptr(GError) error = NULL;

	for (;;) {
		gssize used = buffer_length(&g->in) == 0
				      ? 0
				      : control_decode(buffer_bytes(&g->in), buffer_length(&g->in),
						       out, &error);
		ssize_t n;

		g_assert_no_error(error);
		if (used > 0) {
			buffer_consume(&g->in, (gsize)used);
			if (out->type != CONTROL_OK || out->id != OF_ENDED)
				return TRUE;
			control_clear(out);
			g->acknowledged++;
			continue;
		}
		n = receive_some(g);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return FALSE;
		g_assert_cmpint(n, >, 0);
	}
}

int gateway_take_fd(Gateway *g)
{
	int fd = g->received_fd;

	g_assert_cmpint(fd, >=, 0);
	g->received_fd = -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 60},
		   sizeof(struct timeval));
	return fd;
}

static void gateway_socket(Gateway *g, CoreFixture *f, struct sockaddr_un *out_address)
{
	struct timeval timeout = {.tv_sec = 60};

	*g = (Gateway){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), .received_fd = -1};
	*out_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	g_strlcpy(out_address->sun_path, f->options->control, sizeof out_address->sun_path);
	setsockopt(g->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
}

void gateway_connect(Gateway *g, CoreFixture *f)
{
	struct sockaddr_un address;

	gateway_socket(g, f, &address);
	g_assert_cmpint(connect(g->fd, (struct sockaddr *)&address, sizeof address), ==, 0);
}

static void say_hello(Gateway *g)
{
	ControlMessage hello = {.type = CONTROL_HELLO, .id = 1, .gateway = (char *)"gw-1"};
	g_auto(ControlMessage) answer = {0};

	gateway_send(g, &hello);
	g_assert_true(gateway_receive(g, &answer));
	g_assert_cmpint(answer.type, ==, CONTROL_OK);
}

void gateway_hello(Gateway *g, CoreFixture *f)
{
	gateway_connect(g, f);
	say_hello(g);
}

/* Who connects is who the kernel says is there, though another has the socket. */
void gateway_hello_elsewhere(Gateway *g, CoreFixture *f)
{
	struct sockaddr_un address;
	int status = -1;
	pid_t child;

	gateway_socket(g, f, &address);
	child = fork();
	if (child == 0)
		_exit(connect(g->fd, (struct sockaddr *)&address, sizeof address) ? 1 : 0);
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(status, ==, 0);
	say_hello(g);
}

void gateway_close(Gateway *g)
{
	if (g->received_fd >= 0)
		close(g->received_fd);
	close(g->fd);
	buffer_clear(&g->in);
}

void ask(Gateway *g, ControlMessage *request, ControlMessage *answer)
{
	request->id = 7;
	gateway_send(g, request);
	g_assert_true(gateway_receive(g, answer));
	g_assert_cmpuint(answer->id, ==, 7);
}

void ask_refused(Gateway *g, ControlMessage *request, const char *fault)
{
	g_auto(ControlMessage) answer = {0};

	ask(g, request, &answer);
	g_assert_cmpint(answer.type, ==, CONTROL_REFUSE);
	g_assert_cmpstr(answer.fault, ==, fault);
}

ControlMessage login_of(const char *user, const char *password, const char *desktop)
{
	return (ControlMessage){.type = CONTROL_LOGIN,
				.user = (char *)user,
				.password = (char *)password,
				.desktop = (char *)desktop,
				.protocol = (char *)"vnc",
				.peer = (char *)"192.0.2.1:5000"};
}
