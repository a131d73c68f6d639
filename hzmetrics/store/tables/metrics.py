"""The tables of the metrics database (spec 70 §3).

Columns are the contract of the pages and scripts that read them. Indexes are few: each is paid for on every row, and
the engine reads whole months in columns.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Column, Constraint, Enum, Index, MetaData, Table, UniqueConstraint
from sqlalchemy.types import TypeEngine

from hzmetrics.store.tables.columns import column, empty, key, optional, required, serial
from hzmetrics.store.tables.hub import profile_columns
from hzmetrics.store.types import Char, Int, LongText, Real, Timestamp, TinyText, Varchar, Wallclock, now_stamp

metadata = MetaData()

IP = 45
"""Characters of an address column: the longest IPv6 text."""

INNODB: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb3",
    "mysql_collate": "utf8mb3_general_ci",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb3",
    "mariadb_collate": "utf8mb3_general_ci",
}


def table(name: str, *items: Column[Any] | Constraint | Index, **options: Any) -> Table:
    """A table of the metrics database."""
    return Table(name, metadata, *items, **INNODB, **options)


def labels(name: str) -> Table:
    """What the rows of a grid are called."""
    return table(
        name,
        column("id", Int(8)),
        column("label", Varchar(255)),
        optional("plot", Int(32), "0"),
        Index(f"{name}_label", "label", unique=True),
    )


def grid(name: str, value: TypeEngine[Any] | None = None, indexed: bool = True) -> Table:
    """Monthly cells: one value, a number unless said otherwise, for a row, a column, a month and a period."""
    value = value or Int(64)
    cell = [Index(f"{name}_cell", "datetime", "period", "rowid", "colid")] if indexed else []
    return table(
        name,
        column("rowid", Int(8)),
        column("colid", Int(8)),
        column("datetime", Wallclock()),
        column("period", Int(8), "1"),
        optional("value", value, empty(value)),
        column("valfmt", Int(8)),
        *cell,
    )


def lists(name: str, number: str) -> Table:
    """The names of ranked lists, which nothing fills."""
    return table(
        name, key(number, Int(8), "0"), column("name", Varchar(128)), column("valfmt", Int(8)), column("size", Int(8))
    )


def list_values(name: str, number: str, period: str) -> Table:
    """The entries of ranked lists, which nothing fills. `period`: the period code where none is given."""
    return table(
        name,
        column(number, Int(8)),
        column("datetime", Wallclock()),
        column("period", Int(8), period),
        column("rank", Int(8)),
        optional("name", Varchar(255)),
        column("value", Int(64)),
    )


def login_columns() -> tuple[Column[Any], ...]:
    """What is known of a login or a simulation event."""
    return (
        column("datetime", Wallclock()),
        column("user", Varchar(255), "-"),
        optional("uidNumber", Int(64), "0"),
        column("ip", Varchar(IP)),
        column("action", Varchar(40)),
    )


# user agents taken for bots
bot_useragents = table(
    "bot_useragents",
    key("useragent", Varchar(255), ""),
)

# unused
classes = lists("classes", "class")

# unused
classvals = list_values("classvals", "class", period="0")

# unused
continents = table(
    "continents",
    column("continentSHORT", Char(2)),
    column("continentLONG", Varchar(45)),
    Index("continents_continentSHORT_continentLONG", "continentSHORT", "continentLONG", unique=True),
)

# country names
countries = table(
    "countries",
    key("code", Varchar(4), ""),
    column("name", Varchar(128)),
)

# country to continent
country_continent = table(
    "country_continent",
    key("country", Char(2), ""),
    key("continent", Char(2), ""),
)

# domain to class of organization
domainclass = table(
    "domainclass",
    key("domain", Varchar(64), ""),
    column("class", Int(8)),
    column("country", Varchar(4)),
    column("state", Varchar(4)),
    column("name", TinyText()),
)

# class names
domainclasses = table(
    "domainclasses",
    key("class", Int(8), "0"),
    column("name", Varchar(64)),
    Index("domainclasses_class_name", "class", "name", unique=True),
)

# operator filters
exclude_list = table(
    "exclude_list",
    serial("id", Int(32, unsigned=True)),
    column("filter", Varchar(65)),
    column("type", Varchar(65), "domain"),
    optional("notes", Varchar(120)),
    column("date_added", Timestamp()),
    Index("exclude_list_filter_type", "filter", "type", unique=True),
    sqlite_autoincrement=True,
)

# unused
exclude_list2 = table(
    "exclude_list2",
    column("filter", Varchar(65)),
    column("type", Varchar(65), "domain"),
    optional("notes", Varchar(120)),
)

# one imported log file
imported_sources = table(
    "imported_sources",
    serial("id", Int(64)),
    required("filename", Varchar(255)),
    required("target_table", Enum("web", "userlogin", "webhits")),
    optional("pk_start", Int(64)),
    optional("pk_end", Int(64)),
    column("row_count", Int(64)),
    required("imported_at", Wallclock()),
    column("origin", Enum("importer", "reconstruct"), "importer"),
    Index("imported_sources_file", "filename", "target_table", unique=True),
    sqlite_autoincrement=True,
)

# orchestrator state
pipeline_state = table(
    "pipeline_state",
    key("k", Varchar(64)),
    required("v", LongText()),
    column("updated_at", Wallclock(), now_stamp()),
)

# what the sessions, requests and logins of a month are recognized by: it changes with them (own, spec 50 §16)
session_revisions = table(
    "session_revisions",
    key("month", Char(7)),
    required("revision", Char(16)),
)

# unused
regions = lists("regions", "region")

# unused
regionvals = list_values("regionvals", "region", period="0")

# copy of hub sessionlog, enriched
sessionlog_metrics = table(
    "sessionlog_metrics",
    optional("id", Int(64, unsigned=True, serial=True)),
    key("sessnum", Int(64, unsigned=True), "0"),
    column("user", Varchar(150)),
    column("ip", Varchar(IP)),
    column("start", Wallclock()),
    column("appname", Varchar(150)),
    optional("host", TinyText()),
    optional("domain", TinyText()),
    optional("orgtype", TinyText()),
    optional("countryresident", Char(2)),
    optional("countrycitizen", Char(2)),
    optional("ipcountry", Char(2)),
    UniqueConstraint("id"),
    Index("sessionlog_metrics_start", "start"),
)

summary_andmore = labels("summary_andmore")

# unused grid
summary_andmore_vals = grid("summary_andmore_vals", indexed=False)

summary_misc = labels("summary_misc")

# other figures
summary_misc_vals = grid("summary_misc_vals", Varchar(200))

summary_simusage = labels("summary_simusage")

# simulation grid
summary_simusage_vals = grid("summary_simusage_vals")

summary_user = labels("summary_user")

# user grid
summary_user_vals = grid("summary_user_vals")

# one tool job
toolstart = table(
    "toolstart",
    serial("id", Int(64)),
    optional("sessionid", Int(64)),
    column("datetime", Wallclock()),
    optional("orgtype", TinyText()),
    optional("countryresident", Char(2)),
    optional("countrycitizen", Char(2)),
    column("success", Int(8)),
    optional("ipcountry", Char(2)),
    column("ip", Varchar(IP)),
    optional("host", TinyText()),
    optional("user", Varchar(150)),
    column("tool", TinyText()),
    optional("pid", Int(32)),
    optional("domain", TinyText()),
    optional("filesystem", TinyText()),
    optional("execunit", TinyText()),
    optional("walltime", Real(single=True, unsigned=True), "0"),
    optional("cputime", Real(single=True, unsigned=True), "0"),
    optional("error", TinyText()),
    Index("toolstart_sessionid", "sessionid"),
    Index("toolstart_datetime", "datetime"),
    Index("toolstart_ip", "ip"),
    sqlite_autoincrement=True,
)

# unused
tops = lists("tops", "top")

# unused
topvals = list_values("topvals", "top", period="1")

# unused
totalvals = table(
    "totalvals",
    column("hub", Int(8)),
    column("total", Int(8)),
    column("datetime", Wallclock()),
    column("period", Int(8), "1"),
    column("value", Int(64)),
)

# one login or simulation event
userlogin = table(
    "userlogin",
    serial("id", Int(64)),
    *login_columns(),
    Index("userlogin_natural_key", "datetime", "user", "uidNumber", "ip", "action", unique=True),
    sqlite_autoincrement=True,
)

# what stands for the shortened addresses of `userlogin` (own, spec 67)
anonymous_logins = table(
    "anonymous_logins",
    key("id", Int(64)),
    required("pseudonym", Varchar(40)),
)

# the logins and simulations of `userlogin`, remade by every summary (spec 50 §4)
userlogin_lite = table(
    "userlogin_lite",
    column("id", Int(64)),
    *login_columns(),
    Index("userlogin_lite_datetime_user", "datetime", "user"),
    Index("userlogin_lite_uidNumber", "uidNumber"),
)

# one kept HTTP request
web = table(
    "web",
    serial("id", Int(64)),
    optional("elementid", Int(64)),
    optional("sessionid", Int(64)),
    column("datetime", Wallclock()),
    optional("ipcountry", Char(2)),
    column("content", TinyText()),
    optional("referrer", TinyText()),
    optional("useragent", TinyText()),
    column("ip", Varchar(IP)),
    optional("host", TinyText()),
    optional("domain", TinyText()),
    optional("uidNumber", Int(32)),
    column("apache_pid", Varchar(120)),
    column("joomla_sessionid", Varchar(120)),
    column("site_cookie", Varchar(120)),
    column("auth_type", Varchar(120)),
    column("component_name", Varchar(120)),
    column("view_name", Varchar(120)),
    column("task_name", Varchar(120)),
    column("action_name", Varchar(120)),
    column("item_name", Varchar(120)),
    optional("dnload", Int(8)),
    Index("web_sessionid_dnload", "sessionid", "dnload"),
    Index("web_dnload_datetime", "dnload", "datetime"),
    Index("web_datetime_ip", "datetime", "ip"),
    Index("web_ip", "ip"),
    sqlite_autoincrement=True,
)

# hits a day
webhits = table(
    "webhits",
    column("datetime", Wallclock()),
    column("hits", Int(64)),
)

# one coalesced visitor session
websessions = table(
    "websessions",
    key("id", Int(64), "0"),
    column("datetime", Wallclock()),
    column("ipcountry", Char(2)),
    column("ip", Varchar(IP)),
    optional("host", TinyText()),
    optional("domain", TinyText()),
    column("duration", Int(64)),
    column("jobs", Int(8)),
    column("webevents", Int(64)),
    Index("websessions_datetime", "datetime"),
    Index("websessions_ip", "ip"),
)

# names the resolver gave, so that an address is asked once a refresh period across all tables (own)
dns_cache = table(
    "dns_cache",
    key("ip", Varchar(IP)),
    required("host", TinyText()),
    required("asked_at", Wallclock()),
)

# answers of the remote address service that the hub's cache cannot hold (own, spec 70 §4)
ipgeo_cache = table(
    "ipgeo_cache",
    key("ip", Varchar(IP)),
    column("countrySHORT", Char(2)),
    column("countryLONG", Varchar(64)),
    column("ipREGION", Varchar(128)),
    column("ipCITY", Varchar(128)),
    optional("ipLATITUDE", Real()),
    optional("ipLONGITUDE", Real()),
    required("lookup_datetime", Wallclock()),
)

# originals of tables that were rebuilt with another engine, and rebuilds under way (own, spec 70 §8.3)
rebuilds = table(
    "rebuilds",
    key("table", Varchar(64)),
    required("definition", Char(64)),  # fingerprint of the definition that is being copied
    required("original", Varchar(64)),  # what the original is called once it is replaced; empty while the copy is made
    column("updated_at", Wallclock(), now_stamp()),
)

# copies of doubled cells that said something else than the one kept (own, spec 70 §8.3)
replaced_cells = table(
    "replaced_cells",
    required("grid", Varchar(64)),
    required("rowid", Int(8)),
    required("colid", Int(8)),
    required("datetime", Wallclock()),
    required("period", Int(8)),
    optional("value", Varchar(200)),
    required("valfmt", Int(8)),
    column("replaced_at", Wallclock(), now_stamp()),
)

alembic_version = Table("alembic_version", MetaData(), key("version_num", Varchar(32)), **INNODB)
"""Alembic's own table: the revision the database is at. Kept apart, because its presence says that we were here."""


@cache
def profiles_copy(prefix: str) -> Table:
    """The copy of the hub's profiles as a new database has it; `import-hub-data` remakes it (spec 20 §7.2)."""
    return Table(
        f"{prefix}xprofiles_metrics",
        MetaData(),
        *profile_columns(),
        optional("location", Varchar(50)),
        column("orcid", Varchar(255)),
        **INNODB,
    )
