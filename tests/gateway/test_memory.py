"""What a serving process does about memory."""

import ctypes
import subprocess
import sys

import pytest

FAULTS = """
import resource
from gateway.management.memory import settle

def faults(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        body = bytearray()
        for _ in range(4):
            body += bytes([1]) * 150_000
        del body
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults(5)
as_it_comes = faults(100)
settle()
faults(5)
print(as_it_comes, faults(100))
"""


# mallopt is glibc's own: elsewhere there is nothing to set, and nothing is.
@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="The C library is not glibc.")
def test_memory_of_large_bodies_is_not_asked_for_page_by_page_each_time() -> None:
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)

    as_it_comes, settled = map(int, done.stdout.split())

    assert as_it_comes > 10_000
    assert settled < 100
