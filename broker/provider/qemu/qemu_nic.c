/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_nic: see qemu_nic.h. */
#include "qemu/qemu_nic.h"

#include "nic.h"
#include "qemu/qemu_argv.h"
#include "qemu/qmp.h"

gboolean qemu_nic_plug(const char *place, const ProviderDesktop *desktop, int nic, gint64 deadline,
		       GError **error)
{
	g_autofree char *path = g_build_filename(place, QEMU_MONITOR, NULL);
	g_autofree char *mac = nic_mac(desktop->id);
	g_autoptr(Qmp) qmp = qmp_open(path, deadline, error);
	const char *type = nic_bridge(desktop->image.network) ? "tap" : "socket";

	return qmp && qmp_give_file(qmp, "nic", nic, deadline, error) &&
	       qmp_order(qmp, "netdev_add",
			 json_pack("{s:s, s:s, s:s}", "type", type, "id", "net", "fd", "nic"),
			 deadline, error) &&
	       qmp_order(qmp, "device_add",
			 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "driver", "virtio-net-pci",
				   "id", "nic", "netdev", "net", "bus", QEMU_NIC_BUS, "romfile", "",
				   "mac", mac),
			 deadline, error);
}
