/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb_client: see rfb_client.h. */
#include "rfb_client.h"

#include "fault.h"
#include "rfb_challenge.h"
#include "secret.h"

#include <string.h>

void rfb_client_init(RfbClient *client, const char *user, const char *password, gboolean tls_only)
{
	*client = (RfbClient){.user = user, .password = password, .tls_only = tls_only};
}

void rfb_client_clear(RfbClient *client)
{
	g_free(client->name);
	*client = (RfbClient){0};
}

gsize rfb_client_need(const RfbClient *client)
{
	switch (client->state) {
	case RFB_CLIENT_VERSION: return RFB_VERSION_SIZE;
	case RFB_CLIENT_TYPE_3: return 4;
	case RFB_CLIENT_TYPE_COUNT: return 1;
	case RFB_CLIENT_TYPES: return client->n;
	case RFB_CLIENT_VENCRYPT_VERSION: return 2;
	case RFB_CLIENT_VENCRYPT_COUNT: return 2;
	case RFB_CLIENT_VENCRYPT_SUBTYPES: return 4 * (gsize)client->n;
	case RFB_CLIENT_VENCRYPT_AGREED: return 1;
	case RFB_CLIENT_CHALLENGE: return RFB_CHALLENGE;
	case RFB_CLIENT_RESULT: return 4;
	case RFB_CLIENT_REASON_LENGTH: return 4;
	case RFB_CLIENT_REASON: return client->n;
	case RFB_CLIENT_INIT: return 4 + RFB_PIXEL_FORMAT_SIZE + 4;
	case RFB_CLIENT_NAME: return client->n;
	case RFB_CLIENT_TLS:
	case RFB_CLIENT_DONE: return 0;
	}
	g_assert_not_reached();
}

static gboolean fail(GError **error, const char *what)
{
	g_set_error(error, FAULT, FAULT_DESKTOP, "the desktop's RFB handshake: %s", what);
	return FALSE;
}

/* Security is over: shared, always. A desktop may have more viewers than this one. Its own pixel
 * format, which its ServerInit will tell, makes no difference to us. */
static void write_client_init(RfbClient *client, Buffer *out)
{
	buffer_append_u8(out, 1);
	buffer_append_u32be(out, (guint32)RFB_SET_PIXEL_FORMAT << 24);
	buffer_append(out, rfb_canonical, sizeof rfb_canonical);
	client->init_sent = TRUE;
}

static gboolean read_challenge(RfbClient *client, const guint8 *b, Buffer *out, GError **error)
{
	guint8 response[RFB_CHALLENGE];

	if (!rfb_challenge_answer(client->password, b, response))
		return fail(error, "this system's OpenSSL has no DES for VNC authentication");
	buffer_append(out, response, RFB_CHALLENGE);
	client->state = RFB_CLIENT_RESULT;
	return TRUE;
}

static gboolean read_version(RfbClient *client, const guint8 *b, Buffer *out, GError **error)
{
	client->minor = rfb_version_read(b);
	if (client->minor == 0)
		return fail(error, "no RFB version: this is not a VNC server");
	rfb_version_append(out, client->minor);
	client->state = client->minor == 3 ? RFB_CLIENT_TYPE_3 : RFB_CLIENT_TYPE_COUNT;
	return TRUE;
}

/* What a type asks of us next. After None we have nothing to wait for: versions from 3.8 on confirm
 * it, and find our ClientInit there already. */
static void begin_type(RfbClient *client, guint8 type, Buffer *out)
{
	if (type == RFB_SECURITY_VENCRYPT) {
		client->state = RFB_CLIENT_VENCRYPT_VERSION;
	} else if (type == RFB_SECURITY_VNC) {
		client->state = RFB_CLIENT_CHALLENGE;
	} else {
		write_client_init(client, out);
		client->state = client->minor >= 8 ? RFB_CLIENT_RESULT : RFB_CLIENT_INIT;
	}
}

/* The type to take among those offered, 0 if there is none for us. VeNCrypt is the last choice
 * without tls_only, since nobody gave us a certificate authority for this desktop. */
static guint8 choose_type(const RfbClient *client, const guint8 *types, gsize n)
{
	if (!client->tls_only && memchr(types, RFB_SECURITY_NONE, n) != NULL)
		return RFB_SECURITY_NONE;
	if (!client->tls_only && client->password != NULL &&
	    memchr(types, RFB_SECURITY_VNC, n) != NULL)
		return RFB_SECURITY_VNC;
	if (memchr(types, RFB_SECURITY_VENCRYPT, n) != NULL)
		return RFB_SECURITY_VENCRYPT;
	return 0;
}

static gboolean fail_types(const RfbClient *client, GError **error)
{
	if (client->tls_only)
		return fail(error, "it does not offer TLS with a certificate (VeNCrypt)");
	if (client->password == NULL)
		return fail(error, "it wants a login that is not configured for it");
	return fail(error, "it offers no security type that we know");
}

static gboolean read_type_3(RfbClient *client, const guint8 *b, Buffer *out, GError **error)
{
	guint32 type = rfb_u32(b);
	guint8 offered = type <= G_MAXUINT8 ? (guint8)type : 0;

	if (type == 0) {
		client->state = RFB_CLIENT_REASON_LENGTH;
		return TRUE;
	}
	/* 3.3 has no VeNCrypt; here the server has chosen already. */
	if (offered == RFB_SECURITY_VENCRYPT || choose_type(client, &offered, 1) == 0)
		return fail_types(client, error);
	begin_type(client, offered, out);
	return TRUE;
}

static gboolean read_types(RfbClient *client, const guint8 *b, Buffer *out, GError **error)
{
	guint8 type = choose_type(client, b, client->n);

	if (type == 0)
		return fail_types(client, error);
	buffer_append_u8(out, type);
	begin_type(client, type, out);
	return TRUE;
}

static gboolean read_vencrypt_subtypes(RfbClient *client, const guint8 *b, Buffer *out,
				       GError **error)
{
	guint32 best = 0;

	/* The strongest login that we have something for: their numbers rise with it. */
	for (guint32 i = 0; i < client->n; i++) {
		guint32 subtype = rfb_u32(b + 4 * i);

		if (subtype < RFB_X509_NONE || subtype > RFB_X509_PLAIN)
			continue;
		if (subtype >= RFB_X509_VNC && client->password == NULL)
			continue;
		if (subtype == RFB_X509_PLAIN && client->user == NULL)
			continue;
		best = MAX(best, subtype);
	}
	if (best == 0)
		return fail(error, "it offers no VeNCrypt subtype with a certificate that we have "
				   "a login for");
	client->subtype = best;
	buffer_append_u32be(out, best);
	client->state = RFB_CLIENT_VENCRYPT_AGREED;
	return TRUE;
}

void rfb_client_secured(RfbClient *client, Buffer *out)
{
	g_assert(client->state == RFB_CLIENT_TLS);
	client->state = RFB_CLIENT_RESULT;
	if (client->subtype == RFB_X509_VNC)
		client->state = RFB_CLIENT_CHALLENGE;
	if (client->subtype == RFB_X509_PLAIN) {
		gsize user_n = strlen(client->user), password_n = strlen(client->password);

		buffer_append_u32be(out, (guint32)user_n);
		buffer_append_u32be(out, (guint32)password_n);
		buffer_append(out, client->user, user_n);
		buffer_append(out, client->password, password_n);
	}
}

static gboolean read_result(RfbClient *client, const guint8 *b, Buffer *out, GError **error)
{
	if (rfb_u32(b) == 0) {
		if (!client->init_sent)
			write_client_init(client, out);
		client->state = RFB_CLIENT_INIT;
		return TRUE;
	}
	if (client->minor < 8)
		return fail(error, "it refused our login");
	client->state = RFB_CLIENT_REASON_LENGTH;
	return TRUE;
}

/* A text of the desktop's; QEMU counts the NUL at its end. */
static char *read_text(const guint8 *b, gsize n)
{
	return g_utf8_make_valid((const char *)b, (gssize)strnlen((const char *)b, n));
}

static gboolean read_reason(RfbClient *client, const guint8 *b, GError **error)
{
	g_autofree char *text = read_text(b, client->n);

	g_set_error(error, FAULT, FAULT_DESKTOP, "the desktop refused us: %s", text);
	return FALSE;
}

static gboolean read_init(RfbClient *client, const guint8 *b, GError **error)
{
	guint16 width = rfb_u16(b), height = rfb_u16(b + 2);
	guint32 n = rfb_u32(b + 4 + RFB_PIXEL_FORMAT_SIZE);

	if (width == 0 || height == 0 || width > RFB_SCREEN_MAX || height > RFB_SCREEN_MAX)
		return fail(error, "a screen of impossible size");
	if (n > RFB_NAME_MAX)
		return fail(error, "its name is too long");
	client->width = width;
	client->height = height;
	client->n = n;
	client->state = RFB_CLIENT_NAME;
	return TRUE;
}

/* One message of the desktop, which stands whole at b. */
static gboolean read_message(RfbClient *client, const guint8 *b, Buffer *out, GError **error)
{
	switch (client->state) {
	case RFB_CLIENT_VERSION: return read_version(client, b, out, error);
	case RFB_CLIENT_TYPE_3: return read_type_3(client, b, out, error);
	case RFB_CLIENT_TYPE_COUNT:
		client->n = b[0];
		client->state = b[0] > 0 ? RFB_CLIENT_TYPES : RFB_CLIENT_REASON_LENGTH;
		return TRUE;
	case RFB_CLIENT_TYPES: return read_types(client, b, out, error);
	case RFB_CLIENT_VENCRYPT_VERSION:
		if (rfb_u16(b) < 0x0002)
			return fail(error, "its VeNCrypt is older than 0.2");
		buffer_append_u16be(out, 0x0002);
		client->state = RFB_CLIENT_VENCRYPT_COUNT;
		return TRUE;
	case RFB_CLIENT_VENCRYPT_COUNT: /* the answer to our version, then how many subtypes */
		if (b[0] != 0)
			return fail(error, "it does not speak VeNCrypt 0.2");
		client->n = b[1];
		client->state = RFB_CLIENT_VENCRYPT_SUBTYPES;
		return TRUE;
	case RFB_CLIENT_VENCRYPT_SUBTYPES: return read_vencrypt_subtypes(client, b, out, error);
	case RFB_CLIENT_VENCRYPT_AGREED:
		if (b[0] != 1)
			return fail(error, "it refused the VeNCrypt subtype that it had offered");
		client->state = RFB_CLIENT_TLS;
		return TRUE;
	case RFB_CLIENT_CHALLENGE: return read_challenge(client, b, out, error);
	case RFB_CLIENT_RESULT: return read_result(client, b, out, error);
	case RFB_CLIENT_REASON_LENGTH:
		client->n = rfb_u32(b);
		if (client->n > RFB_REASON_MAX)
			return fail(error, "it refused us, with a reason that is too long");
		client->state = RFB_CLIENT_REASON;
		return TRUE;
	case RFB_CLIENT_REASON: return read_reason(client, b, error);
	case RFB_CLIENT_INIT: return read_init(client, b, error);
	case RFB_CLIENT_NAME:
		client->name = read_text(b, client->n);
		client->state = RFB_CLIENT_DONE;
		return TRUE;
	default: g_assert_not_reached();
	}
}

RfbEvent rfb_client_step(RfbClient *client, Buffer *in, Buffer *out, GError **error)
{
	for (;;) {
		gsize need = rfb_client_need(client);

		if (client->state == RFB_CLIENT_DONE)
			return RFB_READY;
		if (client->state == RFB_CLIENT_TLS) {
			if (buffer_length(in) == 0)
				return RFB_START_TLS;
			fail(error, "plain bytes after the choice of TLS");
			return RFB_FAILED;
		}
		if (buffer_length(in) < need)
			return RFB_MORE;
		/* An empty name or reason: no bytes, and perhaps no storage. */
		if (!read_message(client, need > 0 ? buffer_bytes(in) : (const guint8 *)"", out,
				  error))
			return RFB_FAILED;
		buffer_consume(in, need);
	}
}
