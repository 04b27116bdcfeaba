/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_images: what desktops are made of, for admins. See handlers.h. */
#include "handlers.h"

#include "services.h"
#include "views.h"

/* Where one fits all: a desktop under emulation. */
#define DEFAULT_MEMORY 1024 /* MiB */
#define DEFAULT_CPUS   1
#define DEFAULT_VIDEO  "std"

gboolean handle_images(Request *request, GError **error)
{
	return REPLY_VIEWS(request, core_images(request->services->core, error), view_image);
}

gboolean handle_image_add(Request *request, GError **error)
{
	json_int_t memory = DEFAULT_MEMORY, cpus = DEFAULT_CPUS;
	const char *disk = NULL, *kernel = NULL, *initrd = NULL, *cmdline = NULL, *xml = NULL;
	const char *name, *video = DEFAULT_VIDEO, *network = NULL;
	g_autoptr(json_t) root = NULL;
	unsigned version;
	ImageView image;
	int copy = 0;

	if (!request_json(request, &root, error,
			  "{s:s,s?:s,s?:s,s?:s,s?:s,s?:s,s?:I,s?:I,s?:s,s?:s,s?:b}", "name", &name,
			  "disk", &disk, "kernel", &kernel, "initrd", &initrd, "cmdline", &cmdline,
			  "xml", &xml, "memory", &memory, "cpus", &cpus, "video", &video, "network",
			  &network, "copy", &copy))
		return FALSE;
	if (!in_range("memory", memory, 16, 4 * 1024 * 1024, error) ||
	    !in_range("cpus", cpus, 1, 512, error))
		return FALSE;
	image = (ImageView){
		.name = (char *)name,
		.disk = or_null(disk),
		.kernel = or_null(kernel),
		.initrd = or_null(initrd),
		.cmdline = or_null(cmdline),
		.xml = or_null(xml),
		.memory = (unsigned)memory,
		.cpus = (unsigned)cpus,
		.video = (char *)video,
		.network = or_null(network),
	};
	if (!core_image_add(request->services->core, admin_name(request), &image, copy, &version,
			    error))
		return FALSE;
	reply_json(request, 201,
		   json_pack("{s:s,s:I}", "name", name, "version", (json_int_t)version));
	return TRUE;
}

gboolean handle_image_remove(Request *request, GError **error)
{
	return reply_done(request, core_image_remove(request->services->core, admin_name(request),
						     request->args[0], error));
}
