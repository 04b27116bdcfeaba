/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options: see options.h. The table is the whole truth; oriel.conf(5) describes the same rows. */
#include "options.h"

#include "fault.h"

typedef enum { TEXT, LIST, NUMBER, YESNO } Kind;

typedef struct {
	const char *group;
	const char *key;
	Kind kind;
	gsize offset;
	const char *fallback;
	int min, max; /* NUMBER */
} Row;

#define AT(field) G_STRUCT_OFFSET(Options, field)

static const Row rows[] = {
	{"gateway", "listen", LIST, AT(listen), "[::]:443"},
	{"gateway", "listen_vnc", LIST, AT(listen_vnc), ""},
	{"gateway", "proxy_from", LIST, AT(proxy_from), ""},
	{"gateway", "origins", LIST, AT(origins), ""},
	{"gateway", "certificate", TEXT, AT(certificate), "/etc/oriel/tls.crt"},
	{"gateway", "key", TEXT, AT(key), "/etc/oriel/tls.key"},
	{"gateway", "ocsp", TEXT, AT(ocsp), ""},
	{"gateway", "brokers", LIST, AT(brokers), ""},
	{"gateway", "tcp_congestion", TEXT, AT(tcp_congestion), "bbr"},
	{"gateway", "workers", NUMBER, AT(workers), "0", 0, 256},
	{"gateway", "rfb_silence", NUMBER, AT(rfb_silence), "1500", 50, 8000},
	{"gateway", "web_beat", NUMBER, AT(web_beat), "0", 0, 3600},
	{"gateway", "max_sessions", NUMBER, AT(max_sessions), "10000", 1, 1000000},
	{"gateway", "max_handshakes", NUMBER, AT(max_handshakes), "1000", 1, 1000000},
	{"gateway", "max_per_address", NUMBER, AT(max_per_address), "500", 1, 1000000},
	{"gateway", "max_memory", NUMBER, AT(max_memory), "0", 0, 1048576},
	{"gateway", "max_session_memory", NUMBER, AT(max_session_memory), "64", 1, 64},
	{"gateway", "session_bandwidth", NUMBER, AT(session_bandwidth), "0", 0, 10485760},
	{"gateway", "user_bandwidth", NUMBER, AT(user_bandwidth), "0", 0, 10485760},
	{"gateway", "max_generations", NUMBER, AT(max_generations), "8", 1, 1000},
	{"gateway", "drain", NUMBER, AT(drain), "10", 0, 604800},
	{"gateway", "spice_sasl", YESNO, AT(spice_sasl), "true"},
	{"gateway", "vnc_login", YESNO, AT(vnc_login), "true"},
	{"gateway", "vnc_lobby", YESNO, AT(vnc_lobby), "false"},
	{"gateway", "vnc_password", TEXT, AT(vnc_password), ""},
	{"gateway", "spice_lobby", YESNO, AT(spice_lobby), "false"},

	{"broker", "state", TEXT, AT(state), "/var/lib/oriel"},
	{"broker", "name", TEXT, AT(name), ""},
	{"broker", "database", TEXT, AT(database), ""},
	{"broker", "web_root", TEXT, AT(web_root), ORIEL_WEB_ROOT},
	{"broker", "auth", TEXT, AT(auth), "/run/oriel/auth.sock"},
	{"broker", "admins", LIST, AT(admins), ""},
	{"broker", "public_host", TEXT, AT(public_host), ""},
	{"broker", "public_port", NUMBER, AT(public_port), "443", 1, 65535},
	{"broker", "public_vnc_port", NUMBER, AT(public_vnc_port), "0", 0, 65535},
	{"broker", "ca", TEXT, AT(ca), ""},
	{"broker", "ticket_seconds", NUMBER, AT(ticket_seconds), "60", 5, 3600},
	{"broker", "login_minutes", NUMBER, AT(login_minutes), "480", 1, 43200},
	{"broker", "login_longest_minutes", NUMBER, AT(login_longest_minutes), "720", 0, 525600},
	{"broker", "screens", TEXT, AT(screens), "free"},
	{"broker", "private_pools", LIST, AT(private_pools), ""},
	{"broker", "audit_file", TEXT, AT(audit_file), ""},
	{"broker", "audit_syslog", YESNO, AT(audit_syslog), "false"},
	{"broker", "metrics", TEXT, AT(metrics), ""},
	{"broker", "accel", TEXT, AT(accel), "auto"},
	{"broker", "power_ca", TEXT, AT(power_ca), ""},
	{"broker", "lobby", TEXT, AT(lobby), ORIEL_LOBBY},
	{"broker", "native_chooser", YESNO, AT(native_chooser), "true"},
	{"broker", "native_return", YESNO, AT(native_return), "true"},
	{"broker", "native_warning", YESNO, AT(native_warning), "true"},
	{"broker", "spice_swap", YESNO, AT(spice_swap), "true"},
	{"broker", "max_lobbies", NUMBER, AT(max_lobbies), "200", 1, 100000},
	{"broker", "max_lobbies_per_address", NUMBER, AT(max_lobbies_per_address), "50", 1, 100000},
	{"broker", "lobby_minutes", NUMBER, AT(lobby_minutes), "5", 1, 1440},
	{"broker", "bridge", TEXT, AT(bridge), ORIEL_BRIDGE},
	{"broker", "network", TEXT, AT(network), "user"},
	{"broker", "nics", TEXT, AT(nics), "/run/oriel/nic.sock"},
	{"broker", "max_bridges", NUMBER, AT(max_bridges), "200", 1, 10000},
	{"broker", "keyboard", TEXT, AT(keyboard), "us"},

	{"oidc", "issuer", TEXT, AT(oidc_issuer), ""},
	{"oidc", "client_id", TEXT, AT(oidc_client_id), ""},
	{"oidc", "client_secret_file", TEXT, AT(oidc_client_secret_file), ""},
	{"oidc", "scopes", LIST, AT(oidc_scopes), "openid profile"},
	{"oidc", "user_claim", TEXT, AT(oidc_user_claim), "preferred_username"},
	{"oidc", "groups_claim", TEXT, AT(oidc_groups_claim), "groups"},
	{"oidc", "label", TEXT, AT(oidc_label), "single sign-on"},
	{"oidc", "ca", TEXT, AT(oidc_ca), ""},

	{"tunnel", "listen", TEXT, AT(tunnel_listen), ""},
	{"tunnel", "connect", TEXT, AT(tunnel_connect), ""},
	{"tunnel", "directory", TEXT, AT(tunnel_directory), "/run/oriel-tunnel"},
	{"tunnel", "certificate", TEXT, AT(tunnel_certificate), "/etc/oriel/tunnel.crt"},
	{"tunnel", "key", TEXT, AT(tunnel_key), "/etc/oriel/tunnel.key"},
	{"tunnel", "ca", TEXT, AT(tunnel_ca), "/etc/oriel/tunnel-ca.pem"},
	{"tunnel", "peers", LIST, AT(tunnel_peers), ""},

	{"sockets", "control", TEXT, AT(control), "/run/oriel/control.sock"},
	{"sockets", "web", TEXT, AT(web), "/run/oriel/web.sock"},
	{"sockets", "admin", TEXT, AT(admin), "/run/oriel/admin.sock"},
};

static gboolean set_number(const Row *row, const char *value, int *out, GError **error)
{
	gint64 n;

	if (!g_ascii_string_to_signed(value, 10, row->min, row->max, &n, NULL)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "[%s] %s = %s: want a number from %d to %d",
			    row->group, row->key, value, row->min, row->max);
		return FALSE;
	}
	*out = (int)n;
	return TRUE;
}

static gboolean set_yesno(const Row *row, const char *value, gboolean *out, GError **error)
{
	if (g_str_equal(value, "true") || g_str_equal(value, "yes")) {
		*out = TRUE;
	} else if (g_str_equal(value, "false") || g_str_equal(value, "no")) {
		*out = FALSE;
	} else {
		g_set_error(error, FAULT, FAULT_CONFIG, "[%s] %s = %s: want yes or no", row->group,
			    row->key, value);
		return FALSE;
	}
	return TRUE;
}

/* Words between commas or blanks. */
static char **split_list(const char *value)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) words = g_strsplit_set(value, ", \t", -1);

	for (char **word = words; *word; word++) {
		if (**word)
			g_strv_builder_add(builder, *word);
	}
	return g_strv_builder_end(builder);
}

static gboolean set(Options *options, const Row *row, const char *value, GError **error)
{
	gpointer field = (guint8 *)options + row->offset;

	switch (row->kind) {
	case TEXT: *(char **)field = g_strdup(value); return TRUE;
	case LIST: *(char ***)field = split_list(value); return TRUE;
	case NUMBER: return set_number(row, value, field, error);
	case YESNO: return set_yesno(row, value, field, error);
	}
	g_assert_not_reached();
}

static gboolean check_known(GKeyFile *file, const char *path, GError **error)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

	for (char **group = groups; *group; group++) {
		g_auto(GStrv) keys = g_key_file_get_keys(file, *group, NULL, NULL);

		for (char **key = keys; key && *key; key++) {
			gboolean known = FALSE;

			for (gsize i = 0; i < G_N_ELEMENTS(rows) && !known; i++)
				known = g_str_equal(rows[i].group, *group) &&
					g_str_equal(rows[i].key, *key);
			if (!known) {
				g_set_error(error, FAULT, FAULT_CONFIG,
					    "%s: unknown key %s in [%s]", path, *key, *group);
				return FALSE;
			}
		}
	}
	return TRUE;
}

Options *options_load(const char *path, GError **error)
{
	g_autoptr(Options) options = g_new0(Options, 1);
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) cause = NULL;

	if (path != NULL && !g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: %s", path, cause->message);
		return NULL;
	}
	if (path != NULL && !check_known(file, path, error))
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *value =
			g_key_file_get_string(file, rows[i].group, rows[i].key, NULL);

		if (!set(options, &rows[i], value ? value : rows[i].fallback, error))
			return NULL;
	}
	return g_steal_pointer(&options);
}

void options_free(Options *options)
{
	if (options == NULL)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		gpointer field = (guint8 *)options + rows[i].offset;

		if (rows[i].kind == TEXT)
			g_free(*(char **)field);
		else if (rows[i].kind == LIST)
			g_strfreev(*(char ***)field);
	}
	g_free(options);
}
