/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * providers: the drivers that are open, one for each (provider, uri), opened at first use and
 * closed with the broker. Thread-safe; opening one holds up nobody who wants another.
 */
#pragma once

#include "core_parts.h"
#include "provider/provider.h"

/* options must outlive it; event is for all drivers, with user_data. */
Providers *providers_new(const Options *options, ProviderEvent event, gpointer user_data);
void providers_free(Providers *providers);

/* If it is open, and nobody is about to open it; else NULL. Waits for nobody. */
Provider *providers_peek(Providers *providers, const ProviderOps *ops, const char *uri);

/* What was opened lives as long as `providers`. FAULT_CONFIG if there is no such driver. A failed
 * opening is tried again at the next call. */
gboolean providers_get(Providers *providers, const char *name, const char *uri,
		       const ProviderOps **out_ops, Provider **out_provider, GError **error);
