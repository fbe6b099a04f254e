"""Memory that goes back to the system when it is no longer needed.

glibc gives a large block a mapping of its own, and unmaps it when it is freed. But with the first one that is freed it
takes blocks of that size for common ones, up to 32 MB, and keeps them for the next: the 19 MiB of a password's hash
stayed with every thread that had once checked one, and what a rush of records took stayed with the gateway, 70 MB in
all. A threshold that is set stays where it is. Price: a hash takes some 30 ms more, of page faults; so the threshold is
well above what each turn needs again, as a board's JSON.
"""

from __future__ import annotations

import ctypes

M_MMAP_THRESHOLD = -3  # malloc.h
LARGE = 8 * 1024 * 1024  # bytes; a password's hash takes 19 MiB


def hand_back() -> None:
    """To be called once, before the work begins. Where libc is another one there is nothing to set."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option:
        set_option(M_MMAP_THRESHOLD, LARGE)
