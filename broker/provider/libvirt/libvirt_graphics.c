/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_graphics: see libvirt_graphics.h. */
#include "libvirt/libvirt_graphics.h"

#include <string.h>

#include "fault.h"
#include "secret.h"

typedef struct {
	const char *type;
	unsigned count;  /* of <graphics> elements so far       */
	gboolean inside; /* the one that is looked for          */
	gboolean found;
	LibvirtGraphics graphics;
	GString *xml;
} Search;

/* libvirt compares what is written here with what is set and refuses changes, but for these. */
static gboolean is_password(const char *name)
{
	return g_str_equal(name, "passwd") || g_str_equal(name, "passwdValidTo") ||
	       g_str_equal(name, "connected");
}

static void copy_tag(GString *xml, const char *element, const char **names, const char **values)
{
	g_string_append_printf(xml, "<%s", element);
	for (gsize i = 0; names[i]; i++) {
		g_autofree char *value = g_markup_escape_text(values[i], -1);

		if (!is_password(names[i]))
			g_string_append_printf(xml, " %s='%s'", names[i], value);
	}
}

/* "2030-01-31T23:59:59", UTC; 0 if it is none. */
static gint64 time_of(const char *text)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, utc);

	return time ? g_date_time_to_unix(time) : 0;
}

static void take_graphics(Search *search, const char **names, const char **values)
{
	search->inside = TRUE;
	search->found = TRUE;
	search->graphics.index = search->count;
	for (gsize i = 0; names[i]; i++) {
		guint64 number = 0;

		if (g_str_equal(names[i],
				"listen")) { /* twice is no XML, but parsed all the same */
			g_free(search->graphics.host);
			search->graphics.host = g_strdup(values[i]);
		}
		if (g_str_equal(names[i], "passwd")) {
			secret_free(search->graphics.password);
			search->graphics.password = secret_dup(values[i]);
		} else if (g_str_equal(names[i], "passwdValidTo")) {
			search->graphics.until = time_of(values[i]);
		}
		/* "-1" stands for none. */
		if (!g_ascii_string_to_unsigned(values[i], 10, 1, 65535, &number, NULL))
			continue;
		if (g_str_equal(names[i], "port"))
			search->graphics.port = (guint16)number;
		else if (g_str_equal(names[i], "tlsPort"))
			search->graphics.tls_port = (guint16)number;
	}
	copy_tag(search->xml, "graphics", names, values);
	g_string_append_c(search->xml, '>');
}

static void start_element(GMarkupParseContext *context, const char *element, const char **names,
			  const char **values, gpointer data, GError **error)
{
	Search *search = data;

	if (g_str_equal(element, "graphics")) {
		gboolean wanted = FALSE;

		for (gsize i = 0; names[i]; i++)
			wanted |= g_str_equal(names[i], "type") &&
				  g_str_equal(values[i], search->type);
		if (wanted && !search->found)
			take_graphics(search, names, values);
		search->count++;
	} else if (search->inside && g_str_equal(element, "listen")) {
		copy_tag(search->xml, "listen", names, values);
		g_string_append(search->xml, "/>");
	}
}

static void end_element(GMarkupParseContext *context, const char *element, gpointer data,
			GError **error)
{
	Search *search = data;

	if (g_str_equal(element, "graphics"))
		search->inside = FALSE;
}

gboolean libvirt_graphics_find(const char *domain_xml, const char *type, LibvirtGraphics *out,
			       GError **error)
{
	static const GMarkupParser parser = {
		.start_element = start_element,
		.end_element = end_element,
	};
	Search search = {.type = type, .xml = g_string_new(NULL)};
	GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, &search, NULL);
	g_autoptr(GError) failure = NULL;
	gboolean parsed = g_markup_parse_context_parse(context, domain_xml, -1, &failure) &&
			  g_markup_parse_context_end_parse(context, &failure);

	g_markup_parse_context_free(context);
	search.graphics.xml = g_string_free(search.xml, FALSE);
	if (parsed && search.found) {
		*out = search.graphics;
		return TRUE;
	}
	libvirt_graphics_clear(&search.graphics);
	if (parsed)
		g_set_error(error, FAULT, FAULT_DESKTOP, "domain without %s display", type);
	else
		g_set_error(error, FAULT, FAULT_DESKTOP, "domain XML: %s", failure->message);
	return FALSE;
}

unsigned libvirt_graphics_displays(const char *domain_xml)
{
	g_auto(LibvirtGraphics) vnc = {0}, spice = {0};

	return (libvirt_graphics_find(domain_xml, "vnc", &vnc, NULL) ? PROVIDER_VNC : 0) |
	       (libvirt_graphics_find(domain_xml, "spice", &spice, NULL) ? PROVIDER_SPICE : 0);
}

void libvirt_graphics_clear(LibvirtGraphics *graphics)
{
	g_free(graphics->host);
	g_free(graphics->xml);
	secret_free(graphics->password);
	*graphics = (LibvirtGraphics){0};
}

char *libvirt_graphics_update(const LibvirtGraphics *graphics, const char *password, gint64 until)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(until);
	g_autofree char *valid_to = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
	autosecret char *escaped = g_markup_escape_text(password, -1);
	const char *rest = graphics->xml + strlen("<graphics");

	return g_strdup_printf("<graphics passwd='%s' passwdValidTo='%s'%s</graphics>", escaped,
			       valid_to, rest);
}
