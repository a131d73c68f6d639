"""What a key of the configuration can hold: from text to a value.

A key is a descriptor of its section: reading the attribute gives the typed value in effect.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar, overload

from hzmetrics import memory
from hzmetrics.calendar import day
from hzmetrics.errors import UsageError

T = TypeVar("T")

Fallback = Literal["stop", "default", "next"]
"""What a value that cannot be used leads to: an error; the default; the next source (environment, file, default)."""


class BadValue(ValueError):
    """Why a value cannot be used."""


class Unreadable(BadValue):
    """The value is not even of the right type: where the next source counts, it does so only for this reason."""


class Holder(Protocol):
    """A section: what knows the value of a key."""

    def value(self, key: Key[T]) -> T: ...


class Key(Generic[T]):
    """One key: its default as the file would have it, and what it means in one line.

    `shown` describes a default that depends on something else. `sample` is what the sample file gives.
    """

    kind = "text"
    empty: Any = None
    """The value where neither a source nor a default gives a text."""
    name = ""

    def __init__(
        self,
        default: object,
        meaning: str,
        *,
        environment: str = "",
        when: tuple[str, str] | None = None,
        fallback: Fallback = "stop",
        secret: bool = False,
        blank: bool = False,
        shown: str = "",
        sample: str | None = None,
    ) -> None:
        self.default = str(default)
        self.meaning = meaning
        self.environment = environment
        """The name of the environment variable; empty: none."""
        self.when = when
        """A variable and the value that it must have for `environment` to count."""
        self.fallback: Fallback = fallback
        self.secret = secret
        self.blank = blank
        """Whether an empty text is a value; otherwise it counts as not given."""
        self.shown = shown or self.default
        self.sample = sample

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, section: None, owner: type) -> Key[T]: ...

    @overload
    def __get__(self, section: Holder, owner: type) -> T: ...

    def __get__(self, section: Holder | None, owner: type) -> Key[T] | T:
        if section is None:
            return self
        value = section.value(self)
        section.__dict__[self.name] = value
        return value

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Whether the environment variable counts."""
        return not self.when or environment.get(self.when[0], "").strip() == self.when[1]

    def parse(self, text: str) -> T:
        """The value of a text. Raises BadValue."""
        raise NotImplementedError

    def standard(self) -> T:
        """The value where no source gives one."""
        if self.default or self.blank:
            return self.parse(self.default)
        value: T = self.empty
        return value


class Text(Key[str]):
    """Any text."""

    empty = ""

    def parse(self, text: str) -> str:
        return text


class NameServers(Key[str]):
    """`system`, or the addresses of name servers."""

    kind = "`system`, or ADDRESS[:PORT], separated by commas"

    def parse(self, text: str) -> str:
        return text or "system"


class WebAddress(Text):
    """The address of a service."""

    kind = "http:// or https:// address"

    def parse(self, text: str) -> str:
        if text and not text.startswith(("http://", "https://")):
            raise BadValue(f"{text!r} does not begin with http:// or https://")
        return text


class Listen(Key[str]):
    """Where a server listens."""

    kind = "ADDRESS:PORT, or unix:PATH"

    def parse(self, text: str) -> str:
        if text.startswith("unix:"):
            if not text.removeprefix("unix:").startswith("/"):
                raise BadValue(f"{text!r}: the path of the socket does not begin with /")
            return text
        address, separator, port = text.rpartition(":")
        if not separator or not address:
            raise BadValue(f"{text!r} is neither ADDRESS:PORT nor unix:PATH")
        try:
            is_loopback = address == "localhost" or ip_address(address.strip("[]")).is_loopback
        except ValueError:
            raise BadValue(f"{text!r}: {address!r} is not an IP address") from None
        if not is_loopback:
            raise BadValue(
                f"{text!r} is not an address of this machine alone: put a web server in front (docs/serve.md)"
            )
        whole(port, 0, 65_535)
        return text


class Prefix(Text):
    """The beginning of the paths of a server: empty, or with a slash in front and none at the end."""

    kind = "path that begins with /"

    def parse(self, text: str) -> str:
        if text and not text.startswith("/"):
            raise BadValue(f"{text!r} does not begin with /")
        return text.rstrip("/")


class Peers(Key[tuple[str, ...]]):
    """Addresses and networks; where `unix` is allowed, it stands for the socket file."""

    kind = "IP addresses and networks, separated by commas"
    empty: tuple[str, ...] = ()

    def __init__(self, default: str, meaning: str, *, unix: bool = False, **more: Any) -> None:
        super().__init__(default, meaning, **more)
        self.unix = unix
        self.kind = f"{Peers.kind}{'; or unix' if unix else ''}"

    def parse(self, text: str) -> tuple[str, ...]:
        found = tuple(item.strip() for item in re.split(r"[,\n]", text) if item.strip())
        for item in found:
            try:
                _ = (self.unix and item == "unix") or ip_network(item)
            except ValueError:
                raise BadValue(f"{item!r} is not an IP address or network") from None
        return found


class Choice(Key[str]):
    """One of a few words."""

    empty = ""

    def __init__(self, default: str, choices: Sequence[str], meaning: str, **more: Any) -> None:
        super().__init__(default, meaning, **more)
        self.choices = tuple(choices)
        self.kind = ", ".join(choices)

    def parse(self, text: str) -> str:
        word = text.lower()
        if word not in self.choices:
            raise BadValue(f"{text!r} is not one of {', '.join(self.choices)}{nearest(word, self.choices)}")
        return word


def nearest(word: str, known: Sequence[str], form: str = "{}") -> str:
    """A hint at the known word most like `word`; empty when none is."""
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), known, n=1)
    return f"; did you mean {form.format(near[0])}?" if near else ""


YES = ("yes", "true", "on", "1")
NO = ("no", "false", "off", "0")


class Flag(Key[bool]):
    """Yes or no."""

    kind = "yes, no"

    def parse(self, text: str) -> bool:
        if text.lower() in (*YES, *NO):
            return text.lower() in YES
        raise BadValue(f"{text!r} is neither yes nor no")


class Switch(Key[bool | None]):
    """Yes, no, or auto (None): what is found decides."""

    kind = "yes, no, auto"

    def parse(self, text: str) -> bool | None:
        if text.lower() in (*YES, *NO):
            return text.lower() in YES
        if text.lower() != "auto":
            raise BadValue(f"{text!r} is not one of yes, no, auto")
        return None


class Whole(Key[int]):
    """A whole number in a range."""

    def __init__(self, default: int, low: int, high: int | None, meaning: str, **more: Any) -> None:
        super().__init__(default, meaning, **more)
        self.low, self.high = low, high
        self.kind = f"{low} or more" if high is None else f"{low} to {high}"

    def parse(self, text: str) -> int:
        return whole(text, self.low, self.high)


class Port(Key[int | None]):
    """A port, or none: the usual one."""

    kind = "1 to 65535"

    def parse(self, text: str) -> int | None:
        return whole(text, 1, 65_535)


def whole(text: str, low: int, high: int | None) -> int:
    """A whole number from `low` to `high`. Raises BadValue."""
    place = f"of at least {low}" if high is None else f"from {low} to {high}"
    problem = f"{text!r} is not a whole number {place}"
    try:
        number = int(text)
    except ValueError:
        raise Unreadable(problem) from None
    if not low <= number <= (number if high is None else high):
        raise BadValue(problem)
    return number


class Seconds(Key[float]):
    """A number above 0."""

    kind = "number above 0"

    def parse(self, text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if not 0 < number < float("inf"):
            raise Unreadable(f"{text!r} is not a number above 0")
        return number


class Number(Key[float]):
    """Any number."""

    kind = "number"

    def parse(self, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise BadValue(f"{text!r} is not a number") from None


class Memory(Key[int]):
    """Bytes of memory, written with a unit or as a share of what there is."""

    kind = f"number with KB, MB, GB, TB or %, at least {memory.LEAST // memory.MB} MB"

    UNITS: ClassVar = {"K": memory.MB // 1000, "M": memory.MB, "G": 1000 * memory.MB, "T": 1000**2 * memory.MB}
    """By the first letter; the B is optional."""

    def parse(self, text: str) -> int:
        written = re.fullmatch(r"([0-9]{1,18}(?:\.[0-9]{1,9})?) *(%|[KMGT]B?)", text, re.IGNORECASE)
        if not written:
            raise BadValue(f"{text!r} is not a number with KB, MB, GB, TB or %, such as 2GB")
        number, unit = float(written[1]), written[2].upper()
        if unit == "%":
            if not 1 <= number <= 100:
                raise BadValue(f"{text!r} is not from 1% to 100%")
            return memory.share(number)
        size = round(number * self.UNITS[unit[0]])
        if size < memory.LEAST:
            raise BadValue(f"{text!r} is less than {memory.LEAST // memory.MB} MB")
        return size


class File(Key[Path | None]):
    """A file or directory that need not be named."""

    kind = "path"

    def parse(self, text: str) -> Path | None:
        return Path(text)


class Place(Key[Path]):
    """A file or directory with a default."""

    kind = "path"

    def parse(self, text: str) -> Path:
        return Path(text)


class Words(Key[tuple[str, ...]]):
    """A list separated by blanks, commas or line ends."""

    kind = "words, separated by blanks or commas"
    empty: tuple[str, ...] = ()

    def parse(self, text: str) -> tuple[str, ...]:
        return tuple(word for word in re.split(r"[\s,]+", text) if word)


class Items(Key[tuple[str, ...]]):
    """A list separated by commas or line ends; an item may hold blanks."""

    kind = "list, separated by commas or line ends"
    empty: tuple[str, ...] = ()

    def parse(self, text: str) -> tuple[str, ...]:
        return tuple(item.strip() for item in re.split(r"[,\n]", text) if item.strip())


class Pattern(Text):
    """A regular expression. Its reader checks it: RE2, which evaluates it, is costly to import."""

    kind = "regular expression of RE2"

    def __init__(self, default: str, meaning: str, *, groups: tuple[str, ...] = (), **more: Any) -> None:
        super().__init__(default, meaning, **more)
        if groups:
            self.kind = f"{Pattern.kind} with the groups {', '.join(groups)}"


class Zone(Key[tzinfo]):
    """A time zone by name; without one, that of the machine."""

    kind = "name of a time zone"

    def standard(self) -> tzinfo:
        if self.default:
            return self.parse(self.default)
        from tzlocal import get_localzone

        return get_localzone()

    def parse(self, text: str) -> tzinfo:
        from zoneinfo import ZoneInfo

        try:
            return ZoneInfo(text)
        except (KeyError, ValueError, OSError):
            raise BadValue(f"{text!r} is not the name of a time zone, such as Europe/Berlin") from None


class ZoneName(Key[str]):
    """The name of a time zone."""

    kind = Zone.kind
    empty = ""

    def parse(self, text: str) -> str:
        Zone("", "").parse(text)
        return text


class Command(Key[tuple[str, ...]]):
    """A program and its arguments, quoted as in a shell."""

    kind = "command"
    empty: tuple[str, ...] = ()

    def parse(self, text: str) -> tuple[str, ...]:
        import shlex

        try:
            return tuple(shlex.split(text))
        except ValueError as error:
            raise BadValue(f"{text!r} cannot be read as a command: {error}") from None


class Day(Key[dt.date]):
    """A day."""

    kind = "YYYY-MM-DD"

    def parse(self, text: str) -> dt.date:
        try:
            return day(text)
        except UsageError as error:
            raise BadValue(str(error)) from None


class Levels(Key[tuple[int, int]]):
    """Two whole numbers, the first not below the second."""

    kind = "two whole numbers, the larger one first"

    def parse(self, text: str) -> tuple[int, int]:
        try:
            first, second = map(int, re.split(r"[\s,]+", text))
        except ValueError:
            raise BadValue(f"{text!r} is not two whole numbers, such as 15, 5") from None
        if not first >= second >= 0:
            raise BadValue(f"{text!r}: the first number must not be below the second, nor the second below 0")
        return first, second


class Names(Key[frozenset[str]]):
    """`none`, `all`, or a list of known names; a list may begin with `all`."""

    def __init__(self, default: str, known: Sequence[str], meaning: str, **more: Any) -> None:
        super().__init__(default, meaning, **more)
        self.known = known
        self.kind = "`none`, `all`, or names separated by commas"

    def parse(self, text: str) -> frozenset[str]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        if names == ["none"]:
            return frozenset()
        if "none" in names:
            raise BadValue(f"{text!r}: none cannot be combined with names")
        for name in names:
            if name not in ("all", *self.known):
                hint = nearest(name, ("none", "all", *self.known)) or f"; known are none, all, {', '.join(self.known)}"
                raise BadValue(f"{name!r} is not the name of a correction{hint}")
        return frozenset(names)
