/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream: see stream.h. */
#include "stream.h"

void stream_free(Stream *stream)
{
	while (stream != NULL) {
		Stream *below = stream->below;

		stream->ops->free(stream);
		stream = below;
	}
}
