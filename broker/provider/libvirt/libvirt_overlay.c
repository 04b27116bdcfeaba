/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_overlay: see libvirt_overlay.h. */
#include "libvirt/libvirt_overlay.h"

#include <libvirt/virterror.h>

#include "fault.h"
#include "libvirt/libvirt_link.h"
#include "place.h"
#include "qemu/qemu_argv.h"

static void cleanup_pool(virStoragePoolPtr *pool)
{
	if (*pool)
		virStoragePoolFree(*pool);
}
static void cleanup_volume(virStorageVolPtr *volume)
{
	if (*volume)
		virStorageVolFree(*volume);
}
#define autopool   __attribute__((cleanup(cleanup_pool))) virStoragePoolPtr
#define autovolume __attribute__((cleanup(cleanup_volume))) virStorageVolPtr

/* The volume that the golden image is, or NULL. Drivers without storage know none. */
static virStorageVolPtr golden_volume(virConnectPtr connection, const ProviderImage *image)
{
	return image->disk ? virStorageVolLookupByPath(connection, image->disk) : NULL;
}

gboolean libvirt_overlay_possible(virConnectPtr connection, gboolean local,
				  const ProviderImage *image, GError **error)
{
	autovolume golden = golden_volume(connection, image);

	if (golden || local || !image->disk)
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
	autovolume volume = virStorageVolLookupByName(pool, name);

	if (!volume || virStorageVolDelete(volume, 0) == 0)
		return TRUE;
	libvirt_set_error(error, FAULT_DESKTOP, name);
	return FALSE;
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

/* NULL: there is none. */
static char *volume_path(virStorageVolPtr volume)
{
	char *theirs = volume ? virStorageVolGetPath(volume) : NULL;
	char *path = g_strdup(theirs);

	free(theirs);
	return path;
}

static gboolean make_volume(virStorageVolPtr golden, const ProviderDesktop *desktop,
			    char **out_path, GError **error)
{
	autopool pool = virStoragePoolLookupByVolume(golden);
	g_autofree char *name = volume_name(desktop);
	g_autofree char *format = volume_format(golden);
	g_autofree char *xml = NULL;
	autovolume volume = NULL;
	virStorageVolInfo info = {0};

	if (!pool || virStorageVolGetInfo(golden, &info) < 0) {
		libvirt_set_error(error, FAULT_CONFIG, desktop->image.disk);
		return FALSE;
	}
	if (!remove_volume(pool, name, error))
		return FALSE;
	xml = volume_xml(name, desktop->image.disk, format, info.capacity);
	volume = virStorageVolCreateXML(pool, xml, 0);
	*out_path = volume_path(volume);
	if (!*out_path)
		libvirt_set_error(error, FAULT_DESKTOP, name);
	return *out_path != NULL;
}

gboolean libvirt_overlay_renew(virConnectPtr connection, const char *dir, gboolean local,
			       const ProviderDesktop *desktop, char **out_path, char **out_identity,
			       GError **error)
{
	autovolume golden = golden_volume(connection, &desktop->image);

	if (golden) {
		if (!make_volume(golden, desktop, out_path, error))
			return FALSE;
		*out_identity = g_uuid_string_random();
		return TRUE;
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
	autovolume golden = golden_volume(connection, &desktop->image);
	autopool pool = golden ? virStoragePoolLookupByVolume(golden) : NULL;
	g_autofree char *name = volume_name(desktop);
	autovolume volume = NULL;

	*out_path = NULL;
	if (!desktop->image.disk)
		return TRUE;
	/* Another host has made it: this one looks anew. */
	if (pool && virStoragePoolRefresh(pool, 0) == 0)
		volume = virStorageVolLookupByName(pool, name);
	*out_path = volume_path(volume);
	if (!*out_path)
		libvirt_set_error(error, FAULT_DESKTOP, name);
	return *out_path != NULL;
}

gboolean libvirt_overlay_remove(virConnectPtr connection, const char *dir,
				const ProviderDesktop *desktop, GError **error)
{
	autovolume golden = golden_volume(connection, &desktop->image);
	autopool pool = golden ? virStoragePoolLookupByVolume(golden) : NULL;
	g_autofree char *name = volume_name(desktop);

	return (!pool || remove_volume(pool, name, error)) && place_remove(dir, desktop->id, error);
}
