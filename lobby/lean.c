/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lean: see lean.h. */
#include "lean.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

static int let_go(struct dl_phdr_info *object, size_t size, void *data)
{
	ElfW(Addr) page = (ElfW(Addr))sysconf(_SC_PAGESIZE);

	for (unsigned i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		ElfW(Addr) from = object->dlpi_addr + part->p_vaddr;
		ElfW(Addr) to = from + part->p_memsz;

		/* What was never writable is in the file as it is in memory. */
		if (part->p_type != PT_LOAD || (part->p_flags & PF_W))
			continue;
		from &= ~(page - 1);
		to = (to + page - 1) & ~(page - 1);
		madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void lean_start_over(void)
{
	dl_iterate_phdr(let_go, NULL);
}
