/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_login: see libvirt_login.h. */
#include "libvirt/libvirt_login.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libvirt/libvirt_deadline.h"
#include "libvirt/libvirt_link.h"

#define OPEN_SECONDS 30

/* Comes only where no auth.conf has the answer. */
static int on_question(virConnectCredentialPtr credentials, unsigned n, void *asked)
{
	*(gboolean *)asked = TRUE;
	return -1;
}

static gboolean check_file(const char *path, GError **error)
{
	struct stat about;

	if (stat(path, &about) < 0 || access(path, R_OK) < 0) {
		fault_set_errno(error, FAULT_CONFIG, path);
		return FALSE;
	}
	if (!(about.st_mode & S_IRWXO))
		return TRUE;
	g_set_error(error, FAULT, FAULT_CONFIG,
		    "%s: anybody may read the password in it: chmod o= FILE", path);
	return FALSE;
}

static gboolean check_uri(const char *uri, GError **error)
{
	const GUriFlags flags = G_URI_FLAGS_NON_DNS | G_URI_FLAGS_HAS_PASSWORD;
	g_autoptr(GUri) parsed = g_uri_parse(uri, flags, NULL);
	const char *query = parsed ? g_uri_get_query(parsed) : NULL;
	g_autoptr(GHashTable) words = NULL;
	const char *file;

	if (parsed && g_uri_get_password(parsed)) {
		g_set_error(error, FAULT, FAULT_CONFIG,
			    "a libvirt URI is no place for a password, many can see it: "
			    "USER@HOST, and authfile=FILE (oriel-broker(8), HYPERVISORS)");
		return FALSE;
	}
	if (query)
		words = g_uri_parse_params(query, -1, "&;", G_URI_PARAMS_NONE, NULL);
	file = words ? g_hash_table_lookup(words, "authfile") : NULL;
	return !file || check_file(file, error);
}

/* What has to be there before libvirt opens a URI without a transport; its own words often name
 * only the socket that it looked for. */
static const char *hint_of(const char *uri)
{
	static const struct {
		const char *scheme, *words;
	} hints[] = {
		{"vmwareplayer", "wants VMware's vmrun and vmplayer in the broker's search path"},
		{"vmwarews", "wants VMware's vmrun and vmware in the broker's search path"},
		{"vbox", "wants this machine's libvirtd with its driver for VirtualBox, and has no "
			 "display through libvirt even then: see pools of machines"},
		{"hyperv",
		 "wants a libvirt with a driver for it, which Debian's has not, and has no "
		 "display through libvirt even then: see pools of machines"},
		{"bhyve", "is FreeBSD's: bhyve+ssh://USER@HOST/system"},
		{"vz", "is Virtuozzo's: vz+ssh://USER@HOST/system"},
		{"ch",
		 "wants a libvirtd with a driver for Cloud Hypervisor, which Debian's has not"},
	};
	const char *end = strchr(uri, ':');

	for (gsize i = 0; end && i < G_N_ELEMENTS(hints); i++) {
		if (strlen(hints[i].scheme) == (gsize)(end - uri) &&
		    g_str_has_prefix(uri, hints[i].scheme))
			return hints[i].words;
	}
	return NULL;
}

static void tell(const char *uri, Fault code, GError **error)
{
	const char *hint = hint_of(uri);

	libvirt_set_error(error, code, uri);
	if (hint)
		g_prefix_error(error, "%.*s %s: ", (int)strcspn(uri, ":"), uri, hint);
}

static virConnectPtr open_now(const char *uri, Fault code, GError **error)
{
	static int kinds[] = {VIR_CRED_AUTHNAME, VIR_CRED_PASSPHRASE, VIR_CRED_USERNAME,
			      VIR_CRED_ECHOPROMPT, VIR_CRED_NOECHOPROMPT};
	gboolean asked = FALSE;
	virConnectAuth auth = {kinds, G_N_ELEMENTS(kinds), on_question, &asked};
	virConnectPtr connection = virConnectOpenAuth(uri, &auth, 0);

	if (!connection && asked)
		g_set_error(error, FAULT, code,
			    "%s: wants a user and a password: USER@HOST and authfile=FILE "
			    "(oriel-broker(8), HYPERVISORS)",
			    uri);
	else if (!connection)
		tell(uri, code, error);
	return connection;
}

/* A libvirt within our own process works for as long as it takes. */
static gboolean is_within(const char *uri)
{
	return g_str_has_prefix(uri, "test:") || g_str_has_prefix(uri, "qemu:///embed");
}

virConnectPtr libvirt_login_open(const char *uri, Fault code, GError **error)
{
	if (!check_uri(uri, error))
		return NULL;
	return is_within(uri) ? open_now(uri, code, error)
			      : libvirt_deadline_open(open_now, uri, code, OPEN_SECONDS, error);
}
