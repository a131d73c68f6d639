"""Events found in access logs and tool sessions arrive in the raw files exactly once (spec 86 §6)."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Clock
from hzmetrics.courses import counting, derived, outbox, progress, record, upkeep
from hzmetrics.courses.settings import Courses
from hzmetrics.errors import ConfigurationError, HzmetricsError
from hzmetrics.live.runner import Live
from tests.conftest import TestHub

PATTERN = r"/user/(?P<student>[^/]+)/notebooks/(?P<course>[^/]+)/(?P<notebook>[^?]+\.ipynb)"


def line(time: str, target: str, status: int = 200, method: str = "GET") -> str:
    return f'{time} UTC - "{method} {target} HTTP/1.1" {status} 5 203.0.113.9 "-" "x" TLS 0 5 -\n'


def side(hub: TestHub, more: str = "") -> Live:
    text = hub.configuration.read_text().partition("[follow]")[0]
    hub.configuration.write_text(
        f"{text}[follow]\naccess_logs = {hub.root}/access.log\ntimezone = UTC\n"
        f"[courses]\nurl_pattern = {PATTERN}\n{more}"
    )
    settings = config.load(hub.configuration, time=Clock.parse("2026-02-03T12:00:00Z"))
    return Live(hub.store, settings)


def raw(hub: TestHub, course: str) -> list[str]:
    path = hub.root / "home" / "raw" / course / "events.raw"
    return path.read_text().splitlines() if path.exists() else []


def test_opens_in_an_access_log(hub: TestHub) -> None:
    (hub.root / "access.log").write_text(
        line("2026-02-03 10:00:00", "/user/ann/notebooks/py/w1.ipynb?x=1")
        + line("2026-02-03 10:01:00", "/user/ann/notebooks/py/w1.ipynb", 404)
        + line("2026-02-03 10:02:00", "/user/ann/notebooks/py/w1.ipynb", 200, "POST")
        + line("2026-02-03 10:03:00", "/user/bob/notebooks/../w1.ipynb")
        + line("2026-02-03 10:04:00", "/user/bob/notebooks/r/a/w2.ipynb")
    )
    for _ in range(2):
        side(hub).read_logs()
    assert raw(hub, "py") == ["2026-02-03T10:00:00 py ann w1.ipynb opened -"]
    assert raw(hub, "r") == ["2026-02-03T10:04:00 r bob a/w2.ipynb opened -"]


def test_a_name_is_one_however_a_browser_wrote_it(hub: TestHub) -> None:
    root = hub.root / "home/raw"
    (root / "My%20Course").mkdir(parents=True)
    (root / "Other Course").mkdir()
    targets = (
        "/user/d%40example.org/notebooks/My%20Course/a%2Fb%20c.ipynb",
        "/user/d@example.org/notebooks/My%20Cours%65/a/b%20%63.ipynb",
        "/user/ann/notebooks/Other%20Course/100%2541.ipynb",
        "/user/ann/notebooks/%2E%2E/x.ipynb",
        "/user/ann/notebooks/a%2Fb/x.ipynb",
    )
    (hub.root / "access.log").write_text("".join(line("2026-02-03 10:00:00", target) for target in targets))
    side(hub).read_logs()
    assert raw(hub, "My%20Course") == ["2026-02-03T10:00:00 My%20Course d@example.org a/b%20c.ipynb opened -"] * 2
    assert raw(hub, "Other Course") == ["2026-02-03T10:00:00 Other%20Course ann 100%2541.ipynb opened -"]
    assert sorted(path.name for path in root.iterdir()) == ["My%20Course", "Other Course"]


def test_a_delivery_that_stops_after_any_byte_is_completed_once(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub("sqlite")
    courses = Courses.of(side(hub).settings)
    block = b"one\ntwo\none\n"
    for written in range(len(block) + 1):
        course = f"c{written}"
        record.append(courses.folder(course) / "events.raw", "one")  # of somebody else
        with hub.store.metrics.begin() as connection:
            outbox.put(connection, "opens", {course: ["one", "two", "one"]})

        def stop(path: Path, text: str, written: int = written) -> None:
            with path.open("ab") as file:
                file.write(block[:written])
            raise HzmetricsError("stopped")

        with monkeypatch.context() as patch:
            patch.setattr(outbox, "append", stop)
            with pytest.raises(HzmetricsError, match="stopped"):
                outbox.deliver(hub.store, courses)
        with hub.store.metrics.begin() as connection:
            outbox.put(connection, "opens", {course: ["one", "two", "one"]})
        outbox.deliver(hub.store, courses)
        assert raw(hub, course) == ["one", *["one", "two", "one"] * 2]
        assert outbox.deliver(hub.store, courses) == 0


def test_many_lines_wait_in_parcels_and_one_bad_folder_holds_up_only_its_own(hub: TestHub) -> None:
    courses = Courses.of(side(hub).settings)
    courses.root.mkdir(parents=True)
    (courses.root / "a").write_text("a file where the folder should be")
    many = ["2026-02-03T10:00:00 py ann w1.ipynb opened -"] * (2 * outbox.PARCEL + 1)
    with hub.store.metrics.begin() as connection:
        outbox.put(connection, "opens", {"a": ["one"], "py": many})
    for _ in range(2):
        with pytest.raises(HzmetricsError, match="cannot"):
            outbox.deliver(hub.store, courses)
        assert raw(hub, "py") == many
    with hub.store.metrics.begin() as connection:
        outbox.put(connection, "opens", {"py": ["more"]})
    (courses.root / "a").unlink()
    assert outbox.deliver(hub.store, courses) == 2
    assert raw(hub, "a") == ["one"]
    assert raw(hub, "py")[-1] == "more"


def test_a_target_without_a_part_or_with_a_name_no_folder_can_have_is_no_open(
    make_hub: Callable[[str], TestHub],
) -> None:
    hub = make_hub("sqlite")
    side(hub)
    text = hub.configuration.read_text().replace(PATTERN, PATTERN + "|/(?P<whose>ann)/other/")
    hub.configuration.write_text(text)
    (hub.root / "access.log").write_text(
        line("2026-02-03 10:00:00", f"/user/ann/notebooks/{'x' * 256}/w1.ipynb")
        + line("2026-02-03 10:01:00", "/user/ann/notebooks/py/w1.ipynb")
        + line("2026-02-03 10:02:00", "/ann/other/py")
    )
    settings = config.load(hub.configuration, time=Clock.parse("2026-02-03T12:00:00Z"))
    Live(hub.store, settings).read_logs()
    assert [path.name for path in (hub.root / "home/raw").iterdir()] == ["py"]


def test_visitors_make_no_folders_of_strange_names_and_not_many_of_plain_ones(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hub = make_hub("sqlite")
    monkeypatch.setattr(derived, "MOST_COURSES", 3)
    live = side(hub, "[course:c++]\n")
    names = ("c\\x1b[31m", "a", ".hidden", "b", "c", "d", "c++")
    (hub.root / "access.log").write_text(
        "".join(line("2026-02-03 10:00:00", f"/user/ann/notebooks/{name}/w1.ipynb") for name in names)
    )
    live.read_logs()
    assert sorted(path.name for path in (hub.root / "home/raw").iterdir()) == ["a", "b", "c++"]
    assert "courses: 4 opens ignored" in caplog.text


def test_killed_at_random_points_every_open_arrives_once(make_hub: Callable[[str], TestHub]) -> None:
    hub = make_hub("sqlite")
    side(hub)
    chance = random.Random(1)
    written = 0
    for _ in range(5):
        with (hub.root / "access.log").open("a") as log:
            for number in range(written, written + 3000):
                log.write(line("2026-02-03 10:00:00", f"/user/u{number}/notebooks/py{number % 3}/w.ipynb"))
        written += 3000
        process = subprocess.Popen([sys.executable, "-m", "hzmetrics", "courses", "update"], stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.4, 1.4))
        process.kill()
        process.wait()
    side(hub).read_logs()
    students = [event.split()[2] for course in ("py0", "py1", "py2") for event in raw(hub, course)]
    assert sorted(students) == sorted(f"u{number}" for number in range(written))


def test_sessions_of_a_tool_are_events_of_its_course(hub: TestHub) -> None:
    log = hub.store.hub_tables.sessionlog
    rows = [
        {"sessnum": 1, "username": "ann", "appname": "lab", "start": "2026-02-03 10:00:00"},
        {"sessnum": 2, "username": "bob", "appname": "other", "start": "2026-02-03 10:00:00"},
    ]
    with hub.store.hub.begin() as connection:
        connection.execute(sa.insert(log), rows)
    configured = "[course:py]\ntool = lab\n"
    upkeep.tick(hub.store, side(hub, configured).courses)
    with hub.store.hub.begin() as connection:
        connection.execute(sa.insert(log), [{**rows[0], "sessnum": 3, "username": "cyd"}])
    upkeep.tick(hub.store, side(hub, configured).courses)
    assert [event.split()[2:5] for event in raw(hub, "py")] == [["ann", "lab", "started"], ["cyd", "lab", "started"]]
    assert len((hub.root / "home/raw/py/counts.raw").read_text().splitlines()) == 1, (
        "counts are taken every ten minutes"
    )


def test_a_course_in_trouble_holds_up_no_other(make_hub: Callable[[str], TestHub]) -> None:
    hub = make_hub("sqlite")
    root = hub.root / "home/raw"
    for course in ("a", "b", "c"):
        (root / course).mkdir(parents=True)
    (root / "a/counts.raw").mkdir()
    (root / "b/events.raw").mkdir()
    activity = side(hub)
    with hub.store.metrics.begin() as connection:
        outbox.put(connection, "opens", {"b": ["2026-02-03T10:00:00 b ann w opened -"]})
    with pytest.raises(HzmetricsError, match=r"b/events\.raw.*a/counts\.raw"):
        upkeep.tick(hub.store, activity.courses)
    assert (root / "b/counts.raw").read_text().count("\n") == 1
    assert not progress.has_news(hub.store, activity.courses, "c")


def test_counts_have_all_values() -> None:
    values = counting.count("py", None, counting.Path("/"), [{"Name": "py-x-ann", "State": "running"}])
    assert len(values) == 18
    assert values[:2] == [1, 0]
    assert values[13] >= values[15] > 0


def test_a_pattern_without_its_groups_is_refused(make_hub: Callable[[str], TestHub]) -> None:
    hub = make_hub("sqlite")
    hub.configuration.write_text(hub.configuration.read_text() + "[courses]\nurl_pattern = /(?P<course>x)\n")
    with pytest.raises(ConfigurationError, match=r"\[courses\] url_pattern: .* has no group named notebook, student"):
        _ = Courses.of(config.load(hub.configuration)).url_pattern
