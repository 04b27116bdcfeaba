/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oriel-tunnel: the broker's sockets, on another machine, for a gateway in a DMZ. One runs beside
 * the broker and listens on TCP, one beside the gateway and makes the two sockets that a broker
 * has:
 *
 *   gateway ── control.sock, web.sock ── oriel-tunnel ══ mutual TLS ══ oriel-tunnel ── broker
 *
 * Neither gateway nor broker knows. The broker stays out of the network, and the gateway's workers
 * without a key to it. A descriptor of a desktop's display cannot travel: it stays at the broker's
 * end, and one of a connection through the tunnel, which leads to it, takes its place (record.h,
 * carry.h).
 */
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "log.h"
#include "options.h"
#include "sandbox_tunnel.h"
#include "tunnel.h"

static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void take_all_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static gboolean run(const Options *options, GError **error)
{
	int signals = signals_open();
	const char *lacks = NULL;
	Tunnel *tunnel;

	if (!sandbox_tunnel(options, &lacks, error))
		return FALSE;
	if (lacks != NULL)
		log_warning(NULL, "sandbox: %s", lacks);
	take_all_descriptors();
	tunnel = tunnel_new(options, error);
	if (tunnel == NULL)
		return FALSE;
	log_info(NULL, "ready");
	tunnel_run(tunnel, signals);
	log_info(NULL, "stopping");
	tunnel_free(tunnel);
	return TRUE;
}

int main(int argc, char **argv)
{
	g_autofree char *config = NULL;
	gboolean debug = FALSE, version = FALSE;
	const GOptionEntry entries[] = {
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &config, "oriel.conf(5)", "FILE"},
		{"debug", 0, 0, G_OPTION_ARG_NONE, &debug, "log what only we want to know", NULL},
		{"version", 0, 0, G_OPTION_ARG_NONE, &version, "print the version", NULL},
		{NULL},
	};
	g_autoptr(GOptionContext)
		context = g_option_context_new("- carries a broker's sockets to a gateway");
	/* Connections use it, and OpenSSL, until they end with the process. */
	static Options *options;
	g_autoptr(GError) error = NULL;

	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
		fprintf(stderr, "oriel-tunnel: %s\n",
			error ? error->message : "too many arguments");
		return 64; /* EX_USAGE */
	}
	if (version) {
		puts("oriel-tunnel " ORIEL_VERSION);
		return 0;
	}
	log_init("tunnel", debug);
	options = options_load(config ? config : "/etc/oriel/oriel.conf", &error);
	if (options != NULL && run(options, &error))
		return 0;
	log_error(NULL, "%s", error->message);
	return options ? 1 : 78; /* EX_CONFIG */
}
