"""Every section and key of the configuration: type, range, default, environment variable, meaning.

Checks, `hzmetrics config`, the sample file, docs/configuration.md and the typed values all come from here. A capability
adds its section here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hzmetrics.config.keys import (
    Choice,
    Command,
    Day,
    File,
    Flag,
    Items,
    Levels,
    Listen,
    Memory,
    Names,
    NameServers,
    Number,
    Pattern,
    Peers,
    Place,
    Port,
    Prefix,
    Seconds,
    Switch,
    Text,
    WebAddress,
    Whole,
    Words,
    Zone,
    ZoneName,
)
from hzmetrics.config.section import Section

CORRECTIONS = (
    "all-days",
    "last-session",
    "session-order",
    "bots-first",
    "bot-tokens",
    "exact-ip-filter",
    "ipv6",
    "zones",
    "offsets",
    "absolute-urls",
    "window-start",
    "dated-logins",
    "distinct-total",
    "half-up",
    "countries",
    "plausible-dates",
)
"""Names of the corrections that an operator can switch on (spec 15)."""

AT_IMPORT = (
    "bots-first", "bot-tokens", "exact-ip-filter", "ipv6", "zones", "offsets", "absolute-urls", "plausible-dates",
)  # fmt: skip
"""Those of them that decide on log lines as they are imported; the others act on rows."""

FIRST_CORRECTIONS = frozenset(CORRECTIONS) - {"zones", "offsets", "absolute-urls", "countries", "plausible-dates"}
"""What `all` stood for when versions did not yet store it."""

STUDENT = "[0-9a-f]{32}"
IGNORED_USERS = "hubstatus, hubadmin"

DAY = 86_400
YEARS = 365_000
"""Days: more than anything is kept."""


class Hub(Section, name="hub", side="core"):
    """The hub and its directories."""

    site = Text("", "how the names of the hub's access logs begin: SITE-access.log", sample="")
    apps_dir = Place("/apps", "directory of the installed tools")
    hub_dir = File("", "document root of the hub; the map of visitors is written below it", sample="")
    timezone = ZoneName("", "time zone of the hub, in which times are stored", shown="the zone of this machine")

    @property
    def log_prefix(self) -> str:
        """The beginning of the access logs' names."""
        return self.site or "hub"


class Logs(Section, name="logs", side="core"):
    """How log lines and files are read."""

    files = Items("", "access logs of a site without a hub: paths, which may hold *, ? and **; read where they are")
    format = Text(
        "hub",
        "hub, auto, the name of a format, or a definition in the notation of Apache or nginx",
        shown="hub; auto for a site without a hub",
        sample="auto",
    )
    trusted_proxies = Items(
        "", "addresses and networks of proxies that are believed when they name the client", shown="private networks"
    )
    fields = Items("", "names of members of JSON lines: FIELD = NAME pairs", shown="the usual names")
    unpack_ratio = Whole(1000, 1, 10**9, "a packed file with more text than its size times this is not read")
    unpack_bytes = Whole(50 * 10**9, 1, 10**18, "a packed file with more bytes of text than this is not read")
    earliest = Day("1995-01-01", "lines of earlier days are not believed (correction plausible-dates)")
    days_ahead = Whole(1, 0, 36_500, "nor lines of days more than this number of days after today")
    unread_lines = Whole(100, 1, None, "lines from which on a file that is mostly unread is not imported")
    unread_percent = Whole(50, 0, 100, "a file of which more than this part of the lines is unread is mostly unread")


class Db(Section, name="db", side="core"):
    """The databases: MariaDB, or SQLite files with the key `sqlite` or without this section."""

    host = Text("localhost", "database server", sample="localhost")
    port = Port("", "port of the server", shown="the server's usual port")
    socket = Text("", "socket file of a server on this machine, instead of host and port")
    user = Text("", "database user", sample="")
    password = Text("", "password of that user", secret=True, sample="")
    hub_db = Text("", "database of the hub's CMS", sample="")
    hub_db_prefix = Text("jos_", "how the names of the CMS's tables begin", blank=True)
    metrics_db = Text("", "database of the metrics", sample="")
    sqlite = File("", "directory of hub.db and metrics.db; not together with host, hub_db or metrics_db")

    def contradictions(self) -> Iterator[tuple[str, str]]:
        if self.sqlite is not None:
            for name in ("host", "hub_db", "metrics_db"):
                if self.is_given(name):
                    yield "sqlite", f"cannot be used together with {name}"


class Metrics(Section, name="metrics", side="core"):
    """How numbers are computed."""

    corrections = Names(
        "none",
        CORRECTIONS,
        "known errors of earlier versions to correct; a new hub wants all of them (docs/usage-tables.md)",
        sample="all",
        shown="none; all for a site without a hub",
    )


class Pipeline(Section, name="pipeline", side="core"):
    """How much work a run does."""

    months_per_run = Whole(1, 1, None, "units of work of one run; during a backlog a unit is a month")
    live_step_seconds = Whole(60, 1, 86_400, "seconds that a step of the live side may take in a tick")


class Freshness(Section, name="freshness", side="core"):
    """The age from which on the newest of something is a problem that `status` and `doctor` report; 0: never."""

    tick_minutes = Whole(16, 0, 525_600, "minutes since the last tick: cron has stopped")
    run_hours = Whole(25, 0, 8_760, "hours since the last run that succeeded")
    map_minutes = Whole(16, 0, 525_600, "minutes of ticks that did not refresh the map of who is online")
    sample_intervals = Whole(3, 0, 365, "sample intervals of ticks without a sample of the users' activity")
    request_days = Whole(3, 0, YEARS, "days since the newest request, imported or in a log that waits for its import")
    login_days = Whole(7, 0, YEARS, "days since the newest login, likewise")
    grid_days = Whole(35, 0, YEARS, "days since the end of the last month with a summary")


class Publish(Section, name="publish", side="core"):
    """The pages that show the numbers to everybody."""

    dir = File("", "directory of the pages, which every run brings up to date; without it, there are none")
    title = Text("", "name of the site on the pages", shown="[hub] site")
    traffic = Switch("auto", "pages of what visitors ask for, from where and with what; auto: on without a hub")
    min_users = Whole(5, 1, 1_000_000, "breakdowns by country, domain or page show groups of fewer people as other")


class Engine(Section, name="engine", side="core"):
    """The engine that computes."""

    memory = Memory(
        "25%", "what it may use before it works on disk; the program needs up to 300 MB more; % of the memory there is"
    )
    scheduler = Text(
        "", "scheduler of Dask whose workers do the tasks of `lake`: tcp://HOST:PORT", shown="this machine"
    )


class Dns(Section, name="dns", side="core"):
    """Look-ups of host names."""

    nameserver = NameServers(
        "system", "name servers to ask", environment="HZMETRICS_DNS_NAMESERVER", fallback="next", blank=True
    )
    concurrency = Whole(100, 1, None, "queries at a time", environment="HZMETRICS_DNS_CONCURRENCY", fallback="next")
    timeout = Seconds(2.0, "seconds a query", environment="HZMETRICS_DNS_TIMEOUT", fallback="next")


class Geoip(Section, name="geoip", side="core"):
    """Look-ups of countries."""

    database = File("", "country or city file in MaxMind format")
    url = WebAddress("", "remote service to ask; none without this key")
    hub_key = Text("_HUBZERO_OPNSRC_V1_", "key for the remote service", secret=True)
    timeout = Seconds(5.0, "seconds a request of the remote service", fallback="default")


class Follow(Section, name="follow", side="live", numbers="default"):
    """The growing logs that are read every five minutes."""

    access_logs = Items("", "web server logs", shown="SITE-access.log in the directory of access logs, if it exists")
    auth_logs = Items("", "login logs of the CMS", shown="cmsauth.log in the directory of CMS logs, if it exists")
    jupyterhub_logs = Items("", "logs of a JupyterHub")
    rotated_dirs = Items(
        "", "where rotated logs go, besides the log's own directory", shown="daily of both directories"
    )
    timezone = Zone("", "zone of local times in logs", shown="the zone of this machine")
    exclude_ips = Items("", "parts of addresses whose lines are left out, besides exclude_list")
    max_bytes = Whole(64 << 20, 1, 1 << 40, "bytes read of one log in one tick, at most")


class Events(Section, name="events", side="live", numbers="default"):
    """Events recognized in followed logs, stress levels and anomalies."""

    enabled = Switch("auto", "auto: on when a log is followed")
    signatures = File("", "file of event signatures", shown="the built-in table")
    window_seconds = Whole(30, 1, DAY, "length of the window that is weighed")
    check_interval = Whole(30, 1, 3600, "seconds between evaluations")
    event_memory_seconds = Whole(60, 1, DAY, "how far back `activities` shows events")
    recent_minutes = Whole(10, 1, 100_000, "how far back `anomalies --recent` looks")
    settle_seconds = Whole(60, 0, DAY, "a window is evaluated when it ended at least this long ago")
    max_late_seconds = Whole(3600, 0, 31 * DAY, "how far back a late line still changes windows")
    max_upload_mb = Whole(30, 0, 1 << 30, "largest upload, in MiB; 0 switches the disk level off")
    disk_levels = Levels("15, 5", "uploads that must fit on the disk: fewer than the first is level 1, second level 2")
    disk_path = Place("/", "a path on the file system that is watched")
    timezone = Zone("UTC", "zone of the heat map")
    events_keep_hours = Whole(48, 1, 24 * 3650, "hours that single events are kept")
    stats_keep_days = Whole(730, 0, YEARS, "days that hourly summaries are kept; 0: for ever")
    anomalies_keep_days = Whole(365, 0, YEARS, "days that anomalies are kept; 0: for ever")
    alert_command = Command("", "program that is run on stress, with a message on standard input")
    alert_interval_minutes = Whole(120, 0, 525_600, "minutes between two alerts, at least")


class Thresholds(Section, name="events:thresholds", side="live"):
    """Events of a name in one window beyond which it is unusual; this section replaces the whole table."""

    failed_logins = Number(5, "failed logins; a busy site may want 8")
    successful_logins = Number(3, "logins; a busy site may want 20")
    started_submissions = Number(5, "submissions begun; a busy site may want 50")
    completed_submissions = Number(4, "submissions completed; a busy site may want 5")
    failed_submissions = Number(5, "submissions that failed")
    files = Number(10, "files added")
    comments = Number(30, "comments")
    messages = Number(30, "messages")
    others = Number("", "any event that the signatures name")

    @property
    def table(self) -> dict[str, float]:
        """Event to threshold. Raises ConfigurationError."""
        names = self.origin.sections.get(self.section, self.keys)
        return {name: self.value(key) for name in names if (key := self.key(name))}


class ActiveUsers(Section, name="active_users", side="live", numbers="default"):
    """How many people used the hub in the past day, week and month."""

    enabled = Switch("auto", "auto: on when a login log is followed, or a hub database or JupyterHub is configured")
    events = Words("login, logout", "kinds of events that are activity; also known: simulation, activity")
    count_disabled = Flag("no", "count disabled accounts")
    connected_minutes = Whole(60, 1, 525_600, "a session seen within this time is connected")
    ignore_users = Words(IGNORED_USERS, "users who are never counted")
    history_days = Whole(1100, 0, YEARS, "days that hourly counts are kept; 0: for ever")
    output = File("", "file for Prometheus to write at each tick")


class Activity(Section, name="activity", side="live", numbers="default"):
    """Who is active now, and how much each user has worked."""

    enabled = Switch("auto", "auto: on when the source is there")
    source = Choice("auto", ("auto", "hub", "jupyterhub", "logs"), "where users and their activity are known")
    sample_interval = Whole(
        600, 60, DAY, "seconds between samples", environment="JUPYTERHUB_ACTIVITYMON_SAMPLE_INTERVAL"
    )
    retention_days = Whole(
        7, 1, 365, "days that a sample is kept and counted", environment="JUPYTERHUB_ACTIVITYMON_RETENTION_DAYS"
    )
    inactive_after = Whole(
        60, 1, 1440, "minutes without activity until inactive", environment="JUPYTERHUB_ACTIVITYMON_INACTIVE_AFTER"
    )
    half_life = Whole(
        72, 1, 168, "hours after which activity counts half", environment="JUPYTERHUB_ACTIVITYMON_HALF_LIFE"
    )
    target_hours = Whole(8, 1, 24, "hours a day that count as 100 %", environment="JUPYTERHUB_ACTIVITYMON_TARGET_HOURS")
    resources_update_interval = Whole(
        10, 1, 3600, "seconds between refreshes of live figures",
        environment="JUPYTERHUB_ACTIVITYMON_RESOURCES_UPDATE_INTERVAL",
    )  # fmt: skip
    volumes_update_interval = Whole(
        3600, 60, DAY, "seconds between measurements of volumes",
        environment="JUPYTERHUB_ACTIVITYMON_VOLUMES_UPDATE_INTERVAL",
    )  # fmt: skip
    sample_users = Choice("", ("all", "recent"), "who is sampled", shown="all; recent for the source hub")
    score_base = Choice(
        "", ("samples", "window"), "what a score is relative to", shown="samples; window if sample_users is recent"
    )
    session_hours = Whole(24, 1, 720, "source logs: hours that a login without a logout lasts")
    ignore_users = Words(IGNORED_USERS, "users who are never sampled or listed")


class Jupyterhub(Section, name="jupyterhub", side="live", numbers="default"):
    """The JupyterHub whose users are watched."""

    api_url = Text("", "address of its REST API", environment="JUPYTERHUB_API_URL")
    api_token = Text("", "token for the API", environment="JUPYTERHUB_API_TOKEN", secret=True)
    api_token_file = File("", "file with that token")
    docker_socket = Place("/var/run/docker.sock", "socket of Docker, used when it exists")
    container_name = Text("jupyterlab-{username}", "name of a user's container")
    volume_prefix = Text("jupyterlab-", "how the names of users' volumes begin")
    cull_timeout = Whole(
        DAY, 1, 365 * DAY, "seconds after which an idle server is stopped",
        environment="JUPYTERHUB_IDLE_CULLER_TIMEOUT", when=("JUPYTERHUB_IDLE_CULLER_ENABLED", "1"),
        shown="idle servers are not stopped",
    )  # fmt: skip
    authenticator_db = Text("", "database of NativeAuthenticator, which says who is authorized")


class Courses(Section, name="courses", side="live", numbers="default"):
    """Notebook courses: who opened which notebook."""

    enabled = Switch("auto", "auto: on when root exists or url_pattern is set")
    root = File("", "directory with one directory a course", shown="raw in the home directory")
    student_pattern = Pattern(STUDENT, "who is a student, matched at the start of the name")
    staff = Words("", "names that are never counted, in any course")
    strip_extensions = Flag("no", "count n.ipynb, n.md and n.py as n")
    min_students = Whole(1, 1, 1_000_000, "plots hide notebooks read by fewer students")
    grain_hours = Whole(6, 1, 24 * 365, "hours of a step of the animation")
    url_pattern = Pattern("", "finds opens of notebooks in access logs", groups=("course", "student", "notebook"))
    keep_days = Whole(0, 0, YEARS, "days that raw events are kept; 0: for ever")


class Course(Section, name="course:NAME", side="live"):
    """One course."""

    staff = Words("", "names that are never counted in this course, besides those of [courses]")
    title = Text("", "title of the course")
    student_pattern = Pattern("", "who is a student of this course", shown="that of [courses]")
    tool = Text("", "tool of the hub whose sessions are events of this course")
    homes = File("", "directory with the homes of the students")


class Http(Section, name="http", side="live", numbers="default"):
    """The administrators' server."""

    listen = Listen(
        "127.0.0.1:8780", "where it listens", shown="127.0.0.1:8780; as a service of a JupyterHub, where the Hub says"
    )
    group = Text("", "group of the socket file", shown="that of the process")
    base_path = Prefix(
        "", "beginning of the path of every address, such as /hub",
        shown="none; as a service of a JupyterHub, what the Hub says",
    )  # fmt: skip
    admin_token_file = File("", "file with the token of administrators' programs")
    trusted_proxies = Peers("", "web servers in front that are believed when they name the user", unix=True)
    user_header = Text("X-Forwarded-User", "header in which they name the user")
    admins = Words("", "users who are administrators")
    metrics_allow_ips = Peers("127.0.0.1, ::1", "who may read /metrics without a token")


SECTIONS: tuple[type[Section], ...] = (
    Hub,
    Logs,
    Db,
    Metrics,
    Pipeline,
    Freshness,
    Publish,
    Engine,
    Dns,
    Geoip,
    Follow,
    Events,
    Thresholds,
    ActiveUsers,
    Activity,
    Jupyterhub,
    Courses,
    Course,
    Http,
)


def find(name: str) -> type[Section] | None:
    """The section that is declared under a name; None: there is none."""
    return next((section for section in SECTIONS if section.matches(name)), None)


class Variable(NamedTuple):
    """An environment variable that belongs to no key."""

    name: str
    default: str
    meaning: str


VARIABLES = (
    Variable("HZMETRICS_CONFIG", "hzmetrics.conf in conf of the home directory", "the configuration file"),
    Variable("HZMETRICS_HOME", "/opt/hubzero/metrics", "home directory: programs, configuration, state"),
    Variable("HZMETRICS_LOG", "/var/log/hubzero/metrics/manage.log", "the program's own log file"),
    Variable("HZMETRICS_LOG_ROOT", "/var/log", "directory of the hub's logs: httpd and hubzero below it"),
    Variable("HZMETRICS_NOW", "the clock", "the time of this invocation: YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS][Z]"),
)
