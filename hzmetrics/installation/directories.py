"""The directories of an installation (spec 65 §4)."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from hzmetrics.config import Paths
from hzmetrics.errors import HzmetricsError
from hzmetrics.log import log

MODE = 0o750


def make(paths: Paths) -> None:
    """Make the expected directories that are missing; they belong to the service user. Raises HzmetricsError."""
    for directory in paths.expected:
        if not directory.is_dir():
            try:
                directory.parent.mkdir(parents=True, exist_ok=True)
                directory.mkdir(MODE, exist_ok=True)
                hand_over(directory)
            except OSError as error:
                problem = f"cannot make {directory}: {error.strerror}"
                raise HzmetricsError(f"{problem}; as root, run: hzmetrics init") from None
            log.info("made %s", directory)


def service_user() -> str:
    """The user as whom cron runs the pipeline on this family of systems (spec 65 §4)."""
    return "www-data" if Path("/etc/apache2").is_dir() else "apache"


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
