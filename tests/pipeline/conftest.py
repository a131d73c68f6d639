"""Disks that tests fill up."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


class Disk:
    """A small file system of its own."""

    def __init__(self, place: Path, kilobytes: int) -> None:
        self.place = place
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", place], check=True)

    @property
    def ballast(self) -> Path:
        return self.place / "ballast"

    def fill(self) -> None:
        """Leave no room at all."""
        with self.ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                pass

    def free(self) -> None:
        self.ballast.unlink()


MakeDisk = Callable[[Path, int], Disk]


@pytest.fixture
def make_disk() -> Iterator[MakeDisk]:
    """Mounts small disks, where this user may."""
    made: list[Disk] = []

    def make(place: Path, kilobytes: int = 64) -> Disk:
        try:
            made.append(Disk(place, kilobytes))
        except (subprocess.CalledProcessError, FileNotFoundError):
            pytest.skip("nothing can be mounted here")
        return made[-1]

    yield make
    for disk in made:
        subprocess.run(["umount", "--lazy", disk.place], check=True)
