/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * provider_container: desktops as containers of an engine on this machine, Docker or Podman, by
 * the Docker Engine API over its Unix socket. The URI is "unix:///path". An image's disk is an
 * archive as "docker save" or "podman save" writes it; the driver loads it, so no registry is
 * needed.
 *
 * The program in the image serves VNC on the Unix socket that $ORIEL_DISPLAY names (Xvnc:
 * -rfbunixpath), open to everybody: the directory around it is the broker's alone, and of the
 * container only /run/oriel is shared with the machine. The container's own layer is the overlay;
 * its labels say whose it is and which identity it has. The engine remembers everything, this
 * process nothing. A container gets no capability and can gain none; its network is what its image
 * says.
 */
#include "provider.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "autofd.h"
#include "container/container_engine.h"
#include "container/container_watch.h"
#include "dial.h"
#include "fault.h"
#include "nic.h"
#include "place.h"

#define SHARED       "display"
#define SOCKET       "vnc.sock"
#define STOP_SECONDS 10   /* until the engine kills                         */
#define SHARES       1024 /* of the processors, for each, where all are busy */
#define BLKIO        500  /* the same of the disks: what Docker gives by itself */
#define PIDS         4096 /* processes and threads of one desktop           */
#define RETRY_MS     20

struct Provider {
	ContainerEngine *engine;
	ContainerWatch *watch;
	char *dir;
};

static Provider *container_open(const char *uri, const char *dir, const char *accel,
				ProviderEvent event, gpointer user_data, GError **error)
{
	ContainerEngine *engine = container_engine_new(uri, error);
	Provider *provider;

	if (!engine)
		return NULL;
	if (!place_open(dir, error)) {
		container_engine_free(engine);
		return NULL;
	}
	provider = g_new0(Provider, 1);
	provider->engine = engine;
	provider->dir = g_canonicalize_filename(dir, NULL);
	provider->watch = container_watch_new(engine, provider->dir, event, user_data);
	return provider;
}

static void container_close(Provider *provider)
{
	if (!provider)
		return;
	container_watch_free(provider->watch);
	container_engine_free(provider->engine);
	g_free(provider->dir);
	g_free(provider);
}

static gboolean container_image_ensure(Provider *provider, const ProviderImage *image,
				       GError **error)
{
	g_autofree char *tag = NULL;

	if (!image->disk || image->kernel || image->xml) {
		g_set_error(error, FAULT, FAULT_CONFIG,
			    "an image of containers is a disk alone: an archive of 'podman save'");
		return FALSE;
	}
	if (g_strcmp0(nic_bridge(image->network), "host") == 0) {
		g_set_error(error, FAULT, FAULT_CONFIG,
			    "\"host\" is no network of an engine but the machine's own");
		return FALSE;
	}
	tag = place_check_image(image, error)
		      ? container_engine_image(provider->engine, image->disk, error)
		      : NULL;
	return tag != NULL;
}

/* ---- the directory that broker and container share */

/*
 * Empties it as far as it can be: a container may have made directories of its own there that only
 * it could remove. Then it is put aside, where nobody looks into it any more.
 */
static gboolean clear_shared(Provider *provider, const char *id, GError **error)
{
	g_autofree char *place = place_of(provider->dir, id);
	g_autofree char *shared = g_build_filename(place, SHARED, NULL);
	g_autofree char *aside = g_build_filename(provider->dir, "aside", NULL);
	g_autofree char *name = g_uuid_string_random();
	g_autofree char *there = g_build_filename(aside, name, NULL);
	g_autoptr(GDir) entries = g_dir_open(shared, 0, NULL);
	const char *entry;

	while (entries && (entry = g_dir_read_name(entries))) {
		g_autofree char *path = g_build_filename(shared, entry, NULL);

		if (g_unlink(path) < 0)
			g_rmdir(path);
	}
	if (g_rmdir(shared) == 0 || errno == ENOENT)
		return TRUE;
	if ((g_mkdir(aside, 0700) == 0 || errno == EEXIST) && g_rename(shared, there) == 0)
		return TRUE;
	fault_set_errno(error, FAULT_DESKTOP, shared);
	return FALSE;
}

/* Fresh, and open for whatever user the image runs its server as: the one above it is not. */
static gboolean make_shared(Provider *provider, const char *id, GError **error)
{
	g_autofree char *place = place_of(provider->dir, id);
	g_autofree char *shared = g_build_filename(place, SHARED, NULL);

	if (!clear_shared(provider, id, error))
		return FALSE;
	if ((g_mkdir(place, 0700) < 0 && errno != EEXIST) || g_mkdir(shared, 0777) < 0 ||
	    g_chmod(shared, 0777) < 0) {
		fault_set_errno(error, FAULT_CONFIG, shared);
		return FALSE;
	}
	return TRUE;
}

/*
 * A connection to the display, or -1. The container may have put anything in the socket's place, a
 * link to another desktop's for instance: what is not a socket there is not followed (*out_never).
 */
static int dial_shared(Provider *provider, const char *id, gboolean *out_never, GError **error)
{
	g_autofree char *place = place_of(provider->dir, id);
	g_autofree char *shared = g_build_filename(place, SHARED, NULL);
	g_autofree char *path = NULL;
	autofd int dir = open(shared, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autofd int socket = dir < 0 ? -1 : openat(dir, SOCKET, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat info;

	if (socket < 0 || fstat(socket, &info) < 0) {
		fault_set_errno(error, FAULT_DESKTOP, SOCKET);
		return -1;
	}
	*out_never = !S_ISSOCK(info.st_mode);
	if (*out_never) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s: its display is no socket", id);
		return -1;
	}
	path = g_strdup_printf("/proc/self/fd/%d", socket);
	return dial_unix(path, dial_deadline(1), error);
}

/* ---- life */

static char *name_of(const char *id)
{
	return g_strconcat(CONTAINER_PREFIX, id, NULL);
}

static gboolean remove_container(Provider *provider, const char *id, GError **error)
{
	g_autofree char *name = name_of(id);

	container_watch_expect_end(provider->watch, id);
	return container_engine_remove(provider->engine, name, error);
}

/* In the engine's words; NULL = its default one. */
static const char *network_mode(const char *network)
{
	return g_strcmp0(network, "none") == 0 ? "none" : nic_bridge(network);
}

/* https://docs.docker.com/engine/api/v1.41/#tag/Container/operation/ContainerCreate */
static json_t *specify(Provider *provider, const ProviderDesktop *desktop, const char *tag,
		       const char *identity)
{
	g_autofree char *place = place_of(provider->dir, desktop->id);
	g_autofree char *bind = g_strconcat(place, "/" SHARED ":/run/oriel", NULL);
	json_int_t memory = (json_int_t)desktop->image.memory * 1024 * 1024;
	json_t *labels = json_pack("{s:s, s:s, s:s}", CONTAINER_DESKTOP, desktop->id,
				   CONTAINER_IDENTITY, identity, CONTAINER_PLACE, provider->dir);
	json_int_t cpus = desktop->image.cpus;
	json_int_t weight = desktop->weight ? desktop->weight : 100;
	const char *mode = network_mode(desktop->image.network);
	json_t *host = json_pack(
		"{s:[s], s:I, s:I, s:I, s:I, s:I, s:[s], s:[s], s:{s:s}, s:{s:s}}", "Binds", bind,
		"Memory", memory, "MemorySwap", memory, "NanoCpus", cpus * 1000000000, "CpuShares",
		MAX(cpus * SHARES * weight / 100, 2), "PidsLimit", (json_int_t)PIDS, "CapDrop",
		"ALL", "SecurityOpt", "no-new-privileges", "LogConfig", "Type", "none",
		"RestartPolicy", "Name", "no");

	if (mode)
		json_object_set_new(host, "NetworkMode", json_string(mode));
	/* Not every host has a cgroup for it: who asks for nothing does not find out. */
	if (weight != 100)
		json_object_set_new(host, "BlkioWeight",
				    json_integer(CLAMP(BLKIO * weight / 100, 10, 1000)));
	return json_pack("{s:s, s:s, s:[s], s:o, s:o}", "Image", tag, "Hostname", desktop->name,
			 "Env", "ORIEL_DISPLAY=/run/oriel/" SOCKET, "Labels", labels, "HostConfig",
			 host);
}

static gboolean container_reset(Provider *provider, const ProviderDesktop *desktop,
				char **out_identity, GError **error)
{
	g_autofree char *tag = NULL, *name = NULL;
	g_autofree char *identity = g_uuid_string_random();
	json_auto_t *body = NULL;

	if (!place_check_id(desktop->id, error))
		return FALSE;
	name = name_of(desktop->id);
	tag = container_engine_image(provider->engine, desktop->image.disk, error);
	if (!tag || !remove_container(provider, desktop->id, error) ||
	    !make_shared(provider, desktop->id, error))
		return FALSE;
	body = specify(provider, desktop, tag, identity);
	if (!container_engine_create(provider->engine, name, body, error))
		return FALSE;
	*out_identity = g_steal_pointer(&identity);
	return TRUE;
}

static gboolean container_clone(Provider *provider, const ProviderDesktop *desktop,
				char **out_identity, GError **error)
{
	return container_reset(provider, desktop, out_identity, error);
}

static gboolean container_state(Provider *provider, const ProviderDesktop *desktop,
				ProviderState *out_state, GError **error)
{
	g_autofree char *name = name_of(desktop->id);

	return container_engine_state(provider->engine, name, out_state, error);
}

static gboolean container_start(Provider *provider, const ProviderDesktop *desktop, GError **error)
{
	g_autofree char *name = name_of(desktop->id);
	ProviderState state;

	if (!container_state(provider, desktop, &state, error))
		return FALSE;
	if (state == PROVIDER_ABSENT) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no container %s", name);
		return FALSE;
	}
	if (state != PROVIDER_RUNNING) {
		/* A server that was killed leaves its socket behind. */
		if (!make_shared(provider, desktop->id, error) ||
		    !container_engine_start(provider->engine, name, error))
			return FALSE;
	}
	/* Only now: word of an end that was wanted may come as late as this. */
	container_watch_mind_end(provider->watch, desktop->id);
	if (!container_state(provider, desktop, &state, error))
		return FALSE;
	if (state != PROVIDER_RUNNING) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s ended as soon as it had started",
			    name);
		return FALSE;
	}
	return TRUE;
}

static gboolean container_stop(Provider *provider, const ProviderDesktop *desktop, gboolean force,
			       GError **error)
{
	g_autofree char *name = name_of(desktop->id);

	container_watch_expect_end(provider->watch, desktop->id);
	return container_engine_stop(provider->engine, name, force ? 0 : STOP_SECONDS, error);
}

static unsigned container_displays(Provider *provider, const ProviderDesktop *desktop)
{
	return PROVIDER_VNC;
}

static gboolean container_display(Provider *provider, const ProviderDesktop *desktop,
				  const char *protocol, gboolean far, unsigned seconds,
				  Endpoint *out_endpoint, int *out_fd, GError **error)
{
	gint64 deadline = dial_deadline(seconds);
	ProviderState state = PROVIDER_ABSENT;
	gboolean never = FALSE;
	int fd;

	if (!g_str_equal(protocol, "vnc")) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: a container has no %s display",
			    desktop->id, protocol);
		return FALSE;
	}
	for (;;) {
		g_autoptr(GError) failure = NULL;

		fd = dial_shared(provider, desktop->id, &never, &failure);
		if (fd >= 0)
			break;
		if (!container_state(provider, desktop, &state, error))
			return FALSE;
		if (state != PROVIDER_RUNNING) {
			g_set_error(error, FAULT, FAULT_DESKTOP, "%s: not running", desktop->id);
			return FALSE;
		}
		if (never || dial_milliseconds(deadline) == 0) {
			g_propagate_error(error, g_steal_pointer(&failure));
			return FALSE;
		}
		g_usleep(RETRY_MS * 1000);
	}
	*out_endpoint = (Endpoint){.protocol = g_strdup(protocol), .has_fd = TRUE};
	*out_fd = fd;
	return TRUE;
}

static gboolean container_destroy(Provider *provider, const ProviderDesktop *desktop,
				  GError **error)
{
	return place_check_id(desktop->id, error) &&
	       remove_container(provider, desktop->id, error) &&
	       clear_shared(provider, desktop->id, error) &&
	       place_remove(provider->dir, desktop->id, error);
}

/* Those that the engine knows, and those of which a broken-off clone left only a directory. */
static GPtrArray *container_list(Provider *provider, GError **error)
{
	g_autoptr(GPtrArray) ids = place_list(provider->dir, error);

	if (!ids || !container_engine_list(provider->engine, provider->dir, ids, error))
		return NULL;
	return g_steal_pointer(&ids);
}

static gboolean container_host(Provider *provider, ProviderHost *out, GError **error)
{
	return container_engine_host(provider->engine, out, error);
}

const ProviderOps provider_container = {
	.name = "container",
	.caps = PROVIDER_CLONES | PROVIDER_POWER | PROVIDER_RESETS | PROVIDER_EVENTS |
		PROVIDER_SURVIVES | PROVIDER_LOCAL | PROVIDER_WEIGHS | PROVIDER_DISKS,
	.shows = PROVIDER_VNC,
	.open = container_open,
	.close = container_close,
	.image_ensure = container_image_ensure,
	.clone = container_clone,
	.start = container_start,
	.stop = container_stop,
	.state = container_state,
	.displays = container_displays,
	.display = container_display,
	.reset = container_reset,
	.destroy = container_destroy,
	.list = container_list,
	.host = container_host,
};
