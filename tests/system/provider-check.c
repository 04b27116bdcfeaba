/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * provider-check: a driver of broker/provider on the command line, for
 * tests/system/test_providers.py.
 *
 *   provider-check DRIVER URI DIR ACCEL IMAGE.json|MACHINE.json
 *
 * Reads one command a line ("start d-1") and answers each with one JSON line; an event is a JSON
 * line too, whenever it comes. One such process stands for one life of a broker.
 */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "autofd.h"
#include "dial.h"
#include "fault.h"
#include "provider.h"

#define DISPLAY_SECONDS 10

static GMutex output_mutex;

/* Prints and frees. */
static void answer(json_t *object)
{
	g_mutex_lock(&output_mutex);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	g_mutex_unlock(&output_mutex);
	json_decref(object);
}

static void on_event(const char *desktop_id, ProviderState state, gpointer user_data)
{
	answer(json_pack("{s:s, s:i}", "event", desktop_id, "state", state));
}

static const char *text_of(json_t *file, const char *key)
{
	return json_string_value(json_object_get(file, key));
}

static ProviderDesktop desktop_of(json_t *file, const char *id)
{
	return (ProviderDesktop){
		.id = id,
		.name = id,
		.address = text_of(file, "address"),
		.protocol = text_of(file, "protocol"),
		.secret = text_of(file, "secret"),
		.power = text_of(file, "power"),
		.power_secret = text_of(file, "power_secret"),
		.power_ca = text_of(file, "power_ca"),
		.nics = text_of(file, "nics"),
		.image =
			{
				.id = text_of(file, "name"),
				.disk = text_of(file, "disk"),
				.kernel = text_of(file, "kernel"),
				.initrd = text_of(file, "initrd"),
				.cmdline = text_of(file, "cmdline"),
				.xml = text_of(file, "xml"),
				.memory = (unsigned)json_integer_value(
					json_object_get(file, "memory")),
				.cpus = (unsigned)json_integer_value(json_object_get(file, "cpus")),
				.video = text_of(file, "video"),
				.network = text_of(file, "network"),
				.instant = json_is_true(json_object_get(file, "instant")),
			},
	};
}

/* The first bytes of a display: proof that it is one. A SPICE server speaks after its client: an
 * empty link message is refused with the same magic. */
static void greeting(int fd, const char *protocol, char *out, gsize size, GError **error)
{
	static const guint8 link[16] = {'R', 'E', 'D', 'Q', 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0};
	gsize wanted = g_str_equal(protocol, "vnc") ? 11 : 4, n = 0;
	gint64 deadline = dial_deadline(DISPLAY_SECONDS);

	g_assert(wanted < size);
	if (wanted == 4 && send(fd, link, sizeof(link), MSG_NOSIGNAL) < 0) {
		fault_set_errno(error, FAULT_DESKTOP, "send");
		return;
	}
	while (n < wanted) {
		ssize_t got;

		if (!dial_wait(fd, POLLIN, deadline, "display", error))
			return;
		got = recv(fd, out + n, wanted - n, 0);
		if (got <= 0) {
			fault_set_errno(error, FAULT_DESKTOP, "display closed");
			return;
		}
		n += (gsize)got;
	}
	out[n] = '\0';
}

static json_t *show_display(const ProviderOps *ops, Provider *provider,
			    const ProviderDesktop *desktop, const char *protocol, gboolean far,
			    GError **error)
{
	g_auto(Endpoint) endpoint = {0};
	struct sockaddr_storage name = {0};
	socklen_t size = sizeof(name);
	autofd int fd = -1;
	char text[16] = "";

	if (!ops->display(provider, desktop, protocol, far, DISPLAY_SECONDS, &endpoint, &fd, error))
		return NULL;
	if (fd < 0 && endpoint.host)
		fd = dial_tcp(endpoint.host, endpoint.port, dial_deadline(DISPLAY_SECONDS), NULL,
			      error);
	if (fd < 0)
		return NULL;
	getsockname(fd, (struct sockaddr *)&name, &size);
	greeting(fd, protocol, text, sizeof(text), error);
	return json_pack("{s:b, s:b, s:s*, s:i, s:s*, s:s}", "fd", endpoint.has_fd, "unix",
			 name.ss_family == AF_UNIX, "host", endpoint.host, "port", endpoint.port,
			 "password", endpoint.password, "greeting", text);
}

static gboolean never(gpointer unused)
{
	return FALSE;
}

typedef struct {
	const ProviderOps *ops;
	Provider *provider;
} Question;

static gpointer ask_host(gpointer data)
{
	const Question *question = data;
	ProviderHost host;

	return GINT_TO_POINTER(question->ops->host(question->provider, &host, NULL));
}

/* How many of so many that ask at once hear what the host has; all must come back. */
static json_t *crowd(const ProviderOps *ops, Provider *provider, unsigned n)
{
	Question question = {ops, provider};
	g_autofree GThread **threads = g_new(GThread *, n);
	int heard = 0;

	for (unsigned i = 0; i < n; i++)
		threads[i] = g_thread_new("crowd", ask_host, &question);
	for (unsigned i = 0; i < n; i++)
		heard += GPOINTER_TO_INT(g_thread_join(threads[i]));
	return json_pack("{s:i}", "heard", heard);
}

static json_t *run_command(const ProviderOps *ops, Provider *provider, char **words, json_t *file,
			   GError **error)
{
	const char *command = words[0];
	ProviderDesktop desktop = desktop_of(file, words[1] ? words[1] : "none");
	g_autoptr(GPtrArray) ids = NULL;
	g_autofree char *identity = NULL;
	ProviderState state;
	json_t *list;

	if (g_str_equal(command, "clone") && ops->clone(provider, &desktop, &identity, error))
		return json_pack("{s:s}", "identity", identity);
	if (g_str_equal(command, "reset") && ops->reset(provider, &desktop, &identity, error))
		return json_pack("{s:s}", "identity", identity);
	if ((g_str_equal(command, "ensure") &&
	     ops->image_ensure(provider, &desktop.image, error)) ||
	    (g_str_equal(command, "prepare") &&
	     ops->prepare(provider, &desktop.image, never, NULL, error)) ||
	    (g_str_equal(command, "start") && ops->start(provider, &desktop, error)) ||
	    (g_str_equal(command, "stop") && ops->stop(provider, &desktop, FALSE, error)) ||
	    (g_str_equal(command, "suspend") && ops->suspend(provider, &desktop, error)) ||
	    (g_str_equal(command, "force") && ops->stop(provider, &desktop, TRUE, error)) ||
	    (g_str_equal(command, "destroy") && ops->destroy(provider, &desktop, error)))
		return json_object();
	if ((g_str_equal(command, "adopt") && ops->adopt(provider, &desktop, words[2], error)) ||
	    (g_str_equal(command, "forget") && ops->forget(provider, &desktop, error)))
		return json_object();
	if (g_str_equal(command, "migrate")) {
		g_autofree char *dir = g_strconcat("/tmp/", words[3], NULL);
		Provider *to = ops->open(words[2], dir, "tcg", on_event, NULL, error);
		gboolean moved = to && ops->migrate(provider, to, &desktop, error);

		if (to)
			ops->close(to);
		return moved ? json_object() : NULL;
	}
	if (g_str_equal(command, "ticket") &&
	    ops->set_ticket(provider, &desktop, words[2], words[3], 60, error))
		return json_object();
	if (g_str_equal(command, "state") && ops->state(provider, &desktop, &state, error))
		return json_pack("{s:i}", "state", state);
	if (g_str_equal(command, "crowd"))
		return crowd(ops, provider, 4);
	if (g_str_equal(command, "prepared"))
		return json_pack("{s:b}", "prepared", ops->prepared(provider, &desktop.image));
	if (g_str_equal(command, "tidy")) {
		ops->tidy(provider, &desktop.image, words[1] ? 1 : 0);
		return json_object();
	}
	if (g_str_equal(command, "displays"))
		return json_pack("{s:i}", "displays", ops->displays(provider, &desktop));
	if (g_str_equal(command, "display"))
		return show_display(ops, provider, &desktop, words[2], TRUE, error);
	if (g_str_equal(command, "display-here"))
		return show_display(ops, provider, &desktop, words[2], FALSE, error);
	if (g_str_equal(command, "list") && (ids = ops->list(provider, error))) {
		list = json_array();
		for (guint i = 0; i < ids->len; i++)
			json_array_append_new(list, json_string(g_ptr_array_index(ids, i)));
		return json_pack("{s:o}", "list", list);
	}
	return NULL;
}

static void serve(const ProviderOps *ops, Provider *provider, json_t *file)
{
	char line[1024];

	while (fgets(line, sizeof(line), stdin)) {
		g_auto(GStrv) words = g_strsplit(g_strstrip(line), " ", 4);
		g_autoptr(GError) error = NULL;
		json_t *result = words[0] ? run_command(ops, provider, words, file, &error) : NULL;

		if (error) {
			json_decref(result);
			result = json_pack("{s:s, s:s}", "fault",
					   fault_info(fault_code(error))->name, "message",
					   error->message);
		}
		answer(result ? result : json_pack("{s:s}", "fault", "usage"));
	}
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	const ProviderOps *ops = argc == 6 ? provider_find(argv[1]) : NULL;
	json_t *file = ops ? json_load_file(argv[5], JSON_REJECT_DUPLICATES, NULL) : NULL;
	Provider *provider = NULL;

	if (!file) {
		fprintf(stderr, "use: provider-check DRIVER URI DIR ACCEL FILE.json\n");
		return 2;
	}
	provider = ops->open(argv[2], argv[3], argv[4], on_event, NULL, &error);
	if (provider) {
		ProviderAbility able = provider_ability(ops, provider);

		answer(json_pack("{s:s, s:i, s:i}", "hypervisor", able.name, "caps", able.caps,
				 "displays", able.displays));
		serve(ops, provider, file);
	} else {
		answer(json_pack("{s:s, s:s}", "fault", fault_info(fault_code(error))->name,
				 "message", error->message));
	}
	if (provider)
		ops->close(provider);
	json_decref(file);
	return provider ? 0 : 1;
}
