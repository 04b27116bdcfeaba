/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_helpers: what the broker needs besides: lobby, bridge, an OpenID provider, other hosts. */
#include <curl/curl.h>
#include <unistd.h>

#include "doctor.h"

#define PROVIDER_SECONDS 5L

static const char *text(const json_t *row, const char *key)
{
	const char *value = json_string_value(json_object_get(row, key));

	return value ? value : "";
}

/* lost: what people miss without it. */
static void check_helper(Doctor *doctor, const char *topic, const char *path, const char *key,
			 const char *lost)
{
	g_autofree char *advice = g_strdup_printf(
		"Install it, correct %s in oriel.conf, or leave it empty to do without.", key);

	if (*path == '\0')
		return;
	if (access(path, X_OK) < 0)
		doctor_doubt(doctor, topic, advice, "%s is not there: %s", path, lost);
	else if (doctor->knows_broker &&
		 !doctor_may(doctor->broker_uid, doctor->broker_gid, path, X_OK))
		doctor_doubt(doctor, topic, advice, "The broker may not run %s: %s", path, lost);
	else
		doctor_well(doctor, topic, "%s is there", path);
}

void doctor_helpers(Doctor *doctor)
{
	check_helper(doctor, "lobby", doctor->options->lobby, "lobby",
		     "VNC and SPICE viewers show no login and no choice of desktops");
	check_helper(
		doctor, "bridge", doctor->options->bridge, "bridge",
		"RDP desktops, and viewers that do not speak a desktop's language, are refused");
}

/* ---- the OpenID provider */

static gsize forget(char *bytes, gsize size, gsize n, void *data)
{
	return size * n;
}

/* Does it describe itself, to this machine? */
static void check_provider(Doctor *doctor, const char *issuer)
{
	g_autofree char *url = g_strconcat(issuer, g_str_has_suffix(issuer, "/") ? "" : "/",
					   ".well-known/openid-configuration", NULL);
	const char *ca = doctor->options->oidc_ca;
	CURL *curl = curl_easy_init();
	CURLcode code;
	long status = 0;

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, PROVIDER_SECONDS);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, forget);
	if (*ca != '\0')
		curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	if (code != CURLE_OK)
		doctor_ill(doctor, "OpenID",
			   "Nobody can sign in there. Is the issuer in [oidc] right, its host "
			   "known, and its certificate's authority in `ca`?",
			   "%s: %s", url, curl_easy_strerror(code));
	else if (status != 200)
		doctor_ill(doctor, "OpenID",
			   "The issuer in [oidc] must be the provider's own, to the letter.",
			   "%s answers with %ld", url, status);
	else
		doctor_well(doctor, "OpenID", "%s describes itself", issuer);
}

void doctor_provider(Doctor *doctor)
{
	const char *secret = doctor->options->oidc_client_secret_file;

	if (*doctor->options->oidc_issuer == '\0')
		return;
	check_provider(doctor, doctor->options->oidc_issuer);
	if (*secret != '\0' &&
	    (access(secret, F_OK) < 0 ||
	     (doctor->knows_broker &&
	      !doctor_may(doctor->broker_uid, doctor->broker_gid, secret, R_OK))))
		doctor_ill(doctor, "OpenID", "It must be readable for the broker's user alone.",
			   "The broker cannot read %s", secret);
}

/* ---- what the broker says of hosts, and what is closed */

void doctor_hosts(Doctor *doctor)
{
	json_t *hosts = doctor_ask(doctor, "/api/v1/admin/hosts");
	json_t *closed = doctor_ask(doctor, "/api/v1/admin/maintenance");
	gsize i, up = 0;
	json_t *row;

	json_array_foreach (hosts, i, row) {
		if (g_str_equal(text(row, "state"), "down"))
			doctor_ill(doctor, "hosts",
				   "Does it run, and does its address answer the broker? Its "
				   "desktops are started elsewhere, where that is possible.",
				   "%s is down: %s", text(row, "name"), text(row, "detail"));
		else
			up++;
	}
	if (up > 0 && up == json_array_size(hosts))
		doctor_well(doctor, "hosts", "All %u answer", (unsigned)up);
	json_array_foreach (closed, i, row) {
		doctor_doubt(doctor, "maintenance", "orielctl maintenance end opens it again.",
			     "The %s %s is closed: %s", text(row, "kind"), text(row, "name"),
			     text(row, "words"));
	}
	json_decref(hosts);
	json_decref(closed);
}

static gboolean can(const json_t *row, const char *word)
{
	const json_t *words = json_object_get(row, "can");
	gboolean found = FALSE;

	for (gsize i = 0; i < json_array_size(words); i++)
		found |= g_strcmp0(json_string_value(json_array_get(words, i)), word) == 0;
	return found;
}

/* What a hypervisor is not able to is no illness; what a pool was promised and does not get may be
 * one. */
void doctor_abilities(Doctor *doctor)
{
	static const char *const deeds[] = {"disks",   "suspend", "snapshot", "instant",
					    "migrate", "weight",  "events"};
	json_t *pools = doctor_ask(doctor, "/api/v1/admin/pools");
	gsize i;
	json_t *row;

	json_array_foreach (pools, i, row) {
		g_autoptr(GString) lacks = g_string_new(NULL);

		if (*text(row, "hypervisor") == '\0' || g_str_equal(text(row, "kind"), "machines"))
			continue;
		for (gsize k = 0; k < G_N_ELEMENTS(deeds); k++) {
			if (!can(row, deeds[k]))
				g_string_append_printf(lacks, "%s%s", lacks->len ? ", " : "",
						       deeds[k]);
		}
		if (json_is_true(json_object_get(row, "instant")) && !can(row, "instant"))
			doctor_doubt(doctor, "hypervisor",
				     "Only the provider qemu makes instant copies.",
				     "Desktops of pool %s boot: %s makes no copies of a booted one",
				     text(row, "name"), text(row, "hypervisor"));
		doctor_well(doctor, "hypervisor", "Pool %s: %s%s%s", text(row, "name"),
			    text(row, "hypervisor"), lacks->len ? ", which has no: " : "",
			    lacks->str);
	}
	json_decref(pools);
}
