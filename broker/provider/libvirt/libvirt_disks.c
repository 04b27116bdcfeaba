/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_disks: see libvirt_disks.h. */
#include "libvirt/libvirt_disks.h"

#include <string.h>

#include "fault.h"

typedef struct {
	gboolean inside; /* a hard disk */
	gboolean kept;   /* what is written to it */
	char *source;
} Disk;

static const char *value_of(const char *name, const char **names, const char **values)
{
	for (gsize i = 0; names[i]; i++) {
		if (g_str_equal(names[i], name))
			return values[i];
	}
	return NULL;
}

static void start_element(GMarkupParseContext *context, const char *element, const char **names,
			  const char **values, gpointer data, GError **error)
{
	Disk *disk = data;

	if (g_str_equal(element, "disk")) {
		const char *device = value_of("device", names, values);

		disk->inside = !device || g_str_equal(device, "disk") || g_str_equal(device, "lun");
		disk->kept = TRUE;
		g_clear_pointer(&disk->source, g_free);
	} else if (disk->inside && g_str_equal(element, "source") && !disk->source && names[0]) {
		/* file, dev, name, volume: whatever it is called, the first says which. */
		disk->source = g_strjoinv(" ", (char **)values);
	} else if (g_str_equal(element, "transient") || g_str_equal(element, "readonly")) {
		disk->kept = FALSE;
	}
}

static void end_element(GMarkupParseContext *context, const char *element, gpointer data,
			GError **error)
{
	Disk *disk = data;
	const char *source = disk->source ? disk->source : "a disk";

	if (!g_str_equal(element, "disk") || !disk->inside)
		return;
	disk->inside = FALSE;
	if (!disk->kept)
		return;
	g_set_error(error, FAULT, FAULT_CONFIG,
		    "domain template: %s would keep what somebody writes for the next: it wants "
		    "<transient/>, where changes end with the machine's run",
		    source);
}

gboolean libvirt_disks_check(const char *xml, GError **error)
{
	static const GMarkupParser parser = {
		.start_element = start_element,
		.end_element = end_element,
	};
	Disk disk = {0};
	GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, &disk, NULL);
	g_autoptr(GError) failure = NULL;
	gboolean good = g_markup_parse_context_parse(context, xml, -1, &failure) &&
			g_markup_parse_context_end_parse(context, &failure);

	g_markup_parse_context_free(context);
	g_free(disk.source);
	if (good)
		return TRUE;
	if (failure->domain == FAULT)
		g_propagate_error(error, g_steal_pointer(&failure));
	else
		g_set_error(error, FAULT, FAULT_CONFIG, "domain template: %s", failure->message);
	return FALSE;
}
