/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay: runs a harness over every file of a corpus folder, and over every prefix of each, so that
 * a normal test run meets each seed cut short as well. An empty or missing folder is a failure.
 */
#include <glib.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = NULL;
	const char *name;
	unsigned files = 0;

	if (argc != 2) {
		fprintf(stderr, "use: %s CORPUS\n", argv[0]);
		return 2;
	}
	dir = g_dir_open(argv[1], 0, &error);
	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(argv[1], name, NULL);
		g_autofree char *bytes = NULL;
		gsize n;

		if (!g_file_get_contents(path, &bytes, &n, &error))
			break;
		for (gsize cut = 0; cut <= n; cut += cut < 4096 ? 1 : 997) {
			/* An exact copy, so that a sanitizer sees a read past the end. */
			g_autofree guint8 *copy = g_memdup2(bytes, cut);

			LLVMFuzzerTestOneInput(copy, cut);
		}
		LLVMFuzzerTestOneInput((const guint8 *)bytes, n);
		files++;
	}
	if (error != NULL || files == 0) {
		fprintf(stderr, "%s: %s\n", argv[1], error ? error->message : "no seeds");
		return 1;
	}
	printf("%u seeds replayed\n", files);
	return 0;
}
