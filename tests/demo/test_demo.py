"""`hzmetrics demo`: an invented hub, or somebody's own logs, becomes a picture; what cannot be read changes nothing."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Clock, Month
from hzmetrics.cli import main
from hzmetrics.demo import invention
from hzmetrics.demo.directory import Directory
from hzmetrics.demo.progress import Reporter
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import web

pytestmark = pytest.mark.integration

COMBINED = """\
81.2.69.1 - - [05/Oct/2026:10:00:00 +0000] "GET /tutorial HTTP/1.1" 200 5120 "-" "Mozilla/5.0 Firefox/127.0"
81.2.69.1 - ann [05/Oct/2026:10:20:00 +0000] "GET /guide?a=b HTTP/1.1" 200 99 "/tutorial" "Mozilla/5.0 Firefox/127.0"
2001:db8::7 - - [06/Nov/2026:11:00:00 +0000] "GET /paper HTTP/2.0" 200 7 "-" "Mozilla/5.0 Safari/605.1.15"
81.2.69.9 - - [06/Nov/2026:11:00:01 +0000] "GET /style.css HTTP/1.1" 200 7 "-" "Mozilla/5.0 Safari/605.1.15"
"""  # fmt: skip


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-11-20T12:00:00")
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def stored(root: Path) -> list[tuple[object, ...]]:
    """What was kept of the logs."""
    store = Store(config.load(root / "hzmetrics.conf"))
    try:
        rows = store.metrics.rows(
            sa.select(web.c.datetime, web.c.ip, web.c.content, web.c.useragent).order_by(web.c.id)
        )
        return [tuple(row) for row in rows]
    finally:
        store.close()


def invented_files(root: Path) -> dict[str, str]:
    """Digests of the logs that a small invented hub has ready to be imported."""
    directory = Directory(root.absolute())
    settings = directory.make(invention.sections(directory), Clock())
    store = Store(settings)
    month = Month.parse("2026-06")
    invention.invent(directory, settings, store, month, month, 1_000, 7, Reporter())
    store.close()
    logs = sorted((directory.root / "logs").rglob("daily/*"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in logs}


@pytest.mark.slow
def test_an_invented_hub_becomes_a_picture(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["demo", "--months", "1", "--lines", "16000", "--seed", "3"]) == 0
    picture, told = capfd.readouterr()
    assert "\x1b" not in picture + told
    assert max(map(len, picture.splitlines())) <= 80
    (line,) = (line for line in picture.splitlines() if line.startswith("2026-10"))
    assert len(line.split()) == 8
    assert all(int(number.replace(",", "")) > 0 for number in line.split()[1:])
    for name in ("United States", "Asia", "Europe", "elsewhere", "education", "industry", "government", "other"):
        (line,) = (line for line in picture.splitlines() if line.startswith(name))
        assert int(line.removeprefix(name).split()[0].replace(",", "")) > 0
    assert re.search(r"Online now .*guests: [1-9]", picture)
    assert re.search(r"Active users .*[1-9]\d* in the past day", picture)
    assert re.search(r"[1-9]\d* successful logins in 24 hours [_.=+*#@▁▂▃▄▅▆▇█-]{20,}", picture)
    assert re.search(r"[1-9]\d* anomal.*failed logins", picture)
    assert re.search(r"python3: 48 students, 12 notebooks", picture)
    assert "WARNING" not in told
    text = Path("demo/hzmetrics.log").read_text(encoding="utf-8")
    assert set(re.findall(r"(\d+) unrecognized", text)) == {"0"}
    assert not list(Path("demo/logs").rglob("daily/*log*"))

    for variable, value in Directory(Path("demo").absolute()).environment.items():
        monkeypatch.setenv(variable, value)
    for command in ("status", "audit", "doctor"):
        assert main([command]) == 0, command
    assert main(["demo", "--logs", "nothing-of-the-kind"]) == 1
    assert Path("demo/databases/metrics.db").is_file()


def test_the_same_seed_writes_the_same_logs() -> None:
    first = invented_files(Path("one"))
    assert len(first) == 60
    assert first == invented_files(Path("two"))


@pytest.mark.parametrize("form", ["plain", "gz", "xz", "zst", "-"])
def test_own_logs_in_any_compression(
    form: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    content = COMBINED.encode()
    name = "access.log" if form in ("plain", "-") else f"access.log.{form}"
    match form:
        case "gz":
            Path(name).write_bytes(gzip.compress(content))
        case "xz":
            Path(name).write_bytes(lzma.compress(content))
        case "zst":
            Path(name).write_bytes(pa.compress(content, codec="zstd", asbytes=True))
        case "plain":
            Path(name).write_bytes(content)
        case "-":
            name = "-"
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert main(["demo", "--logs", name]) == 0
    picture, _ = capfd.readouterr()
    assert "2026-10" in picture and "2026-11" in picture
    assert "registered" not in picture
    assert stored(Path("demo")) == [
        ("2026-10-05 10:00:00", "81.2.69.1", "/tutorial", "Mozilla/5.0 Firefox/127.0"),
        ("2026-10-05 10:20:00", "81.2.69.1", "/guide?a=b", "Mozilla/5.0 Firefox/127.0"),
        ("2026-11-06 11:00:00", "2001:db8::7", "/paper", "Mozilla/5.0 Safari/605.1.15"),
    ]


def test_several_logs_and_a_repetition_replace_the_demonstration() -> None:
    lines = COMBINED.splitlines(keepends=True)
    Path("a.log").write_text("".join(lines[:2]), encoding="utf-8")
    Path("b.log").write_text("".join(lines[2:]), encoding="utf-8")
    assert main(["demo", "--logs", "a.log", "b.log"]) == 0
    assert len(stored(Path("demo"))) == 3
    assert main(["demo", "--logs", "b.log"]) == 0
    assert len(stored(Path("demo"))) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--logs", "missing.log"], 1, "missing.log"),
        (["--logs", "folder"], 1, "folder"),
        (["--logs", "good.log", "missing.log"], 1, "missing.log"),
        (["--logs", "good.log", "--geoip", "missing.mmdb"], 1, "missing.mmdb"),
        (["--logs", "good.log", "--geoip", "good.log"], 1, "good.log"),
        (["--logs", "good.log", "--dir", "folder"], 1, "folder"),
        (["--logs", "good.log", "--dir", "good.log"], 1, "good.log"),
        (["--logs", "good.log", "--months", "2"], 2, "--months"),
        (["--logs", "-", "-"], 2, "standard input"),
        (["good.log"], 2, "--logs"),
        (["--resolve"], 2, "--resolve"),
        (["--months", "0"], 2, "months"),
        (["--lines", "many"], 2, "lines"),
    ],
)
def test_what_cannot_work_is_said_and_changes_nothing(
    arguments: list[str], code: int, word: str, somewhere: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("good.log").write_text(COMBINED, encoding="utf-8")
    Path("folder").mkdir()
    Path("folder/mine").write_text("precious", encoding="utf-8")
    before = sorted(somewhere.rglob("*"))
    assert main(["demo", *arguments]) == code
    out, told = capfd.readouterr()
    assert out == ""
    assert word in told and "Traceback" not in told
    assert sorted(somewhere.rglob("*")) == before


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\xfe" * 1000, b"no line of a log\n" * 10, b"\x1b[31m\x07 " * 50], ids=range(4)
)
def test_files_that_hold_no_page_views(content: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    Path("odd.log").write_bytes(content)
    assert main(["demo", "--logs", "odd.log"]) == 1
    out, told = capfd.readouterr()
    assert out == "" and "no page view" in told
    assert "\x1b" not in told and "Traceback" not in told


def test_a_log_that_breaks_off_counts_for_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    Path("good.log").write_text(COMBINED, encoding="utf-8")
    Path("broken.log.gz").write_bytes(gzip.compress(COMBINED.encode() * 1000)[:-20])
    assert main(["demo", "--logs", "good.log", "broken.log.gz"]) == 1
    assert "broken.log.gz" in capfd.readouterr().err
    assert stored(Path("demo")) == []
