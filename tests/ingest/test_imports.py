"""Importing files: one transaction each, remembered, moved, and nothing half done (spec 10 §9, §10)."""

import dataclasses
import datetime as dt
import gzip
import logging
import lzma
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.cli import main
from hzmetrics.ingest.imports import import_access, import_day, import_files
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub
from tests.logs.lines import HEAD

TABLES = (metrics.web, metrics.webhits, metrics.userlogin, metrics.imported_sources, metrics.bot_useragents)


def access_line(
    number: int = 0, *, agent: str = "Mozilla/5.0", url: str = "/x", tail: str = "a b c d e f g h", day: int = 1
) -> str:
    text = HEAD.replace("00:00:05", f"00:{number // 60 % 60:02d}:{number % 60:02d}").replace("Mozilla/5.0", agent)
    return text.replace("-07-01", f"-07-{day:02d}").replace("/x", url) + f" 7 {tail}\n"


def write(hub: TestHub, name: str, content: str | bytes, kind: str = "httpd/daily") -> Path:
    path = hub.root / "logs" / kind / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") and isinstance(content, str) else data)
    return path


def content(hub: TestHub) -> dict[str, list[tuple[Any, ...]]]:
    """What all tables that an import writes hold, but for the time of the import."""
    return {
        table.name: sorted(
            (tuple(row) for row in hub.store.metrics.rows(sa.select(*(c for c in table.c if c.name != "imported_at")))),
            key=repr,
        )
        for table in TABLES
    }


def count(hub: TestHub, table: sa.Table) -> int:
    return int(hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(table)))


def ledger(hub: TestHub) -> list[tuple[Any, ...]]:
    table = metrics.imported_sources.c
    query = sa.select(table.filename, table.target_table, table.pk_start, table.pk_end, table.row_count)
    return [tuple(row) for row in hub.store.metrics.rows(query.order_by(table.id))]


def test_ids_are_gapless_and_in_file_order(hub: TestHub) -> None:
    first = write(hub, "parity-access.log-20250701", "".join(access_line(n, url=f"/{n}") for n in range(50)))
    second = write(hub, "parity-access.log-20250702.gz", "".join(access_line(n, url=f"/b{n}") for n in range(20)))
    assert import_access(hub.store, hub.settings, first) == 50
    assert import_access(hub.store, hub.settings, second) == 20
    rows = hub.store.metrics.rows(sa.select(metrics.web.c.id, metrics.web.c.content).order_by(metrics.web.c.id))
    assert [row.id for row in rows] == list(range(1, 71))
    assert [row.content for row in rows] == [f"/{n}" for n in range(50)] + [f"/b{n}" for n in range(20)]
    assert ledger(hub) == [(first.name, "web", 1, 50, 50), (second.name, "web", 51, 70, 20)]
    assert sorted(path.name for path in (hub.root / "logs/httpd/imported").iterdir()) == [first.name, second.name]


def test_a_bot_is_learned_after_its_file(hub: TestHub) -> None:
    text = access_line(1, agent="Some Bot") + access_line(2, agent="some bot") + access_line(3)
    assert import_access(hub.store, hub.settings, write(hub, "parity-access.log-20250701", text)) == 3
    assert content(hub)["bot_useragents"] == [("Some Bot",)]
    assert import_access(hub.store, hub.settings, write(hub, "parity-access.log-20250702", text)) == 2


def test_a_bot_s_name_is_stored_in_255_bytes(hub: TestHub) -> None:
    names = ("bot " + "é" * 200, "robot " + "x" * 300, "bot " + "\N{ROBOT FACE}" * 100)
    assert (
        hub.run("identify-bots", str(write(hub, "long.log", "".join(access_line(agent=name) for name in names)))) == 0
    )
    stored = {"bot " + "é" * 125, "robot " + "x" * 249, "bot " + "?" * 251}
    assert {name for (name,) in content(hub)["bot_useragents"]} == stored


def test_a_stored_name_without_its_end_removes_no_people(hub: TestHub) -> None:
    settings = dataclasses.replace(hub.settings, corrections=frozenset({"bot-tokens"}))
    agent = "Mozilla/5.0 (Linux; Android 14; Phone) AppleWebKit/537.36 (KHTML, like Gecko) " + "App " * 50
    machine = access_line(1, agent=agent[:255] + " evilbot/1.0")
    import_access(hub.store, settings, write(hub, "parity-access.log-20250701", machine))
    assert content(hub)["bot_useragents"] == [(agent[:255],)]
    text = access_line(2, agent=agent) + access_line(3, agent=agent[:255]) + machine
    assert import_access(hub.store, settings, write(hub, "parity-access.log-20250702", text)) == 2


def test_overrides_remove_bots_only_when_one_is_flagged(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        connection.execute(
            sa.insert(metrics.bot_useragents), [{"useragent": "My SearchTool"}, {"useragent": "old bot"}]
        )
    assert hub.run("identify-bots", str(write(hub, "none.log", access_line()))) == 0
    assert count(hub, metrics.bot_useragents) == 2
    assert hub.run("identify-bots", str(write(hub, "some.log", access_line(agent="x feed/ bot")))) == 0
    assert content(hub)["bot_useragents"] == [("old bot",)]


def test_logins_are_new_under_the_collation(hub: TestHub) -> None:
    lines = [
        "2025-07-01 10:00:00 1 [Ann] 198.51.100.7 login", "2025-07-01 10:00:00 1 [ÁNN ] 198.51.100.7 login",
        "2025-07-01 10:00:00 1 [ann] 198.51.100.7 simulation", "2025-07-01 10:00:00 2 [ann] 198.51.100.7 login",
        "2025-07-02 10:00:00 99999999999999999999999999999999999999999999 [bea] 198.51.100.7 login",
        "2025-02-30 10:00:00 1 [ann] 198.51.100.7 login", "2025-07-01 10:00:00 1 [hubadmin] 198.51.100.7 login",
    ]  # fmt: skip
    log = write(hub, "cmsauth.log-20250701", "\n".join(lines), "hubzero/daily")
    assert hub.run("import-auth", str(log)) == 0
    assert hub.run("import-auth", str(log)) == 0
    rows = [row[2:] for row in content(hub)["userlogin"]]
    assert sorted(rows) == [
        ("Ann", 1, "198.51.100.7", "login"),
        ("ann", 1, "198.51.100.7", "simulation"),
        ("ann", 2, "198.51.100.7", "login"),
        ("bea", 2**63 - 1, "198.51.100.7", "login"),
    ]
    assert log.exists()
    assert ledger(hub) == []


def test_standard_input_is_imported_without_ledger(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(hub, "x", access_line().encode() + b"\xff\xfe\n" + access_line(1, url="/\xff").encode("latin-1"))
    with path.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", type("Input", (), {"buffer": file}))
        assert hub.run("import-apache", "-") == 0
    assert [row[5] for row in content(hub)["web"]] == ["/x", "/\ufffd"]
    assert ledger(hub) == []


def test_a_dry_run_writes_and_moves_nothing(hub: TestHub) -> None:
    before = content(hub)
    path = write(hub, "parity-access.log-20250701", access_line(agent="a bot"))
    assert hub.run("import-apache", str(path), "--dry-run") == 0
    assert hub.run("identify-bots", str(path), "--dry-run") == 0
    assert hub.run("import", "--next", "--dry-run") == 0
    assert content(hub) == before
    assert path.exists()


def test_one_broken_file_does_not_stop_the_others(hub: TestHub) -> None:
    whole = gzip.compress(access_line().encode() * 5000)
    broken = write(hub, "parity-access.log-20250701.gz", whole[:-20])
    (hub.root / "logs/httpd/daily/2025").mkdir()
    write(hub, "2025/parity-access-ssl.log-20250701", access_line(2))
    write(hub, "cmsauth.log-20250701", "2025-07-01 10:00:00 1 [ann] 198.51.100.7 login\n", "hubzero/daily")
    assert hub.run("import", "--next") == 1
    assert [entry[0] for entry in ledger(hub)] == ["parity-access-ssl.log-20250701", "cmsauth.log-20250701"]
    assert count(hub, metrics.web) == 1
    assert broken.exists()
    report = import_day(hub.store, hub.settings, dt.date(2025, 7, 1))
    assert report.rows == 0
    assert [source.path for source, _ in report.failed] == [broken]


def test_a_file_that_cannot_be_moved_is_imported_once(hub: TestHub) -> None:
    (hub.root / "logs/httpd").mkdir(parents=True)
    (hub.root / "logs/httpd/imported").write_text("in the way")
    path = write(hub, "parity-access.log-20250701", access_line())
    assert hub.run("import-apache", str(path)) == 0
    assert path.exists()
    (hub.root / "logs/httpd/imported").unlink()
    assert hub.run("import-apache", str(path)) == 0
    assert not path.exists()
    assert count(hub, metrics.web) == 1


def test_order_check(hub: TestHub) -> None:
    write(hub, "parity-access.log-20250705", access_line(day=5), "httpd/imported")
    write(hub, "parity-access.log-20250704", access_line(day=4))
    write(hub, "parity-access.log-20250706", access_line(day=6))
    write(hub, "cmsauth.log-20250703", "", "hubzero/daily")
    assert hub.run("import", "--day", "20250706") == 1
    assert hub.run("import", "--day", "2025-07-04", "--dry-run") == 1
    assert hub.run("import", "--day", "2025-07-03") == 0
    assert hub.run("import", "--day", "2025-07-04", "--force") == 0
    assert hub.run("import", "--next") == 0
    assert [entry[0] for entry in ledger(hub)] == [
        "cmsauth.log-20250703", "parity-access.log-20250704", "parity-access.log-20250706",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["import"], 1), (["import", "--next", "--month", "2025-07"], 2), (["import", "--day", "20250230"], 2),
        (["import", "--day", "2025-0701"], 2), (["import", "--next"], 0), (["import", "--month", "2025-07"], 0),
        (["import-apache", "missing"], 1), (["import-apache", "."], 1), (["import-auth", "missing"], 1),
        (["identify-bots", "."], 1), (["forget-import", "x"], 1), (["forget-import", "x", "--table", "y"], 2),
        (["rebuild-webhits"], 2), (["rebuild-webhits", "--all"], 0), (["backfill-dnload", "--start", "7"], 2),
        (["fetch-logs", "2025"], 2), (["archive-logs", "20250230"], 2), (["reconstruct-imported-sources"], 0),
        (["repair-imported-sources", "--apply"], 0),
    ],
)  # fmt: skip
def test_exit_codes(hub: TestHub, arguments: list[str], code: int) -> None:
    assert hub.run(*arguments) == code


def test_a_complaint_about_arguments_shows_no_control_character(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["import-apache", "a.log", "\x07\u202eb.log"]) == 2
    said = capfd.readouterr().err
    assert "\\x07\\u202eb.log" in said
    assert "\x07" not in said


@pytest.mark.integration
def test_a_file_that_may_not_be_read_is_named() -> None:
    """Root reads everything: as root, the program runs as somebody else."""
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    program = [*nobody, sys.executable, "-m", "hzmetrics"]
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        root.chmod(0o777)
        (root / "hzmetrics.conf").write_text("")
        secret = root / "a.log"
        secret.write_text(access_line())
        secret.chmod(0)
        environment = {
            "HZMETRICS_CONFIG": f"{root}/hzmetrics.conf", "HZMETRICS_HOME": f"{root}/home",
            "HZMETRICS_LOG": f"{root}/log.txt", "HZMETRICS_LOG_ROOT": f"{root}/logs",
        }  # fmt: skip
        if nobody and subprocess.run([*program, "--version"], capture_output=True).returncode:
            pytest.skip("this interpreter is root's own")
        command = [*program, "import-apache", str(secret)]
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    assert (done.returncode, f"cannot read {secret}: Permission denied" in done.stderr) == (1, True)


@pytest.mark.parametrize("end", [".xz", ".gz.1", ".tar.bz2", ""])
def test_a_packed_log_is_found_and_read_whatever_its_name(hub: TestHub, end: str) -> None:
    write(hub, f"parity-access.log-20250701{end}", lzma.compress(access_line().encode() * 2))
    assert hub.run("import", "--next") == 0
    assert len(content(hub)["web"]) == 2


def test_a_log_that_was_compressed_after_its_import_is_the_same_source(hub: TestHub) -> None:
    for end in (".xz", "", ".zst", ".gz"):
        path = write(hub, f"parity-access.log-20250701{end}", lzma.compress(access_line().encode()))
        assert hub.run("import-apache", str(path)) == 0
    assert len(content(hub)["web"]) == 1


@pytest.mark.parametrize("data", [b"a text\n", bytes(5000)])
@pytest.mark.parametrize("name", ["parity-access.log-20250701.gz", "parity-access.log-20250701.xz"])
def test_a_log_that_is_named_as_packed_and_is_not_is_left(hub: TestHub, name: str, data: bytes) -> None:
    path = write(hub, name, data)
    assert hub.run("import", "--next") == 1
    assert path.exists()
    assert f"cannot read {path}: by its name it is compressed, but it is not" in (hub.root / "log.txt").read_text()


HOSTILE = "\x1b]0;x\x07\x1b[2J \" ' ; DROP TABLE web; -- %s \\ \u202e \x00 ,NULL \U0001f600"


def test_hostile_text_is_stored_as_it_is_but_for_nul_bytes(hub: TestHub, caplog: pytest.LogCaptureFixture) -> None:
    agent, url = HOSTILE.replace('"', ""), HOSTILE.replace(" ", "").replace('"', "")
    text = access_line(agent=agent, url="/" + url, tail=" ".join(["a'\\;--\x1b\x00,"] * 8))
    auth = f"2025-07-01 10:00:00 1 [{HOSTILE}] 198.51.100.7 login\n"
    with caplog.at_level(logging.DEBUG, "hzmetrics"):
        assert import_access(hub.store, hub.settings, write(hub, "parity-access.log-20250701", text)) == 1
        assert hub.run("import-auth", str(write(hub, "a.log", auth))) == 0
    (web,), (login,) = content(hub)["web"], content(hub)["userlogin"]
    stored = str.maketrans({"\U0001f600": "????", "\0": None})
    assert web[7] == agent.translate(stored)
    assert web[5] == "/" + url.translate(stored)
    assert web[12:21][1:] == ("a'\\;--\x1b,",) * 8
    assert login[2] == HOSTILE.translate(stored)
    assert "\x1b" not in (hub.root / "log.txt").read_text()


@pytest.mark.parametrize("data", [b"", os.urandom(5_000), b"\0" * 70_000, b"x" * (3 * 2**20), b"\n\r\n\r"])
def test_files_without_a_request_are_imported_empty(hub: TestHub, data: bytes) -> None:
    path = write(hub, "parity-access.log-20250701", data)
    assert hub.run("import-apache", str(path)) == 0
    assert ledger(hub) == [(path.name, "web", None, None, 0)]


def test_values_are_cut_to_their_columns(hub: TestHub) -> None:
    text = access_line(url="/é" + "u" * 400, agent="a" * 400, tail="t" * 200 + " b c d e f g h").replace(
        " 7 t", " 99999999999 t"
    )
    assert import_access(hub.store, hub.settings, write(hub, "parity-access.log-20250701", text)) == 1
    (row,) = content(hub)["web"]
    assert (len(row[5]), len(row[7]), row[11], len(row[13])) == (254, 255, 2**31 - 1, 120)


def test_logs_of_other_servers(hub: TestHub) -> None:
    lines = [
        '192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "GET /apache_pb.gif HTTP/1.0" 200 2326',
        '192.0.2.1 - ann [10/Oct/2000:06:55:37 -0700] "GET /a HTTP/1.0" 200 2326 "http://h/" "Moz \\"illa\\""',
        'h.example:443 2001:DB8::1 - - [10/Oct/2000:13:55:38 +0000] "GET /b HTTP/2" 200 9 "-" "x"',
        '192.0.2.1 - - [31/Feb/2000:13:55:37 -0700] "GET /z HTTP/1.0" 200 1 "-" "-"',
        '192.0.2.1 - - [10/Oct/2000:13:55:37 -0700] "\\x16\\x03" 400 - "-" "-"',
        access_line(3, url="/hub").rstrip(),
        "garbage",
    ]
    plain, packed = write(hub, "a.log", "\n".join(lines)), write(hub, "b.log.gz", lines[1])
    seen: list[tuple[int, int]] = []
    with hub.configuration.open("a", encoding="utf-8") as file:
        file.write("[logs]\nformat = auto\n")
    settings = config.load(hub.configuration)
    readings = import_files(hub.store, settings, [plain, packed], lambda *done: seen.append(done))
    assert [reading.ids.count for reading in readings] == [3, 1]
    rows = [(row[3], row[5], row[8]) for row in content(hub)["web"]]
    assert rows == [
        ("2000-10-10 13:55:37", "/a", "192.0.2.1"),
        ("2000-10-10 13:55:38", "/b", "2001:db8::1"),
        ("2025-07-01 00:00:03", "/hub", "198.51.100.7"),
        ("2000-10-10 13:55:37", "/a", "192.0.2.1"),
    ]
    assert ledger(hub) == []
    assert plain.exists()
    assert all(done == total > 0 for done, total in seen)
