"""The grammars of a hub's log lines (spec 10 §2, §6): what a line of each format is made of.

Every pattern is one anchored expression with greedy quantifiers. RE2, which evaluates them, finds the match a
backtracking matcher finds first, in time linear in the line. Groups are the fields that are used, in order; the models
name them.
"""

from __future__ import annotations

BLANKS = r"[\s\v]+"
WORD = r"[^\s\v]+"

DATE = r"\d{4}-\d{2}-\d{2}"
TIME = r"\d+:\d{2}:\d{2}"
ZONE = r"[\w-]+"
ANY_ZONE = r"[\w:+-]+"
"""As `ZONE`, and offsets east of Greenwich: such lines are counted, and with the correction `zones` read."""
FOREIGN_ZONE = "[+:]"
"""What tells these offsets from a `ZONE`."""
PROCESS = r"\d+"
STATUS = r"[\d-]+"
SIZE = r"\d+"
ADDRESS = r"[\w.-]+"
ANY_ADDRESS = r"[\w.:-]+"
"""As `ADDRESS`, and IPv6 too: such lines are recognized to be counted, and with a correction to be read."""
VALUES = (r"[\w.-]+", r"[\w-]+", r"[\w-]+")
"""TLS version or port, and two values that are not used."""
USER_ID = r"[\d-]+"
TAIL_FIELD = r"[^_].*"


def _line(*elements: str) -> str:
    return "^" + BLANKS.join(elements) + "$"


def _access(zone: str, address: str) -> tuple[str, str]:
    """The 23-field and the 14-field format (spec 10 §2.2, §2.3).

    Groups: date, time, zone, process (23 only), request, status, size, address, referrer, agent; then user id and
    the eight tail fields (23), or the rest of the line (14).
    """
    when = (f"({DATE})", f"({TIME})", f"({zone})")
    answer = ('"(.+)"', f"({STATUS})", f"({SIZE})", f"({address})", '"(.*)"', '"(.*)"', *VALUES)
    full = _line(*when, f"({PROCESS})", WORD, *answer, f"({USER_ID})", *[f"({TAIL_FIELD})"] * 8)
    short = _line(*when, WORD, *answer, "(.*)")
    return full, short


FULL_LINE, SHORT_LINE = _access(ZONE, ADDRESS)
FULL_LINE_ANY, SHORT_LINE_ANY = _access(ANY_ZONE, ANY_ADDRESS)

PLAIN_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
PLAIN_WORD = r'[^\s\v"]+'
PLAIN_REQUEST = r'"[!#-~]+ [!#-~]+ [!#-~]+"'
PLAIN_ANSWER = rf'{PLAIN_REQUEST} {STATUS} {SIZE} {ANY_ADDRESS} "[^"]*" "[^"]*" {" ".join(VALUES)}'
PLAIN_FULL = (
    rf"^{DATE} {PLAIN_TIME} {ANY_ZONE} {PROCESS} {PLAIN_WORD} {PLAIN_ANSWER} {USER_ID}"
    r'( [^_\s\v"][^\s\v"]*){8}$'
)
PLAIN_SHORT = rf'^{DATE} {PLAIN_TIME} {ANY_ZONE} {PLAIN_WORD} {PLAIN_ANSWER} [^\s\v"]*$'
"""Plain lines of both formats. A line with exactly six quotes must end its quoted fields at them; with single blanks
and nothing that could join two tail fields there is only one way to read it: as values that blanks separate. Their
requests are of three words, their times of day exist."""

AUTH_TIME = r"\d{2}:\d{2}:\d{2}"
ACTION = r"(\w+)"


def _auth(address: str) -> tuple[str, str, str]:
    """The three shapes of an auth line (spec 10 §6.1).

    Groups: date, time, user id (A and B), user, address, action.
    """
    end = r"[\s\v]*$"
    number = _line(f"({DATE})", f"({AUTH_TIME})", r"(\d+)", r"\[(.+)\]", f"({address})", ACTION)[:-1] + end
    framework = (
        rf"^\[({DATE}){BLANKS}({AUTH_TIME})\]{BLANKS}production\.INFO:{BLANKS}({WORD})(?:{BLANKS}\[([^\]]*)\])?"
        rf"{BLANKS}({address}){BLANKS}{ACTION}(?:{BLANKS}\[\]{BLANKS}\[\])?{end}"
    )
    name = _line(f"({DATE})", f"({AUTH_TIME})", "(.+)", f"({address})", ACTION)[:-1] + end
    return number, framework, name


AUTH_NUMBER, AUTH_FRAMEWORK, AUTH_NAME = _auth(r"[\d.]+")
AUTH_NUMBER_ANY, AUTH_FRAMEWORK_ANY, AUTH_NAME_ANY = _auth(r"[\dA-Fa-f.]*:[\dA-Fa-f:.]*")

ACCESS = {
    "full_line": FULL_LINE,
    "short_line": SHORT_LINE,
    "full_line_any": FULL_LINE_ANY,
    "short_line_any": SHORT_LINE_ANY,
}
"""The patterns of access lines by the names the models know them by."""

AUTH = {
    "auth_number": AUTH_NUMBER,
    "auth_framework": AUTH_FRAMEWORK,
    "auth_name": AUTH_NAME,
    "auth_number_any": AUTH_NUMBER_ANY,
    "auth_framework_any": AUTH_FRAMEWORK_ANY,
    "auth_name_any": AUTH_NAME_ANY,
}
"""The patterns of auth lines by the names the models know them by."""
