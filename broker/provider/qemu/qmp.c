/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qmp: see qmp.h. */
#include "qemu/qmp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dial.h"
#include "fault.h"
#include "fdpass.h"

struct Qmp {
	int fd;
	json_int_t id;  /* of the last command         */
	GByteArray *in; /* bytes that are not yet read */
};

/* fd: goes with the first byte, -1 = none. */
static gboolean send_all(Qmp *qmp, const char *bytes, gsize n, int fd, gint64 deadline,
			 GError **error)
{
	while (n > 0) {
		ssize_t sent = fdpass_send_one(qmp->fd, bytes, n, fd, MSG_DONTWAIT);

		if (sent >= 0) {
			bytes += sent;
			n -= (gsize)sent;
			fd = -1;
		} else if (errno == EAGAIN) {
			if (!dial_wait(qmp->fd, POLLOUT, deadline, "QEMU's monitor", error))
				return FALSE;
		} else if (errno != EINTR) {
			fault_set_errno(error, FAULT_DESKTOP, "QEMU's monitor");
			return FALSE;
		}
	}
	return TRUE;
}

/* More bytes into qmp->in. */
static gboolean receive(Qmp *qmp, gint64 deadline, GError **error)
{
	guint8 bytes[4096];
	ssize_t n;

	do {
		if (!dial_wait(qmp->fd, POLLIN, deadline, "QEMU's monitor", error))
			return FALSE;
		n = recv(qmp->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0) {
		fault_set_errno(error, FAULT_DESKTOP, "QEMU's monitor");
		return FALSE;
	}
	if (n == 0) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "QEMU's monitor: closed");
		return FALSE;
	}
	if (qmp->in->len + (gsize)n > QMP_MAX) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "QEMU's monitor: message too long");
		return FALSE;
	}
	g_byte_array_append(qmp->in, bytes, (guint)n);
	return TRUE;
}

/* The next line as an object (a new reference). */
static json_t *next_message(Qmp *qmp, gint64 deadline, GError **error)
{
	gsize searched = 0;
	guint8 *end = NULL;
	json_t *message;

	while (!(qmp->in->len > searched &&
		 (end = memchr(qmp->in->data + searched, '\n', qmp->in->len - searched)))) {
		searched = qmp->in->len;
		if (!receive(qmp, deadline, error))
			return NULL;
	}
	message = json_loadb((char *)qmp->in->data, (gsize)(end - qmp->in->data),
			     JSON_REJECT_DUPLICATES, NULL);
	g_byte_array_remove_range(qmp->in, 0, (guint)(end - qmp->in->data) + 1);
	if (!json_is_object(message)) {
		json_decref(message);
		g_set_error(error, FAULT, FAULT_DESKTOP, "QEMU's monitor: not a JSON object");
		return NULL;
	}
	return message;
}

Qmp *qmp_new(int fd, gint64 deadline, GError **error)
{
	g_autoptr(Qmp) qmp = g_new0(Qmp, 1);
	json_t *message;
	gboolean greeted;

	qmp->fd = fd;
	qmp->in = g_byte_array_new();
	message = next_message(qmp, deadline, error);
	if (!message)
		return NULL;
	greeted = json_is_object(json_object_get(message, "QMP"));
	json_decref(message);
	if (!greeted) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "QEMU's monitor: no greeting");
		return NULL;
	}
	message = qmp_execute(qmp, "qmp_capabilities", NULL, deadline, error);
	if (!message)
		return NULL;
	json_decref(message);
	return g_steal_pointer(&qmp);
}

Qmp *qmp_open(const char *path, gint64 deadline, GError **error)
{
	int fd = dial_socket(path, deadline, error);

	return fd < 0 ? NULL : qmp_new(fd, deadline, error);
}

void qmp_free(Qmp *qmp)
{
	if (!qmp)
		return;
	close(qmp->fd);
	g_byte_array_unref(qmp->in);
	g_free(qmp);
}

/* fd: goes with it, -1 = none. */
static gboolean send_command(Qmp *qmp, const char *command, json_t *arguments, int fd,
			     gint64 deadline, GError **error)
{
	json_t *request = json_pack("{s:s, s:I, s:o*}", "execute", command, "id", ++qmp->id,
				    "arguments", arguments);
	char *line = json_dumps(request, JSON_COMPACT);
	gboolean sent;

	g_assert(line);
	sent = send_all(qmp, line, strlen(line), fd, deadline, error) &&
	       send_all(qmp, "\n", 1, -1, deadline, error);
	free(line);
	json_decref(request);
	return sent;
}

static json_t *execute(Qmp *qmp, const char *command, json_t *arguments, int fd, gint64 deadline,
		       GError **error)
{
	if (!send_command(qmp, command, arguments, fd, deadline, error))
		return NULL;
	for (;;) {
		json_t *message = next_message(qmp, deadline, error);
		json_t *result;
		const char *words = "no reason";

		if (!message)
			return NULL;
		if (json_object_get(message, "event") ||
		    json_integer_value(json_object_get(message, "id")) != qmp->id) {
			json_decref(message);
			if (dial_milliseconds(deadline) > 0)
				continue;
			g_set_error(error, FAULT, FAULT_TIMEOUT, "QEMU's monitor: no answer to %s",
				    command);
			return NULL;
		}
		result = json_incref(json_object_get(message, "return"));
		if (!result) {
			json_unpack(message, "{s:{s:s}}", "error", "desc", &words);
			g_set_error(error, FAULT, FAULT_DESKTOP, "QEMU refuses %s: %s", command,
				    words);
		}
		json_decref(message);
		return result;
	}
}

json_t *qmp_execute(Qmp *qmp, const char *command, json_t *arguments, gint64 deadline,
		    GError **error)
{
	return execute(qmp, command, arguments, -1, deadline, error);
}

gboolean qmp_order(Qmp *qmp, const char *command, json_t *arguments, gint64 deadline,
		   GError **error)
{
	json_t *answer = qmp_execute(qmp, command, arguments, deadline, error);

	json_decref(answer);
	return answer != NULL;
}

gboolean qmp_give_file(Qmp *qmp, const char *name, int fd, gint64 deadline, GError **error)
{
	json_t *answer =
		execute(qmp, "getfd", json_pack("{s:s}", "fdname", name), fd, deadline, error);

	json_decref(answer);
	return answer != NULL;
}
