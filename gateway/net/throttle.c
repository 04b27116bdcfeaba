/* SPDX-License-Identifier: GPL-3.0-or-later */
/* throttle: see throttle.h. */
#include "throttle.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#define SLOTS      65536  /* 1 MiB, of which only what is used is there */
#define PROBES     16     /* places where a bucket may be               */
#define BURST_US   250000 /* what a full bucket holds                    */
#define QUANTUM_US 20000  /* less is not worth a read                    */
#define DEBT_US    G_USEC_PER_SEC

typedef struct {
	_Atomic guint64 key;
	_Atomic gint64 full_at;
} Bucket;

struct Buckets {
	Bucket slots[SLOTS];
};

typedef struct {
	guint64 key, rate;
} Limit;

struct Throttle {
	Buckets *buckets;
	Limit limits[2];
	unsigned n;
};

Buckets *buckets_new(void)
{
	void *memory = mmap(NULL, sizeof(Buckets), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* Nobody may choose a name that shares somebody else's bucket. */
static guint64 key_of(const char *name)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 digest[32];
	gsize n = sizeof digest;
	guint64 key;

	g_checksum_update(sum, (const guchar *)name, (gssize)strlen(name));
	g_checksum_get_digest(sum, digest, &n);
	memcpy(&key, digest, sizeof key);
	return key;
}

/* Where it is, or else the first free place. Who takes that in the same moment as somebody else is
 * charged for a read of his, or has two buckets until one is full again; if all are taken, two
 * share one. */
static Bucket *find(Buckets *buckets, guint64 key, gint64 now)
{
	Bucket *unused = NULL;

	for (unsigned i = 0; i < PROBES; i++) {
		Bucket *bucket = &buckets->slots[(key + i) % SLOTS];

		if (atomic_load(&bucket->key) == key)
			return bucket;
		if (unused == NULL && atomic_load(&bucket->full_at) <= now)
			unused = bucket;
	}
	if (unused == NULL)
		return &buckets->slots[key % SLOTS];
	atomic_store(&unused->key, key);
	return unused;
}

/* Between now (full) and now + BURST_US + DEBT_US, whatever stands there. */
static gint64 clamp(gint64 full_at, gint64 now)
{
	return CLAMP(full_at, now, now + BURST_US + DEBT_US);
}

Throttle *throttle_new(Buckets *buckets, const char *one, guint64 one_rate, const char *other,
		       guint64 other_rate)
{
	Throttle *throttle;

	if (one_rate == 0 && other_rate == 0)
		return NULL;
	throttle = g_new0(Throttle, 1);
	throttle->buckets = buckets;
	if (one_rate > 0)
		throttle->limits[throttle->n++] = (Limit){key_of(one), one_rate};
	if (other_rate > 0)
		throttle->limits[throttle->n++] = (Limit){key_of(other), other_rate};
	return throttle;
}

void throttle_free(Throttle *throttle)
{
	g_free(throttle);
}

gsize throttle_allows(Throttle *throttle, gsize max, gint64 now, gint64 *out_wait)
{
	gint64 wait = 0;

	for (unsigned i = 0; i < throttle->n; i++) {
		const Limit *limit = &throttle->limits[i];
		Bucket *bucket = find(throttle->buckets, limit->key, now);
		gint64 left = now + BURST_US - clamp(atomic_load(&bucket->full_at), now);

		if (left < QUANTUM_US)
			wait = MAX(wait, QUANTUM_US - left);
		else
			max = MIN(max, MAX((guint64)left * limit->rate / G_USEC_PER_SEC, 1));
	}
	if (wait == 0)
		return max;
	*out_wait = wait;
	return 0;
}

void throttle_took(Throttle *throttle, gsize n, gint64 now)
{
	for (unsigned i = 0; n > 0 && i < throttle->n; i++) {
		const Limit *limit = &throttle->limits[i];
		Bucket *bucket = find(throttle->buckets, limit->key, now);
		gint64 cost = (gint64)((n * G_USEC_PER_SEC + limit->rate - 1) / limit->rate);
		gint64 before = atomic_load(&bucket->full_at);

		while (!atomic_compare_exchange_weak(&bucket->full_at, &before,
						     clamp(before, now) + cost)) {
		}
	}
}
