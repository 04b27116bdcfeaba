/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text that is an address of a socket, a list of networks or the address of a machine. */
#include "machine/machine_address.h"
#include "net/address.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void machine(const char *text)
{
	MachineAddress address = {0};
	g_autoptr(GError) error = NULL;

	if (machine_address_parse(text, &address, &error)) {
		g_assert((address.path != NULL) != (address.host != NULL && address.port > 0));
		machine_address_clear(&address);
	} else {
		g_assert(error != NULL);
	}
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
	g_auto(GStrv) words = g_strsplit(text, " ", 8);
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) networks = address_networks(words, &error);
	g_autofree char *place = address_place(text);
	struct sockaddr_storage parsed, again;
	char described[ADDRESS_TEXT];

	g_assert((networks == NULL) == (error != NULL) && place != NULL);
	machine(text);
	if (address_parse(text, &parsed) == 0)
		return 0;
	address_describe(&parsed, described);
	g_assert(address_parse(described, &again) > 0);
	if (networks != NULL)
		address_within(networks, described);
	return 0;
}
