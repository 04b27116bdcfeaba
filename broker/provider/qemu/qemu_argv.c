/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_argv: see qemu_argv.h. */
#include "qemu/qemu_argv.h"

#include <stdarg.h>
#include <string.h>

#include "nic.h"

#define HOST_MAX 63 /* RFC 1123, one label */

static void add(GPtrArray *argv, ...) G_GNUC_NULL_TERMINATED;

static void add(GPtrArray *argv, ...)
{
	const char *word;
	va_list words;

	va_start(words, argv);
	while ((word = va_arg(words, const char *)))
		g_ptr_array_add(argv, g_strdup(word));
	va_end(words);
}

static void add_format(GPtrArray *argv, const char *option, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

static void add_format(GPtrArray *argv, const char *option, const char *format, ...)
{
	va_list values;

	g_ptr_array_add(argv, g_strdup(option));
	va_start(values, format);
	g_ptr_array_add(argv, g_strdup_vprintf(format, values));
	va_end(values);
}

/* Says in a process list whose process it is. */
static char *argv_name(const char *desktop_id)
{
	return g_strconcat("guest=oriel-", desktop_id, NULL);
}

char *qemu_argv_host(const ProviderDesktop *desktop)
{
	GString *host = g_string_new(NULL);

	for (const char *c = desktop->name ? desktop->name : ""; *c && host->len < HOST_MAX; c++) {
		if (g_ascii_isalnum(*c))
			g_string_append_c(host, g_ascii_tolower(*c));
		else if (host->len > 0 && host->str[host->len - 1] != '-')
			g_string_append_c(host, '-');
	}
	while (host->len > 0 && host->str[host->len - 1] == '-')
		g_string_truncate(host, host->len - 1);
	if (host->len == 0)
		g_string_assign(host, desktop->id);
	return g_string_free(host, FALSE);
}

/* What the probe and a desktop must have in common. "max" is all that the accelerator can do.
 * more: further options of the machine, "" = none. */
static void add_machine(GPtrArray *argv, const char *accel, const char *more)
{
	add(argv, QEMU_PROGRAM, "-nodefaults", "-no-user-config", "-sandbox",
	    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny", NULL);
	add_format(argv, "-machine", "q35,vmport=off%s", more);
	add(argv, "-accel", accel, "-cpu", "max", NULL);
}

/* A file of a template's own is written to; what a clone inherits is sealed against that, and every
 * page that it writes becomes its own. */
static void add_memory(GPtrArray *argv, unsigned size, QemuMemory memory, int fd)
{
	if (memory == QEMU_MEMORY_TEMPLATE)
		add_format(argv, "-object",
			   "memory-backend-file,id=ram,size=%uM,mem-path=" QEMU_MEMORY ",share=on",
			   size);
	if (memory == QEMU_MEMORY_CLONE) {
		add_format(
			argv, "-object",
			"memory-backend-file,id=ram,size=%uM,mem-path=/proc/self/fd/%d,share=off",
			size, fd);
		add(argv, "-incoming", "defer", "-S", NULL);
	}
}

static const char *video_device(const char *video)
{
	if (g_strcmp0(video, "qxl") == 0)
		return "qxl-vga";
	if (g_strcmp0(video, "virtio") == 0)
		return "virtio-vga";
	return "VGA";
}

/*
 * Two displays of one screen, which hear the same: the sound card, and the loudspeaker that a
 * console's bell beeps with. VNC listens in on whatever plays to the audiodev that it names. GLZ
 * would put a dictionary into the SPICE client that cannot follow it to another desktop; the
 * gateway is the only VNC client, so nobody may claim the screen for himself. Whatever moves comes
 * to a VNC viewer as JPEG if that asked for it, and without loss when it has come to rest.
 */
static void add_displays(GPtrArray *argv, const char *video)
{
	add(argv, "-device", video_device(video), NULL);
	add(argv, "-audiodev", "spice,id=sound", "-device", "intel-hda", "-device",
	    "hda-duplex,audiodev=sound", "-machine", "pcspk-audiodev=sound", NULL);
	add(argv, "-vnc", "unix:" QEMU_VNC ",share=ignore,lossy=on,audiodev=sound", "-spice",
	    "unix=on,addr=" QEMU_SPICE ",disable-ticketing=on,image-compression=auto_lz,"
	    "jpeg-wan-compression=never,zlib-glz-wan-compression=never,streaming-video=filter",
	    NULL);
	add(argv, "-device", "qemu-xhci", "-device", "usb-tablet", NULL);
}

/*
 * The guest's side doors: SPICE's agent; the same agent once more for the clipboard of VNC viewers
 * (QEMU plays the SPICE client there; a guest must run a second agent on that port);
 * qemu-guest-agent; and who it is (guest_identity.h).
 */
static void add_agents(GPtrArray *argv, QemuMemory memory)
{
	add(argv, "-device", "virtio-serial-pci", NULL);
	add(argv, "-chardev", "spicevmc,id=spice-agent,name=vdagent", "-device",
	    "virtserialport,chardev=spice-agent,name=com.redhat.spice.0", NULL);
	/* Its own state cannot be saved: a template has nobody there. */
	add(argv, "-chardev",
	    memory == QEMU_MEMORY_TEMPLATE ? "null,id=vnc-agent"
					   : "qemu-vdagent,id=vnc-agent,clipboard=on,mouse=off",
	    "-device", "virtserialport,chardev=vnc-agent,name=org.oriel.vnc.0", NULL);
	add(argv, "-chardev", "socket,id=guest-agent,path=" QEMU_AGENT ",server=on,wait=off",
	    "-device", "virtserialport,chardev=guest-agent,name=org.qemu.guest_agent.0", NULL);
	add(argv, "-chardev", "socket,id=identity,path=" QEMU_GUEST ",server=on,wait=off",
	    "-device", "virtserialport,chardev=identity,name=org.oriel.identity.0", NULL);
}

static void add_disk(GPtrArray *argv)
{
	add(argv, "-blockdev",
	    "driver=qcow2,node-name=" QEMU_DISK ",discard=unmap,file.driver=file,"
	    "file.filename=" QEMU_OVERLAY,
	    "-device", "virtio-blk-pci,drive=" QEMU_DISK, NULL);
}

static void add_kernel(GPtrArray *argv, const ProviderDesktop *desktop)
{
	const ProviderImage *image = &desktop->image;
	g_autofree char *host = qemu_argv_host(desktop);

	add(argv, "-kernel", image->kernel, NULL);
	if (image->initrd)
		add(argv, "-initrd", image->initrd, NULL);
	add_format(argv, "-append", "%s%shost=%s", image->cmdline ? image->cmdline : "",
		   image->cmdline ? " " : "", host);
}

/* Always in the same place, so that the guest knows it by the same name: plugged in or there from
 * the beginning. It has nothing to boot from. */
static void add_nic(GPtrArray *argv, const ProviderDesktop *desktop, QemuMemory memory, int fd)
{
	const char *network = desktop->image.network;
	g_autofree char *mac = nic_mac(desktop->id);

	add(argv, "-nic", "none", NULL);
	if (!nic_wanted(network))
		return;
	add(argv, "-device", "pcie-root-port,id=" QEMU_NIC_BUS ",chassis=1", NULL);
	if (memory != QEMU_MEMORY_OWN)
		return;
	/* "stream" would be newer; QEMU 7.2 cannot have that of a descriptor that comes over QMP.
	 */
	add_format(argv, "-netdev", "%s,id=net,fd=%d", nic_bridge(network) ? "tap" : "socket", fd);
	add_format(argv, "-device",
		   "virtio-net-pci,id=nic,netdev=net,bus=" QEMU_NIC_BUS ",romfile=,mac=%s", mac);
}

GStrv qemu_argv(const ProviderDesktop *desktop, const char *accel, const char *identity,
		QemuMemory memory, const QemuNumbers *numbers)
{
	const ProviderImage *image = &desktop->image;
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *name = argv_name(desktop->id);

	add_machine(argv, accel, memory == QEMU_MEMORY_OWN ? "" : ",memory-backend=ram");
	add_memory(argv, image->memory, memory, numbers->memory);
	add(argv, "-name", name, "-uuid", identity, NULL);
	add_format(argv, "-m", "%u", image->memory);
	add_format(argv, "-smp", "%u", image->cpus);
	add_format(argv, "-chardev", "socket,id=monitor,fd=%d,server=on,wait=off",
		   numbers->monitor);
	add(argv, "-mon", "chardev=monitor,mode=control", NULL);
	add(argv, "-object", "rng-builtin,id=rng", "-device", "virtio-rng-pci,rng=rng", NULL);
	/* Tells a guest's kernel that it has become another machine: it seeds its
	 * randomness anew. */
	add_format(argv, "-device", "vmgenid,guid=%s", identity);
	add_displays(argv, image->video);
	add_agents(argv, memory);
	if (image->disk)
		add_disk(argv);
	if (image->kernel)
		add_kernel(argv, desktop);
	add_nic(argv, desktop, memory, numbers->nic);
	g_ptr_array_add(argv, NULL);
	return (GStrv)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}

GStrv qemu_argv_probe(const char *accel, const char *kernel)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	add_machine(argv, accel, "");
	add(argv, "-m", "128", "-display", "none", "-no-reboot", "-serial", "stdio", "-kernel",
	    kernel, "-append", "console=ttyS0 panic=-1", NULL);
	g_ptr_array_add(argv, NULL);
	return (GStrv)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}
