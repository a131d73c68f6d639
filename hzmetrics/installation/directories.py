"""The directories of an installation (spec 65 §4)."""

from __future__ import annotations

import os
import pwd
import shlex
import stat
from contextlib import suppress
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
    with files.opened_directory(directory) as made:
        hand_over(made)


def write_sample(file: Path, text: str) -> None:
    """Write the first configuration file, with its directories; one that exists stays. Raises HzmetricsError."""
    try:
        for directory in (file.parent.parent, file.parent):
            if not directory.is_dir():
                make_one(directory)
        with os.fdopen(files.make(file, files.SECRET), "w", encoding="utf-8") as new:
            new.write(text)
            hand_over(new.fileno())
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


def _service_account() -> pwd.struct_passwd | None:
    """The service user, if we are root and there is one."""
    return pwd.getpwnam(service_user()) if os.geteuid() == 0 and _is_user(service_user()) else None


def hand_over(descriptor: int) -> None:
    """Give what root has made to the service user, if there is one; nothing else changes hands. Raises OSError."""
    owner, found = _service_account(), os.fstat(descriptor)
    is_one = stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink == 1)
    if owner and found.st_uid == 0 and is_one:
        os.fchown(descriptor, owner.pw_uid, owner.pw_gid)


def make_for_log(paths: Paths) -> None:
    """Make the directory of the log, if it is missing, before the log is begun there: it is handed over as made."""
    if not paths.log_file.parent.is_dir():
        with suppress(OSError):  # said by the log itself
            make_one(paths.log_file.parent)


def hand_over_log(paths: Paths) -> None:
    """Let the service user write the log that root has begun, or tell how.

    The file changes hands only where nobody but root could have put it in its directory; the directory, if it is ours:
    another may be anything, such as /var/log.
    """
    owner = _service_account()
    if owner is None:
        return
    file = paths.log_file
    try:
        with files.opened_directory(file.parent) as directory:
            found = os.fstat(directory)
            if found.st_uid == 0 and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                descriptor = os.open(file.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
                try:
                    hand_over(descriptor)
                finally:
                    os.close(descriptor)
                if file.parent == paths.staging:
                    hand_over(directory)
        is_written = file.lstat().st_uid == owner.pw_uid
    except OSError as error:
        log.warning("cannot hand %s over to %s: %s", file, owner.pw_name, error.strerror)
    else:
        if not is_written:
            remedy = f"if it is the log, as root: chown -h {owner.pw_name} {shlex.quote(str(file))}"
            log.warning("the log file %s does not belong to %s; %s", file, owner.pw_name, remedy)
