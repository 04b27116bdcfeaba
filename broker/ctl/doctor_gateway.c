/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_gateway: what clients come to first: sockets, ports, the certificate. */
#include "doctor.h"

#include <grp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GATEWAY "oriel-gateway" /* the user that the unit runs it as */
#define SOON    (14 * 24 * 3600)

/* ---- the broker's sockets */

/* A table of the kernel's line by line, as it may have tens of thousands: TRUE once `look` has
 * found what it looks for; otherwise what is said of a table that cannot be read. */
static gboolean look_through(const char *table, gboolean unknown,
			     gboolean (*look)(const char *line, gpointer data), gpointer data)
{
	FILE *file = fopen(table, "re");
	gboolean found = FALSE;
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return unknown;
	while (!found && getline(&line, &size, file) > 0)
		found = look(g_strchomp(line), data);
	free(line);
	fclose(file);
	return found;
}

static gboolean is_listener(const char *line, gpointer path)
{
	return g_str_has_suffix(line, path) && strstr(line, " 00010000 ");
}

/* Without connecting, which the broker would take for a gateway. */
static gboolean is_listening(const char *path)
{
	return look_through("/proc/net/unix", TRUE, is_listener, (gpointer)path);
}

static void check_socket(Doctor *doctor, const char *path, const char *what)
{
	const struct passwd *gateway = getpwnam(GATEWAY);

	if (!is_listening(path))
		doctor_ill(
			doctor, "sockets",
			"The broker makes it when it starts: see its log. The paths of [sockets] "
			"must be the same for broker and gateway.",
			"Nobody listens at %s, where gateways %s", path, what);
	else if (gateway && !doctor_may(gateway->pw_uid, gateway->pw_gid, path, W_OK))
		doctor_ill(doctor, "sockets",
			   "Its directory must hand its group, " GATEWAY
			   "'s, down to it (mode 2750): systemd-tmpfiles --create does that.",
			   "The user " GATEWAY " may not use %s", path);
	else
		doctor_well(doctor, "sockets", "Gateways can %s at %s", what, path);
}

void doctor_sockets(Doctor *doctor)
{
	if (!doctor->answers)
		return; /* said already */
	check_socket(doctor, doctor->options->control, "ask for sessions");
	check_socket(doctor, doctor->options->web, "bring browsers");
}

/* ---- ports */

typedef struct {
	unsigned port;
	unsigned long inode; /* 0 = not found */
} PortListener;

static gboolean listens_at(const char *line, gpointer data)
{
	PortListener *listener = data;
	unsigned at, state;
	unsigned long inode;

	if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*s %*s %lu", &at,
		   &state, &inode) != 3 ||
	    at != listener->port || state != 0x0A)
		return FALSE;
	listener->inode = inode;
	return TRUE;
}

/* The inode of a socket that listens on this port; 0 = there is none. */
static unsigned long listener_of(const char *table, unsigned port)
{
	PortListener listener = {.port = port};

	look_through(table, FALSE, listens_at, &listener);
	return listener.inode;
}

/* Does this process hold the socket? */
static gboolean holds(const char *pid, const char *socket)
{
	g_autofree char *path = g_build_filename("/proc", pid, "fd", NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *fd = g_build_filename(path, name, NULL);
		char target[64];
		ssize_t n = readlink(fd, target, sizeof target - 1);

		if (n > 0 && (gsize)n == strlen(socket) && strncmp(target, socket, (gsize)n) == 0)
			return TRUE;
	}
	return FALSE;
}

/* "nginx (process 4711)"; NULL if nobody may tell. */
static char *holder_of(unsigned long inode)
{
	g_autofree char *socket = g_strdup_printf("socket:[%lu]", inode);
	g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
	const char *pid;

	while (dir && (pid = g_dir_read_name(dir))) {
		if (g_ascii_isdigit(*pid) && holds(pid, socket)) {
			g_autofree char *path = g_build_filename("/proc", pid, "comm", NULL);
			g_autofree char *name = NULL;

			if (!g_file_get_contents(path, &name, NULL, NULL))
				return NULL;
			return g_strdup_printf("%s (process %s)", g_strchomp(name), pid);
		}
	}
	return NULL;
}

static void check_port(Doctor *doctor, const char *where)
{
	const char *colon = strrchr(where, ':');
	unsigned port = colon ? (unsigned)g_ascii_strtoull(colon + 1, NULL, 10) : 0;
	unsigned long inode;
	g_autofree char *holder = NULL;

	if (port == 0) {
		doctor_ill(doctor, "ports", "Write ADDRESS:PORT, for example [::]:443.",
			   "%s is no place to listen at", where);
		return;
	}
	inode = listener_of("/proc/net/tcp", port);
	if (inode == 0)
		inode = listener_of("/proc/net/tcp6", port);
	if (inode == 0) {
		doctor_ill(
			doctor, "ports",
			"Start oriel-gateway. If it ends at once, its log says why (journalctl -u "
			"oriel-gateway; oriel-gateway --check tries the configuration).",
			"Nobody listens on port %u (%s): clients find a closed door", port, where);
		return;
	}
	holder = holder_of(inode);
	if (holder && !g_str_has_prefix(holder, "oriel-"))
		doctor_ill(doctor, "ports",
			   "Stop that program, or give the gateway another port (listen in "
			   "oriel.conf).",
			   "Port %u (%s) is taken by %s", port, where, holder);
	else
		doctor_well(doctor, "ports", "%s listens on port %u",
			    holder ? holder : "Somebody (only root sees who)", port);
}

void doctor_ports(Doctor *doctor)
{
	for (char **where = doctor->options->listen; *where; where++)
		check_port(doctor, *where);
	for (char **where = doctor->options->listen_vnc; *where; where++)
		check_port(doctor, *where);
}

/* ---- the certificate */

static STACK_OF(X509) * read_chain(const char *path)
{
	BIO *file = BIO_new_file(path, "r");
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *one;

	while (file && (one = PEM_read_bio_X509(file, NULL, NULL, NULL)))
		sk_X509_push(chain, one);
	BIO_free(file);
	return chain;
}

static gint64 seconds_left(const ASN1_TIME *end)
{
	int days = 0, seconds = 0;

	ASN1_TIME_diff(&days, &seconds, NULL, end);
	return (gint64)days * 86400 + seconds;
}

static void check_time(Doctor *doctor, const X509 *leaf)
{
	gint64 left = seconds_left(X509_get0_notAfter(leaf));
	const char *advice =
		"Get a new one into the same files: the gateway takes it by itself, in a "
		"few seconds.";

	if (seconds_left(X509_get0_notBefore(leaf)) > 0)
		doctor_ill(doctor, "certificate", "Is this machine's clock right (timedatectl)?",
			   "The certificate is not valid yet");
	else if (left < 0)
		doctor_ill(doctor, "certificate", advice, "The certificate expired %d days ago",
			   (int)(-left / 86400));
	else if (left < SOON)
		doctor_doubt(doctor, "certificate", advice, "The certificate expires in %d days",
			     (int)(left / 86400));
	else
		doctor_well(doctor, "certificate", "The certificate is good for another %d days",
			    (int)(left / 86400));
}

static void check_name(Doctor *doctor, X509 *leaf)
{
	const char *host = doctor->options->public_host;

	if (*host == '\0')
		return;
	if (X509_check_host(leaf, host, 0, 0, NULL) == 1 || X509_check_ip_asc(leaf, host, 0) == 1)
		doctor_well(doctor, "certificate", "It is made out to %s", host);
	else
		doctor_ill(doctor, "certificate",
			   "Get one with that name among its subject alternative names, or set "
			   "public_host to a name that it has.",
			   "It is not made out to %s (public_host): browsers and viewers refuse it",
			   host);
}

/* By the authorities of this machine, and that of `ca`. */
static void check_trust(Doctor *doctor, X509 *leaf, STACK_OF(X509) * chain)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	const char *ca = doctor->options->ca;

	X509_STORE_set_default_paths(store);
	if (*ca && X509_STORE_load_file(store, ca) != 1)
		doctor_ill(doctor, "certificate", "Correct ca in oriel.conf: .vv files carry it.",
			   "%s holds no certificate authority", ca);
	X509_STORE_CTX_init(context, store, leaf, chain);
	X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context), X509_V_FLAG_NO_CHECK_TIME);
	if (X509_verify_cert(context) == 1)
		doctor_well(doctor, "certificate", "It leads to an authority that is known here");
	else
		doctor_doubt(
			doctor, "certificate",
			"Are the certificates in between in the file (fullchain)? An authority of "
			"your own belongs into ca of oriel.conf, and onto people's machines.",
			"Clients may not trust it: %s",
			X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
}

static void check_key(Doctor *doctor, X509 *leaf)
{
	const char *path = doctor->options->key;
	const struct passwd *gateway = getpwnam(GATEWAY);
	BIO *file = BIO_new_file(path, "r");
	EVP_PKEY *key = file ? PEM_read_bio_PrivateKey(file, NULL, NULL, NULL) : NULL;
	struct stat st;

	BIO_free(file);
	if (!key)
		doctor_ill(doctor, "certificate",
			   "key in oriel.conf names it: PEM, without a passphrase.",
			   "%s cannot be read, or holds no private key", path);
	else if (X509_check_private_key(leaf, key) != 1)
		doctor_ill(doctor, "certificate", "Take both from the same place.",
			   "The key %s does not belong to the certificate", path);
	else if (stat(path, &st) == 0 && (st.st_mode & S_IROTH))
		doctor_ill(doctor, "certificate",
			   "chmod 640, group " GATEWAY
			   "; and get a new one: it may have been copied.",
			   "Everybody on this machine can read the key %s", path);
	else if (gateway && !doctor_may(gateway->pw_uid, gateway->pw_gid, path, R_OK))
		doctor_ill(doctor, "certificate", "chgrp " GATEWAY " and chmod 640.",
			   "The user " GATEWAY " may not read the key %s", path);
	else
		doctor_well(doctor, "certificate", "The key belongs to it");
	EVP_PKEY_free(key);
}

void doctor_certificate(Doctor *doctor)
{
	STACK_OF(X509) *chain = read_chain(doctor->options->certificate);
	X509 *leaf = sk_X509_num(chain) > 0 ? sk_X509_value(chain, 0) : NULL;

	if (leaf) {
		check_time(doctor, leaf);
		check_name(doctor, leaf);
		check_trust(doctor, leaf, chain);
		check_key(doctor, leaf);
	} else {
		doctor_ill(doctor, "certificate",
			   "certificate in oriel.conf names it: PEM, the gateway's own first. The "
			   "gateway does not start without one.",
			   "%s cannot be read, or holds no certificate",
			   doctor->options->certificate);
	}
	sk_X509_pop_free(chain, X509_free);
}
