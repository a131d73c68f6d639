"""Directories, databases and tables, brought up to date at the start of a tick or run (spec 65 §8)."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

from hzmetrics.config import Settings
from hzmetrics.errors import ConfigurationError, HzmetricsError, LockHeld
from hzmetrics.log import log

if TYPE_CHECKING:
    from hzmetrics.store import Store

SERVICE_USERS = ("apache", "www-data")
"""The users as whom cron runs the pipeline (spec 65 §4)."""


def bootstrap(store: Store, settings: Settings) -> None:
    """What `init` does, at the start of a tick or run of a service user; nothing for anybody else (spec 65 §8).

    Raises ConfigurationError (no site, directories that may not be made) or StoreError.
    """
    if user_name() not in SERVICE_USERS:
        return
    if not settings.hub.site and not settings.is_site:
        raise ConfigurationError(f"{settings.file}: [hub] site is empty")
    from hzmetrics.installation import directories
    from hzmetrics.installation.adoption import apply

    try:
        directories.make(settings.paths)
    except HzmetricsError as error:
        raise ConfigurationError(str(error)) from None
    try:
        apply.prepare(store, settings, patience=0)
    except LockHeld as error:
        log.info("%s", error)


def user_name() -> str:
    """The name of the effective user; empty for an unknown one."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""
