"""The tables of the hub (CMS) database that the pipeline reads or writes (spec 70 §4).

They are the CMS's own. On MariaDB the product never creates or alters them; on SQLite they are made empty, so that logs
alone are enough. There the addresses of live sessions are wide enough for IPv6; a CMS may have them narrower.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, MetaData, Table

from hzmetrics.store.tables.columns import column, key, optional, serial
from hzmetrics.store.types import Char, Int, LongText, Real, Timestamp, Varchar, Wallclock


class HubTables:
    """The hub's tables under a table `prefix` (`[db] hub_db_prefix`); `joblog` and `sessionlog` have none."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.metadata = MetaData()

        def table(name: str, *items: Column[Any] | Index) -> Table:
            return Table(name, self.metadata, *items)

        # jobs run inside tool sessions; the name has no prefix
        self.joblog = table(
            "joblog",
            key("sessnum", Int(64, unsigned=True), "0"),
            key("job", Int(32, unsigned=True), "0"),
            column("superjob", Int(64, unsigned=True)),
            key("event", Varchar(40), ""),
            column("start", Wallclock()),
            optional("walltime", Real(unsigned=True), "0"),
            optional("cputime", Real(unsigned=True), "0"),
            column("ncpus", Int(16, unsigned=True)),
            optional("status", Int(16, unsigned=True), "0"),
            key("venue", Varchar(80), ""),
            column("zone_id", Int(32)),
            column("end", Timestamp()),
        )

        # GeoIP answers
        self.metrics_ipgeo_cache = table(
            f"{prefix}metrics_ipgeo_cache",
            key("ip", Int(32), "0"),
            column("countrySHORT", Char(2)),
            column("countryLONG", Varchar(64)),
            column("ipREGION", Varchar(128)),
            column("ipCITY", Varchar(128)),
            optional("ipLATITUDE", Real()),
            optional("ipLONGITUDE", Real()),
            column("lookup_datetime", Timestamp()),
        )

        # published resources
        self.resources = table(
            f"{prefix}resources",
            serial("id", Int(32)),
            column("title", Varchar(250)),
            column("type", Int(32)),
            column("logical_type", Int(32)),
            column("introtext", LongText()),
            column("fulltxt", LongText()),
            column("footertext", LongText()),
            column("created", Wallclock()),
            column("created_by", Int(32)),
            column("modified", Wallclock()),
            column("modified_by", Int(32)),
            column("published", Int(32)),
            column("publish_up", Wallclock()),
            column("publish_down", Wallclock()),
            column("access", Int(32)),
            column("hits", Int(32)),
            column("path", Varchar(200)),
            column("checked_out", Int(32)),
            column("checked_out_time", Wallclock()),
            column("standalone", Int(8)),
            column("group_owner", Varchar(250)),
            optional("group_access", LongText()),
            column("rating", Real(), "0.0"),
            column("times_rated", Int(32)),
            optional("params", LongText()),
            optional("attribs", LongText()),
            column("alias", Varchar(100)),
            column("ranking", Real(single=True)),
            optional("master_doi", Varchar(100), ""),
            optional("license", Char(255)),
        )

        # parent and child resources
        self.resource_assoc = table(
            f"{prefix}resource_assoc",
            serial("id", Int(64, unsigned=True)),
            column("parent_id", Int(32)),
            column("child_id", Int(32)),
            column("ordering", Int(32)),
            column("grouping", Int(32)),
        )

        # figures of every resource
        self.resource_stats = table(
            f"{prefix}resource_stats",
            serial("id", Int(64)),
            column("resid", Int(64)),
            optional("restype", Int(32)),
            optional("users", Int(64)),
            optional("jobs", Int(64)),
            optional("avg_wall", Int(32)),
            optional("tot_wall", Int(32)),
            optional("avg_cpu", Int(32)),
            optional("tot_cpu", Int(32)),
            column("datetime", Wallclock()),
            column("period", Int(8), "-1"),
            column("processed_on", Wallclock()),
            Index(f"{prefix}resource_stats_key", "resid", "restype", "datetime", "period", unique=True),
        )

        # figures of every tool
        self.resource_stats_tools = table(
            f"{prefix}resource_stats_tools",
            serial("id", Int(64)),
            column("resid", Int(64)),
            column("restype", Int(32)),
            optional("users", Int(64)),
            optional("sessions", Int(64)),
            optional("simulations", Int(64)),
            optional("jobs", Int(64)),
            optional("avg_wall", Real(unsigned=True), "0"),
            optional("tot_wall", Real(unsigned=True), "0"),
            optional("avg_cpu", Real(unsigned=True), "0"),
            optional("tot_cpu", Real(unsigned=True), "0"),
            optional("avg_view", Real(unsigned=True), "0"),
            optional("tot_view", Real(unsigned=True), "0"),
            optional("avg_wait", Real(unsigned=True), "0"),
            optional("tot_wait", Real(unsigned=True), "0"),
            optional("avg_cpus", Int(32)),
            optional("tot_cpus", Int(32)),
            column("datetime", Wallclock()),
            column("period", Int(8), "-1"),
            column("processed_on", Wallclock()),
        )

        # breakdowns of a tool row
        self.resource_stats_tools_topvals = table(
            f"{prefix}resource_stats_tools_topvals",
            column("id", Int(64)),
            column("top", Int(8)),
            column("rank", Int(8)),
            optional("name", Varchar(255)),
            column("value", Int(64)),
        )

        # live CMS sessions
        self.session = table(
            f"{prefix}session",
            key("session_id", Varchar(200), ""),
            column("client_id", Int(8, unsigned=True)),
            optional("guest", Int(8, unsigned=True), "1"),
            optional("time", Varchar(14), ""),
            optional("data", LongText()),
            optional("userid", Int(32), "0"),
            optional("username", Varchar(150), ""),
            optional("usertype", Varchar(50), ""),
            optional("ip", Varchar(45)),
        )

        # live sessions with place, for the map
        self.session_geo = table(
            f"{prefix}session_geo",
            key("session_id", Varchar(200), "0"),
            optional("username", Varchar(150), ""),
            optional("time", Varchar(14), ""),
            optional("guest", Int(8), "1"),
            optional("userid", Int(32), "0"),
            optional("ip", Varchar(45)),
            optional("host", Varchar(128)),
            optional("domain", Varchar(128)),
            optional("signed", Int(8), "0"),
            optional("countrySHORT", Char(2)),
            optional("countryLONG", Varchar(64)),
            optional("ipREGION", Varchar(128)),
            optional("ipCITY", Varchar(128)),
            optional("ipLATITUDE", Real()),
            optional("ipLONGITUDE", Real()),
            optional("bot", Int(8), "0"),
        )

        # ranked lists of tools
        self.stats_topvals = table(
            f"{prefix}stats_topvals",
            serial("id", Int(32, unsigned=True)),
            column("top", Int(8)),
            column("datetime", Wallclock()),
            column("period", Int(8), "1"),
            column("rank", Int(16)),
            optional("name", Varchar(255)),
            column("value", Int(64)),
        )

        # tool versions
        self.tool_version = table(
            f"{prefix}tool_version",
            serial("id", Int(32)),
            column("toolname", Varchar(64)),
            column("instance", Varchar(31)),
            column("title", Varchar(127)),
            optional("description", LongText()),
            optional("fulltxt", LongText()),
            optional("version", Varchar(15)),
            optional("revision", Int(32)),
            optional("toolaccess", Varchar(15)),
            optional("codeaccess", Varchar(15)),
            optional("wikiaccess", Varchar(15)),
            optional("state", Int(32)),
            optional("released_by", Varchar(31)),
            optional("released", Wallclock()),
            optional("unpublished", Wallclock()),
            optional("exportControl", Varchar(16)),
            optional("license", LongText()),
            optional("vnc_geometry", Varchar(31)),
            optional("vnc_depth", Int(32)),
            optional("vnc_timeout", Int(32)),
            optional("vnc_command", Varchar(100)),
            optional("mw", Varchar(31)),
            optional("toolid", Int(32)),
            optional("priority", Int(32)),
            optional("params", LongText()),
            Index("uidx_toolname_instance", "toolname", "instance", unique=True),
        )

        # not used
        self.tool_version_alias = table(
            f"{prefix}tool_version_alias",
            column("tool_version_id", Int(32)),
            column("alias", Varchar(255)),
        )

        # accounts
        self.users = table(
            f"{prefix}users",
            serial("id", Int(32)),
            column("name", Varchar(255)),
            column("givenName", Varchar(255)),
            column("middleName", Varchar(255)),
            column("surname", Varchar(255)),
            column("username", Varchar(150)),
            column("email", Varchar(100)),
            column("password", Varchar(127)),
            column("usertype", Varchar(25)),
            column("block", Int(8)),
            column("approved", Int(8), "2"),
            optional("sendEmail", Int(8), "0"),
            column("registerDate", Wallclock()),
            column("registerIP", Varchar(40)),
            column("lastvisitDate", Wallclock()),
            column("activation", Int(32)),
            column("params", LongText()),
            column("lastResetTime", Wallclock()),
            column("resetCount", Int(32)),
            column("access", Int(32)),
            column("usageAgreement", Int(8)),
            column("homeDirectory", Varchar(255)),
            column("loginShell", Varchar(255)),
            column("ftpShell", Varchar(255)),
            optional("secret", Char(32)),
            Index("uidx_username", "username", unique=True),
        )

        # user profiles (key/value form)
        self.user_profiles = table(
            f"{prefix}user_profiles",
            serial("id", Int(32, unsigned=True)),
            column("user_id", Int(32)),
            column("profile_key", Varchar(100)),
            column("profile_value", LongText()),
            column("ordering", Int(32)),
            column("access", Int(32)),
        )

        # user profiles (old form)
        self.xprofiles = table(
            f"{prefix}xprofiles",
            *profile_columns(),
            column("locked", Int(8)),
            column("orcid", Varchar(255)),
        )

        # tool sessions; the name has no prefix
        self.sessionlog = table(
            "sessionlog",
            serial("sessnum", Int(64, unsigned=True)),
            column("username", Varchar(32)),
            column("remoteip", Varchar(40)),
            column("remotehost", Varchar(40)),
            column("exechost", Varchar(40)),
            optional("dispnum", Int(32, unsigned=True), "0"),
            column("start", Wallclock()),
            column("appname", Varchar(80)),
            optional("walltime", Real(unsigned=True), "0"),
            optional("viewtime", Real(unsigned=True), "0"),
            optional("cputime", Real(unsigned=True), "0"),
            optional("status", Int(16, unsigned=True), "0"),
            column("zone_id", Int(32)),
        )


def profile_columns() -> tuple[Column[Any], ...]:
    """What a profile in its old form says of a user, in the hub and in our copy of it."""
    return (
        key("uidNumber", Int(32), "0"),
        column("name", Varchar(255)),
        column("username", Varchar(150)),
        column("email", Varchar(100)),
        column("registerDate", Wallclock()),
        column("gidNumber", Varchar(11)),
        column("homeDirectory", Varchar(255)),
        column("loginShell", Varchar(255)),
        column("ftpShell", Varchar(255)),
        column("userPassword", Varchar(255)),
        column("gid", Varchar(255)),
        column("orgtype", Varchar(255)),
        column("organization", Varchar(255)),
        column("countryresident", Char(2)),
        column("countryorigin", Char(2)),
        column("gender", Varchar(255)),
        column("url", Varchar(255)),
        column("reason", LongText()),
        column("mailPreferenceOption", Int(32), "-1"),
        column("usageAgreement", Int(32)),
        column("modifiedDate", Wallclock()),
        column("emailConfirmed", Int(32)),
        column("regIP", Varchar(255)),
        column("regHost", Varchar(255)),
        column("nativeTribe", Varchar(255)),
        column("phone", Varchar(255)),
        column("proxyPassword", Varchar(255)),
        column("proxyUidNumber", Varchar(255)),
        column("givenName", Varchar(255)),
        column("middleName", Varchar(255)),
        column("surname", Varchar(255)),
        column("picture", Varchar(255)),
        column("vip", Int(32)),
        column("public", Int(8)),
        column("params", LongText()),
        column("note", LongText()),
        optional("shadowExpire", Int(32)),
    )
