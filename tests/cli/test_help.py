"""Command summaries fit their column; a wrong word on the command line names the right ones."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from hzmetrics.cli import FAMILIES, cli, main

WIDTH = 78
"""What click prints on a terminal of 80 columns."""


def summaries() -> Iterator[tuple[str, str, int]]:
    """Each command with its summary, and the room that the other names of its list leave for it."""
    context = click.Context(cli, info_name="hzmetrics")
    for names in FAMILIES.values():
        commands = {name: cli.get_command(context, name) for name in names}
        yield from _of_list("", commands)
        for name, command in commands.items():
            if isinstance(command, click.Group):
                yield from _of_list(f"{name} ", command.commands)


def _of_list(above: str, commands: dict[str, click.Command | None]) -> Iterator[tuple[str, str, int]]:
    room = WIDTH - max(map(len, commands)) - (6 if above else 4)
    for name, command in commands.items():
        assert command is not None
        yield f"{above}{name}", command.get_short_help_str(1000), room


@pytest.mark.parametrize(("command", "summary", "room"), [pytest.param(*row, id=row[0]) for row in summaries()])
def test_a_summary_is_a_sentence_on_one_line(command: str, summary: str, room: int) -> None:
    assert summary[:1].isupper() and summary.endswith("."), summary
    assert len(summary) <= room, summary


def test_no_two_commands_of_the_first_level_have_one_summary() -> None:
    texts = [summary for command, summary, _ in summaries() if " " not in command]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["statsu"], ["'stats'", "'status'"]),
        (["rebuild-form"], ["'rebuild-from'"]),
        (["events", "updat"], ["'update'"]),
        (["tools", "shwo"], ["'show'"]),
        (["run", "--al"], ["'--all'"]),
        (["--verbos"], ["'--verbose'"]),
    ],
    ids=" ".join,
)
def test_a_wrong_word_names_the_nearest(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert "Did you mean" in told
    for word in words:
        assert word in told


def test_a_word_that_resembles_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["xyzzy"]) == 2
    assert "No such command 'xyzzy'." in capsys.readouterr().err


@pytest.mark.parametrize("text", ["1,,14", ",1", "1,", " , "])
@pytest.mark.parametrize("command", ["summarize-month --periods", "rebuild-summaries --since 2026-01 --periods"])
def test_an_empty_item_in_a_list_is_refused(command: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), text]) == 2
    if text.strip() != ",":
        assert "empty item" in capsys.readouterr().err
