/* SPDX-License-Identifier: GPL-3.0-or-later */
/* address: see address.h. */
#include "address.h"

#include "fault.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

void address_describe(const struct sockaddr_storage *address, char out[ADDRESS_TEXT])
{
	char host[INET6_ADDRSTRLEN] = "";

	out[0] = '\0';
	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;

		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
		g_snprintf(out, ADDRESS_TEXT, "%s:%u", host, ntohs(v4->sin_port));
	} else if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
		gboolean mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);

		if (mapped)
			inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], host, sizeof host);
		else
			inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
		g_snprintf(out, ADDRESS_TEXT, mapped ? "%s:%u" : "[%s]:%u", host,
			   ntohs(v6->sin6_port));
	}
}

socklen_t address_from(const char *host, guint16 port, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof *v4;
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		return sizeof *v6;
	}
	return 0;
}

socklen_t address_parse(const char *text, struct sockaddr_storage *out)
{
	const char *colon = strrchr(text, ':');
	g_autofree char *host = colon ? g_strndup(text, (gsize)(colon - text)) : NULL;
	gsize n = host ? strlen(host) : 0;
	guint64 port;

	if (n == 0 || !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL))
		return 0;
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		return address_from(host + 1, (guint16)port, out);
	}
	if (strchr(host, ':') != NULL)
		return 0;
	return address_from(host, (guint16)port, out);
}

char *address_place(const char *text)
{
	struct sockaddr_storage address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
	const char *colon = strrchr(text, ':');
	char site[INET6_ADDRSTRLEN] = "";

	if (address_parse(text, &address) == 0 || address.ss_family != AF_INET6)
		return g_strndup(text, colon ? (gsize)(colon - text) : strlen(text));
	memset(&v6->sin6_addr.s6_addr[8], 0, 8);
	inet_ntop(AF_INET6, &v6->sin6_addr, site, sizeof site);
	return g_strdup(site);
}

/* ---- networks */

typedef struct {
	guint8 bytes[16]; /* IPv4 as ::ffff:0:0/96 */
	unsigned bits;
} Network;

static void bytes_of(const struct sockaddr_storage *address, guint8 bytes[16])
{
	static const guint8 mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (address->ss_family == AF_INET) {
		memcpy(bytes, mapped, sizeof mapped);
		memcpy(bytes + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
	} else {
		memcpy(bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
	}
}

static gboolean network_parse(const char *word, Network *out)
{
	const char *slash = strchr(word, '/');
	g_autofree char *host = slash ? g_strndup(word, (gsize)(slash - word)) : g_strdup(word);
	struct sockaddr_storage address;
	unsigned all;
	guint64 bits;

	if (address_from(host, 0, &address) == 0)
		return FALSE;
	all = address.ss_family == AF_INET ? 32 : 128;
	bits = all;
	if (slash && !g_ascii_string_to_unsigned(slash + 1, 10, 0, all, &bits, NULL))
		return FALSE;
	bytes_of(&address, out->bytes);
	out->bits = 128 - all + (unsigned)bits;
	return TRUE;
}

GArray *address_networks(char *const *words, GError **error)
{
	g_autoptr(GArray) networks = g_array_new(FALSE, FALSE, sizeof(Network));

	for (; *words; words++) {
		Network network;

		if (!network_parse(*words, &network)) {
			g_set_error(error, FAULT, FAULT_CONFIG, "%s is no address or ADDRESS/BITS",
				    *words);
			return NULL;
		}
		g_array_append_val(networks, network);
	}
	return g_steal_pointer(&networks);
}

static gboolean network_holds(const Network *network, const guint8 bytes[16])
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	return memcmp(network->bytes, bytes, whole) == 0 &&
	       (rest == 0 || (network->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0);
}

gboolean address_within(const GArray *networks, const char *text)
{
	struct sockaddr_storage address;
	guint8 bytes[16];

	if (networks->len == 0 || address_parse(text, &address) == 0)
		return FALSE;
	bytes_of(&address, bytes);
	for (guint i = 0; i < networks->len; i++) {
		if (network_holds(&g_array_index(networks, Network, i), bytes))
			return TRUE;
	}
	return FALSE;
}
