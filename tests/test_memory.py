"""How much memory there is, and how much of it the engine may use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hzmetrics import memory
from hzmetrics.engine import Engine

MACHINE = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def group(root: Path, line: str, file: str, text: str) -> None:
    """A process in a control group with a limit."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(f"9:pids:/elsewhere\n{line}\n")
    (root / file).parent.mkdir(parents=True)
    (root / file).write_text(text)


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("0::/user.slice/one.scope", "sys/fs/cgroup/user.slice/one.scope/memory.max"),
        ("0::/user.slice/one.scope", "sys/fs/cgroup/user.slice/memory.max"),
        ("0::/seen/from/outside", "sys/fs/cgroup/memory.max"),
        ("4:cpu,memory:/docker/1", "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes"),
    ],
)
def test_the_memory_of_a_control_group_is_what_there_is(tmp_path: Path, line: str, file: str) -> None:
    group(tmp_path, line, file, "123456789\n")
    assert memory.available(tmp_path) == 123_456_789


def test_without_a_limit_it_is_that_of_the_machine(tmp_path: Path) -> None:
    assert memory.available(tmp_path) == MACHINE
    group(tmp_path, "0::/a", "sys/fs/cgroup/a/memory.max", "max\n")
    assert memory.available(tmp_path) == MACHINE


def test_a_share_is_at_least_what_the_engine_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1000 * memory.MB)
    assert (memory.share(25), memory.share(80)) == (512 * memory.MB, 800 * memory.MB)


def test_the_limit_is_at_most_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_limit", None)
    memory.set_limit(10**21)
    assert memory.limit() == memory.share(100)


def test_engines_keep_to_the_limit_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_limit", None)
    memory.set_limit(200 * memory.MB)
    with Engine() as engine:
        (found,) = engine.query(
            "SELECT current_setting('memory_limit') AS room, current_setting('threads') AS threads"
        ).to_pylist()
    assert found == {"room": "190.7 MiB", "threads": 1}


HEAPS = """
import ctypes, re, sys, threading
from hzmetrics.engine import Engine
library = ctypes.CDLL(None)
if not hasattr(library, "malloc_info"):
    sys.exit("no malloc_info")
with Engine():
    pass
barrier = threading.Barrier(40)
def allocate():
    library.malloc(1000)
    barrier.wait()
threads = [threading.Thread(target=allocate) for _ in range(40)]
for thread in threads: thread.start()
for thread in threads: thread.join()
library.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(library.fopen(sys.argv[1].encode(), b"w"))
library.malloc_info(0, file)
library.fclose(file)
"""
"""A program that writes to a file what heaps forty threads have used."""


def test_threads_share_a_heap_a_core(tmp_path: Path) -> None:
    path = tmp_path / "heaps.xml"
    done = subprocess.run([sys.executable, "-c", HEAPS, path], capture_output=True, text=True, check=False)
    if "no malloc_info" in done.stderr:
        pytest.skip("the C library is not GNU's")
    assert done.returncode == 0, done.stderr
    cores = os.cpu_count() or 1
    assert 1 <= path.read_text().count("<heap nr=") <= cores + 2  # those from before the engine was opened
