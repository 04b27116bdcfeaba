/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rfb/rfb_client.h"

#include "fault.h"
#include "rfb_feed.h"
#include "transcript.h"

/* A message of the wire a line, in pieces that mean something. */
/* clang-format off */

#define V38 "RFB 003.008\n"
#define V38_HEX "524642203030332e3030380a"
#define V37_HEX "524642203030332e3030370a"
#define V33_HEX "524642203030332e3030330a"
/* ClientInit, and the pixel format that everybody is told */
#define INIT "01" "00000000" "2018000100ff00ff00ff100800000000"

typedef struct {
	const char *user, *password;
	gboolean tls_only;
} Login;

static const Login nothing, password = {NULL, "COWcow12 and more"}, shorter = {NULL, "abc"},
	both = {"anna", "abc"}, tls = {NULL, NULL, TRUE}, tls_password = {NULL, "abc", TRUE};

/* 640 x 480, QEMU's pixel format, name "vm" */
#define SCREEN                                                                                     \
	"\x02\x80\x01\xe0" "\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x08\0\0\0\0" "\0\0\0\2" "vm"
#define CHALLENGE "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"

static char *run(const Piece *pieces, gsize n_pieces, gconstpointer data)
{
	const Login *login = data;
	RfbClient client;
	Feed feed;
	gboolean on = TRUE;

	feed_init(&feed);
	rfb_client_init(&client, login->user, login->password, login->tls_only);
	for (gsize i = 0; i < n_pieces && on; i++) {
		g_byte_array_append(feed.wire, pieces[i].bytes, (guint)pieces[i].n);
		while (on) {
			g_autoptr(GError) error = NULL;
			g_autofree char *text = NULL;

			switch (rfb_client_step(&client, &feed.in, &feed.out, &error)) {
			case RFB_MORE:
				if (feed_need(&feed, rfb_client_need(&client)))
					continue;
				break;
			case RFB_START_TLS:
				feed_say(&feed, "tls");
				rfb_client_secured(&client, &feed.out);
				continue;
			case RFB_READY:
				text = g_strdup_printf("%ux%u %s", client.width, client.height,
					client.name);
				feed_say(&feed, text);
				on = FALSE;
				break;
			default:
				g_assert_error(error, FAULT, FAULT_DESKTOP);
				feed_say(&feed, error->message);
				on = FALSE;
				break;
			}
			break;
		}
	}
	if (on)
		feed_say(&feed, "more");
	rfb_client_clear(&client);
	return feed_end(&feed);
}

#define check(login, bytes, said) transcript_check(bytes, sizeof(bytes) - 1, run, &(login), said)

static void test_none(void)
{
	check(nothing, V38 "\1\1" "\0\0\0\0" SCREEN, "<" V38_HEX "01" INIT "> 640x480 vm ");
	check(password, V38 "\2\2\1" "\0\0\0\0" SCREEN, "<" V38_HEX "01" INIT "> 640x480 vm ");
	/* our ClientInit does not wait for that it is confirmed, */
	check(nothing, V38 "\1\1", "<" V38_HEX "01" INIT "> more ");
	check(nothing, V38 "\1\1" "\0\0\0\1" "\0\0\0\3" "no!",
		"<" V38_HEX "01" INIT "> the desktop refused us: no! ");
	/* which before 3.8 nothing does */
	check(nothing, "RFB 003.007\n" "\1\1" SCREEN, "<" V37_HEX "01" INIT "> 640x480 vm ");
	check(nothing, "RFB 003.003\n" "\0\0\0\1" SCREEN, "<" V33_HEX INIT "> 640x480 vm ");
	/* numbers of the field: Apple's, RealVNC's, UltraVNC's */
	check(nothing, "RFB 003.889\n" "\1\1" "\0\0\0\0" SCREEN, "<" V38_HEX "01" INIT "> 640x480 vm ");
	check(nothing, "RFB 005.000\n" "\1\1" "\0\0\0\0" SCREEN, "<" V38_HEX "01" INIT "> 640x480 vm ");
	check(nothing, "RFB 003.006\n" "\0\0\0\1" SCREEN, "<" V33_HEX INIT "> 640x480 vm ");
}

/* The answers were computed with OpenSSL's single DES of the legacy provider. */
static void test_vnc_auth(void)
{
	check(password, V38 "\1\2" CHALLENGE "\0\0\0\0" SCREEN,
		"<" V38_HEX "02" "5caac60377427cabe9db9e76ed2ad4fb" INIT "> 640x480 vm ");
	check(shorter, "RFB 003.003\n" "\0\0\0\2" CHALLENGE "\0\0\0\0" SCREEN,
		"<" V33_HEX "5d30c09d600699fa6c8f4ee5f8fbf50b" INIT "> 640x480 vm ");
	check(shorter, V38 "\1\2" CHALLENGE "\0\0\0\1" "\0\0\0\3" "no!",
		"<" V38_HEX "02" "5d30c09d600699fa6c8f4ee5f8fbf50b> the desktop refused us: no! ");
	check(shorter, "RFB 003.007\n" "\1\2" CHALLENGE "\0\0\0\1",
		"<" V37_HEX "02" "5d30c09d600699fa6c8f4ee5f8fbf50b> "
		"the desktop's RFB handshake: it refused our login ");
	check(nothing, V38 "\1\2",
		"<" V38_HEX "> the desktop's RFB handshake: "
		"it wants a login that is not configured for it ");
}

static void test_vencrypt(void)
{
	/* all three are offered: the best that there is a login for is taken */
#define OFFER V38 "\2\1\x13" "\0\2" "\0\3" "\0\0\1\4" "\0\0\1\6" "\0\0\1\5" "\1"
	check(tls, OFFER "\0\0\0\0" SCREEN,
		"<" V38_HEX "13" "0002" "00000104> tls <" INIT "> 640x480 vm ");
	check(tls_password, OFFER CHALLENGE "\0\0\0\0" SCREEN,
		"<" V38_HEX "13" "0002" "00000105> tls "
		"<5d30c09d600699fa6c8f4ee5f8fbf50b" INIT "> 640x480 vm ");
	check(both, V38 "\1\x13" "\0\2" "\0\2" "\0\0\1\5" "\0\0\1\6" "\1" "\0\0\0\0" SCREEN,
		"<" V38_HEX "13" "0002" "00000106> tls "
		"<00000004" "00000003" "616e6e61" "616263" INIT "> 640x480 vm ");
	check(tls, V38 "\1\x13" "\0\2" "\0\2" "\0\0\1\1" "\0\0\1\5",
		"<" V38_HEX "13" "0002> the desktop's RFB handshake: it offers no VeNCrypt subtype "
		"with a certificate that we have a login for ");
	check(tls, V38 "\1\x13" "\0\1",
		"<" V38_HEX "13> the desktop's RFB handshake: its VeNCrypt is older than 0.2 ");
	check(tls, V38 "\1\x13" "\0\2" "\1\0",
		"<" V38_HEX "13" "0002> the desktop's RFB handshake: "
		"it does not speak VeNCrypt 0.2 ");
	check(tls, V38 "\1\x13" "\0\2" "\0\1" "\0\0\1\4" "\0",
		"<" V38_HEX "13" "0002" "00000104> the desktop's RFB handshake: "
		"it refused the VeNCrypt subtype that it had offered ");
}

/* Where TLS is asked for, nothing weaker will do. */
static void test_no_fallback(void)
{
	const char *refused = "the desktop's RFB handshake: "
			      "it does not offer TLS with a certificate (VeNCrypt) ";
	g_autofree char *said38 = g_strdup_printf("<%s> %s", V38_HEX, refused);
	g_autofree char *said33 = g_strdup_printf("<%s> %s", V33_HEX, refused);

	check(tls, V38 "\2\1\2", said38);
	check(tls_password, V38 "\2\1\2", said38);
	check(tls, "RFB 003.003\n" "\0\0\0\1", said33);
	check(tls_password, "RFB 003.003\n" "\0\0\0\2", said33);
	check(tls_password, "RFB 003.003\n" "\0\0\0\x13", said33);
}

static void test_injection(void)
{
	g_autoptr(GError) error = NULL;
	Buffer in = {0}, out = {0};
	RfbClient client;

	rfb_client_init(&client, NULL, NULL, TRUE);
	buffer_append(&in, OFFER "x", sizeof(OFFER "x") - 1);
	g_assert_cmpint(rfb_client_step(&client, &in, &out, &error), ==, RFB_FAILED);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	buffer_clear(&in);
	buffer_clear(&out);
	rfb_client_clear(&client);
}

static void test_bad_desktops(void)
{
	check(nothing, "SSH-2.0-Open",
		"the desktop's RFB handshake: no RFB version: this is not a VNC server ");
	check(nothing, V38 "\0" "\0\0\0\5" "full\0", "<" V38_HEX "> the desktop refused us: full ");
	check(nothing, V38 "\0" "\0\0\0\0", "<" V38_HEX "> the desktop refused us:  ");
	check(nothing, "RFB 003.003\n" "\0\0\0\0" "\0\0\0\1" "\xff",
		"<" V33_HEX "> the desktop refused us: \xef\xbf\xbd ");
	check(nothing, V38 "\0" "\0\0\x10\1",
		"<" V38_HEX "> the desktop's RFB handshake: "
		"it refused us, with a reason that is too long ");
	check(password, V38 "\2\5\x1e",
		"<" V38_HEX "> the desktop's RFB handshake: "
		"it offers no security type that we know ");
	check(nothing, V38 "\1\1" "\0\0\0\0" "\0\0\1\xe0" "\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x08\0\0\0\0"
		"\0\0\0\2",
		"<" V38_HEX "01" INIT "> the desktop's RFB handshake: a screen of impossible size ");
	check(nothing, V38 "\1\1" "\0\0\0\0" "\x40\1\1\xe0" "\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x08\0\0\0\0"
		"\0\0\0\2",
		"<" V38_HEX "01" INIT "> the desktop's RFB handshake: a screen of impossible size ");
	check(nothing, V38 "\1\1" "\0\0\0\0" "\2\1\1\xe0" "\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x08\0\0\0\0"
		"\0\0\x10\1",
		"<" V38_HEX "01" INIT "> the desktop's RFB handshake: its name is too long ");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rfb-client/none", test_none);
	g_test_add_func("/rfb-client/vnc-auth", test_vnc_auth);
	g_test_add_func("/rfb-client/vencrypt", test_vencrypt);
	g_test_add_func("/rfb-client/no-fallback", test_no_fallback);
	g_test_add_func("/rfb-client/injection", test_injection);
	g_test_add_func("/rfb-client/bad-desktops", test_bad_desktops);
	return g_test_run();
}
