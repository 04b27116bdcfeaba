/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exporter: see exporter.h. One thread: who asks waits for who asked before. */
#include "exporter.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <microhttpd.h>
#include <string.h>

#include "autofd.h"
#include "fault.h"

#define CONNECTIONS_MAX 32
#define IDLE_SECONDS    10u
#define MEMORY_MAX      ((size_t)8 * 1024)

struct Exporter {
	struct MHD_Daemon *daemon;
	Core *core;
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
			      char *text)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer_with_free_callback(strlen(text), text, g_free);
	enum MHD_Result result;

	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **state)
{
	Exporter *exporter = data;

	if (*upload_size > 0) /* nobody has to say anything here */
		return MHD_NO;
	if (!g_str_equal(url, "/metrics"))
		return answer(connection, 404, "text/plain", g_strdup("There is only /metrics.\n"));
	if (!g_str_equal(method, "GET") && !g_str_equal(method, "HEAD"))
		return answer(connection, 405, "text/plain", g_strdup("GET it.\n"));
	return answer(connection, 200, "text/plain; version=0.0.4; charset=utf-8",
		      core_metrics(exporter->core));
}

/* A listening descriptor, or -1. */
static int listen_at(const char *where, GError **error)
{
	g_autoptr(GSocketConnectable) host = g_network_address_parse(where, 0, error);
	g_autoptr(GSocketAddress) address = NULL;
	g_autoptr(GSocket) socket = NULL;
	GNetworkAddress *parts;

	if (host == NULL)
		return -1;
	parts = G_NETWORK_ADDRESS(host);
	address = g_inet_socket_address_new_from_string(g_network_address_get_hostname(parts),
							g_network_address_get_port(parts));
	if (address == NULL || g_network_address_get_port(parts) == 0) {
		g_set_error(error, FAULT, FAULT_CONFIG, "want an address and a port");
		return -1;
	}
	socket = g_socket_new(g_socket_address_get_family(address), G_SOCKET_TYPE_STREAM,
			      G_SOCKET_PROTOCOL_TCP, error);
	if (socket == NULL || !g_socket_bind(socket, address, TRUE, error) ||
	    !g_socket_listen(socket, error))
		return -1;
	return fcntl(g_socket_get_fd(socket), F_DUPFD_CLOEXEC, 0);
}

Exporter *exporter_start(Core *core, const char *where, GError **error)
{
	g_autoptr(GError) why = NULL;
	autofd int fd = listen_at(where, &why);
	g_autofree Exporter *exporter = g_new0(Exporter, 1);

	exporter->core = core;
	if (fd >= 0)
		exporter->daemon = MHD_start_daemon(
			MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, exporter,
			MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_MAX,
			MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (exporter->daemon == NULL) {
		g_set_error(error, FAULT, FAULT_CONFIG, "[broker] metrics = %s: %s", where,
			    why ? why->message : "the HTTP server does not start");
		return NULL;
	}
	autofd_steal(&fd); /* it closes it when it stops */
	return g_steal_pointer(&exporter);
}

void exporter_stop(Exporter *exporter)
{
	if (exporter == NULL)
		return;
	MHD_stop_daemon(exporter->daemon);
	g_free(exporter);
}
