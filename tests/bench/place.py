# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the processes of a benchmark run. What is measured has one processor for itself, whatever it
is: else one with many threads gets two, and what waits for whom is the scheduler's choice. Load and
desktop share the other one."""

import contextlib
import os
import pathlib

PROCESSORS = sorted(os.sched_getaffinity(0))
MEASURED, OTHERS = {PROCESSORS[0]}, set(PROCESSORS[1:2] or PROCESSORS)


def place(pids, processors):
    """They, their threads, and what they start from now on. The kernel shares out processors to
    sessions before it does to processes: theirs come before everybody else's on the machine."""
    for pid in pids:
        with contextlib.suppress(OSError):
            pathlib.Path(f"/proc/{pid}/autogroup").write_text("-20")
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(ProcessLookupError):
                    os.sched_setaffinity(int(thread), processors)
