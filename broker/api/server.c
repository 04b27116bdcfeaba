/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server: see server.h. libmicrohttpd calls on_request() three times or more for a request: head,
 * pieces of the body, the end; and once again after a worker has resumed it.
 */
#include "server.h"

#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "dispatch.h"
#include "services.h"

#define CONNECTIONS_MAX 4000
#define IDLE_SECONDS    30u
#define UPLOAD_US       (30 * G_TIME_SPAN_SECOND)
#define EXCESS_MAX      (1024 * 1024)
#define FLUSH_US        (2 * G_TIME_SPAN_SECOND)
#define MEMORY_MAX      ((size_t)32 * 1024)

struct Server {
	struct MHD_Daemon *daemon;
	const Services *services;
	Workers *workers;
	gboolean admin_socket;
	GMutex lock;
	GCond idle;
	unsigned exchanges; /* requests in hand, by the lock */
};

/* A request on its way through the server; freed when libmicrohttpd is done with it. */
typedef struct {
	struct MHD_Connection *connection;
	Request *request;
	gint64 began;
	gsize excess; /* bytes of the body beyond what is taken */
	gboolean answered;
} Exchange;

/* On every answer. The page loads nothing from elsewhere and runs no inline script. */
static const char *const security_headers[][2] = {
	{"Content-Security-Policy",
	 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
	 "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
	 "form-action 'self'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"},
	{"Strict-Transport-Security", "max-age=31536000"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Permissions-Policy",
	 "clipboard-read=(self), clipboard-write=(self), fullscreen=(self), "
	 "screen-wake-lock=(self), camera=(), microphone=(), geolocation=(), usb=(), serial=(), "
	 "hid=(), bluetooth=(), midi=(), payment=(), display-capture=(), accelerometer=(), "
	 "gyroscope=(), magnetometer=(), browsing-topics=()"},
};

/* The client's address as text; IPv4 in IPv6's clothes is IPv4. */
static char *address_text(const struct sockaddr *address)
{
	char text[NI_MAXHOST];
	socklen_t length = address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
							 : sizeof(struct sockaddr_in6);

	if ((address->sa_family != AF_INET && address->sa_family != AF_INET6) ||
	    getnameinfo(address, length, text, sizeof(text), NULL, 0, NI_NUMERICHOST) != 0)
		return g_strdup("unknown");
	return g_strdup(g_str_has_prefix(text, "::ffff:") && strchr(text, '.') ? text + 7 : text);
}

static char *peer_of(Server *server, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info;
	struct ucred who;
	socklen_t length = sizeof(who);

	if (!server->admin_socket) {
		info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
		return info && info->client_addr ? address_text(info->client_addr)
						 : g_strdup("unknown");
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info == NULL ||
	    getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &who, &length) < 0)
		return g_strdup("local:unknown");
	return g_strdup_printf("local:%u", (unsigned)who.uid);
}

static enum MHD_Result add_value(void *data, enum MHD_ValueKind kind, const char *name,
				 const char *value)
{
	if (kind == MHD_HEADER_KIND)
		request_add_header(data, name, value);
	else
		request_add_query(data, name, value);
	return MHD_YES;
}

/* Escapes in a path are decoded by who cuts it into segments. */
static size_t leave_escaped(void *data, struct MHD_Connection *connection, char *text)
{
	return strlen(text);
}

/* The bytes stay the request's (or the file's) until on_completed(). */
static struct MHD_Response *whole_response(const Reply *reply)
{
	gboolean bodiless = reply->status == 304 || reply->status == 204;
	const char *bytes = reply->packed ? reply->file->packed
			    : reply->file ? reply->file->bytes
					  : reply->body;
	gsize length = reply->packed ? reply->file->packed_length
		       : reply->file ? reply->file->length
				     : reply->length;

	return MHD_create_response_from_buffer(bodiless ? 0 : length,
					       (void *)(bytes && !bodiless ? bytes : ""),
					       MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result send_reply(Exchange *exchange)
{
	const Reply *reply = &exchange->request->reply;
	struct MHD_Response *response = NULL;
	enum MHD_Result result;

	if (reply->events) {
		response =
			events_response(exchange->request->services->events, exchange->connection);
		if (response == NULL)
			dispatch_busy(exchange->request);
	}
	if (response == NULL)
		response = whole_response(reply);

	if (response == NULL)
		return MHD_NO;
	for (gsize i = 0; i < G_N_ELEMENTS(security_headers); i++)
		MHD_add_response_header(response, security_headers[i][0], security_headers[i][1]);
	if (reply->type != NULL)
		MHD_add_response_header(response, "Content-Type", reply->type);
	if (reply->file == NULL)
		MHD_add_response_header(response, "Cache-Control", "no-store");
	for (unsigned i = 0; reply->headers != NULL && i + 1 < reply->headers->len; i += 2)
		MHD_add_response_header(response, g_ptr_array_index(reply->headers, i),
					g_ptr_array_index(reply->headers, i + 1));
	result = MHD_queue_response(exchange->connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static void work(gpointer data)
{
	Exchange *exchange = data;

	dispatch_run(exchange->request);
	exchange->answered = TRUE;
	/* The exchange may be gone once this has been called. */
	MHD_resume_connection(exchange->connection);
}

/* The head has come; the body, if any, has not. */
static enum MHD_Result on_head(Server *server, struct MHD_Connection *connection, const char *url,
			       const char *method, void **state)
{
	g_autofree char *peer = peer_of(server, connection);
	Exchange *exchange = g_new0(Exchange, 1);

	g_mutex_lock(&server->lock);
	server->exchanges++;
	g_mutex_unlock(&server->lock);
	*state = exchange;
	exchange->connection = connection;
	exchange->began = g_get_monotonic_time();
	exchange->request = request_new(server->services, server->admin_socket, peer, method, url);
	MHD_get_connection_values(connection, MHD_HEADER_KIND, add_value, exchange->request);
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_value, exchange->request);
	return MHD_YES;
}

/*
 * A body that is too large is read to its end, and dropped, so that a client which writes first and
 * then reads comes to see the refusal; but only up to a point, and only for a time.
 */
static enum MHD_Result on_body(Exchange *exchange, const char *bytes, size_t *n)
{
	GByteArray *body = exchange->request->body;

	if (exchange->excess > 0 || *n > REQUEST_BODY_MAX - body->len)
		exchange->excess += *n;
	if (exchange->excess > EXCESS_MAX || g_get_monotonic_time() - exchange->began > UPLOAD_US)
		return MHD_NO;
	if (exchange->excess == 0) {
		/* All at once, so that a growing array leaves no copies of secrets behind. */
		if (body->len == 0) {
			g_byte_array_set_size(body, REQUEST_BODY_MAX);
			g_byte_array_set_size(body, 0);
		}
		g_byte_array_append(body, (const guint8 *)bytes, (guint)*n);
	}
	*n = 0;
	return MHD_YES;
}

/* True if the answer is ready, false if a worker must find it. */
static gboolean answer_now(Exchange *exchange)
{
	if (exchange->answered)
		return TRUE;
	if (exchange->excess == 0)
		return !dispatch(exchange->request);
	reply_refuse(exchange->request, 413, "client", "The request's body is too large.");
	return TRUE;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **state)
{
	Server *server = data;
	Exchange *exchange = *state;

	if (exchange == NULL)
		return on_head(server, connection, url, method, state);
	if (*upload_size > 0)
		return on_body(exchange, upload, upload_size);
	if (answer_now(exchange))
		return send_reply(exchange);

	MHD_suspend_connection(connection);
	if (!workers_push(server->workers, exchange->request->route->work, exchange->request->peer,
			  work, exchange)) {
		dispatch_busy(exchange->request);
		exchange->answered = TRUE;
		MHD_resume_connection(connection);
	}
	return MHD_YES;
}

static void on_completed(void *data, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	Exchange *exchange = g_steal_pointer(state);
	Server *server = data;

	if (exchange == NULL)
		return;
	request_free(exchange->request);
	g_free(exchange);
	g_mutex_lock(&server->lock);
	if (--server->exchanges == 0)
		g_cond_signal(&server->idle);
	g_mutex_unlock(&server->lock);
}

Server *server_new(const Services *services, Workers *workers, gboolean admin_socket,
		   unsigned per_address, GError **error)
{
	g_autofree Server *server = g_new0(Server, 1);

	server->services = services;
	server->workers = workers;
	server->admin_socket = admin_socket;
	g_mutex_init(&server->lock);
	g_cond_init(&server->idle);
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME,
		0, NULL, NULL, on_request, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
		server, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		per_address, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_END);
	if (server->daemon == NULL) {
		g_set_error(error, FAULT, FAULT_BROKER, "the HTTP server does not start");
		return NULL;
	}
	return g_steal_pointer(&server);
}

void server_adopt(Server *server, int fd, const struct sockaddr *address, socklen_t length)
{
	static const struct sockaddr_un unknown = {.sun_family = AF_UNIX};

	/* Closes the descriptor if it fails. */
	if (address != NULL)
		MHD_add_connection(server->daemon, fd, address, length);
	else
		MHD_add_connection(server->daemon, fd, (const struct sockaddr *)&unknown,
				   sizeof(unknown));
}

void server_free(Server *server)
{
	gint64 deadline = g_get_monotonic_time() + FLUSH_US;

	if (server == NULL)
		return;
	/* Answers that are ready should reach those who wait for them. */
	g_mutex_lock(&server->lock);
	while (server->exchanges > 0 && g_cond_wait_until(&server->idle, &server->lock, deadline))
		;
	g_mutex_unlock(&server->lock);
	MHD_stop_daemon(server->daemon);
	g_cond_clear(&server->idle);
	g_mutex_clear(&server->lock);
	g_free(server);
}
