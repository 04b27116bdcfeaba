/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz: a viewer's link. Bit 0 of the first byte: SASL is served; bits 1-7: size of the pieces. */
#include "spice/spice_link_server.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	SpiceLinkServerEvent event = SPICE_LINK_SERVER_MORE;
	g_autoptr(SpiceLinkServer) server = NULL;
	g_autoptr(GError) error = NULL;
	Buffer in = {0}, out = {0};
	gsize step;

	if (size == 0)
		return 0;
	server = spice_link_server_new(data[0] & 1);
	step = data[0] > 1 ? data[0] >> 1 : size;
	data++;
	size--;
	while (size > 0 && event == SPICE_LINK_SERVER_MORE) {
		gsize n = MIN(step, size);

		buffer_append(&in, data, n);
		data += n;
		size -= n;
		event = spice_link_server_step(server, &in, &out, &error);
	}
	g_assert((event == SPICE_LINK_SERVER_FAILED) == (error != NULL));
	if (event == SPICE_LINK_SERVER_CREDENTIALS) {
		g_assert(spice_link_server_ticket(server) || spice_link_server_password(server));
		spice_link_server_accept(server, &out);
	}
	spice_link_server_refuse(server, 1, TRUE, &out);
	g_assert(buffer_length(&out) < 1024);
	buffer_clear(&in);
	buffer_clear(&out);
	return 0;
}
