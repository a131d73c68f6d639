"""No control character reaches a log line (spec 65 §5)."""

import json
from pathlib import Path

import pytest

from hzmetrics import log

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
