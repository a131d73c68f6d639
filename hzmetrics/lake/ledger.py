"""Which logs a lake holds, and the bots that they showed: `private/ledger.json`."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from hzmetrics import files
from hzmetrics.calendar import Month
from hzmetrics.errors import HzmetricsError, UsageError, in_words
from hzmetrics.ingest.sources import Kind
from hzmetrics.lake import storage
from hzmetrics.lake.storage import Location
from hzmetrics.logs.reader import Identity
from hzmetrics.output.document import document

NAME = "ledger.json"


@dataclass(frozen=True)
class IngestedLog:
    """A log whose requests are in the lake. Logs are numbered by their place in the ledger, from 0 on."""

    name: str
    """The file."""
    kind: Kind
    text: Identity
    first: int
    """The number of its first request; of an auth log, that of the next."""
    requests: int
    """How many numbers its requests have taken."""
    months: tuple[Month, ...]


@dataclass(frozen=True)
class Ledger:
    """The content of the file. It is replaced whole: requests of a log that is not in it do not count."""

    logs: tuple[IngestedLog, ...] = ()
    bots: frozenset[str] = frozenset()
    """The user agents that are known as bots when the next log begins (spec 10 §3.2)."""

    @property
    def next_id(self) -> int:
        """The number of the next request."""
        return self.logs[-1].first + self.logs[-1].requests if self.logs else 1

    @property
    def months(self) -> list[Month]:
        """The months with requests, ascending."""
        return sorted({month for log in self.logs for month in log.months})

    @property
    def auth_logs(self) -> list[int]:
        """The numbers of the auth logs."""
        return [number for number, log in enumerate(self.logs) if log.kind == "auth"]

    def logs_of(self, month: Month) -> list[int]:
        """The numbers of the logs with requests of a month."""
        return [number for number, log in enumerate(self.logs) if month in log.months]

    def write(self, directory: Location) -> None:
        """Write the file. Raises HzmetricsError."""
        logs = [dataclasses.asdict(log) | {"months": list(map(str, log.months))} for log in self.logs]
        text = document({"logs": logs, "bots": sorted(self.bots)}, indent=1)
        storage.replace(directory / NAME, f"{text}\n".encode(), files.SECRET)


def read(directory: Location) -> Ledger:
    """The ledger of a lake; an empty one if there is none. Raises HzmetricsError."""
    path = directory / NAME
    try:
        content = json.loads(storage.read(path))
        logs = (
            IngestedLog(
                **log | {"text": Identity(**log["text"]), "months": tuple(map(Month.parse, log["months"]))},
            )
            for log in content["logs"]
        )
        return Ledger(tuple(logs), frozenset(content["bots"]))
    except FileNotFoundError:
        return Ledger()
    except OSError as error:
        raise HzmetricsError(f"cannot read {in_words(error)}") from None
    except (ValueError, KeyError, TypeError, AttributeError, UsageError):
        raise HzmetricsError(f"{path} is not the ledger of a lake") from None
