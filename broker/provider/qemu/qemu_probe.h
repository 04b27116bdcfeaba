/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu_probe: which accelerator really runs a guest on this machine. That /dev/kvm opens, and even
 * that firmware runs under it, proves nothing: inside some clouds an ordinary kernel never starts.
 * So a real kernel is booted under KVM until it misses its root file system.
 */
#pragma once

#include <glib.h>

/*
 * "kvm" or "tcg" (static). Boots `kernel`, ten seconds at most, only if DIR/accel has no answer
 * from since this machine was started; then keeps the answer there. Without a kernel and without
 * an answer: "tcg", which always works. May be called from several threads.
 */
const char *qemu_probe(const char *dir, const char *kernel);
