/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strangers: see strangers.h. */
#include "strangers.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

struct Strangers {
	GMutex lock; /* of all below, and of what they wait in */
	GQueue waiting;
	unsigned most;
};

Strangers *strangers_new(unsigned most)
{
	Strangers *strangers = g_new0(Strangers, 1);

	g_mutex_init(&strangers->lock);
	g_queue_init(&strangers->waiting);
	strangers->most = most;
	return strangers;
}

void strangers_free(Strangers *strangers)
{
	if (strangers == NULL)
		return;
	g_mutex_clear(&strangers->lock);
	g_free(strangers);
}

/* Who has an address of IPv6 has all of its network's. */
static void place_of(int fd, char from[INET6_ADDRSTRLEN])
{
	struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
	const struct sockaddr_in *four = (const struct sockaddr_in *)&address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;
	socklen_t n = sizeof address;

	from[0] = '\0';
	if (getpeername(fd, (struct sockaddr *)&address, &n) < 0)
		return;
	if (address.ss_family == AF_INET)
		inet_ntop(AF_INET, &four->sin_addr, from, INET6_ADDRSTRLEN);
	if (address.ss_family != AF_INET6)
		return;
	if (!IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		memset(six->sin6_addr.s6_addr + 8, 0, 8);
	inet_ntop(AF_INET6, &six->sin6_addr, from, INET6_ADDRSTRLEN);
}

/* Under the lock. */
static void forget(Strangers *strangers, Stranger *stranger)
{
	if (stranger->link.data == NULL)
		return;
	g_queue_unlink(&strangers->waiting, &stranger->link);
	stranger->link.data = NULL;
}

/* Under the lock: the one that has waited longest of the address that has the most; NULL = nobody
 * waits. */
static Stranger *find_last(Strangers *strangers)
{
	g_autoptr(GHashTable) counts = g_hash_table_new(g_str_hash, g_str_equal);
	Stranger *found = NULL;
	guint most = 0;

	for (const GList *one = strangers->waiting.head; one != NULL; one = one->next) {
		const Stranger *stranger = one->data;
		guint n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, stranger->from)) + 1;

		g_hash_table_replace(counts, (gpointer)stranger->from, GUINT_TO_POINTER(n));
		most = MAX(most, n);
	}
	for (const GList *one = strangers->waiting.head; one != NULL && found == NULL;
	     one = one->next) {
		const char *from = ((const Stranger *)one->data)->from;

		if (GPOINTER_TO_UINT(g_hash_table_lookup(counts, from)) == most)
			found = one->data;
	}
	return found;
}

void strangers_add(Strangers *strangers, Stranger *stranger, int fd)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&strangers->lock);
	Stranger *last = NULL;

	if (strangers->waiting.length >= strangers->most)
		last = find_last(strangers);
	if (last != NULL) {
		shutdown(last->fd, SHUT_RDWR);
		forget(strangers, last);
	}
	stranger->fd = fd;
	place_of(fd, stranger->from);
	stranger->link.data = stranger;
	g_queue_push_tail_link(&strangers->waiting, &stranger->link);
}

void strangers_remove(Strangers *strangers, Stranger *stranger)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&strangers->lock);

	forget(strangers, stranger);
}
