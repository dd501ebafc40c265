"""Asking where the threads are stops none of them."""

from __future__ import annotations

import subprocess
import sys

CHURN = """
import gc, threading, time
from agent import stacks

class Cycle:
    def __init__(self):
        self.itself = self
    def __del__(self):
        time.sleep(0)  # another thread has its turn

def churn():
    while not done.is_set():
        threads = [threading.Thread(target=Cycle) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

done = threading.Event()
gc.set_threshold(1)
churning = [threading.Thread(target=churn) for _ in range(4)]
for thread in churning:
    thread.start()
for _ in range(150):
    Cycle()
    stacks.where(threading.get_ident())
done.set()
for thread in churning:
    thread.join()
print("collects" if gc.isenabled() else "does not collect")
gc.disable()
stacks.where(threading.get_ident())
print("collects" if gc.isenabled() else "does not collect")
"""


def test_threads_go_on_where_frames_are_asked_for_amid_collections() -> None:
    """While threads begin and end; and garbage is collected afterwards where it was before."""
    ended = subprocess.run([sys.executable, "-c", CHURN], capture_output=True, text=True, timeout=120, check=True)
    assert ended.stdout.splitlines() == ["collects", "does not collect"]
