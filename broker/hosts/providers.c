/* SPDX-License-Identifier: GPL-3.0-or-later */
/* providers: see providers.h. */
#include "hosts/providers.h"

#include "fault.h"

typedef struct {
	GMutex lock; /* held while it opens */
	const ProviderOps *ops;
	char *uri;
	char *dir;
	Provider *provider; /* NULL = not open (yet) */
} Entry;

struct Providers {
	GMutex lock;
	GHashTable *entries; /* "name uri" -> Entry; only ever added to */
	const Options *options;
	ProviderEvent event;
	gpointer user_data;
};

static void entry_free(gpointer data)
{
	Entry *entry = data;

	if (entry->provider)
		entry->ops->close(entry->provider);
	g_mutex_clear(&entry->lock);
	g_free(entry->uri);
	g_free(entry->dir);
	g_free(entry);
}

Providers *providers_new(const Options *options, ProviderEvent event, gpointer user_data)
{
	Providers *p = g_new0(Providers, 1);

	g_mutex_init(&p->lock);
	p->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
	p->options = options;
	p->event = event;
	p->user_data = user_data;
	return p;
}

void providers_free(Providers *p)
{
	if (!p)
		return;
	g_hash_table_destroy(p->entries);
	g_mutex_clear(&p->lock);
	g_free(p);
}

/* A directory for each: "qemu", or "libvirt-1a2b3c4d" after its uri. */
static char *directory(const Options *options, const char *name, const char *uri)
{
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, uri, -1);
	g_autofree char *leaf = *uri ? g_strdup_printf("%s-%.8s", name, sum) : g_strdup(name);

	return g_build_filename(options->state, leaf, NULL);
}

static Entry *find_entry(Providers *p, const ProviderOps *ops, const char *uri)
{
	g_autofree char *key = g_strconcat(ops->name, " ", uri, NULL);
	Entry *entry;

	g_mutex_lock(&p->lock);
	entry = g_hash_table_lookup(p->entries, key);
	if (!entry) {
		entry = g_new0(Entry, 1);
		g_mutex_init(&entry->lock);
		entry->ops = ops;
		entry->uri = g_strdup(uri);
		entry->dir = directory(p->options, ops->name, uri);
		g_hash_table_insert(p->entries, g_steal_pointer(&key), entry);
	}
	g_mutex_unlock(&p->lock);
	return entry;
}

Provider *providers_peek(Providers *p, const ProviderOps *ops, const char *uri)
{
	Entry *entry = find_entry(p, ops, uri);
	Provider *provider = NULL;

	if (g_mutex_trylock(&entry->lock)) {
		provider = entry->provider;
		g_mutex_unlock(&entry->lock);
	}
	return provider;
}

gboolean providers_get(Providers *p, const char *name, const char *uri, const ProviderOps **out_ops,
		       Provider **out_provider, GError **error)
{
	const ProviderOps *ops = provider_find(name);
	Provider *provider;
	Entry *entry;

	if (!ops) {
		g_set_error(error, FAULT, FAULT_CONFIG, "there is no provider '%s'", name);
		return FALSE;
	}
	entry = find_entry(p, ops, uri);
	g_mutex_lock(&entry->lock);
	if (!entry->provider)
		entry->provider = ops->open(uri, entry->dir, p->options->accel, p->event,
					    p->user_data, error);
	provider = entry->provider;
	g_mutex_unlock(&entry->lock);
	if (!provider)
		return FALSE;
	*out_ops = ops;
	*out_provider = provider;
	return TRUE;
}
