"""Every published figure: its name, its unit, what it counts, and what is known to be wrong with it (spec 50)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["count", "seconds", "text"]


@dataclass(frozen=True)
class Figure:
    """A cell of the grids that people read."""

    key: str
    """`GRID.ROWID.COLID`; grids are user, simusage and misc."""
    title: str
    definition: str
    """One sentence on what it counts."""
    limits: str = ""
    """What keeps it from being exactly that."""
    unit: Unit = "count"
    corrected: str = ""
    """The correction with which it has no such limits."""
    times: Literal["hours", "minutes"] = "hours"
    """The unit of columns of times."""

    @property
    def column_unit(self) -> str:
        """The unit of a column of the figure, which its head names."""
        return self.times if self.unit == "seconds" else self.unit

    @property
    def column_title(self) -> str:
        """What such a column is called."""
        return f"{self.title}, {self.times}" if self.unit == "seconds" else self.title

    @property
    def id(self) -> str:
        """The key as an identifier in HTML."""
        return self.key.replace(".", "-")


@dataclass(frozen=True)
class Group:
    """A row of the user grid: people of whom residence and organization are counted too."""

    row: int
    title: str
    definition: str
    limits: str = ""
    corrected: str = ""
    members: str = ""
    """Of whom the organization is counted, if not of all."""

    def figure(self, column: int) -> Figure:
        """The figure of one column of the row."""
        if column == 1:
            return Figure(f"user.{self.row}.1", self.title, self.definition, self.limits, "count", self.corrected)
        title, definition = COLUMNS[column]
        who = f"{self.title}, {self.members}" if self.members and column in (7, *ORGANIZATION) else self.title
        return Figure(f"user.{self.row}.{column}", title, f"{who}: {definition}")


GROUPS = (
    Group(
        1, "Users", "Registered users, visitors who stayed, and visitors who downloaded something.",
        "Without the correction distinct-total, a person who came both with and without logging in counts twice.",
        "distinct-total",
    ),
    Group(6, "Registered users", "Distinct names that logged in during the period."),
    Group(
        7, "Visitors who stayed",
        "Distinct visitors without a login who stayed for 15 minutes or more.",
        "A visitor is an address with its host name: people behind one address are one, a person who moves is several.",
    ),
    Group(
        8, "Visitors who downloaded",
        "Distinct visitors without a login who downloaded something in a visit of less than 15 minutes.",
        "A visitor is an address with its host name: people behind one address are one, a person who moves is several.",
    ),
    Group(2, "Simulation users", "Distinct users who started a simulation successfully."),
    Group(
        3, "Interactive users",
        "Visitors who stayed, and the users known at the addresses of such visits. Where they work is counted of these "
        "users only.",
        "Without the correction dated-logins, a login at any time makes a user known.",
        "dated-logins", "only the users known at the addresses",
    ),
    Group(
        4, "Download users",
        "Visitors who downloaded, and the users known at the addresses of such visits. Where they work is counted of "
        "these users only.",
        "Without the correction dated-logins, a login at any time makes a user known.",
        "dated-logins", "only the users known at the addresses",
    ),
)  # fmt: skip
"""The rows of the user grid, in reading order (spec 50 §3.1)."""

COLUMNS = {
    2: ("Residence known", "those whose country is known."),
    3: ("United States", "those who live in the United States."),
    4: ("Asia", "those who live in Asia."),
    5: ("Europe", "those who live in Europe."),
    6: ("Elsewhere", "those who live in any other country."),
    7: ("Organization known", "those for whom the kind of organization is known."),
    8: ("Education", "those who study, teach or work at schools and universities."),
    9: ("Industry", "those in industry."),
    10: ("Government", "those in government."),
    11: ("Other", "those in organizations of another kind."),
}
"""Columns 2 to 11 of the user grid: title, and who is counted in them."""

RESIDENCE = (3, 4, 5, 6)
ORGANIZATION = (8, 9, 10, 11)

SIMULATION = (
    Figure("simusage.1.1", "Simulation users", "Distinct users who started a simulation successfully."),
    Figure(
        "simusage.2.1", "Simulation runs",
        "Tool starts of users that succeeded: the launch of each tool session, and each job that ran in it. The runs "
        "of a single tool are counted otherwise: without launches, and with those that had to wait.",
    ),
    Figure(
        "simusage.3.1", "CPU time", "Processor time of the tool sessions that began in the period.",
        "Sessions that have not ended yet have no times.", "seconds",
    ),
    Figure(
        "simusage.4.1", "Wall time", "Time that the tool sessions that began in the period were open.",
        "Sessions that have not ended yet have no times.", "seconds",
    ),
    Figure(
        "simusage.5.1", "Interaction time", "Time that the tool sessions that began in the period were in view.",
        "Sessions that have not ended yet have no times.", "seconds",
    ),
    Figure(
        "simusage.6.1", "Users with 10 CPU minutes or more", "Simulation users with 10 minutes of CPU time or more.",
    ),
    Figure("simusage.7.1", "Runs per user", "Simulation runs divided by simulation users, rounded."),
    Figure(
        "simusage.8.1", "First to last run",
        "Whole days from a user's first run ever to the last one of the period, on average over all simulation users; "
        "who ran once in the period counts with 0.", "", "seconds",
    ),
    Figure("simusage.9.1", "Users with 10 runs or more", "Simulation users with 10 runs or more in the period."),
    Figure(
        "simusage.10.1", "Users of 90 days or more",
        "Simulation users whose last run of the period came 90 days or more after their first ever.",
    ),
)  # fmt: skip
"""The simulation grid (spec 50 §3.2)."""

VISITORS = Figure(
    "misc.4.1", "Visitors", "Distinct pairs of an address and its host name among the visits.",
    "People behind one address are one visitor; machines that are recognized are left out.",
)  # fmt: skip
VISITS = Figure("misc.5.1", "Visits", "Series of requests of one visitor with pauses of at most 30 minutes.")
SESSIONS = Figure("misc.2.1", "User sessions", "Visits of 15 minutes or more, and visits with a tool start.")
HITS = Figure(
    "misc.8.1", "Page views", "Requests for pages and files by people, without pictures, scripts and style sheets.",
    "Counted at the import: requests of machines that were recognized later are included.",
)  # fmt: skip
DOMAINS = Figure("misc.1.1", "Domains served", "Distinct domains of the visits.")
ACCOUNTS = Figure("misc.6.1", "New accounts", "Accounts that were registered in the period.")
SESSION_TIME = Figure("misc.3.1", "Session time", "Total duration of the user sessions.", "", "seconds")
BUSIEST_DAY = Figure("misc.7.1", "Busiest day", "The day on which most users logged in.", "", "text")

TRAFFIC = (VISITORS, VISITS, SESSIONS, SESSION_TIME, HITS, DOMAINS, ACCOUNTS, BUSIEST_DAY)
"""The grid of everything else (spec 50 §3.3)."""

USERS = tuple(group.figure(1) for group in GROUPS)

FIGURES = {
    figure.key: figure
    for figure in (
        *(group.figure(column) for group in GROUPS for column in range(1, 12)),
        *SIMULATION,
        *TRAFFIC,
    )
}
"""Every figure by its key: all cells of a month and period."""

HEADLINES = (
    *(figure for figure in USERS if figure.key not in ("user.3.1", "user.4.1")),
    SIMULATION[1], VISITORS, VISITS, SESSIONS, HITS, ACCOUNTS, DOMAINS,
)  # fmt: skip
"""The figures that the overview begins with."""

VISITOR_HEADLINES = (VISITORS, VISITS, HITS, SESSIONS, GROUPS[2].figure(1), GROUPS[3].figure(1))
"""The same where nobody has ever logged in: a site without a hub."""


@dataclass(frozen=True)
class Period:
    """What a cell covers; all periods end with their month."""

    code: int
    title: str
    phrase: str
    """After a number: users ..."""
    step: int
    """Months to the period before that of the same kind; 0: there is none."""


ALL_TIME = 14

PERIODS = (
    Period(1, "Month", "in the month", 1),
    Period(3, "Quarter to date", "in the quarter to date", 3),
    Period(0, "Year to date", "in the calendar year to date", 12),
    Period(13, "Fiscal year to date", "in the fiscal year to date, from October", 12),
    Period(12, "12 months", "in the twelve months", 12),
    Period(ALL_TIME, "All time", "since the beginning", 0),
)
"""The periods, the shortest first."""

CORRECTIONS = {
    "all-days": "visits of the 8th, 16th and 24th of a month are counted",
    "last-session": "the last visit of a month is counted",
    "session-order": "a visit has one host, and its requests are in the order of time",
    "bots-first": "no request of a machine is counted, not even before the machine is recognized",
    "bot-tokens": "machines are recognized by evidence, not by parts of their names alone",
    "exact-ip-filter": "an excluded address excludes no other one",
    "ipv6": "visitors with IPv6 addresses are counted",
    "zones": "log lines in every time zone are read",
    "offsets": "log lines from several time zones are put on one clock",
    "absolute-urls": "requests with a full address count as those for their path",
    "window-start": "the first second of a period belongs to it",
    "dated-logins": "a login makes an address known in its period only",
    "distinct-total": "the total of users counts nobody twice",
    "half-up": "halves are rounded up",
    "countries": "codes that stand for no country count as unknown",
    "plausible-dates": "log lines of impossible dates are left out",
}
"""What each correction does to the numbers (spec 15)."""
