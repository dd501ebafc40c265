"""Settings of memory: of Polars' allocator, which must stand in the environment before Polars is imported, of the C
library's, and of the interpreter's.

Large short-lived buffers cost a quarter more system time with the defaults: jemalloc gives pages back at once and
faults them in again for the next batch, and so does glibc with the megabytes of a log file, its ids and a batch file.
Looking for garbage every 700 objects costs a start 20 ms, and finds none.
"""

from __future__ import annotations

import ctypes
import gc
import os

ALLOCATOR = {
    "_RJEM_MALLOC_CONF": "background_thread:true,dirty_decay_ms:2000,muzzy_decay_ms:2000,narenas:2",
}

C_LIBRARY = {
    -3: 8 << 20,  # M_MMAP_THRESHOLD: bytes from which a buffer has pages of its own, which go back with it
    -1: 12 << 20,  # M_TRIM_THRESHOLD: free bytes at the end of the heap from which they go back
}
"""glibc's `mallopt`, by the numbers of malloc.h. A chunk of a log file has 3 MB, and three buffers of it follow each other."""

YOUNG_OBJECTS = 20_000
"""Made since the last look for garbage, when the next is due."""


def set_up() -> None:
    """Take effect if nothing has imported Polars yet; what the environment says already stays."""
    for name, value in ALLOCATOR.items():
        os.environ.setdefault(name, value)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is not None and not any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        for setting, size in C_LIBRARY.items():
            mallopt(setting, size)
    gc.set_threshold(YOUNG_OBJECTS)
