"""The golden vectors of the live side (spec 80 to 86), against the product's functions and its command line."""

from __future__ import annotations

import gzip
import importlib
import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hzmetrics.cli import main

GOLDEN = Path(__file__).parent / "golden"


def vectors() -> list[Any]:
    """Those of scenarios run whole command lines on a database."""
    return [
        pytest.param(
            path,
            id=f"{path.parent.name}/{path.stem}",
            marks=[pytest.mark.integration] if path.stem.startswith("scenario") else [],
        )
        for path in sorted(GOLDEN.glob("*/*.json"))
    ]


@pytest.mark.parametrize("path", vectors())
def test_vector(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    given, expected = vector["input"], vector["expected"]
    if given["kind"] == "scenario":
        found: Any = {"queries": play(given, tmp_path, monkeypatch, capsys)}
    else:
        area = importlib.import_module(f"tests.legacy.vectors.{path.parent.name.replace('-', '_')}")
        found = json.loads(json.dumps(area.KINDS[given["kind"]](given)))
    assert_agrees(found, expected, vector["title"])


def play(
    given: dict[str, Any],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ask: Callable[[list[str]], Any] | None = None,
) -> dict[str, Any]:
    """Perform a scenario's steps in `folder`; the answers to its queries, of the command line or of `ask`."""

    def text(template: str) -> str:
        return template.replace("{dir}", str(folder))

    for name, content in given["files"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text(content), encoding="utf-8")
    (folder / "hzmetrics.conf").chmod(0o600)
    monkeypatch.setenv("HZMETRICS_CONFIG", str(folder / "hzmetrics.conf"))
    monkeypatch.setenv("HZMETRICS_HOME", str(folder / "home"))
    monkeypatch.setenv("HZMETRICS_LOG", str(folder / "log.txt"))
    answers: dict[str, Any] = {}
    for step in given["steps"]:
        ((action, arguments),) = step.items()
        if action not in ("run", "query"):
            change_file(folder, action, {key: text(value) for key, value in arguments.items()})
            continue
        monkeypatch.setenv("HZMETRICS_NOW", arguments["now"])
        if action == "query" and ask:
            answers[arguments["as"]] = ask([text(word) for word in arguments["args"]])
            continue
        capsys.readouterr()
        code = main([text(word) for word in arguments["args"]])
        output = capsys.readouterr().out
        assert code == arguments.get("exit", 0), arguments["args"]
        if action == "query":
            try:
                answers[arguments["as"]] = json.loads(output)
            except ValueError:
                answers[arguments["as"]] = output
    return answers


def change_file(folder: Path, action: str, step: dict[str, str]) -> None:
    match action:
        case "append" | "write":
            path = folder / step["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a" if action == "append" else "w", encoding="utf-8") as file:
                file.write(step["text"])
        case "rename":
            (folder / step["to"]).parent.mkdir(parents=True, exist_ok=True)
            (folder / step["from"]).rename(folder / step["to"])
        case "copytruncate":
            (folder / step["to"]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / step["from"], folder / step["to"])
            os.truncate(folder / step["from"], 0)
        case "gzip":
            path = folder / step["path"]
            with path.open("rb") as source, gzip.open(f"{path}.gz", "wb") as target:
                shutil.copyfileobj(source, target)
            shutil.copystat(path, f"{path}.gz")
            path.unlink()
        case "remove":
            (folder / step["path"]).unlink()
        case _:
            raise ValueError(action)


def assert_agrees(found: Any, expected: Any, where: str) -> None:
    """Equal, numbers within a millionth."""
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        assert type(found) is type(expected), where
        assert found == expected, where
    elif isinstance(expected, int | float):
        assert isinstance(found, int | float), where
        assert math.isclose(found, expected, rel_tol=1e-6, abs_tol=1e-6), f"{where}: {found} instead of {expected}"
    elif isinstance(expected, dict):
        assert set(found) == set(expected), f"{where}: {list(found)}"
        for key in expected:
            assert_agrees(found[key], expected[key], f"{where}.{key}")
    else:
        assert len(found) == len(expected), f"{where}: {found} instead of {expected}"
        for number, pair in enumerate(zip(found, expected, strict=True)):
            assert_agrees(*pair, f"{where}[{number}]")
