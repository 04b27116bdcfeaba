/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb_server: see rfb_server.h. */
#include "rfb_server.h"

#include "fault.h"
#include "secret.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/random.h>

enum { VENCRYPT_0_2 = 0x0002 };

static const char too_old[] =
	"This gateway asks for TLS with a user name and a password (VeNCrypt, X509Plain). "
	"Your viewer does not offer that; please use a newer one, or a browser.";

void rfb_server_init(RfbServer *server, RfbServerMode mode)
{
	*server = (RfbServer){.mode = mode};
}

void rfb_server_clear(RfbServer *server)
{
	secret_free(server->password);
	g_free(server->user);
	*server = (RfbServer){0};
}

gsize rfb_server_need(const RfbServer *server)
{
	switch (server->state) {
	case RFB_SERVER_VERSION: return RFB_VERSION_SIZE;
	case RFB_SERVER_TYPE: return 1;
	case RFB_SERVER_CHALLENGE: return RFB_CHALLENGE;
	case RFB_SERVER_VENCRYPT_VERSION: return 2;
	case RFB_SERVER_VENCRYPT_SUBTYPE: return 4;
	case RFB_SERVER_PLAIN_LENGTHS: return 8;
	case RFB_SERVER_PLAIN: return server->user_n + server->password_n;
	case RFB_SERVER_CLIENT_INIT: return 1;
	case RFB_SERVER_START:
	case RFB_SERVER_TLS:
	case RFB_SERVER_VERDICT:
	case RFB_SERVER_DONE: return 0;
	}
	g_assert_not_reached();
}

static gboolean fail(const char *what, GError **error)
{
	g_set_error(error, FAULT, FAULT_CLIENT, "the viewer's RFB handshake: %s", what);
	return FALSE;
}

static void challenge(RfbServer *server, Buffer *out)
{
	if (getrandom(server->challenge, RFB_CHALLENGE, 0) != RFB_CHALLENGE)
		g_error("getrandom failed");
	buffer_append(out, server->challenge, RFB_CHALLENGE);
	server->state = RFB_SERVER_CHALLENGE;
}

/* All that is ours until TLS: there is one type to choose, one version, and whichever subtype the
 * viewer takes is agreed to. */
static void append_vencrypt(const RfbServer *server, Buffer *out)
{
	gboolean lobby = server->mode == RFB_SERVER_LOBBY;

	buffer_append_u16be(out, VENCRYPT_0_2);
	buffer_append_u8(out, 0); /* agreed: 0.2 */
	buffer_append_u8(out, lobby ? 2 : 1);
	buffer_append_u32be(out, RFB_X509_PLAIN);
	if (lobby)
		buffer_append_u32be(out, RFB_X509_NONE);
	buffer_append_u8(out, 1); /* agreed: TLS follows */
}

static gboolean offer_old(RfbServer *server, Buffer *out, GError **error)
{
	if (server->vnc_password == NULL) {
		server->words = too_old;
		return fail("version 3.3 has no VeNCrypt", error);
	}
	buffer_append_u32be(out, RFB_SECURITY_VNC);
	challenge(server, out);
	return TRUE;
}

static void offer(RfbServer *server, Buffer *out)
{
	buffer_append_u8(out, server->vnc_password ? 2 : 1);
	buffer_append_u8(out, RFB_SECURITY_VENCRYPT);
	if (server->vnc_password)
		buffer_append_u8(out, RFB_SECURITY_VNC);
	else
		append_vencrypt(server, out);
	server->state = RFB_SERVER_TYPE;
}

/* The viewer's version is there: offer the security types of our mode, the best one first. */
static gboolean read_version(RfbServer *server, const guint8 *b, Buffer *out, GError **error)
{
	unsigned minor = rfb_version_read(b);

	if (minor == 0)
		return fail("no RFB version", error);
	server->minor = minor;
	if (server->mode == RFB_SERVER_NONE) {
		server->nobody = TRUE;
		server->state = RFB_SERVER_VERDICT;
		return TRUE;
	}
	if (minor < 7)
		return offer_old(server, out, error);
	offer(server, out);
	return TRUE;
}

static gboolean read_type(RfbServer *server, const guint8 *b, Buffer *out, GError **error)
{
	gboolean none = server->mode == RFB_SERVER_NONE;

	if (b[0] == RFB_SECURITY_VNC && server->vnc_password) {
		challenge(server, out);
		return TRUE;
	}
	if (b[0] != (none ? RFB_SECURITY_NONE : RFB_SECURITY_VENCRYPT)) {
		server->words = too_old;
		return fail("a security type that was not offered", error);
	}
	if (server->vnc_password)
		append_vencrypt(server, out);
	server->state = none ? RFB_SERVER_CLIENT_INIT : RFB_SERVER_VENCRYPT_VERSION;
	return TRUE;
}

static gboolean read_response(RfbServer *server, const guint8 *b, GError **error)
{
	guint8 right[RFB_CHALLENGE];

	if (!rfb_challenge_answer(server->vnc_password, server->challenge, right)) {
		g_set_error(error, FAULT, FAULT_CONFIG,
			    "this system's OpenSSL has no DES for VNC authentication");
		return FALSE;
	}
	if (CRYPTO_memcmp(b, right, sizeof right) != 0) {
		g_set_error(error, FAULT, FAULT_DENIED, "a wrong vnc_password");
		return FALSE;
	}
	server->nobody = TRUE;
	server->state = RFB_SERVER_VERDICT;
	return TRUE;
}

static gboolean read_vencrypt_version(RfbServer *server, const guint8 *b, GError **error)
{
	if (rfb_u16(b) != VENCRYPT_0_2)
		return fail("a VeNCrypt version other than 0.2", error);
	server->state = RFB_SERVER_VENCRYPT_SUBTYPE;
	return TRUE;
}

static gboolean read_vencrypt_subtype(RfbServer *server, const guint8 *b, GError **error)
{
	server->nobody = server->mode == RFB_SERVER_LOBBY && rfb_u32(b) == RFB_X509_NONE;
	if (rfb_u32(b) != RFB_X509_PLAIN && !server->nobody)
		return fail("a VeNCrypt subtype that was not offered", error);
	server->state = RFB_SERVER_TLS;
	return TRUE;
}

static gboolean read_plain_lengths(RfbServer *server, const guint8 *b, GError **error)
{
	guint32 user_n = rfb_u32(b), password_n = rfb_u32(b + 4);

	if (user_n > RFB_USER_MAX || password_n > RFB_PASSWORD_MAX)
		return fail("user name or password too long", error);
	server->user_n = user_n;
	server->password_n = password_n;
	server->state = RFB_SERVER_PLAIN;
	return TRUE;
}

static gboolean read_plain(RfbServer *server, guint8 *b, GError **error)
{
	const char *user = (const char *)b, *password = user + server->user_n;
	gboolean good = g_utf8_validate_len(user, server->user_n, NULL) &&
			g_utf8_validate_len(password, server->password_n, NULL);

	if (good) {
		server->user = g_strndup(user, server->user_n);
		server->password = secret_ndup(password, server->password_n);
		server->state = RFB_SERVER_VERDICT;
	}
	secret_wipe(b + server->user_n, server->password_n);
	return good || fail("user name or password is not UTF-8 text", error);
}

/* One message of the viewer, which stands whole at b. */
static gboolean read_message(RfbServer *server, guint8 *b, Buffer *out, GError **error)
{
	switch (server->state) {
	case RFB_SERVER_VERSION: return read_version(server, b, out, error);
	case RFB_SERVER_TYPE: return read_type(server, b, out, error);
	case RFB_SERVER_CHALLENGE: return read_response(server, b, error);
	case RFB_SERVER_VENCRYPT_VERSION: return read_vencrypt_version(server, b, error);
	case RFB_SERVER_VENCRYPT_SUBTYPE: return read_vencrypt_subtype(server, b, error);
	case RFB_SERVER_PLAIN_LENGTHS: return read_plain_lengths(server, b, error);
	case RFB_SERVER_PLAIN: return read_plain(server, b, error);
	case RFB_SERVER_CLIENT_INIT:
		server->shared = b[0] != 0;
		server->state = RFB_SERVER_DONE;
		return TRUE;
	default: g_assert_not_reached();
	}
}

RfbEvent rfb_server_step(RfbServer *server, Buffer *in, Buffer *out, GError **error)
{
	for (;;) {
		gsize need = rfb_server_need(server);
		guint8 nothing = 0;

		switch (server->state) {
		case RFB_SERVER_START:
			rfb_version_append(out, 8);
			server->state = RFB_SERVER_VERSION;
			continue;
		case RFB_SERVER_TLS:
			if (buffer_length(in) > 0) {
				fail("plain bytes after the choice of TLS", error);
				return RFB_FAILED;
			}
			return RFB_START_TLS;
		case RFB_SERVER_VERDICT: return RFB_CREDENTIALS;
		case RFB_SERVER_DONE: return RFB_READY;
		default: break;
		}
		if (buffer_length(in) < need)
			return RFB_MORE;
		/* Empty name and password: no bytes, and perhaps no storage. */
		if (!read_message(server, need > 0 ? buffer_bytes(in) : &nothing, out, error))
			return RFB_FAILED;
		buffer_consume(in, need);
	}
}

void rfb_server_secured(RfbServer *server)
{
	g_assert(server->state == RFB_SERVER_TLS);
	server->state = server->nobody ? RFB_SERVER_VERDICT : RFB_SERVER_PLAIN_LENGTHS;
}

/* The type for the viewer to choose, and its result, which None has from 3.8 on. */
static void accept_none(RfbServer *server, Buffer *out)
{
	if (server->minor < 7) {
		buffer_append_u32be(out, RFB_SECURITY_NONE);
		server->state = RFB_SERVER_CLIENT_INIT;
		return;
	}
	buffer_append_u8(out, 1);
	buffer_append_u8(out, RFB_SECURITY_NONE);
	if (server->minor >= 8)
		buffer_append_u32be(out, 0);
	server->state = RFB_SERVER_TYPE;
}

static void append_screen(guint16 width, guint16 height, const char *name, Buffer *out)
{
	g_autofree char *cut = g_strndup(name, RFB_NAME_MAX);

	buffer_append_u16be(out, width);
	buffer_append_u16be(out, height);
	buffer_append(out, rfb_canonical, sizeof rfb_canonical);
	rfb_text_append(out, cut);
}

void rfb_server_accept(RfbServer *server, guint16 width, guint16 height, const char *name,
		       Buffer *out)
{
	g_assert(server->state == RFB_SERVER_VERDICT);
	if (server->mode == RFB_SERVER_NONE) {
		accept_none(server, out);
	} else {
		buffer_append_u32be(out, 0);
		server->state = RFB_SERVER_CLIENT_INIT;
	}
	append_screen(width, height, name, out);
}

/* SecurityResult: failed. Only 3.8 can say why. */
static void refuse_result(const RfbServer *server, const char *words, Buffer *out)
{
	buffer_append_u32be(out, 1);
	if (server->minor >= 8)
		rfb_text_append(out, words);
}

/* Instead of types to choose from: none, and why. */
static void refuse_types(const RfbServer *server, const char *words, Buffer *out)
{
	if (server->minor == 3)
		buffer_append_u32be(out, 0);
	else
		buffer_append_u8(out, 0);
	rfb_text_append(out, words);
}

void rfb_server_refuse(RfbServer *server, const char *words, Buffer *out)
{
	if (server->words != NULL)
		words = server->words;
	switch (server->state) {
	case RFB_SERVER_START:
		/* Whatever the viewer will answer: who speaks less than 3.7 is gone. */
		rfb_version_append(out, 8);
		G_GNUC_FALLTHROUGH;
	case RFB_SERVER_VERSION: refuse_types(server, words, out); break;
	case RFB_SERVER_TYPE:
		if (server->vnc_password) /* else all is said */
			refuse_result(server, words, out);
		break;
	case RFB_SERVER_VERDICT:
		if (server->mode == RFB_SERVER_NONE)
			refuse_types(server, words, out);
		else
			refuse_result(server, words, out);
		break;
	case RFB_SERVER_CHALLENGE:
	case RFB_SERVER_PLAIN_LENGTHS:
	case RFB_SERVER_PLAIN: refuse_result(server, words, out); break;
	case RFB_SERVER_VENCRYPT_VERSION:
	case RFB_SERVER_VENCRYPT_SUBTYPE:
	case RFB_SERVER_TLS:
	case RFB_SERVER_CLIENT_INIT:
	case RFB_SERVER_DONE: return;
	}
	server->state = RFB_SERVER_DONE;
}
