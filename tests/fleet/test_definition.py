"""What hubs.toml may say, and what is said of mistakes in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hzmetrics.calendar import Month, Months
from hzmetrics.cli import main
from hzmetrics.errors import ConfigurationError
from hzmetrics.fleet import definition, settings

TOP = 'directory = "made"\n'
HUB = '[[hubs]]\nname = "one"\nlake = "lake"\n'


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "hubs.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (TOP, "hubs: no hubs"),
        (TOP + "hubs = 1", "hubs: no hubs"),
        (TOP + "hubs = [1]", "hubs: no hubs"),
        (HUB, "directory: missing"),
        ('directory = ""\n' + HUB, "directory: a text without visible characters"),
        ("directory = 1\n" + HUB, "directory: not a text"),
        ('directories = "made"\n' + HUB, "directories: unknown key; did you mean directory?"),
        (TOP + 'months = "2024"\n' + HUB, "months: '2024' is not"),
        (TOP + 'months = "2024-02..2024-01"\n' + HUB, "months: '2024-02..2024-01' ends before it starts"),
        (TOP + HUB + HUB, "[[hubs]] number 2 name: 'one' is there twice"),
        (TOP + HUB + HUB.replace('"one"', '"two"'), "[[hubs]] number 2 (two) lake: "),
        (TOP + "".join(f'[[hubs]]\nname = "{one}"\nlogs = ["x", "{one}"]\n' for one in "ab"), "x are those of a too"),
        (TOP + '[[hubs]]\nlake = "x"', "[[hubs]] number 1 name: missing"),
        (TOP + '[[hubs]]\nname = 1\nlake = "x"', "[[hubs]] number 1 name: not a text"),
        (TOP + '[[hubs]]\nname = "../x"\nlake = "x"', "[[hubs]] number 1 (../x) name: '../x' is not made of"),
        (TOP + '[[hubs]]\nname = "One"\nlake = "x"', "name: 'One' is not made of a-z"),
        (TOP + HUB + 'logs = ["x"]', "[[hubs]] number 1 (one): each hub has either a lake or logs"),
        (TOP + '[[hubs]]\nname = "one"', "(one): each hub has either a lake or logs"),
        (TOP + '[[hubs]]\nname = "one"\nlogs = "x"', "(one) logs: not a list"),
        (TOP + '[[hubs]]\nname = "one"\nlogs = [""]', "(one) logs: not a list"),
        (TOP + HUB + 'dimensions = "x"', "(one) dimensions: is of hubs with logs"),
        (TOP + HUB + 'colour = "red"', "(one) colour: unknown key; known are name"),
        (TOP + HUB + 'url = "javascript:x"', "(one) url: not an address"),
        (TOP + HUB + 'title = "a\\nb"', "(one) title: a text without visible characters"),
        (TOP + '[[hubs]]\nname = "one"\nlogs = ["x"]\nbuckets = 0', "(one) buckets: not a number from 1 to 4,096"),
        (TOP + '[[hubs]]\nname = "one"\nlogs = ["x"]\nbuckets = true', "(one) buckets: not a number from 1 to 4,096"),
        ("directory = ", "is not TOML: Invalid value (at "),
        (b'title = "\xff"', "not UTF-8 at byte 9"),
        (TOP + 'config = "missing.conf"\n' + HUB, "cannot read configuration"),
    ],
)
def test_mistakes_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | bytes, problem: str
) -> None:
    path = written(tmp_path, text)
    for command in ("run", "status", "report"):
        assert main(["fleet", command, str(path)]) == 2
        said = capsys.readouterr().err
        assert problem in said and str(tmp_path) in said and "Traceback" not in said
    assert list(tmp_path.iterdir()) == [path]


def test_paths_begin_at_the_file(tmp_path: Path) -> None:
    text = 'directory = "made"\npages = "/srv/pages"\nmonths = "2024-01.."\nconfig = "all.conf"\n' + HUB
    text += '[[hubs]]\nname = "two"\nlogs = ["logs/*", "/var/log/x*"]\n'
    text += '[[hubs]]\nname = "3"\nlogs = ["x"]\nconfig = "3.conf"'
    fleet = definition.read(written(tmp_path, text))
    one, two, three = fleet.hubs
    assert (fleet.directory, fleet.pages) == (tmp_path / "made", Path("/srv/pages"))
    assert fleet.months == Months(first=Month(2024, 1))
    assert (one.title, fleet.lake(one), one.config) == ("one", tmp_path / "lake", None)
    assert (two.logs, two.config) == ((f"{tmp_path}/logs/*", "/var/log/x*"), tmp_path / "all.conf")
    assert fleet.lake(two) == tmp_path / "made/hubs/two/lake"
    assert three.config == tmp_path / "3.conf"


def test_logs_are_read_as_the_configuration_says(tmp_path: Path) -> None:
    (tmp_path / "all.conf").write_text("[hub]\nsite = all\ntimezone = Asia/Tokyo\n[metrics]\ncorrections = ipv6\n")
    (tmp_path / "own.conf").write_text("[hub]\nsite = theirs\n[logs]\nformat = combined\n")
    hubs = "".join(f'[[hubs]]\nname = "{name}"\nlogs = ["{name}*"]\n{more}\n' for name, more in (
        ("one", ""), ("two", 'config = "own.conf"'), ("three", 'config = "own.conf"\nhome = "their"')
    ))  # fmt: skip
    fleet = definition.read(written(tmp_path, f'{TOP}config = "all.conf"\n{hubs}'))
    with pytest.raises(ConfigurationError, match=r"three home: there is no key .*/their/state/lake\.key"):
        settings.of_hub(fleet, fleet.hubs[2])
    assert not (tmp_path / "their").exists()
    (tmp_path / "their/state").mkdir(parents=True)
    (tmp_path / "their/state/lake.key").touch()
    one, two, three = (settings.of_hub(fleet, hub) for hub in fleet.hubs)
    assert (one.hub.site, one.hub.timezone, one.corrections) == ("one", "Asia/Tokyo", {"ipv6"})
    assert (two.hub.site, two.hub.timezone, two.corrections) == ("theirs", "", frozenset())
    assert (two.paths.state, three.paths.state) == (tmp_path / "made/state", tmp_path / "their/state")
    bare = definition.read(written(tmp_path, f'{TOP}[[hubs]]\nname = "one"\nlogs = ["x"]'))
    assert len(settings.of_hub(bare, bare.hubs[0]).corrections) > 10


def test_the_configuration_is_named_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-c", "x.conf", "fleet", "run", str(written(tmp_path, TOP + HUB))]) == 2
    assert "-c is not possible here" in capsys.readouterr().err
