/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proxy: see proxy.h. */
#include "http/proxy.h"

#include <arpa/inet.h>
#include <string.h>

#include "fault.h"
#include "reader.h"

#define V1_MAX    107 /* its CR LF included */
#define V2_HEAD   16
#define V2_LOCAL  0x20
#define V2_PROXY  0x21
#define V2_UNSPEC 0x00
#define V2_TCP4   0x11
#define V2_TCP6   0x21
#define V2_UNIX   0x31

static const char v1_signature[] = "PROXY ";
static const guint8 v2_signature[12] = "\r\n\r\n\0\r\nQUIT\n";

static gssize refuse(GError **error, const char *why)
{
	g_set_error(error, FAULT, FAULT_CLIENT, "PROXY header: %s", why);
	return -1;
}

/* The address and port of a text; UNSPEC if it is none. */
static ProxyFamily address_parse(const char *text, guint8 address[16], guint16 *port)
{
	const char *colon = text ? strrchr(text, ':') : NULL;
	gboolean six = text && *text == '[';
	g_autofree char *host = NULL;
	guint64 number;

	if (colon == NULL || !g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &number, NULL))
		return PROXY_UNSPEC;
	host = g_strndup(text + six, (gsize)(colon - text) - six);
	if (six && !g_str_has_suffix(host, "]"))
		return PROXY_UNSPEC;
	if (six)
		host[strlen(host) - 1] = '\0';
	if (inet_pton(six ? AF_INET6 : AF_INET, host, address) != 1)
		return PROXY_UNSPEC;
	*port = (guint16)number;
	return six ? PROXY_TCP6 : PROXY_TCP4;
}

void proxy_init(ProxyHeader *header, const char *source, const char *target)
{
	ProxyFamily family;

	memset(header, 0, sizeof *header);
	family = address_parse(source, header->source, &header->source_port);
	if (family != address_parse(target, header->target, &header->target_port) ||
	    family == PROXY_UNSPEC)
		memset(header, 0, sizeof *header);
	else
		header->family = family;
}

gsize proxy_write(const ProxyHeader *header, guint8 out[PROXY_WRITE_MAX])
{
	static const guint8 families[] = {
		[PROXY_UNSPEC] = V2_UNSPEC, [PROXY_TCP4] = V2_TCP4, [PROXY_TCP6] = V2_TCP6};
	static const gsize sizes[] = {[PROXY_UNSPEC] = 0, [PROXY_TCP4] = 4, [PROXY_TCP6] = 16};
	gsize size = sizes[header->family];
	gsize rest = size ? 2 * size + 4 : 0;
	guint16 ports[2] = {GUINT16_TO_BE(header->source_port), GUINT16_TO_BE(header->target_port)};

	memcpy(out, v2_signature, sizeof v2_signature);
	out[12] = V2_PROXY;
	out[13] = families[header->family];
	out[14] = 0;
	out[15] = (guint8)rest;
	if (size > 0) {
		memcpy(out + V2_HEAD, header->source, size);
		memcpy(out + V2_HEAD + size, header->target, size);
		memcpy(out + V2_HEAD + 2 * size, ports, 4);
	}
	return V2_HEAD + rest;
}

/* ---- version 2 */

static gssize parse_v2(const guint8 *bytes, gsize n, ProxyHeader *out, GError **error)
{
	ProxyHeader header = {PROXY_UNSPEC};
	Reader reader;
	gsize size = 0, length;

	if (n < V2_HEAD)
		return 0;
	reader_init(&reader, bytes + 14, n - 14);
	length = reader_u16be(&reader);
	if (length > PROXY_READ_MAX - V2_HEAD)
		return refuse(error, "too long");
	if (bytes[12] != V2_PROXY && bytes[12] != V2_LOCAL)
		return refuse(error, "an unknown version or command");
	if (bytes[12] == V2_PROXY) {
		switch (bytes[13]) {
		case V2_TCP4: header.family = PROXY_TCP4, size = 4; break;
		case V2_TCP6: header.family = PROXY_TCP6, size = 16; break;
		case V2_UNSPEC:
		case V2_UNIX: break;
		default: return refuse(error, "an unknown family");
		}
	}
	if (size > 0 && length < 2 * size + 4)
		return refuse(error, "too short for its addresses");
	if (n - V2_HEAD < length)
		return 0;
	if (size > 0) {
		memcpy(header.source, reader_bytes(&reader, size), size);
		memcpy(header.target, reader_bytes(&reader, size), size);
		header.source_port = reader_u16be(&reader);
		header.target_port = reader_u16be(&reader);
	}
	*out = header;
	return (gssize)(V2_HEAD + length);
}

/* ---- version 1 */

static gboolean v1_port(const char *text, guint16 *out)
{
	guint64 number;

	if ((text[0] == '0' && text[1] != '\0') ||
	    !g_ascii_string_to_unsigned(text, 10, 0, 65535, &number, NULL))
		return FALSE;
	*out = (guint16)number;
	return TRUE;
}

static gboolean v1_line(const char *line, ProxyHeader *out)
{
	g_auto(GStrv) words = g_strsplit(line, " ", 7);
	guint count = g_strv_length(words);
	int family;

	memset(out, 0, sizeof *out);
	if (count >= 2 && strcmp(words[1], "UNKNOWN") == 0)
		return TRUE;
	if (count != 6)
		return FALSE;
	if (strcmp(words[1], "TCP4") == 0)
		family = AF_INET, out->family = PROXY_TCP4;
	else if (strcmp(words[1], "TCP6") == 0)
		family = AF_INET6, out->family = PROXY_TCP6;
	else
		return FALSE;
	return inet_pton(family, words[2], out->source) == 1 &&
	       inet_pton(family, words[3], out->target) == 1 &&
	       v1_port(words[4], &out->source_port) && v1_port(words[5], &out->target_port);
}

static gssize parse_v1(const guint8 *bytes, gsize n, ProxyHeader *out, GError **error)
{
	ProxyHeader header;
	char line[V1_MAX + 1];

	for (gsize i = 0; i < MIN(n, V1_MAX); i++) {
		if (bytes[i] == '\n' && i > 0 && bytes[i - 1] == '\r') {
			memcpy(line, bytes, i - 1);
			line[i - 1] = '\0';
			if (!v1_line(line, &header))
				return refuse(error, "bad words");
			*out = header;
			return (gssize)(i + 1);
		}
		if ((i > 0 && bytes[i - 1] == '\r') || (bytes[i] < ' ' && bytes[i] != '\r') ||
		    bytes[i] > '~')
			return refuse(error, "a control character");
	}
	return n < V1_MAX ? 0 : refuse(error, "too long");
}

gssize proxy_parse(const void *bytes, gsize n, ProxyHeader *out, GError **error)
{
	gsize v1_n = strlen(v1_signature);

	if (n == 0)
		return 0;
	if (memcmp(bytes, v1_signature, MIN(n, v1_n)) == 0)
		return n < v1_n ? 0 : parse_v1(bytes, n, out, error);
	if (memcmp(bytes, v2_signature, MIN(n, sizeof v2_signature)) == 0)
		return parse_v2(bytes, n, out, error);
	return refuse(error, "no signature");
}

static char *describe(ProxyFamily family, const guint8 *address, guint16 port)
{
	char text[INET6_ADDRSTRLEN];

	if (family == PROXY_UNSPEC)
		return NULL;
	inet_ntop(family == PROXY_TCP6 ? AF_INET6 : AF_INET, address, text, sizeof text);
	return g_strdup_printf(family == PROXY_TCP6 ? "[%s]:%u" : "%s:%u", text, port);
}

char *proxy_source(const ProxyHeader *header)
{
	return describe(header->family, header->source, header->source_port);
}

char *proxy_target(const ProxyHeader *header)
{
	return describe(header->family, header->target, header->target_port);
}
