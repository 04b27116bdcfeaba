/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listener: see listener.h. */
#include "listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "autofd.h"
#include "fault.h"
#include "http/proxy.h"
#include "log.h"

#define PENDING_MAX 256
#define HEADER_US   (5 * G_TIME_SPAN_SECOND)
#define PAUSE_US    (100 * G_TIME_SPAN_MILLISECOND)
#define FIXED_PART  16 /* of a PROXY v2 header; its last two bytes count the rest */

/* Somebody who has not yet said all of who they are. */
typedef struct {
	int fd;
	gint64 deadline;
	gsize got;
	guint8 bytes[PROXY_READ_MAX];
} Caller;

struct Listener {
	ListenerKind kind;
	char *path;
	int fd;
	int wake; /* eventfd: stop */
	ListenerAdmit admit;
	gpointer data;
	GPtrArray *callers;
	gint64 resume; /* no accept before */
	GThread *thread;
};

static void caller_free(gpointer data)
{
	Caller *caller = data;

	if (caller->fd >= 0)
		close(caller->fd);
	g_free(caller);
}

static void admit_proxied(Listener *listener, Caller *caller, const ProxyHeader *header)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = g_htons(header->source_port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = g_htons(header->source_port)};
	int fd = autofd_steal(&caller->fd);

	switch (header->family) {
	case PROXY_TCP4:
		memcpy(&v4.sin_addr, header->source, sizeof(v4.sin_addr));
		listener->admit(listener->data, fd, (struct sockaddr *)&v4, sizeof(v4));
		return;
	case PROXY_TCP6:
		memcpy(&v6.sin6_addr, header->source, sizeof(v6.sin6_addr));
		listener->admit(listener->data, fd, (struct sockaddr *)&v6, sizeof(v6));
		return;
	case PROXY_UNSPEC: listener->admit(listener->data, fd, NULL, 0); return;
	}
	g_assert_not_reached();
}

/* How many bytes the header has, as far as is known. Not one byte more may be read: what follows
 * is the HTTP server's. */
static gsize header_size(const Caller *caller)
{
	if (caller->got < FIXED_PART)
		return FIXED_PART;
	return FIXED_PART + ((gsize)caller->bytes[14] << 8 | caller->bytes[15]);
}

/* Reads on; true if the caller is done with here: let in, or to be dropped. */
static gboolean caller_ready(Listener *listener, Caller *caller)
{
	ProxyHeader header;
	gssize n;

	for (;;) {
		gsize want = header_size(caller);

		if (want > sizeof(caller->bytes))
			return TRUE;
		if (caller->got == want)
			break;
		n = recv(caller->fd, caller->bytes + caller->got, want - caller->got, MSG_DONTWAIT);
		if (n <= 0)
			return n == 0 || (errno != EAGAIN && errno != EINTR);
		caller->got += (gsize)n;
		/* Version 1 is text and has no such length: gateways speak version 2. */
		if (caller->bytes[0] != '\r')
			return TRUE;
	}
	if (proxy_parse(caller->bytes, caller->got, &header, NULL) == (gssize)caller->got)
		admit_proxied(listener, caller, &header);
	return TRUE;
}

static void admit_local(Listener *listener, int fd)
{
	struct ucred who;
	socklen_t length = sizeof(who);
	LogContext context = {.peer = "local", .step = "admin"};

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0 &&
	    (who.uid == 0 || who.uid == geteuid())) {
		listener->admit(listener->data, fd, NULL, 0);
		return;
	}
	log_warning(&context, "uid %d may not administer", (int)who.uid);
	close(fd);
}

static void accept_one(Listener *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	Caller *caller;

	if (fd < 0) {
		/* Out of descriptors: the caller stays in the queue, and poll() would say so at
		 * once, again and again. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			listener->resume = g_get_monotonic_time() + PAUSE_US;
		return;
	}
	if (listener->kind == LISTENER_LOCAL) {
		admit_local(listener, fd);
		return;
	}
	caller = g_new(Caller, 1);
	caller->fd = fd;
	caller->got = 0;
	caller->deadline = g_get_monotonic_time() + HEADER_US;
	g_ptr_array_add(listener->callers, caller);
}

/* ms until something is due, -1 if nothing is. Drops the callers whose time is over; the oldest is
 * the first. */
static int next_deadline(Listener *listener, gint64 now)
{
	gint64 next = listener->resume > now ? listener->resume : G_MAXINT64;

	while (listener->callers->len > 0) {
		Caller *caller = g_ptr_array_index(listener->callers, 0);

		if (caller->deadline > now) {
			next = MIN(next, caller->deadline);
			break;
		}
		g_ptr_array_remove_index(listener->callers, 0);
	}
	return next == G_MAXINT64 ? -1 : (int)((next - now + 999) / 1000);
}

static gpointer watch(gpointer data)
{
	Listener *listener = data;
	struct pollfd fds[2 + PENDING_MAX];

	for (;;) {
		gint64 now = g_get_monotonic_time();
		int timeout = next_deadline(listener, now);
		unsigned n = listener->callers->len;
		gboolean room = n < PENDING_MAX && listener->resume <= now;

		fds[0] = (struct pollfd){.fd = listener->wake, .events = POLLIN};
		/* When too many wait, the next ones wait in the kernel's queue. */
		fds[1] = (struct pollfd){.fd = room ? listener->fd : -1, .events = POLLIN};
		for (unsigned i = 0; i < n; i++) {
			Caller *caller = g_ptr_array_index(listener->callers, i);

			fds[2 + i] = (struct pollfd){.fd = caller->fd, .events = POLLIN};
		}
		if (poll(fds, 2 + n, timeout) < 0 && errno != EINTR)
			g_error("poll: %s", g_strerror(errno));
		if (fds[0].revents)
			return NULL;
		for (unsigned i = n; i-- > 0;) {
			Caller *caller = g_ptr_array_index(listener->callers, i);

			if (fds[2 + i].revents && caller_ready(listener, caller))
				g_ptr_array_remove_index(listener->callers, i);
		}
		if (fds[1].revents)
			accept_one(listener);
	}
}

/* A socket file that nobody listens at is left over from a broker that died. */
static gboolean clear_stale(const struct sockaddr_un *address, GError **error)
{
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return TRUE;
	if (fd >= 0 && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
	    errno == ECONNREFUSED && unlink(address->sun_path) == 0)
		return TRUE;
	g_set_error(error, FAULT, FAULT_CONFIG, "%s: exists, and is in use or no socket",
		    address->sun_path);
	return FALSE;
}

static int listen_at(const char *path, mode_t mode, GError **error)
{
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: too long for a socket's path", path);
		return -1;
	}
	strcpy(address.sun_path, path);
	if (!clear_stale(&address, error))
		return -1;
	/* Linux gives the file the socket's own mode (and umask): there is no moment in which it
	 * is open to more. The second one undoes the umask. */
	if (fd < 0 || fchmod(fd, mode) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, mode) < 0 ||
	    listen(fd, SOMAXCONN) < 0) {
		fault_set_errno(error, FAULT_CONFIG, path);
		return -1;
	}
	return autofd_steal(&fd);
}

Listener *listener_open(ListenerKind kind, const char *path, mode_t mode, ListenerAdmit admit,
			gpointer data, GError **error)
{
	int fd = listen_at(path, mode, error);
	Listener *listener;

	if (fd < 0)
		return NULL;
	listener = g_new0(Listener, 1);
	listener->kind = kind;
	listener->path = g_strdup(path);
	listener->fd = fd;
	listener->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	g_assert(listener->wake >= 0);
	listener->admit = admit;
	listener->data = data;
	listener->callers = g_ptr_array_new_with_free_func(caller_free);
	listener->thread = g_thread_new("listener", watch, listener);
	return listener;
}

void listener_close(Listener *listener)
{
	uint64_t one = 1;

	if (listener == NULL)
		return;
	unlink(listener->path);
	if (write(listener->wake, &one, sizeof(one)) != sizeof(one))
		g_error("eventfd: %s", g_strerror(errno));
	g_thread_join(listener->thread);
	close(listener->fd);
	close(listener->wake);
	g_ptr_array_unref(listener->callers);
	g_free(listener->path);
	g_free(listener);
}
