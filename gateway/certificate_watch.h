/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * certificate_watch: has the certificate been replaced? Looked at now and then, not told by the
 * kernel: the files may be links, of directories that are replaced as a whole.
 */
#pragma once

#include "options.h"

typedef struct {
	char *taken; /* the files as they were when last taken */
	char *seen;  /* ... and at the last look */
	gint64 look_at;
} CertificateWatch;

/* As the files are now they are taken. */
void certificate_watch_begin(CertificateWatch *watch, const Options *options);
void certificate_watch_clear(CertificateWatch *watch);

/* TRUE, once for each time: they have changed since they were taken, and been the same for two
 * looks: a certificate and its key are not replaced in one moment. To be called as often as one
 * likes. */
gboolean certificate_watch_changed(CertificateWatch *watch, const Options *options);
