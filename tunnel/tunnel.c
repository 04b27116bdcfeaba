/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tunnel: see tunnel.h. */
#include "tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "autofd.h"
#include "carry.h"
#include "fault.h"
#include "log.h"
#include "reach.h"
#include "record.h"
#include "secret.h"
#include "strangers.h"

#define CONNECTIONS_MAX  4096
#define STRANGERS_MAX    1024                     /* of those, at the broker's end              */
#define GREETING_SECONDS 10                       /* until it is known who it is, and what for  */
#define AWAY_US          (1 * G_TIME_SPAN_SECOND) /* so long nobody is let in where nothing is behind */
#define LISTENERS        2
#define BREAK_SECONDS    20 /* so long a gateway may be out of reach before its sessions end */

/* What the broker's end says once it is connected to what was asked for. */
static const guint8 ready = 'R';

struct Tunnel {
	const Options *options;
	Kept *kept;
	Strangers *strangers;     /* inside */
	gboolean inside;          /* the broker's end */
	int listeners[LISTENERS]; /* -1 = not now. Inside: the first, for all purposes */
	char *paths[LISTENERS];   /* outside: of each Purpose that the gateway connects for */
	int connections;          /* atomic */
	GMutex lock;              /* of all below */
	gint64 away_until;        /* outside: no connection came about */
	char *away;               /* why, as it was logged; NULL = it is reached */
};

/* One that has come, or that the gateway has been told to fetch. */
typedef struct {
	Tunnel *tunnel;
	int fd;
	Stranger stranger; /* inside, until its certificate is known */
	Purpose purpose;   /* outside */
	char *secret;      /* outside, PURPOSE_DISPLAY */
} Guest;

static gint64 deadline(void)
{
	return g_get_monotonic_time() + GREETING_SECONDS * G_TIME_SPAN_SECOND;
}

static void guest_free(Guest *guest)
{
	strangers_remove(guest->tunnel->strangers, &guest->stranger);
	if (guest->fd >= 0)
		close(guest->fd);
	secret_free(guest->secret);
	g_atomic_int_add(&guest->tunnel->connections, -1);
	g_free(guest);
}

/* Takes the descriptor; a thread of its own runs it, and frees the guest. */
static void guest_start(Tunnel *tunnel, int fd, Purpose purpose, const char *secret,
			gpointer (*run)(gpointer))
{
	Guest *guest = g_new0(Guest, 1);
	gboolean room = g_atomic_int_add(&tunnel->connections, 1) < CONNECTIONS_MAX;
	GThread *thread;

	guest->tunnel = tunnel;
	guest->fd = fd;
	guest->purpose = purpose;
	guest->secret = secret_dup(secret);
	if (tunnel->inside)
		strangers_add(tunnel->strangers, &guest->stranger, fd);
	thread = room ? g_thread_try_new("carry", run, guest, NULL) : NULL;
	if (thread != NULL)
		g_thread_unref(thread);
	else
		guest_free(guest);
}

/* ---- inside: the broker's end */

/* What the gateway wants to be led to. */
static int inner_socket(Tunnel *tunnel, SSL *ssl, Purpose purpose, GError **error)
{
	char secret[RECORD_SECRET + 1] = "";
	int fd;

	switch (purpose) {
	case PURPOSE_CONTROL: return reach_unix(tunnel->options->control, error);
	case PURPOSE_WEB: return reach_unix(tunnel->options->web, error);
	case PURPOSE_DISPLAY: break;
	}
	if (!secure_read(ssl, secret, RECORD_SECRET, deadline(), error))
		return -1;
	fd = kept_take(tunnel->kept, secret);
	secret_wipe(secret, sizeof secret);
	if (fd < 0)
		g_set_error(error, FAULT, FAULT_DENIED, "no display by that secret");
	return fd;
}

static gboolean make_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

/* The line broke, and the gateway may be well. To the broker the end of its connection is the end
 * of those sessions that have not come over another one by then: it may wait. */
static void outlast(int inner)
{
	gint64 until = g_get_monotonic_time() + BREAK_SECONDS * G_TIME_SPAN_SECOND;
	struct pollfd broker = {.fd = inner, .events = POLLIN};
	guint8 unheard[RECORD_MAX];
	ssize_t n = 1;

	while (n > 0) {
		gint64 left = until - g_get_monotonic_time();

		if (left <= 0 || poll(&broker, 1, (int)(left / 1000 + 1)) == 0)
			return;
		n = recv(inner, unheard, sizeof unheard, 0);
		if (n > 0)
			secret_wipe(unheard, (gsize)n);
		else if (n < 0 && (errno == EAGAIN || errno == EINTR))
			n = 1;
	}
}

static gpointer run_inside(gpointer data)
{
	Guest *guest = data;
	Tunnel *tunnel = guest->tunnel;
	g_autoptr(GError) error = NULL;
	Purpose purpose = PURPOSE_CONTROL;
	SSL *ssl = secure_accept(tunnel->options, guest->fd, deadline(), &purpose, &error);
	autofd int inner = -1;

	strangers_remove(tunnel->strangers, &guest->stranger);
	if (ssl)
		inner = inner_socket(tunnel, ssl, purpose, &error);
	/* A viewer may pause, and its gateway reads no further then: that one knows for how long.
	 * Should the gateway be gone, its control connection tells. */
	if (purpose != PURPOSE_CONTROL)
		reach_outlast_pauses(guest->fd);
	if (inner >= 0 && make_nonblocking(inner) &&
	    secure_write(ssl, &ready, sizeof ready, deadline(), &error)) {
		Carry with = {.ssl = ssl, .plain = inner, .kept = tunnel->kept};

		if (carry(&with) && purpose == PURPOSE_CONTROL) {
			log_warning(NULL, "a gateway is out of reach");
			outlast(inner);
		}
	} else if (error != NULL) {
		log_warning(NULL, "a gateway was not let in: %s", error->message);
	}
	SSL_free(ssl);
	guest_free(guest);
	return NULL;
}

/* ---- outside: the gateway's end */

/* One line when it goes, or for another reason, and one when it is back. */
static void note_reached(Tunnel *tunnel, const GError *error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&tunnel->lock);

	if (error != NULL) {
		if (g_strcmp0(tunnel->away, error->message) != 0)
			log_warning(NULL, "the broker cannot be reached: %s", error->message);
		tunnel->away_until = g_get_monotonic_time() + AWAY_US;
	} else if (tunnel->away != NULL) {
		log_info(NULL, "the broker is reached again");
	}
	g_free(tunnel->away);
	tunnel->away = error != NULL ? g_strdup(error->message) : NULL;
}

/* Says what it wants, and waits until that is there. */
static gboolean agree(SSL *ssl, const char *secret, gint64 until, GError **error)
{
	guint8 word = 0;

	return (secret == NULL || secure_write(ssl, secret, strlen(secret), until, error)) &&
	       secure_read(ssl, &word, sizeof word, until, error) && word == ready;
}

/* NULL with an error. *out_fd is the caller's in any case. */
static SSL *reach_inside(const Guest *guest, int *out_fd, GError **error)
{
	const Options *options = guest->tunnel->options;
	gint64 until = deadline();
	SSL *ssl;

	*out_fd = reach_tcp(options->tunnel_connect, until, error);
	if (*out_fd < 0)
		return NULL;
	ssl = secure_connect(options, *out_fd, guest->purpose, until, error);
	if (ssl == NULL || agree(ssl, guest->secret, until, error))
		return ssl;
	if (error != NULL && *error == NULL)
		g_set_error(error, FAULT, FAULT_BROKER, "the other end speaks wrongly");
	SSL_free(ssl);
	return NULL;
}

static gpointer run_outside(gpointer data);

/* The gateway gets one end of a pair at once; a thread leads the other to the display. */
static int fetch_display(const char *secret, gpointer data)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -1;
	guest_start(data, ends[0], PURPOSE_DISPLAY, secret, run_outside);
	return ends[1];
}

static gpointer run_outside(gpointer data)
{
	Guest *guest = data;
	Tunnel *tunnel = guest->tunnel;
	g_autoptr(GError) error = NULL;
	autofd int outer = -1;
	SSL *ssl = reach_inside(guest, &outer, &error);

	/* That a display has gone says nothing of the broker. */
	if (guest->purpose != PURPOSE_DISPLAY)
		note_reached(tunnel, error);
	else if (error != NULL)
		log_warning(NULL, "a display was not reached: %s", error->message);
	if (ssl != NULL) {
		Carry with = {.ssl = ssl,
			      .plain = guest->fd,
			      .fetch = guest->purpose == PURPOSE_CONTROL ? fetch_display : NULL,
			      .data = tunnel};

		carry(&with);
	}
	SSL_free(ssl);
	guest_free(guest);
	return NULL;
}

/* ---- listening */

static gboolean listen_all(Tunnel *tunnel, GError **error)
{
	if (tunnel->inside) {
		tunnel->listeners[0] = reach_listen_tcp(tunnel->options->tunnel_listen, error);
		return tunnel->listeners[0] >= 0;
	}
	for (unsigned i = 0; i < LISTENERS; i++) {
		tunnel->listeners[i] = reach_listen_unix(tunnel->paths[i], error);
		if (tunnel->listeners[i] < 0)
			return FALSE;
	}
	return TRUE;
}

/* Nobody may be let in whom nothing awaits: a gateway that is refused goes to another broker, or
 * says that it is away. */
static void close_all(Tunnel *tunnel)
{
	for (unsigned i = 0; i < LISTENERS; i++) {
		if (tunnel->listeners[i] >= 0)
			close(tunnel->listeners[i]);
		tunnel->listeners[i] = -1;
		if (tunnel->paths[i] != NULL)
			unlink(tunnel->paths[i]);
	}
}

/* ms until there is something to do by itself; -1 = never. */
static int arrange(Tunnel *tunnel)
{
	g_autoptr(GError) error = NULL;
	gint64 left;

	if (tunnel->inside) {
		kept_expire(tunnel->kept);
		return 1000;
	}
	g_mutex_lock(&tunnel->lock);
	left = tunnel->away_until - g_get_monotonic_time();
	g_mutex_unlock(&tunnel->lock);
	if (left > 0) {
		close_all(tunnel);
		return (int)(left / 1000 + 1);
	}
	if (tunnel->listeners[0] < 0 && !listen_all(tunnel, &error)) {
		log_error(NULL, "%s", error->message);
		close_all(tunnel);
	}
	return 1000;
}

void tunnel_run(Tunnel *tunnel, int signals)
{
	for (;;) {
		int patience = arrange(tunnel);
		struct pollfd sockets[LISTENERS + 1] = {{.fd = signals, .events = POLLIN}};

		for (unsigned i = 0; i < LISTENERS; i++)
			sockets[i + 1] =
				(struct pollfd){.fd = tunnel->listeners[i], .events = POLLIN};
		if (poll(sockets, G_N_ELEMENTS(sockets), patience) <= 0)
			continue;
		if (sockets[0].revents != 0)
			return;
		for (unsigned i = 0; i < LISTENERS; i++) {
			int fd = sockets[i + 1].revents ? reach_accept(tunnel->listeners[i]) : -1;

			if (fd >= 0)
				guest_start(tunnel, fd, (Purpose)i, NULL,
					    tunnel->inside ? run_inside : run_outside);
		}
	}
}

/* ---- the whole */

static gboolean options_good(const Options *options, GError **error)
{
	const char *lacks = NULL;

	if ((*options->tunnel_listen == '\0') == (*options->tunnel_connect == '\0'))
		lacks = "either listen (beside a broker) or connect (beside a gateway)";
	else if (*options->tunnel_certificate == '\0' || *options->tunnel_key == '\0' ||
		 *options->tunnel_ca == '\0')
		lacks = "certificate, key and ca";
	else if (*options->tunnel_peers == NULL)
		lacks = "peers: the names that the other end's certificate may have";
	else if (*options->tunnel_connect != '\0' && *options->tunnel_directory == '\0')
		lacks = "directory: where the gateway finds the sockets";
	if (lacks == NULL)
		return secure_try(options, error);
	g_set_error(error, FAULT, FAULT_CONFIG, "[tunnel] needs %s", lacks);
	return FALSE;
}

Tunnel *tunnel_new(const Options *options, GError **error)
{
	static const char *const names[] = {
		[PURPOSE_CONTROL] = "control.sock", [PURPOSE_WEB] = "web.sock"};
	Tunnel *tunnel;

	if (!options_good(options, error))
		return NULL;
	tunnel = g_new0(Tunnel, 1);
	tunnel->options = options;
	tunnel->inside = *options->tunnel_listen != '\0';
	tunnel->kept = kept_new();
	tunnel->strangers = strangers_new(STRANGERS_MAX);
	g_mutex_init(&tunnel->lock);
	for (unsigned i = 0; i < LISTENERS; i++) {
		tunnel->listeners[i] = -1;
		if (!tunnel->inside)
			tunnel->paths[i] =
				g_build_filename(options->tunnel_directory, names[i], NULL);
	}
	if (listen_all(tunnel, error))
		return tunnel;
	tunnel_free(tunnel);
	return NULL;
}

/* While threads run, what they use goes with the process. */
void tunnel_free(Tunnel *tunnel)
{
	if (tunnel == NULL)
		return;
	close_all(tunnel);
	if (g_atomic_int_get(&tunnel->connections) > 0)
		return;
	for (unsigned i = 0; i < LISTENERS; i++)
		g_free(tunnel->paths[i]);
	kept_free(tunnel->kept);
	strangers_free(tunnel->strangers);
	g_mutex_clear(&tunnel->lock);
	g_free(tunnel->away);
	g_free(tunnel);
}
