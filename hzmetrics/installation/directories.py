"""The directories of an installation (spec 65 §4)."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from hzmetrics import files
from hzmetrics.config import Paths
from hzmetrics.errors import HzmetricsError
from hzmetrics.log import log


def make(paths: Paths) -> None:
    """Make the expected directories that are missing; they belong to the service user. Raises HzmetricsError."""
    for directory in paths.expected:
        if not directory.is_dir():
            try:
                make_one(directory)
            except OSError as error:
                problem = f"cannot make {directory}: {error.strerror}"
                raise HzmetricsError(f"{problem}; as root, run: hzmetrics init") from None
            log.info("made %s", directory)


def make_one(directory: Path) -> None:
    """Make a directory that belongs to the service user. Raises OSError."""
    files.make_directory(directory)
    hand_over(directory)


def write_sample(file: Path, text: str) -> None:
    """Write the first configuration file, with its directories; one that exists stays. Raises HzmetricsError."""
    try:
        for directory in (file.parent.parent, file.parent):
            if not directory.is_dir():
                make_one(directory)
        with os.fdopen(files.make(file, files.SECRET), "w", encoding="utf-8") as new:
            new.write(text)
        hand_over(file)
    except OSError as error:
        raise HzmetricsError(f"cannot write a sample configuration to {file}: {error.strerror}") from None


def service_user() -> str:
    """The user as whom cron runs the pipeline on this family of systems (spec 65 §4)."""
    is_debian = Path("/etc/apache2").is_dir() or (_is_user("www-data") and not _is_user("apache"))
    return "www-data" if is_debian else "apache"


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def hand_over(path: Path) -> None:
    """Give what root has just made to the service user, if there is one. Raises OSError."""
    if os.geteuid() != 0:
        return
    try:
        owner = pwd.getpwnam(service_user())
    except KeyError:
        return
    os.chown(path, owner.pw_uid, owner.pw_gid)


def hand_over_new(paths: Paths) -> None:
    """Let the service user write the log that root has begun: the log file, and its directory if it is root's."""
    for path in (paths.log_file, paths.log_file.parent):
        try:
            if path.stat().st_uid == 0:
                hand_over(path)
        except OSError as error:
            log.warning("cannot hand %s over to %s: %s", path, service_user(), error.strerror)
