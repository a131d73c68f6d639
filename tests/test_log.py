"""No control character reaches a log line (spec 65 §5)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hzmetrics import log
from hzmetrics.errors import HzmetricsError, StoreError

HOSTILE = "\x1b[2J \x00 \r\n \x7f \x9b \u202e \udcff"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_hostile_message_is_one_line_of_printable_text(
    form: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log.start(tmp_path / "log.txt", form=form)
    log.log.info("%s", HOSTILE)
    log.stop()
    (shown,) = capfd.readouterr().err.splitlines()
    assert shown.isprintable()
    assert (tmp_path / "log.txt").read_text(encoding="utf-8").splitlines()[-1] == shown
    if form == "json":
        assert json.loads(shown)["message"] == HOSTILE


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (HzmetricsError("no map directory"), "map: no map directory"),
        (OSError(28, "No space left on device", "/state/x"), "map: /state/x: No space left on device"),
        (KeyError("items"), "map: KeyError: 'items'"),
    ],
)
def test_an_error_is_one_line_and_its_traceback_is_for_the_log_file(
    error: Exception, told: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log.start(tmp_path / "log.txt")
    try:
        raise error
    except Exception as raised:
        log.tell(raised, "map")
    log.stop()
    (shown,) = capfd.readouterr().err.splitlines()
    assert shown.endswith(f" ERROR {told}")
    lines = (tmp_path / "log.txt").read_text(encoding="utf-8").splitlines()
    place = lines.index("Traceback (most recent call last):")
    assert lines[place - 1].endswith(" DEBUG where it happened")


def test_what_several_steps_fail_at_is_told_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log.start(tmp_path / "log.txt")
    for step in ("map", "follow", "events"):
        down = StoreError("database server at /socket: the server cannot be reached")
        down.is_shared = True
        log.tell(down, step)
        log.tell(StoreError("metrics database: a table is missing"), step)
    log.stop()
    shown = [line.partition(" ERROR ")[2] for line in capfd.readouterr().err.splitlines()]
    assert shown == [
        "database server at /socket: the server cannot be reached",
        "map: metrics database: a table is missing",
    ]
    log.start(tmp_path / "log.txt")
    log.tell(down, "map")
    log.stop()
    assert capfd.readouterr().err.count("cannot be reached") == 1


@pytest.mark.timeout(10)
def test_a_log_file_that_is_a_link_to_nothing_costs_a_warning(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log.txt").symlink_to("/nowhere/x")
    log.start(tmp_path / "log.txt")
    log.stop()
    (shown,) = capfd.readouterr().err.splitlines()
    assert shown.endswith(f"cannot write the log file {tmp_path}/log.txt: it is a link to what does not exist")


def test_a_container_reads_the_log_from_its_standard_output() -> None:
    program = (
        "from pathlib import Path; from hzmetrics import log; log.start(Path('/dev/stdout')); log.log.info('here')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("here\n")
    assert "cannot" not in done.stderr
