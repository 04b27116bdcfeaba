/* SPDX-License-Identifier: GPL-3.0-or-later */
/* address: see address.h. */
#include "address.h"

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
