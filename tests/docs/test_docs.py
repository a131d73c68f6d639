"""The documents say what the program says."""

from __future__ import annotations

import re
import shutil
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from docs import generate
from docs.settings import configuration
from hzmetrics import config
from hzmetrics.cli import cli

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_command_reference_is_current() -> None:
    written = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    assert written == generate.command_line(), "run: make docs"


def test_the_reference_of_the_configuration_is_current() -> None:
    written = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert written == configuration(), "run: make docs"


def test_configurations_in_documents_have_no_mistakes_and_correct_all(tmp_path: Path) -> None:
    """Every example that configures a hub, as opposed to single keys."""
    file = tmp_path / "hzmetrics.conf"
    found = 0
    for document in DOCUMENTS:
        content = document.read_text(encoding="utf-8")
        code = re.findall(r"^(?: {4}.*\n|\n)+", content, re.MULTILINE)
        code += re.findall(r"^```ini\n(.*?)^```$", content, re.MULTILINE | re.DOTALL)
        for text in map(textwrap.dedent, code):
            if text.lstrip().startswith("[hub]"):
                file.write_text(text, encoding="utf-8")
                source = config.read(file, {})
                assert config.find_mistakes(source) == [], document.name
                assert config.build(source).corrections == frozenset(config.CORRECTIONS), document.name
                found += 1
    assert found >= 3


def test_the_list_of_models_is_current() -> None:
    written = (ROOT / "docs/models.md").read_text(encoding="utf-8")
    assert written == generate.models(), "run: make docs"


def test_the_manual_page_is_current() -> None:
    written = (ROOT / "docs/hzmetrics.1").read_text(encoding="utf-8")
    assert written == generate.manual_page(), "run: make docs"


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_manual_page_renders_without_warnings() -> None:
    command = ["groff", "-man", "-Tutf8", "-ww", "-rLL=80n", str(ROOT / "docs/hzmetrics.1")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "Read this configuration file." in done.stdout


def examples(document: Path) -> Iterator[list[str]]:
    """The `hzmetrics` command lines in a document's code, fenced or indented, as words after the program's name."""
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    code = [
        line for block in re.findall(r"```(?:sh|console)\n(.*?)```", text, re.DOTALL) for line in block.splitlines()
    ]
    code += re.findall(r"^(?: {4}|\t)(.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    for line in code:
        match = re.search(r"(?:^|[\s/])hzmetrics ([a-z-][^|>;&#]*)", line)
        if match and not re.search(r"\b(install|chown|chmod|ln|[a-z]+ = )", line[: match.start()]):
            yield match[1].replace("'", " ").split()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_in_documents_exist(document: Path) -> None:
    for words in examples(document):
        command: click.Command = cli
        context = click.Context(cli, info_name="hzmetrics")
        if words[:1] == ["-c"]:
            words = words[2:]
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            found = command.get_command(context, words[0])
            assert found is not None, f"{document.name}: no command {words[0]}"
            command, words = found, words[1:]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        for word in words:
            if word.startswith("-") and word != "-":
                option = word.partition("=")[0]
                assert option in {*known, "--help", "-h"}, f"{document.name}: {command.name} has no {option}"
