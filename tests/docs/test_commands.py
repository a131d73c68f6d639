"""The commands of README.md and docs/ work as written, on a demonstration hub.

Blocks of the kind `sh` hold commands that are run in their order; `# exit N` after one names its exit code. Blocks of
the kind `console`, whose lines begin with a prompt, are not run: they need root, a server or files of the reader's. In
sentences, commands with a placeholder in capitals are not run.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from hzmetrics.cli import main
from hzmetrics.demo.directory import Directory
from tests.enrich.dns_server import DnsServer, serve

ROOT = Path(__file__).parents[2]
GENERATED = ("cli.md", "models.md")
DOCUMENTS = [ROOT / "README.md", *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name not in GENERATED)]
NOW = "2026-04-15T12:00:00"
FIND_PROBLEMS = ("status", "doctor", "audit", "reconstruct-imported-sources")
"""Commands that exit with 1 if they find a problem."""

pytestmark = pytest.mark.integration


class Command(NamedTuple):
    """A command line without the program's name, and the exit codes that it may have."""

    words: list[str]
    codes: tuple[int, ...]


def blocks(text: str, kind: str) -> Iterator[str]:
    """The lines of the fenced blocks of a kind, continued lines joined."""
    for block in re.findall(rf"^ *```{kind}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        yield from filter(None, map(str.strip, re.sub(r"\\\n\s*", "", block).splitlines()))


def commands_of(document: Path) -> list[Command]:
    """The commands to run."""
    found = []
    text = document.read_text(encoding="utf-8")
    for line in blocks(text, "sh"):
        words = shlex.split(line, comments=True)
        assert words[0] == "hzmetrics", f"{document.name}: {line!r} cannot be run; make it a block of the kind console"
        code = re.search(r"# exit (\d)", line)
        found.append(Command(words[1:], (int(code[1]),) if code else _codes(words[1:])))
    for line in re.findall(r"`hzmetrics ([^`]+)`", re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S)):
        words = shlex.split(line)
        if not any(re.match(r"[A-Z]{2}", word) for word in words):
            found.append(Command(words, _codes(words)))
    return found


def _codes(words: list[str]) -> tuple[int, ...]:
    return (0, 1) if words[0] in FIND_PROBLEMS else (0,)


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a small demonstration: one month, 2026-03."""
    root = tmp_path_factory.mktemp("documents") / "demo"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HZMETRICS_NOW", NOW)
        assert main(["demo", "--months", "1", "--lines", "2000", "--dir", str(root)]) == 0
    return root


@pytest.fixture
def hub(demonstration: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the demonstration, with a name server."""
    root = tmp_path / "demo"
    shutil.copytree(demonstration, root)
    directory = Directory(root)
    for variable, value in {**directory.environment, "HZMETRICS_NOW": NOW}.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.chdir(tmp_path)
    with serve(DnsServer()) as names:
        text = directory.configuration.read_text(encoding="utf-8").replace(str(demonstration), str(root))
        directory.configuration.write_text(f"{text}\n[dns]\nnameserver = {names.address}\n", encoding="utf-8")
        yield root


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if list(commands_of(path))], ids=lambda path: path.name
)
def test_every_command_works(document: Path, hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, codes in commands_of(document):
        code = main(words)
        told = capsys.readouterr()
        assert code in codes, f"{document.name}: {' '.join(words)}: exit code {code}\n{told.err}"
        assert "Traceback" not in told.err


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_that_are_not_run_have_a_prompt(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for line in blocks(text, "console"):
        assert re.match(r"[$#>] ", line), f"{document.name}: {line}"
    outside = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S)
    indented = re.findall(r"^(?: {4}|\t)[^\n]*\bhzmetrics [^\n]*$", outside, re.MULTILINE)
    assert not indented, f"{document.name}: commands outside of a fenced block: {indented}"
