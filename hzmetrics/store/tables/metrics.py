"""The tables of the metrics database (spec 70 §3).

Columns are the contract of the pages and scripts that read them. Indexes are few: each is paid for on every row, and
the engine reads whole months in columns.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Enum, Index, MetaData, Table, UniqueConstraint

from hzmetrics.store.types import (
    ZERO_DATE,
    Char,
    Int,
    LongText,
    Real,
    Timestamp,
    TinyText,
    Varchar,
    Wallclock,
    now_stamp,
)

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

# user agents taken for bots
bot_useragents = Table(
    "bot_useragents",
    metadata,
    Column("useragent", Varchar(255), primary_key=True, autoincrement=False, server_default=""),
    **INNODB,
)

# unused
classes = Table(
    "classes",
    metadata,
    Column("class", Int(8), primary_key=True, autoincrement=False, server_default="0"),
    Column("name", Varchar(128), nullable=False, server_default=""),
    Column("valfmt", Int(8), nullable=False, server_default="0"),
    Column("size", Int(8), nullable=False, server_default="0"),
    **INNODB,
)

# unused
classvals = Table(
    "classvals",
    metadata,
    Column("class", Int(8), nullable=False, server_default="0"),
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("period", Int(8), nullable=False, server_default="0"),
    Column("rank", Int(8), nullable=False, server_default="0"),
    Column("name", Varchar(255)),
    Column("value", Int(64), nullable=False, server_default="0"),
    **INNODB,
)

# unused
continents = Table(
    "continents",
    metadata,
    Column("continentSHORT", Char(2), nullable=False, server_default=""),
    Column("continentLONG", Varchar(45), nullable=False, server_default=""),
    Index("continents_continentSHORT_continentLONG", "continentSHORT", "continentLONG", unique=True),
    **INNODB,
)

# country names
countries = Table(
    "countries",
    metadata,
    Column("code", Varchar(4), primary_key=True, autoincrement=False, server_default=""),
    Column("name", Varchar(128), nullable=False, server_default=""),
    **INNODB,
)

# country to continent
country_continent = Table(
    "country_continent",
    metadata,
    Column("country", Char(2), primary_key=True, autoincrement=False, server_default=""),
    Column("continent", Char(2), primary_key=True, autoincrement=False, server_default=""),
    **INNODB,
)

# domain to organisation class
domainclass = Table(
    "domainclass",
    metadata,
    Column("domain", Varchar(64), primary_key=True, autoincrement=False, server_default=""),
    Column("class", Int(8), nullable=False, server_default="0"),
    Column("country", Varchar(4), nullable=False, server_default=""),
    Column("state", Varchar(4), nullable=False, server_default=""),
    Column("name", TinyText(), nullable=False, server_default=""),
    **INNODB,
)

# class names
domainclasses = Table(
    "domainclasses",
    metadata,
    Column("class", Int(8), primary_key=True, autoincrement=False, server_default="0"),
    Column("name", Varchar(64), nullable=False, server_default=""),
    Index("domainclasses_class_name", "class", "name", unique=True),
    **INNODB,
)

# operator filters
exclude_list = Table(
    "exclude_list",
    metadata,
    Column("id", Int(32, unsigned=True), primary_key=True),
    Column("filter", Varchar(65), nullable=False, server_default=""),
    Column("type", Varchar(65), nullable=False, server_default="domain"),
    Column("notes", Varchar(120)),
    Column("date_added", Timestamp(), nullable=False, server_default=now_stamp()),
    Index("exclude_list_filter_type", "filter", "type", unique=True),
    **INNODB,
    sqlite_autoincrement=True,
)

# unused
exclude_list2 = Table(
    "exclude_list2",
    metadata,
    Column("filter", Varchar(65), nullable=False, server_default=""),
    Column("type", Varchar(65), nullable=False, server_default="domain"),
    Column("notes", Varchar(120)),
    **INNODB,
)

# one imported log file
imported_sources = Table(
    "imported_sources",
    metadata,
    Column("id", Int(64), primary_key=True),
    Column("filename", Varchar(255), nullable=False),
    Column("target_table", Enum("web", "userlogin", "webhits"), nullable=False),
    Column("pk_start", Int(64)),
    Column("pk_end", Int(64)),
    Column("row_count", Int(64), nullable=False, server_default="0"),
    Column("imported_at", Wallclock(), nullable=False),
    Column("origin", Enum("importer", "reconstruct"), nullable=False, server_default="importer"),
    Index("imported_sources_file", "filename", "target_table", unique=True),
    **INNODB,
    sqlite_autoincrement=True,
)

# orchestrator state
pipeline_state = Table(
    "pipeline_state",
    metadata,
    Column("k", Varchar(64), primary_key=True, autoincrement=False),
    Column("v", LongText(), nullable=False),
    Column("updated_at", Wallclock(), nullable=False, server_default=now_stamp()),
    **INNODB,
)

# unused
regions = Table(
    "regions",
    metadata,
    Column("region", Int(8), primary_key=True, autoincrement=False, server_default="0"),
    Column("name", Varchar(128), nullable=False, server_default=""),
    Column("valfmt", Int(8), nullable=False, server_default="0"),
    Column("size", Int(8), nullable=False, server_default="0"),
    **INNODB,
)

# unused
regionvals = Table(
    "regionvals",
    metadata,
    Column("region", Int(8), nullable=False, server_default="0"),
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("period", Int(8), nullable=False, server_default="0"),
    Column("rank", Int(8), nullable=False, server_default="0"),
    Column("name", Varchar(255)),
    Column("value", Int(64), nullable=False, server_default="0"),
    **INNODB,
)

# copy of hub sessionlog, enriched
sessionlog_metrics = Table(
    "sessionlog_metrics",
    metadata,
    Column("id", Int(64, unsigned=True, serial=True)),
    Column("sessnum", Int(64, unsigned=True), primary_key=True, autoincrement=False, server_default="0"),
    Column("user", Varchar(150), nullable=False, server_default=""),
    Column("ip", Varchar(IP), nullable=False, server_default=""),
    Column("start", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("appname", Varchar(150), nullable=False, server_default=""),
    Column("host", TinyText()),
    Column("domain", TinyText()),
    Column("orgtype", TinyText()),
    Column("countryresident", Char(2)),
    Column("countrycitizen", Char(2)),
    Column("ipcountry", Char(2)),
    UniqueConstraint("id"),
    Index("sessionlog_metrics_start", "start"),
    **INNODB,
)

# labels of the unused grid
summary_andmore = Table(
    "summary_andmore",
    metadata,
    Column("id", Int(8), nullable=False, server_default="0"),
    Column("label", Varchar(255), nullable=False, server_default=""),
    Column("plot", Int(32), server_default="0"),
    Index("summary_andmore_label", "label", unique=True),
    **INNODB,
)

# unused grid
summary_andmore_vals = Table(
    "summary_andmore_vals",
    metadata,
    Column("rowid", Int(8), nullable=False, server_default="0"),
    Column("colid", Int(8), nullable=False, server_default="0"),
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("period", Int(8), nullable=False, server_default="1"),
    Column("value", Int(64), server_default="0"),
    Column("valfmt", Int(8), nullable=False, server_default="0"),
    **INNODB,
)

# labels of the other figures
summary_misc = Table(
    "summary_misc",
    metadata,
    Column("id", Int(8), nullable=False, server_default="0"),
    Column("label", Varchar(255), nullable=False, server_default=""),
    Column("plot", Int(32), server_default="0"),
    Index("summary_misc_label", "label", unique=True),
    **INNODB,
)

# other figures
summary_misc_vals = Table(
    "summary_misc_vals",
    metadata,
    Column("rowid", Int(8), nullable=False, server_default="0"),
    Column("colid", Int(8), nullable=False, server_default="0"),
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("period", Int(8), nullable=False, server_default="1"),
    Column("value", Varchar(200), server_default=""),
    Column("valfmt", Int(8), nullable=False, server_default="0"),
    Index("summary_misc_vals_cell", "datetime", "period", "rowid", "colid"),
    **INNODB,
)

# labels of the simulation grid
summary_simusage = Table(
    "summary_simusage",
    metadata,
    Column("id", Int(8), nullable=False, server_default="0"),
    Column("label", Varchar(255), nullable=False, server_default=""),
    Column("plot", Int(32), server_default="0"),
    Index("summary_simusage_label", "label", unique=True),
    **INNODB,
)

# simulation grid
summary_simusage_vals = Table(
    "summary_simusage_vals",
    metadata,
    Column("rowid", Int(8), nullable=False, server_default="0"),
    Column("colid", Int(8), nullable=False, server_default="0"),
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("period", Int(8), nullable=False, server_default="1"),
    Column("value", Int(64), server_default="0"),
    Column("valfmt", Int(8), nullable=False, server_default="0"),
    Index("summary_simusage_vals_cell", "datetime", "period", "rowid", "colid"),
    **INNODB,
)

# labels of the user grid
summary_user = Table(
    "summary_user",
    metadata,
    Column("id", Int(8), nullable=False, server_default="0"),
    Column("label", Varchar(255), nullable=False, server_default=""),
    Column("plot", Int(32), server_default="0"),
    Index("summary_user_label", "label", unique=True),
    **INNODB,
)

# user grid
summary_user_vals = Table(
    "summary_user_vals",
    metadata,
    Column("rowid", Int(8), nullable=False, server_default="0"),
    Column("colid", Int(8), nullable=False, server_default="0"),
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("period", Int(8), nullable=False, server_default="1"),
    Column("value", Int(64), server_default="0"),
    Column("valfmt", Int(8), nullable=False, server_default="0"),
    Index("summary_user_vals_cell", "datetime", "period", "rowid", "colid"),
    **INNODB,
)

# one tool job
toolstart = Table(
    "toolstart",
    metadata,
    Column("id", Int(64), primary_key=True),
    Column("sessionid", Int(64)),
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("orgtype", TinyText()),
    Column("countryresident", Char(2)),
    Column("countrycitizen", Char(2)),
    Column("success", Int(8), nullable=False, server_default="0"),
    Column("ipcountry", Char(2)),
    Column("ip", Varchar(IP), nullable=False, server_default=""),
    Column("host", TinyText()),
    Column("user", Varchar(150)),
    Column("tool", TinyText(), nullable=False, server_default=""),
    Column("pid", Int(32)),
    Column("domain", TinyText()),
    Column("filesystem", TinyText()),
    Column("execunit", TinyText()),
    Column("walltime", Real(single=True, unsigned=True), server_default="0"),
    Column("cputime", Real(single=True, unsigned=True), server_default="0"),
    Column("error", TinyText()),
    Index("toolstart_sessionid", "sessionid"),
    Index("toolstart_datetime", "datetime"),
    Index("toolstart_ip", "ip"),
    **INNODB,
    sqlite_autoincrement=True,
)

# unused
tops = Table(
    "tops",
    metadata,
    Column("top", Int(8), primary_key=True, autoincrement=False, server_default="0"),
    Column("name", Varchar(128), nullable=False, server_default=""),
    Column("valfmt", Int(8), nullable=False, server_default="0"),
    Column("size", Int(8), nullable=False, server_default="0"),
    **INNODB,
)

# unused
topvals = Table(
    "topvals",
    metadata,
    Column("top", Int(8), nullable=False, server_default="0"),
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("period", Int(8), nullable=False, server_default="1"),
    Column("rank", Int(8), nullable=False, server_default="0"),
    Column("name", Varchar(255)),
    Column("value", Int(64), nullable=False, server_default="0"),
    **INNODB,
)

# unused
totalvals = Table(
    "totalvals",
    metadata,
    Column("hub", Int(8), nullable=False, server_default="0"),
    Column("total", Int(8), nullable=False, server_default="0"),
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("period", Int(8), nullable=False, server_default="1"),
    Column("value", Int(64), nullable=False, server_default="0"),
    **INNODB,
)

# one login or simulation event
userlogin = Table(
    "userlogin",
    metadata,
    Column("id", Int(64), primary_key=True),
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("user", Varchar(255), nullable=False, server_default="-"),
    Column("uidNumber", Int(64), server_default="0"),
    Column("ip", Varchar(IP), nullable=False, server_default=""),
    Column("action", Varchar(40), nullable=False, server_default=""),
    Index("userlogin_natural_key", "datetime", "user", "uidNumber", "ip", "action", unique=True),
    **INNODB,
    sqlite_autoincrement=True,
)

# the logins and simulations of `userlogin`, remade by every summary (spec 50 §4)
userlogin_lite = Table(
    "userlogin_lite",
    metadata,
    Column("id", Int(64), nullable=False, server_default="0"),
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("user", Varchar(255), nullable=False, server_default="-"),
    Column("uidNumber", Int(64), server_default="0"),
    Column("ip", Varchar(IP), nullable=False, server_default=""),
    Column("action", Varchar(40), nullable=False, server_default=""),
    Index("userlogin_lite_datetime_user", "datetime", "user"),
    Index("userlogin_lite_uidNumber", "uidNumber"),
    **INNODB,
)

# one kept HTTP request
web = Table(
    "web",
    metadata,
    Column("id", Int(64), primary_key=True),
    Column("elementid", Int(64)),
    Column("sessionid", Int(64)),
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("ipcountry", Char(2)),
    Column("content", TinyText(), nullable=False, server_default=""),
    Column("referrer", TinyText()),
    Column("useragent", TinyText()),
    Column("ip", Varchar(IP), nullable=False, server_default=""),
    Column("host", TinyText()),
    Column("domain", TinyText()),
    Column("uidNumber", Int(32)),
    Column("apache_pid", Varchar(120), nullable=False, server_default=""),
    Column("joomla_sessionid", Varchar(120), nullable=False, server_default=""),
    Column("site_cookie", Varchar(120), nullable=False, server_default=""),
    Column("auth_type", Varchar(120), nullable=False, server_default=""),
    Column("component_name", Varchar(120), nullable=False, server_default=""),
    Column("view_name", Varchar(120), nullable=False, server_default=""),
    Column("task_name", Varchar(120), nullable=False, server_default=""),
    Column("action_name", Varchar(120), nullable=False, server_default=""),
    Column("item_name", Varchar(120), nullable=False, server_default=""),
    Column("dnload", Int(8)),
    Index("web_sessionid_dnload", "sessionid", "dnload"),
    Index("web_dnload_datetime", "dnload", "datetime"),
    Index("web_datetime_ip", "datetime", "ip"),
    Index("web_ip", "ip"),
    **INNODB,
    sqlite_autoincrement=True,
)

# hits a day
webhits = Table(
    "webhits",
    metadata,
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("hits", Int(64), nullable=False, server_default="0"),
    **INNODB,
)

# one coalesced visitor session
websessions = Table(
    "websessions",
    metadata,
    Column("id", Int(64), primary_key=True, autoincrement=False, server_default="0"),
    Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
    Column("ipcountry", Char(2), nullable=False, server_default=""),
    Column("ip", Varchar(IP), nullable=False, server_default=""),
    Column("host", TinyText()),
    Column("domain", TinyText()),
    Column("duration", Int(64), nullable=False, server_default="0"),
    Column("jobs", Int(8), nullable=False, server_default="0"),
    Column("webevents", Int(64), nullable=False, server_default="0"),
    Index("websessions_datetime", "datetime"),
    Index("websessions_ip", "ip"),
    **INNODB,
)

# names the resolver gave, so that an address is asked once a refresh period across all tables (own)
dns_cache = Table(
    "dns_cache",
    metadata,
    Column("ip", Varchar(IP), primary_key=True),
    Column("host", TinyText(), nullable=False),
    Column("asked_at", Wallclock(), nullable=False),
    **INNODB,
)

# answers of the remote address service that the hub's cache cannot hold (own, spec 70 §4)
ipgeo_cache = Table(
    "ipgeo_cache",
    metadata,
    Column("ip", Varchar(IP), primary_key=True),
    Column("countrySHORT", Char(2), nullable=False, server_default=""),
    Column("countryLONG", Varchar(64), nullable=False, server_default=""),
    Column("ipREGION", Varchar(128), nullable=False, server_default=""),
    Column("ipCITY", Varchar(128), nullable=False, server_default=""),
    Column("ipLATITUDE", Real()),
    Column("ipLONGITUDE", Real()),
    Column("lookup_datetime", Wallclock(), nullable=False),
    **INNODB,
)

# originals of tables that were rebuilt with another engine, and rebuilds under way (own, spec 70 §8.3)
rebuilds = Table(
    "rebuilds",
    metadata,
    Column("table", Varchar(64), primary_key=True),
    Column("definition", Char(64), nullable=False),  # fingerprint of the definition that is being copied
    Column("original", Varchar(64), nullable=False),  # what the original is called now; empty while the copy is made
    Column("updated_at", Wallclock(), nullable=False, server_default=now_stamp()),
    **INNODB,
)

# copies of doubled cells that said something else than the one kept (own, spec 70 §8.3)
replaced_cells = Table(
    "replaced_cells",
    metadata,
    Column("grid", Varchar(64), nullable=False),
    Column("rowid", Int(8), nullable=False),
    Column("colid", Int(8), nullable=False),
    Column("datetime", Wallclock(), nullable=False),
    Column("period", Int(8), nullable=False),
    Column("value", Varchar(200)),
    Column("valfmt", Int(8), nullable=False),
    Column("replaced_at", Wallclock(), nullable=False, server_default=now_stamp()),
    **INNODB,
)

alembic_version = Table(
    "alembic_version", MetaData(), Column("version_num", Varchar(32), primary_key=True, autoincrement=False), **INNODB
)
"""Alembic's own table: the revision the database is at. Kept apart, because its presence says that we were here."""


def profiles_copy(prefix: str) -> Table:
    """The copy of the hub's profiles as a new database has it; `import-hub-data` remakes it (spec 20 §7.2)."""
    return Table(
        f"{prefix}xprofiles_metrics",
        MetaData(),
        Column("uidNumber", Int(32), primary_key=True, autoincrement=False, server_default="0"),
        Column("name", Varchar(255), nullable=False, server_default=""),
        Column("username", Varchar(150), nullable=False, server_default=""),
        Column("email", Varchar(100), nullable=False, server_default=""),
        Column("registerDate", Wallclock(), nullable=False, server_default=ZERO_DATE),
        Column("gidNumber", Varchar(11), nullable=False, server_default=""),
        Column("homeDirectory", Varchar(255), nullable=False, server_default=""),
        Column("loginShell", Varchar(255), nullable=False, server_default=""),
        Column("ftpShell", Varchar(255), nullable=False, server_default=""),
        Column("userPassword", Varchar(255), nullable=False, server_default=""),
        Column("gid", Varchar(255), nullable=False, server_default=""),
        Column("orgtype", Varchar(255), nullable=False, server_default=""),
        Column("organization", Varchar(255), nullable=False, server_default=""),
        Column("countryresident", Char(2), nullable=False, server_default=""),
        Column("countryorigin", Char(2), nullable=False, server_default=""),
        Column("gender", Varchar(255), nullable=False, server_default=""),
        Column("url", Varchar(255), nullable=False, server_default=""),
        Column("reason", LongText(), nullable=False, server_default=""),
        Column("mailPreferenceOption", Int(32), nullable=False, server_default="-1"),
        Column("usageAgreement", Int(32), nullable=False, server_default="0"),
        Column("modifiedDate", Wallclock(), nullable=False, server_default=ZERO_DATE),
        Column("emailConfirmed", Int(32), nullable=False, server_default="0"),
        Column("regIP", Varchar(255), nullable=False, server_default=""),
        Column("regHost", Varchar(255), nullable=False, server_default=""),
        Column("nativeTribe", Varchar(255), nullable=False, server_default=""),
        Column("phone", Varchar(255), nullable=False, server_default=""),
        Column("proxyPassword", Varchar(255), nullable=False, server_default=""),
        Column("proxyUidNumber", Varchar(255), nullable=False, server_default=""),
        Column("givenName", Varchar(255), nullable=False, server_default=""),
        Column("middleName", Varchar(255), nullable=False, server_default=""),
        Column("surname", Varchar(255), nullable=False, server_default=""),
        Column("picture", Varchar(255), nullable=False, server_default=""),
        Column("vip", Int(32), nullable=False, server_default="0"),
        Column("public", Int(8), nullable=False, server_default="0"),
        Column("params", LongText(), nullable=False, server_default=""),
        Column("note", LongText(), nullable=False, server_default=""),
        Column("shadowExpire", Int(32)),
        Column("location", Varchar(50)),
        Column("orcid", Varchar(255), nullable=False, server_default=""),
        **INNODB,
    )
