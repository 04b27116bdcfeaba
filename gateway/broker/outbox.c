/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outbox: see outbox.h. */
#include "broker/outbox.h"

void outbox_item_free(OutboxItem *item)
{
	if (item == NULL)
		return;
	control_wipe(item->bytes);
	g_free(item);
}

void outbox_add(Outbox *outbox, const ControlMessage *message, guint64 until)
{
	OutboxItem *item = g_new(OutboxItem, 1);

	*item = (OutboxItem){.id = message->id, .until = until, .bytes = control_encode(message)};
	g_queue_push_tail(&outbox->items, item);
}

guint outbox_length(const Outbox *outbox)
{
	return outbox->items.length;
}

gboolean outbox_remove(Outbox *outbox, guint64 id)
{
	for (GList *l = outbox->items.head; l != NULL; l = l->next) {
		OutboxItem *item = l->data;

		if (item->id == id) {
			g_queue_delete_link(&outbox->items, l);
			outbox_item_free(item);
			return TRUE;
		}
	}
	return FALSE;
}

const OutboxItem *outbox_first(const Outbox *outbox)
{
	return outbox->items.head != NULL ? outbox->items.head->data : NULL;
}

OutboxItem *outbox_take(Outbox *outbox)
{
	return g_queue_pop_head(&outbox->items);
}

void outbox_clear(Outbox *outbox)
{
	OutboxItem *item;

	while ((item = outbox_take(outbox)) != NULL)
		outbox_item_free(item);
}
