"""What a serving process does about memory, once all that lives as long as itself is there."""

import ctypes
import gc
import sys

OBJECTS_BEFORE_COLLECTION = 10_000
"""What requests leave behind is freed without the collector. Python's own 700 are what some dozen of them hold at once: it
would look through those, in vain, at each second one."""
KEPT_BYTES = 16 * 1024 * 1024
"""Freed memory that the C library keeps at most, where its own limit is 128 KB: the next large body needs it again, and the
kernel hands out each page anew, zeroed. That was a seventh of a request of 100 KB."""
TAKEN_BYTES = 2 * 1024 * 1024
"""How much more than it needs it asks the kernel for. What is never touched costs nothing."""
MAPPED_FROM_BYTES = 1024 * 1024
"""Larger pieces are the kernel's own, and go back to it when they are freed."""
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
"""As glibc's malloc.h numbers them."""


def settle() -> None:
    """Spare requests what neither the collector nor the kernel need do for each."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    keep_freed_memory()


def keep_freed_memory() -> None:
    """Does nothing where the C library is not glibc."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(M_TOP_PAD, TAKEN_BYTES)
