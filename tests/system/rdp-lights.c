/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rdp-lights CERTIFICATE KEY: an RDP server on a free port of 127.0.0.1, which it prints, for one
 * client after the other: its keyboard's Caps Lock has a light, of which it tells. (Neither xrdp
 * nor freerdp-shadow tells of any.) Runs until it is killed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <freerdp/freerdp.h>
#include <freerdp/peer.h>
#include <freerdp/scancode.h>
#include <winpr/ssl.h>
#include <winpr/synch.h>

#define HANDLES   32
#define CAPS_LOCK 4

static const char *certificate, *key;
static UINT16 lights;

static BOOL on_key(rdpInput *input, UINT16 flags, UINT16 code)
{
	rdpUpdate *update = input->context->update;

	if (code != RDP_SCANCODE_CAPSLOCK || (flags & KBD_FLAGS_RELEASE) != 0)
		return TRUE;
	lights ^= CAPS_LOCK;
	return update->SetKeyboardIndicators(input->context, lights);
}

static BOOL anything(freerdp_peer *peer)
{
	return TRUE;
}

static BOOL begin(freerdp_peer *peer)
{
	if (!freerdp_peer_context_new(peer))
		return FALSE;
	peer->settings->CertificateFile = strdup(certificate);
	peer->settings->PrivateKeyFile = strdup(key);
	peer->settings->NlaSecurity = peer->settings->RdpSecurity = FALSE;
	peer->PostConnect = peer->Activate = anything;
	peer->input->KeyboardEvent = on_key;
	return peer->Initialize(peer);
}

static void serve(int fd)
{
	freerdp_peer *peer = freerdp_peer_new(fd);
	BOOL goes_on = peer != NULL && begin(peer);

	lights = 0;
	while (goes_on) {
		HANDLE handles[HANDLES];
		DWORD n = peer->GetEventHandles(peer, handles, HANDLES);

		goes_on = n > 0 &&
			  WaitForMultipleObjects(n, handles, FALSE, INFINITE) != WAIT_FAILED &&
			  peer->CheckFileDescriptor(peer);
	}
	if (peer == NULL)
		return;
	peer->Disconnect(peer);
	freerdp_peer_context_free(peer);
	freerdp_peer_free(peer);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 3 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
	    listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) != 0)
		return EXIT_FAILURE;
	certificate = argv[1];
	key = argv[2];
	winpr_InitializeSSL(WINPR_SSL_INIT_DEFAULT);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;)
		serve(fd);
	return EXIT_FAILURE;
}
