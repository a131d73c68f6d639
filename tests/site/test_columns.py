"""Logs in the W3C format that are read in parts: the columns of a line are those that the header before it names."""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hzmetrics import config
from hzmetrics.ingest import in_place
from hzmetrics.ingest.ledger import stored_name
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import imported_sources, web

pytestmark = pytest.mark.integration

CELLS = {
    "date": "2026-11-10", "time": "00:00:01", "cs-method": "GET", "cs-uri-stem": "/", "cs-uri-query": "-",
    "s-port": "443", "c-ip": "203.0.113.1", "sc-status": "200",
}  # fmt: skip
COLUMNS = ("date", "time", "cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "c-ip", "sc-status")
OTHERS = ("date", "time", "cs-method", "cs-uri-stem", "s-port", "cs-uri-query", "c-ip", "sc-status")
NARROW = tuple(name for name in COLUMNS if name != "s-port")


def header(columns: Sequence[str]) -> str:
    return f"#Fields: {' '.join(columns)}\n"


def line(columns: Sequence[str], page: str, query: str = "-") -> str:
    cells = {**CELLS, "cs-uri-stem": page, "cs-uri-query": query}
    return f"{' '.join(cells[name] for name in columns)}\n"


class Site:
    """A site and its one log."""

    def __init__(self, root: Path) -> None:
        self.log = root / "logs" / "u_ex261110.log"
        self.log.parent.mkdir()
        configuration = root / "site.conf"
        configuration.write_text(f"[hub]\ntimezone = UTC\n[logs]\nfiles = {root}/logs/*\n", encoding="utf-8")
        self.settings = config.load(configuration, {**os.environ, "HZMETRICS_HOME": str(root / "home")})
        self.store = Store(self.settings)

    def read(self) -> list[str]:
        """Read what is new; returns the pages of all rows so far."""
        report = in_place.read_new(self.store, self.settings, lambda connection, months: None)
        assert not report.failed
        return [row.content for row in self.store.metrics.rows(sa.select(web.c.content).order_by(web.c.id))]

    def append(self, text: str, encoding: str = "utf-8") -> None:
        with self.log.open("ab") as file:
            file.write(text.encode(encoding))


@contextmanager
def a_site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as directory:
        site = Site(Path(directory))
        yield site
        site.store.close()


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-11-10T12:00:00Z")


def test_a_header_counts_for_the_lines_after_it_only() -> None:
    with a_site() as site:
        site.append(header(COLUMNS) + line(COLUMNS, "/1"))
        assert site.read() == ["/1"]
        site.append(line(COLUMNS, "/2") + header(OTHERS) + line(OTHERS, "/3", "x=1"))
        assert site.read() == ["/1", "/2", "/3?x=1"]
        site.append(line(OTHERS, "/4") + header(NARROW) + line(NARROW, "/5"))
        assert site.read() == ["/1", "/2", "/3?x=1", "/4", "/5"]


def test_directives_are_comments_and_counted_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "hzmetrics")
    with a_site() as site:
        site.append("#Software: IIS\n#Version: 1.0\n" + header(COLUMNS) + line(COLUMNS, "/1") + "\n")
        site.read()
        site.append(line(COLUMNS, "/2"))
        site.read()
    told = [message for message in caplog.messages if " comments, " in message]
    assert told[0].startswith("5 lines, 1 recognized, 1 unrecognized ") and " 3 comments, 1 kept" in told[0]
    assert told[1].startswith("1 lines, 1 recognized, 0 unrecognized ") and " 0 comments, 1 kept" in told[1]


def test_a_header_behind_the_head_of_the_file_counts() -> None:
    with a_site() as site:
        site.append(header(COLUMNS) + line(COLUMNS, f"/{'x' * 100}") * 600 + header(NARROW) + line(NARROW, "/new") * 20)
        assert len(site.read()) == 620
        site.append(line(NARROW, "/newer") * 120)
        assert site.read()[620:] == ["/newer"] * 120


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("begin", ["\ufeff", ""])
@pytest.mark.parametrize("older", [0, 1])
def test_a_log_in_utf_16_is_read_in_parts(encoding: str, begin: str, older: int) -> None:
    """`older`: the first read ended inside the line feed, as earlier versions let it."""
    with a_site() as site:
        site.append(begin + header(COLUMNS) + line(COLUMNS, "/1\u0a0a"), encoding)
        assert site.read() == ["/1\u0a0a"]
        names = sa.select(imported_sources.c.filename)
        (row,) = site.store.metrics.rows(names)
        read = in_place._READ.fullmatch(row.filename)
        assert read and int(read[3]) == site.log.stat().st_size
        if older:
            head = in_place._hash(site.log.read_bytes()[:-1])
            name = stored_name(str(in_place.Read(site.log.name, 0, int(read[3]) - 1, head)))
            with site.store.metrics.begin() as connection:
                connection.execute(sa.update(imported_sources).values(filename=name))
        site.append(line(COLUMNS, "/2") + header(NARROW) + line(NARROW, "/3") + line(NARROW, "/4\u0a00")[:-2], encoding)
        assert site.read() == ["/1\u0a0a", "/2", "/3"]
        site.append("0\n" + line(NARROW, "/5"), encoding)
        assert site.read() == ["/1\u0a0a", "/2", "/3", "/4\u0a00", "/5"]


def rename(path: Path) -> None:
    path.rename(path.with_name(f"{path.name}.1"))


def pack(path: Path) -> None:
    path.with_name(f"{path.name}.1.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()


def truncate(path: Path) -> None:
    path.with_name(f"{path.name}.1").write_bytes(path.read_bytes())
    os.truncate(path, 0)


@pytest.mark.parametrize("rotate", [rename, pack, truncate])
def test_the_columns_of_a_rotated_log_are_those_of_its_last_header(rotate: Callable[[Path], None]) -> None:
    with a_site() as site:
        site.append(header(COLUMNS) + line(COLUMNS, f"/{'x' * 100}") * 600 + header(OTHERS) + line(OTHERS, "/new"))
        assert len(site.read()) == 601
        site.append(line(OTHERS, "/rest"))
        rotate(site.log)
        site.append(header(NARROW) + line(NARROW, "/next"))
        assert site.read()[601:] == ["/rest", "/next"]


HEADERS = st.sampled_from([COLUMNS[2:], NARROW[2:]]).flatmap(st.permutations).map(lambda rest: (*COLUMNS[:2], *rest))
TEXTS = st.lists(st.tuples(HEADERS, st.integers(1, 3)), min_size=2, max_size=5)


@settings(max_examples=12, deadline=None)
@given(
    TEXTS, st.sets(st.integers(1, 15), min_size=1, max_size=3), st.sampled_from(["utf-8", "utf-16-le"]), st.booleans()
)
def test_parts_give_the_rows_of_the_whole(
    texts: Sequence[tuple[Sequence[str], int]], cuts: set[int], encoding: str, is_long: bool
) -> None:
    """Random columns after date and time, each header with some lines. The cuts are inside of lines, or of headers."""
    lines = []
    for number, (columns, count) in enumerate(texts):
        page = f"/{number}{'x' * 30_000 * is_long}"
        lines += [header(columns), *(line(columns, page, f"a={place}") for place in range(count))]
    mark = "" if encoding == "utf-8" else "\ufeff"
    whole = mark + "".join(lines)
    places = sorted({min(len(whole), len(mark + "".join(lines[:cut])) + cut % 3) for cut in cuts})
    with a_site() as site:
        site.append(whole, encoding)
        at_once = site.read()
    with a_site() as site:
        for begin, end in zip([0, *places], [*places, len(whole)], strict=True):
            site.append(whole[begin:end], encoding)
            in_parts = site.read()
    assert len(at_once) == sum(count for _, count in texts)
    assert in_parts == at_once
