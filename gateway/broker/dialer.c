/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dialer: see dialer.h. One question and one answer at a time, as packets over a socket pair. */
#include "broker/dialer.h"

#include "autofd.h"
#include "beside.h"
#include "fault.h"
#include "fdpass.h"
#include "log.h"
#include "sandbox_gateway.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WAIT_SECONDS 2

struct Dialer {
	int fd;
	guint32 turn; /* an answer that came too late is not taken for the next one */
	gboolean gone;
};

typedef struct {
	guint32 turn;
	guint32 target;
} Question;

typedef struct {
	guint32 turn;
	int error; /* errno, 0 = a descriptor comes along */
} Answer;

/* ---- the other process */

static int dial(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return -1;
	return autofd_steal(&fd);
}

/* To the broker that answered last; when it is away, to the next of several, which then is that
 * one. The web socket's broker and the control socket's are one as long as both answer. */
static int dial_target(const Options *options, guint32 target)
{
	static unsigned at;
	unsigned n = options->brokers ? g_strv_length(options->brokers) : 0;
	char path[sizeof((struct sockaddr_un *)0)->sun_path];
	int fd = -1;

	if (n == 0)
		return dial(target == DIALER_WEB ? options->web : options->control);
	for (unsigned i = 0; i < n && fd < 0; i++, at = fd < 0 ? (at + 1) % n : at) {
		g_snprintf(path, sizeof path, "%s/%s.sock", options->brokers[at],
			   target == DIALER_WEB ? "web" : "control");
		fd = dial(path);
	}
	return fd;
}

static void answer(int link, guint32 turn, int fd, int failed)
{
	Answer words = {.turn = turn, .error = fd < 0 ? failed : 0};

	fdpass_send_one(link, &words, sizeof words, fd, 0);
}

/* Until the worker's end is closed. */
static void serve(int link, const Options *options)
{
	Question question;
	ssize_t n;

	while ((n = recv(link, &question, sizeof question, 0)) != 0) {
		autofd int fd = -1;
		int failed = EINVAL;

		if (n < 0 && errno != EINTR)
			return;
		if (n != sizeof question)
			continue;
		if (question.target == DIALER_CONTROL || question.target == DIALER_WEB) {
			fd = dial_target(options, question.target);
			failed = errno;
		}
		answer(link, question.turn, fd, failed);
	}
}

static void become_dialer(int link, const Options *options)
{
	g_autoptr(GError) error = NULL;

	if (!sandbox_dialer(&error)) {
		log_error(NULL, "dialer: %s", error->message);
		_exit(1);
	}
	serve(link, options);
}

/* ---- the worker's end */

Dialer *dialer_start(const Options *options, GError **error)
{
	const struct timeval wait = {.tv_sec = WAIT_SECONDS};
	int fd = beside_start("oriel-dialer", become_dialer, options, error);
	Dialer *dialer;

	if (fd < 0)
		return NULL;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	dialer = g_new0(Dialer, 1);
	dialer->fd = fd;
	return dialer;
}

void dialer_free(Dialer *dialer)
{
	if (dialer == NULL)
		return;
	close(dialer->fd);
	g_free(dialer);
}

/* The descriptor that came along, or -1. */
static int receive(Dialer *dialer, Answer *words, ssize_t *out_n)
{
	int fd;

	do
		*out_n = fdpass_receive_one(dialer->fd, words, sizeof *words, &fd, 0);
	while (*out_n < 0 && errno == EINTR);
	return fd;
}

/* Without it a worker can serve whom it has, but soon nobody else: it asks for its own end, and
 * the supervisor starts another. */
static int gone(Dialer *dialer, GError **error)
{
	g_set_error(error, FAULT, FAULT_BROKER, "the dialer is gone");
	if (!dialer->gone)
		raise(SIGTERM);
	dialer->gone = TRUE;
	return -1;
}

int dialer_connect(Dialer *dialer, DialerTarget target, GError **error)
{
	static const char *const names[] = {"the broker's control socket",
					    "the broker's web socket"};
	const Question question = {.turn = ++dialer->turn, .target = target};
	Answer words = {0};
	ssize_t n;

	/* What cannot be asked in time is not answered, either. */
	if (send(dialer->fd, &question, sizeof question, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		return gone(dialer, error);
	for (;;) {
		autofd int fd = receive(dialer, &words, &n);

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return gone(dialer, error);
		if (n < 0) {
			g_set_error(error, FAULT, FAULT_BROKER, "the dialer does not answer");
			return -1;
		}
		if (n != sizeof words || words.turn != question.turn)
			continue;
		if (fd < 0) {
			errno = words.error;
			fault_set_errno(error, FAULT_BROKER, names[target]);
		}
		return autofd_steal(&fd);
	}
}
