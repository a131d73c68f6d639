"""Cron entries of this machine, and the one that an installation needs."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hzmetrics import files
from hzmetrics.config import HOME, Settings

CRON = (
    "/etc/crontab", "/etc/cron.d/*", "/var/spool/cron/*", "/var/spool/cron/crontabs/*",
    "/etc/systemd/system/*.service", "/usr/lib/systemd/system/*.service",
)  # fmt: skip
"""Files that may call the tick."""


def cron_entries(user: str) -> Iterator[tuple[str, str]]:
    """Lines that call the tick, each with its file. Files that cannot be read are skipped."""
    for pattern in CRON:
        for file in sorted(Path("/").glob(pattern.lstrip("/"))):
            try:
                yield from ((str(file), line) for line in _calls(files.read(file).decode("utf-8", "replace")))
            except OSError:
                continue
    if shutil.which("crontab"):
        table = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False, timeout=10)
        yield from ((f"the crontab of {user}", line) for line in _calls(table.stdout))


def cron_line(settings: Settings) -> str:
    """The crontab line that calls this installation every five minutes. Messages go to the log: cron mails none."""
    home = settings.paths.home
    program = Path(sys.argv[0]).absolute()
    words = [] if home == HOME else [f"HZMETRICS_HOME={shlex.quote(str(home))}"]
    words += [
        f"{name}={shlex.quote(value)}"
        for name in ("HZMETRICS_LOG_ROOT", "HZMETRICS_LOG")
        if (value := settings.source.environment.get(name))
    ]
    words.append(str(program))
    return " ".join(["*/5 * * * *", *words, "-c", str(settings.file.absolute()), "tick >/dev/null 2>&1"])


def _calls(text: str) -> list[str]:
    return [line for line in text.splitlines() if "hzmetrics" in line and " tick" in line and not line.startswith("#")]
