/* SPDX-License-Identifier: GPL-3.0-or-later */
/* face: see face.h. */
#include "face.h"

#include <string.h>

const FaceOps *face_find(const char *name)
{
	static const FaceOps *const faces[] = {&face_vnc, &face_spice};

	for (gsize i = 0; i < G_N_ELEMENTS(faces); i++)
		if (strcmp(faces[i]->name, name) == 0)
			return faces[i];
	return NULL;
}
