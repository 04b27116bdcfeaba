/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_overlay: see libvirt_overlay.h. */
#include "libvirt_overlay.h"

#include <libvirt/virterror.h>

#include "fault.h"
#include "libvirt_link.h"
#include "place.h"
#include "qemu_argv.h"

/* The volume that the golden image is, or NULL. Drivers without storage know none. */
static virStorageVolPtr golden_volume(virConnectPtr connection, const ProviderImage *image)
{
	return image->disk ? virStorageVolLookupByPath(connection, image->disk) : NULL;
}

gboolean libvirt_overlay_possible(virConnectPtr connection, gboolean local,
				  const ProviderImage *image, GError **error)
{
	virStorageVolPtr golden = golden_volume(connection, image);

	if (golden) {
		virStorageVolFree(golden);
		return TRUE;
	}
	if (local || !image->disk)
		return TRUE;
	g_set_error(error, FAULT, FAULT_CONFIG, "%s: in no storage pool that libvirt knows there",
		    image->disk);
	return FALSE;
}

static char *volume_name(const ProviderDesktop *desktop)
{
	return g_strconcat(LIBVIRT_PREFIX, desktop->id, ".qcow2", NULL);
}

static gboolean remove_volume(virStoragePoolPtr pool, const char *name, GError **error)
{
	virStorageVolPtr volume = virStorageVolLookupByName(pool, name);
	gboolean removed = !volume || virStorageVolDelete(volume, 0) == 0;

	if (!removed)
		libvirt_set_error(error, FAULT_DESKTOP, name);
	if (volume)
		virStorageVolFree(volume);
	return removed;
}

static char *volume_xml(const char *name, const char *backing, const char *format,
			unsigned long long capacity)
{
	return g_markup_printf_escaped("<volume><name>%s</name><capacity>%llu</capacity>"
				       "<target><format type='qcow2'/></target>"
				       "<backingStore><path>%s</path><format type='%s'/>"
				       "</backingStore></volume>",
				       name, capacity, backing, format);
}

/* The pool's own word for the format of a volume, which may be on another machine. */
static char *volume_format(virStorageVolPtr volume)
{
	char *xml = virStorageVolGetXMLDesc(volume, 0);
	gboolean qcow2 = xml && g_regex_match_simple("<format type='qcow2'/>", xml, 0, 0);

	free(xml);
	return g_strdup(qcow2 ? "qcow2" : "raw");
}

static gboolean make_volume(virStorageVolPtr golden, const ProviderDesktop *desktop,
			    char **out_path, GError **error)
{
	virStoragePoolPtr pool = virStoragePoolLookupByVolume(golden);
	g_autofree char *name = volume_name(desktop);
	g_autofree char *format = volume_format(golden);
	g_autofree char *xml = NULL;
	virStorageVolInfo info = {0};
	virStorageVolPtr volume = NULL;
	char *path = NULL;

	if (!pool || virStorageVolGetInfo(golden, &info) < 0) {
		libvirt_set_error(error, FAULT_CONFIG, desktop->image.disk);
	} else if (remove_volume(pool, name, error)) {
		xml = volume_xml(name, desktop->image.disk, format, info.capacity);
		volume = virStorageVolCreateXML(pool, xml, 0);
		path = volume ? virStorageVolGetPath(volume) : NULL;
		if (path)
			*out_path = g_strdup(path);
		else
			libvirt_set_error(error, FAULT_DESKTOP, name);
	}
	if (volume)
		virStorageVolFree(volume);
	if (pool)
		virStoragePoolFree(pool);
	if (!path)
		return FALSE;
	free(path);
	return TRUE;
}

gboolean libvirt_overlay_renew(virConnectPtr connection, const char *dir, gboolean local,
			       const ProviderDesktop *desktop, char **out_path, char **out_identity,
			       GError **error)
{
	virStorageVolPtr golden = golden_volume(connection, &desktop->image);
	gboolean made;

	if (golden) {
		made = make_volume(golden, desktop, out_path, error);
		virStorageVolFree(golden);
		if (made)
			*out_identity = g_uuid_string_random();
		return made;
	}
	if (!desktop->image.disk) {
		*out_path = NULL;
		*out_identity = g_uuid_string_random();
		return TRUE;
	}
	if (!libvirt_overlay_possible(connection, local, &desktop->image, error) ||
	    !place_renew(dir, desktop->id, &desktop->image, NULL, out_identity, error))
		return FALSE;
	*out_path = g_build_filename(dir, "desktops", desktop->id, QEMU_OVERLAY, NULL);
	return TRUE;
}

gboolean libvirt_overlay_find(virConnectPtr connection, const ProviderDesktop *desktop,
			      char **out_path, GError **error)
{
	virStorageVolPtr golden = golden_volume(connection, &desktop->image);
	virStoragePoolPtr pool = golden ? virStoragePoolLookupByVolume(golden) : NULL;
	g_autofree char *name = volume_name(desktop);
	virStorageVolPtr volume = NULL;
	char *path = NULL;

	if (!desktop->image.disk) {
		*out_path = NULL;
		return TRUE;
	}
	/* Another host has made it: this one looks anew. */
	if (pool && virStoragePoolRefresh(pool, 0) == 0)
		volume = virStorageVolLookupByName(pool, name);
	if (volume)
		path = virStorageVolGetPath(volume);
	if (path)
		*out_path = g_strdup(path);
	else
		libvirt_set_error(error, FAULT_DESKTOP, name);
	if (volume)
		virStorageVolFree(volume);
	if (pool)
		virStoragePoolFree(pool);
	if (golden)
		virStorageVolFree(golden);
	free(path);
	return path != NULL;
}

gboolean libvirt_overlay_remove(virConnectPtr connection, const char *dir,
				const ProviderDesktop *desktop, GError **error)
{
	virStorageVolPtr golden = golden_volume(connection, &desktop->image);
	virStoragePoolPtr pool = golden ? virStoragePoolLookupByVolume(golden) : NULL;
	g_autofree char *name = volume_name(desktop);
	gboolean removed = !pool || remove_volume(pool, name, error);

	if (pool)
		virStoragePoolFree(pool);
	if (golden)
		virStorageVolFree(golden);
	return removed && place_remove(dir, desktop->id, error);
}
