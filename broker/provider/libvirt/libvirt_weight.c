/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_weight: see libvirt_weight.h. */
#include "libvirt/libvirt_weight.h"

#include <string.h>

#include "log.h"

#define PARAMETERS_MAX 64

/* Both versions of cgroups begin with a value of their own, from which it is known which
 * they are. */
typedef struct {
	const char *name;
	unsigned long long old_begins;          /* the first version's values begin here ...   */
	unsigned long long least, most;         /* ... and lie between these                   */
	unsigned long long new_least, new_most; /* the second's                                */
} Kind;

static const Kind cpu = {VIR_DOMAIN_SCHEDULER_CPU_SHARES, 1000, 2, 262144, 1, 10000};
static const Kind disk = {VIR_DOMAIN_BLKIO_WEIGHT, 500, 100, 1000, 1, 10000};

/* Leaves only that one, changed. FALSE: it is not there. */
static gboolean change(virTypedParameterPtr parameters, int n, const Kind *kind, unsigned percent)
{
	virTypedParameterPtr found = virTypedParamsGet(parameters, n, kind->name);
	unsigned long long value;

	if (!found)
		return FALSE;
	value = found->type == VIR_TYPED_PARAM_UINT ? found->value.ui : found->value.ul;
	if (value == 0)
		return FALSE;
	if (value >= kind->old_begins)
		value = CLAMP(value * percent / 100, kind->least, kind->most);
	else
		value = CLAMP(value * percent / 100, kind->new_least, kind->new_most);
	if (found->type == VIR_TYPED_PARAM_UINT)
		found->value.ui = (unsigned)value;
	else
		found->value.ul = value;
	if (found != parameters) {
		virTypedParameter first = parameters[0];

		parameters[0] = *found;
		*found = first;
	}
	return TRUE;
}

static gboolean set_cpu(virDomainPtr domain, unsigned percent)
{
	g_autofree virTypedParameterPtr parameters = NULL;
	int n = 0;
	char *scheduler = virDomainGetSchedulerType(domain, &n);

	free(scheduler);
	if (!scheduler || n <= 0 || n > PARAMETERS_MAX)
		return FALSE;
	parameters = g_new0(virTypedParameter, n);
	return virDomainGetSchedulerParametersFlags(domain, parameters, &n,
						    VIR_DOMAIN_AFFECT_LIVE) == 0 &&
	       change(parameters, n, &cpu, percent) &&
	       virDomainSetSchedulerParametersFlags(domain, parameters, 1,
						    VIR_DOMAIN_AFFECT_LIVE) == 0;
}

static gboolean set_disk(virDomainPtr domain, unsigned percent)
{
	virTypedParameterPtr parameters = NULL;
	gboolean set;
	int n = 0;

	if (virDomainGetBlkioParameters(domain, NULL, &n, VIR_DOMAIN_AFFECT_LIVE) != 0 || n <= 0 ||
	    n > PARAMETERS_MAX)
		return FALSE;
	parameters = g_new0(virTypedParameter, n);
	set = virDomainGetBlkioParameters(domain, parameters, &n, VIR_DOMAIN_AFFECT_LIVE) == 0 &&
	      change(parameters, n, &disk, percent) &&
	      virDomainSetBlkioParameters(domain, parameters, 1, VIR_DOMAIN_AFFECT_LIVE) == 0;
	virTypedParamsClear(parameters, n); /* some are texts */
	g_free(parameters);
	return set;
}

void libvirt_weight_set(virDomainPtr domain, const ProviderDesktop *desktop)
{
	LogContext context = {.desktop = desktop->id, .step = "weight"};
	gboolean weighed_cpu, weighed_disk;

	if (desktop->weight == 0 || desktop->weight == 100)
		return;
	weighed_cpu = set_cpu(domain, desktop->weight);
	weighed_disk = set_disk(domain, desktop->weight);
	if (!weighed_cpu || !weighed_disk)
		log_info(&context, "its host has no cgroup to weigh %s%s%s by",
			 weighed_cpu ? "" : "processor", weighed_cpu || weighed_disk ? "" : " and ",
			 weighed_disk ? "" : "disk");
}
