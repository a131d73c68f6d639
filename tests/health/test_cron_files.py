"""The files in `cron/` are what the programs they are for understand."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CRON = Path(__file__).parents[2] / "cron"
LOGROTATE = shutil.which("logrotate", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.mark.skipif(LOGROTATE is None, reason="logrotate is not installed")
def test_the_log_is_rotated(tmp_path: Path) -> None:
    log = tmp_path / "manage.log"
    log.write_text("a line\n")
    tmp_path.chmod(0o755)
    text = (CRON / "hzmetrics.logrotate").read_text(encoding="utf-8")
    us = f"{pwd.getpwuid(os.geteuid()).pw_name} {grp.getgrgid(os.getegid()).gr_name}"
    rules = tmp_path / "rules"
    rules.write_text(text.replace("/var/log/hubzero/metrics/manage.log", str(log)).replace("www-data www-data", us))
    rules.chmod(0o644)
    done = subprocess.run([str(LOGROTATE), "--force", "--state", tmp_path / "state", rules], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (log.read_text(), log.stat().st_mode & 0o777) == ("", 0o640)
    assert log.with_name("manage.log.1").read_text() == "a line\n"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_the_units_are_understood(tmp_path: Path) -> None:
    units = [tmp_path / file.name for file in sorted(CRON.glob("hzmetrics-*"))]
    for unit in units:
        text = (CRON / unit.name).read_text(encoding="utf-8")
        unit.write_text(text.replace("/opt/hubzero/metrics/bin/hzmetrics", sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    assert len(units) == 4
    assert [line for line in done.stderr.splitlines() if "hzmetrics" in line] == []
