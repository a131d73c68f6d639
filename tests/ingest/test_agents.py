"""`hzmetrics agents`: the agents of a log, and what they count as."""

import gzip
import json
from pathlib import Path

import pytest

from hzmetrics.cli import main

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
COMMON = '192.0.2.1 - - [04/Mar/2025:08:00:00 +0000] "GET / HTTP/1.1" 200 5'
HUB = '2025-07-01 00:00:05 -0500 3344 - "GET /x HTTP/1.1" 304 0 192.0.2.7 "-" "curl/8.5.0" 443 1 2 7 a b c d e f g h'
LINES = [f'{COMMON} "-" "{FIREFOX}"'] * 3 + [HUB] * 2 + [COMMON, f'{COMMON} "-" "evil\x07"', "no line at all"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "access.log.gz"
    path.write_bytes(gzip.compress("\n".join(LINES).encode()))
    return path


def test_agents_with_the_most_lines_come_first(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", str(file)]) == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["lines", "counts", "as", "rule", "agent"]
    assert [row.split(maxsplit=2)[:2] for row in rows] == [
        ["3", "person"],
        ["2", "machine"],
        ["1", "machine"],
        ["1", "person"],
    ]
    assert rows[0].endswith(FIREFOX)
    assert rows[1].split() == ["2", "machine", "library:", "curl", "curl/8.5.0"]
    assert rows[2].endswith("evil\\x07")
    assert rows[3].endswith("(the format has no agent)")


@pytest.mark.slow
def test_as_a_document(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", "--json", str(file)]) == 0
    agents = json.loads(capsys.readouterr().out)["agents"]
    assert agents[1] == {"lines": 2, "agent": "curl/8.5.0", "is_machine": True, "kind": "library", "rule": "curl",
                         "evidence": "curl"}  # fmt: skip
    assert agents[3] == {"lines": 1, "agent": None, "is_machine": False, "kind": None, "rule": None, "evidence": None}


def test_a_file_without_requests_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing of the kind\n")
    assert main(["agents", str(path)]) == 1
    assert "notes.txt: no line is of an access log" in capsys.readouterr().err
    assert main(["agents", str(tmp_path / "absent")]) == 1
