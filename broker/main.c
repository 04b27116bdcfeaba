/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oriel-broker: knows who may use which desktop, starts it, and tells the gateways where it is. It
 * listens on Unix sockets only and needs no root; people reach it through a gateway.
 *
 *   core (core.h)  <-  the control socket of the gateways (gateway_link.c)
 *                  <-  HTTP of the portal and of orielctl (api/)
 *
 * SIGTERM and SIGINT stop it; desktops whose provider outlives it go on, and so do the sessions
 * that the gateways carry.
 */
#include <glib-unix.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <sys/stat.h>

#include "api/api.h"
#include "core.h"
#include "fault.h"
#include "log.h"
#include "sandbox_broker.h"

static gboolean on_signal(gpointer loop)
{
	g_main_loop_quit(loop);
	return G_SOURCE_CONTINUE;
}

static void wait_for_signal(void)
{
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);

	g_unix_signal_add(SIGTERM, on_signal, loop);
	g_unix_signal_add(SIGINT, on_signal, loop);
	g_main_loop_run(loop);
}

static gboolean run(const Options *options, GError **error)
{
	g_autoptr(Core) core = NULL;
	const char *lacks = NULL;
	Api *api;

	if (!sandbox_broker(options, &lacks, error))
		return FALSE;
	if (lacks)
		log_warning(NULL, "sandbox: %s", lacks);
	core = core_open(options, error);
	api = core ? api_start(core, error) : NULL;
	if (!api)
		return FALSE;
	log_info(NULL, "ready");
	wait_for_signal();
	log_info(NULL, "stopping");
	core_quit(core);
	api_stop(api);
	return TRUE;
}

int main(int argc, char **argv)
{
	g_autofree char *config = NULL;
	gboolean debug = FALSE;
	gboolean version = FALSE;
	const GOptionEntry entries[] = {
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &config, "the key file", "FILE"},
		{"debug", 'd', 0, G_OPTION_ARG_NONE, &debug, "log more", NULL},
		{"version", 'V', 0, G_OPTION_ARG_NONE, &version, "print the version", NULL},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- the broker of Oriel");
	g_autoptr(Options) options = NULL;
	g_autoptr(GError) error = NULL;

	umask(0077);
	signal(SIGPIPE, SIG_IGN);
	/* A thread of a pool may be at its last words when main() returns, and has to find OpenSSL.
	 */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	/* libvirt warns of each property of a VMware host that it does not know, at every call. */
	g_setenv("LIBVIRT_LOG_FILTERS", "4:esx 4:vmx", FALSE);
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		g_printerr("oriel-broker: %s\n", error->message);
		return 2;
	}
	if (version) {
		g_print("oriel-broker %s\n", ORIEL_VERSION);
		return 0;
	}
	log_init("broker", debug);
	options = options_load(config, &error);
	if (options && run(options, &error))
		return 0;
	log_error(NULL, "%s", error->message);
	return 1;
}
