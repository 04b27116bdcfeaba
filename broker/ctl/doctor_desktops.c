/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_desktops: what a desktop needs to start: room, a hypervisor, its image's files. */
#include "doctor.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LITTLE ((guint64)200 * 1024 * 1024)
#define ENOUGH ((guint64)2 * 1024 * 1024 * 1024)
#define KVM    "/dev/kvm"

void doctor_state(Doctor *doctor)
{
	const char *path = doctor->options->state;
	g_autofree char *room = NULL;
	struct statvfs disk;
	struct stat st;
	guint64 left;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode) || statvfs(path, &disk) < 0) {
		doctor_ill(doctor, "disk", "The broker makes it when it first starts, if it may.",
			   "The directory %s is not there", path);
		return;
	}
	if (doctor->knows_broker &&
	    !doctor_may(doctor->broker_uid, doctor->broker_gid, path, R_OK | W_OK | X_OK))
		doctor_ill(doctor, "disk", "It must belong to the user that the broker runs as.",
			   "The broker may not use %s", path);
	left = (guint64)disk.f_bavail * disk.f_frsize;
	room = g_format_size(left);
	if (left < LITTLE)
		doctor_ill(doctor, "disk", "Make room: desktops stop, and nobody can log in.",
			   "Only %s left in %s", room, path);
	else if (left < ENOUGH)
		doctor_doubt(doctor, "disk",
			     "Each desktop's disk grows with what is written to it.",
			     "Only %s left in %s", room, path);
	else
		doctor_well(doctor, "disk", "%s left in %s", room, path);
	if (disk.f_files > 0 && disk.f_favail < 1000)
		doctor_ill(doctor, "disk", "Too many small files are on that disk (df -i).",
			   "No room for further files in %s", path);
}

void doctor_pages(Doctor *doctor)
{
	g_autofree char *page = g_build_filename(doctor->options->web_root, "index.html", NULL);

	if (access(page, R_OK) == 0)
		doctor_well(doctor, "portal", "Its pages are in %s", doctor->options->web_root);
	else
		doctor_ill(doctor, "portal",
			   "Install them (meson setup -Dweb=enabled), or correct "
			   "web_root in oriel.conf.",
			   "%s is not there: the web page stays empty", page);
}

/* ---- QEMU */

static gboolean has_pool_of(Doctor *doctor, const char *provider)
{
	json_t *pools = doctor_ask(doctor, "/api/v1/admin/pools");
	gboolean found = pools == NULL; /* nobody knows: look */

	for (gsize i = 0; i < json_array_size(pools); i++)
		found |= g_strcmp0(json_string_value(
					   json_object_get(json_array_get(pools, i), "provider")),
				   provider) == 0;
	json_decref(pools);
	return found;
}

static void check_program(Doctor *doctor, const char *name, const char *package)
{
	g_autofree char *path = g_find_program_in_path(name);
	g_autofree char *advice = g_strdup_printf("apt install %s", package);

	if (path)
		doctor_well(doctor, "QEMU", "%s is there", path);
	else
		doctor_ill(doctor, "QEMU", advice, "The program %s is not on this machine", name);
}

/* accel auto takes emulation without a word. */
static void check_kvm(Doctor *doctor)
{
	const char *accel = doctor->options->accel;
	gboolean must = g_str_equal(accel, "kvm");
	gboolean there = access(KVM, F_OK) == 0;
	void (*say)(Doctor * doctor, const char *topic, const char *advice, const char *format,
		    ...) = must ? doctor_ill : doctor_doubt;

	if (g_str_equal(accel, "tcg"))
		doctor_well(doctor, "KVM",
			    "Not used: accel = tcg, software emulation, as configured");
	else if (!there)
		say(doctor, "KVM",
		    "Switch virtualisation on in the machine's firmware (VT-x, AMD-V; nested "
		    "virtualisation where this is a virtual machine) and load kvm_intel or "
		    "kvm_amd.",
		    KVM " is not there: %s",
		    must ? "desktops do not start, since accel = kvm"
			 : "desktops are emulated, ten times slower");
	else if (doctor->knows_broker &&
		 !doctor_may(doctor->broker_uid, doctor->broker_gid, KVM, R_OK | W_OK))
		say(doctor, "KVM", "The broker's user must be in the group kvm, as in its unit.",
		    "The broker may not use " KVM);
	else
		doctor_well(doctor, "KVM", KVM " is there");
}

void doctor_hypervisor(Doctor *doctor)
{
	if (!has_pool_of(doctor, "qemu"))
		return;
	check_program(doctor, "qemu-system-x86_64", "qemu-system-x86");
	check_program(doctor, "qemu-img", "qemu-utils");
	check_kvm(doctor);
}

/* ---- images */

/* TRUE: nothing is wrong with it. */
static gboolean check_file(Doctor *doctor, const char *image, const char *path)
{
	if (access(path, F_OK) < 0)
		doctor_ill(doctor, "images",
			   "Put it back, or register another version: orielctl image "
			   "add.",
			   "Image %s needs %s, which is not there", image, path);
	else if (doctor->knows_broker &&
		 !doctor_may(doctor->broker_uid, doctor->broker_gid, path, R_OK))
		doctor_ill(
			doctor, "images",
			"The file must be readable for the broker's user, and each directory above "
			"it open to pass (chmod o+r, o+x).",
			"The broker may not read %s, of image %s", path, image);
	else
		return TRUE;
	return FALSE;
}

void doctor_images(Doctor *doctor)
{
	static const char *const files[] = {"disk", "kernel", "initrd", "xml"};
	json_t *images = doctor_ask(doctor, "/api/v1/admin/images");

	for (gsize i = 0; i < json_array_size(images); i++) {
		json_t *image = json_array_get(images, i);
		const char *name = json_string_value(json_object_get(image, "name"));
		gboolean well = TRUE;

		for (gsize k = 0; k < G_N_ELEMENTS(files); k++) {
			const char *path = json_string_value(json_object_get(image, files[k]));

			if (path && g_path_is_absolute(path))
				well &= check_file(doctor, name, path);
		}
		if (well)
			doctor_well(doctor, "images", "The files of image %s can be read", name);
	}
	json_decref(images);
}

/* ---- network cards */

/* The first image whose QEMU desktops have a card; NULL = none has. */
static const char *wants_card(const json_t *images)
{
	gsize i;
	json_t *image;

	json_array_foreach (images, i, image) {
		const char *network = json_string_value(json_object_get(image, "network"));

		if (network && !g_str_equal(network, "none"))
			return json_string_value(json_object_get(image, "name"));
	}
	return NULL;
}

void doctor_cards(Doctor *doctor)
{
	json_t *images = doctor_ask(doctor, "/api/v1/admin/images");
	const char *path = doctor->options->nics, *image = wants_card(images);
	struct stat st;

	if (!image || !has_pool_of(doctor, "qemu"))
		;
	else if (stat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		doctor_ill(
			doctor, "cards",
			"systemctl enable --now oriel-nic.socket; or correct nics in oriel.conf, "
			"or register the image with --network none.",
			"Desktops of image %s have a network card, and nobody makes them: %s is "
			"not there",
			image, path);
	else if (doctor->knows_broker &&
		 !doctor_may(doctor->broker_uid, doctor->broker_gid, path, R_OK | W_OK))
		doctor_ill(doctor, "cards",
			   "It must be the broker's, as oriel-nic.socket makes it.",
			   "The broker may not use %s", path);
	else
		doctor_well(doctor, "cards", "%s is there, for network cards", path);
	json_decref(images);
}

/* ---- what has failed */

void doctor_desktops(Doctor *doctor)
{
	json_t *desktops = doctor_ask(doctor, "/api/v1/admin/desktops");
	gsize n = json_array_size(desktops), failed = 0;

	for (gsize i = 0; i < n; i++) {
		json_t *desktop = json_array_get(desktops, i);
		const char *detail = json_string_value(json_object_get(desktop, "detail"));

		if (g_strcmp0(json_string_value(json_object_get(desktop, "state")), "failed") != 0)
			continue;
		/* One of a kind says it all. */
		if (failed++ == 0)
			doctor_ill(doctor, "desktops",
				   "When the cause is gone: orielctl desktop start ID. It is tried "
				   "again "
				   "by itself, too.",
				   "%s does not start: %s",
				   json_string_value(json_object_get(desktop, "name")),
				   detail ? detail : "nobody knows why");
	}
	if (failed > 1)
		doctor_ill(doctor, "desktops", "orielctl desktops shows all.",
			   "%u further desktops do not start", (unsigned)failed - 1);
	else if (desktops && failed == 0)
		doctor_well(doctor, "desktops", "None of %u has failed", (unsigned)n);
	json_decref(desktops);
}
