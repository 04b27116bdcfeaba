/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lean: half of the memory of a lobby that waits for somebody to type is code and tables that only
 * its start needed: dozens of libraries find each other's symbols. This lets go of all code; what
 * is used again comes back from the page cache, a few pages.
 */
#pragma once

/* Once, a moment after the first page was shown. */
void lean_start_over(void);
