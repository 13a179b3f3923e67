"""Replaces itself by another program that ends with its parent and has a low priority.

    python -I -S launch.py [--may-write | --device] <pid of the parent> <nice> <program> <argument>...

The engine starts every decoder through this script, so that no code has to run between fork and exec in a
threaded program. Only the standard library is imported, because the script starts once per clip.
"""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1
MAY_WRITE = "--may-write"
DEVICE = "--device"
LEAST_ADDRESS_BYTES = 8 << 30
OOM_SCORE = 500
"""Added to the parent's OOM score: the kernel ends the child first, because its clip can be read again."""
OOM_SCORE_FILE = "/proc/self/oom_score_adj"
MOST_OOM_SCORE = 1000
NOT_STARTED = 126
"""The exit status if the program could not be executed, as in shells."""


def limit_address_space() -> None:
    """Limit memory to that of the machine, whatever a hostile header requests; an 8K decoder fits."""
    machine_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = max(LEAST_ADDRESS_BYTES, machine_bytes)
    if hard == resource.RLIM_INFINITY or hard > allowed:
        resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))


def go_first_when_memory_runs_out() -> None:
    """Make the kernel end this process before the engine, which may have grown larger over days."""
    try:
        with open(OOM_SCORE_FILE, "r+") as file:  # noqa: PTH123 - pathlib is not loaded here
            score = min(int(file.read()) + OOM_SCORE, MOST_OOM_SCORE)
            file.seek(0)
            file.write(str(score))
    except OSError:
        return  # a sandbox without OOM scores: the kernel chooses by size


def main() -> None:
    """Bind this process to its parent, lower its priority, and exec the program."""
    flags = {argument for argument in sys.argv[1:2] if argument in {MAY_WRITE, DEVICE}}
    numbers, command = sys.argv[1 + len(flags) : 3 + len(flags)], sys.argv[3 + len(flags) :]
    parent, niceness = map(int, numbers)
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        sys.stderr.write(f"prctl: {os.strerror(ctypes.get_errno())}\n")
        sys.exit(NOT_STARTED)
    if os.getppid() != parent:  # the parent died before the signal was set, so no signal will come
        sys.exit(NOT_STARTED)
    os.nice(niceness)
    go_first_when_memory_runs_out()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not flags:  # a decoder writes to pipes only
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if DEVICE not in flags:  # device drivers map far more memory than the machine has
        limit_address_space()
    try:
        os.execv(command[0], command)  # noqa: S606 - becoming the given program is all this does
    except OSError as error:
        sys.stderr.write(f"{error.strerror}\n")
        sys.exit(NOT_STARTED)


main()
