"""What a run remembers of a hub: `state.json` beside its cells."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hzmetrics import files
from hzmetrics.errors import HzmetricsError, in_words
from hzmetrics.output.document import document

NAME = "state.json"


@dataclass(frozen=True)
class State:
    """The content of the file. Times are UTC."""

    succeeded: str = ""
    """When the last run that came to its end with the hub began; empty: none did."""
    tried: str = ""
    """When the last run began."""
    failure: str = ""
    """Why that run did not come to its end with the hub; empty: it did."""
    lake: str = ""
    """The lake that the cells are of, and the months that were asked for, as a digest."""
    months: Mapping[str, str] = field(default_factory=dict)
    """By month that has cells: a digest of all that they depend on."""
    logs: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Logs that are in the lake: size in bytes, and time of the last change in ns."""
    dimensions: str = ""
    """When the dimensions in the lake were exported."""

    def write(self, directory: Path) -> None:
        """Write the file. Raises HzmetricsError."""
        text = document(dataclasses.asdict(self), indent=1)
        try:
            files.make_directory(directory)
            files.replace(directory / NAME, f"{text}\n".encode("ascii"), files.INTERNAL)
        except OSError as error:
            raise HzmetricsError(f"cannot write {directory / NAME}: {error.strerror}") from None


def read(directory: Path) -> State:
    """What is remembered of a hub; nothing, if there is no file. Raises HzmetricsError."""
    path = directory / NAME
    try:
        content: dict[str, Any] = json.loads(files.read(path))
        logs = {name: (int(size), int(changed)) for name, (size, changed) in content["logs"].items()}
        return State(**{**content, "logs": logs})
    except FileNotFoundError:
        return State()
    except OSError as error:
        raise HzmetricsError(f"cannot read {in_words(error)}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise HzmetricsError(f"{path} is not the state of a hub; the next run computes all its months again") from None
