"""Files most of whose lines could not be read (spec 10 §10.4)."""

from __future__ import annotations

from hzmetrics.config import Settings
from hzmetrics.config.schema import Logs
from hzmetrics.errors import HzmetricsError
from hzmetrics.ingest.sources import Kind
from hzmetrics.logs import remedy
from hzmetrics.logs.account import Account
from hzmetrics.logs.settings import log_settings


class UnreadLog(HzmetricsError):
    """Most lines of a log could not be read: it is not imported. Exit code 1."""


def refuse(account: Account, kind: Kind, settings: Settings) -> None:
    """Raises UnreadLog for a long file that is mostly unread, with what to set."""
    limits = settings.section(Logs)
    if account.texts < limits.unread_lines or not account.is_mostly_unread(limits.unread_percent):
        return
    is_access = kind == "access"
    advice = remedy.of_access_log(account, log_settings(settings)) if is_access else remedy.of_auth_log(account)
    raise UnreadLog(f"not imported: {account}; {advice}")


def warning(account: Account, settings: Settings) -> str:
    """What is to be said of a file that is imported all the same; empty: nothing."""
    mostly = account.is_mostly_unread(settings.section(Logs).unread_percent)
    return str(account) if mostly or not account.texts else ""
