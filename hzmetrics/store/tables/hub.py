"""The tables of the hub (CMS) database that the pipeline reads or writes (spec 70 §4).

They are the CMS's own. On MariaDB the product never creates or alters them; on SQLite they are made empty, so that logs
alone are enough. There the addresses of live sessions are wide enough for IPv6; a CMS may have them narrower.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, MetaData, Table

from hzmetrics.store.types import ZERO_DATE, Char, Int, LongText, Real, Timestamp, Varchar, Wallclock, now_stamp


class HubTables:
    """The hub's tables under a table `prefix` (`[db] hub_db_prefix`); `joblog` and `sessionlog` have none."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.metadata = metadata = MetaData()

        # jobs run inside tool sessions; the name has no prefix
        self.joblog = Table(
            "joblog",
            metadata,
            Column("sessnum", Int(64, unsigned=True), primary_key=True, autoincrement=False, server_default="0"),
            Column("job", Int(32, unsigned=True), primary_key=True, autoincrement=False, server_default="0"),
            Column("superjob", Int(64, unsigned=True), nullable=False, server_default="0"),
            Column("event", Varchar(40), primary_key=True, autoincrement=False, server_default=""),
            Column("start", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Column("walltime", Real(unsigned=True), server_default="0"),
            Column("cputime", Real(unsigned=True), server_default="0"),
            Column("ncpus", Int(16, unsigned=True), nullable=False, server_default="0"),
            Column("status", Int(16, unsigned=True), server_default="0"),
            Column("venue", Varchar(80), primary_key=True, autoincrement=False, server_default=""),
            Column("zone_id", Int(32), nullable=False, server_default="0"),
            Column("end", Timestamp(), nullable=False, server_default=now_stamp()),
        )

        # GeoIP answers
        self.metrics_ipgeo_cache = Table(
            f"{prefix}metrics_ipgeo_cache",
            metadata,
            Column("ip", Int(32), primary_key=True, autoincrement=False, server_default="0"),
            Column("countrySHORT", Char(2), nullable=False, server_default=""),
            Column("countryLONG", Varchar(64), nullable=False, server_default=""),
            Column("ipREGION", Varchar(128), nullable=False, server_default=""),
            Column("ipCITY", Varchar(128), nullable=False, server_default=""),
            Column("ipLATITUDE", Real()),
            Column("ipLONGITUDE", Real()),
            Column("lookup_datetime", Timestamp(), nullable=False, server_default=now_stamp()),
        )

        # published resources
        self.resources = Table(
            f"{prefix}resources",
            metadata,
            Column("id", Int(32), primary_key=True),
            Column("title", Varchar(250), nullable=False, server_default=""),
            Column("type", Int(32), nullable=False, server_default="0"),
            Column("logical_type", Int(32), nullable=False, server_default="0"),
            Column("introtext", LongText(), nullable=False, server_default=""),
            Column("fulltxt", LongText(), nullable=False, server_default=""),
            Column("footertext", LongText(), nullable=False, server_default=""),
            Column("created", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Column("created_by", Int(32), nullable=False, server_default="0"),
            Column("modified", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Column("modified_by", Int(32), nullable=False, server_default="0"),
            Column("published", Int(32), nullable=False, server_default="0"),
            Column("publish_up", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Column("publish_down", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Column("access", Int(32), nullable=False, server_default="0"),
            Column("hits", Int(32), nullable=False, server_default="0"),
            Column("path", Varchar(200), nullable=False, server_default=""),
            Column("checked_out", Int(32), nullable=False, server_default="0"),
            Column("checked_out_time", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Column("standalone", Int(8), nullable=False, server_default="0"),
            Column("group_owner", Varchar(250), nullable=False, server_default=""),
            Column("group_access", LongText()),
            Column("rating", Real(), nullable=False, server_default="0.0"),
            Column("times_rated", Int(32), nullable=False, server_default="0"),
            Column("params", LongText()),
            Column("attribs", LongText()),
            Column("alias", Varchar(100), nullable=False, server_default=""),
            Column("ranking", Real(single=True), nullable=False, server_default="0"),
            Column("master_doi", Varchar(100), server_default=""),
            Column("license", Char(255)),
        )

        # parent and child resources
        self.resource_assoc = Table(
            f"{prefix}resource_assoc",
            metadata,
            Column("id", Int(64, unsigned=True), primary_key=True),
            Column("parent_id", Int(32), nullable=False, server_default="0"),
            Column("child_id", Int(32), nullable=False, server_default="0"),
            Column("ordering", Int(32), nullable=False, server_default="0"),
            Column("grouping", Int(32), nullable=False, server_default="0"),
        )

        # figures of every resource
        self.resource_stats = Table(
            f"{prefix}resource_stats",
            metadata,
            Column("id", Int(64), primary_key=True),
            Column("resid", Int(64), nullable=False, server_default="0"),
            Column("restype", Int(32)),
            Column("users", Int(64)),
            Column("jobs", Int(64)),
            Column("avg_wall", Int(32)),
            Column("tot_wall", Int(32)),
            Column("avg_cpu", Int(32)),
            Column("tot_cpu", Int(32)),
            Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Column("period", Int(8), nullable=False, server_default="-1"),
            Column("processed_on", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Index(f"{prefix}resource_stats_key", "resid", "restype", "datetime", "period", unique=True),
        )

        # figures of every tool
        self.resource_stats_tools = Table(
            f"{prefix}resource_stats_tools",
            metadata,
            Column("id", Int(64), primary_key=True),
            Column("resid", Int(64), nullable=False, server_default="0"),
            Column("restype", Int(32), nullable=False, server_default="0"),
            Column("users", Int(64)),
            Column("sessions", Int(64)),
            Column("simulations", Int(64)),
            Column("jobs", Int(64)),
            Column("avg_wall", Real(unsigned=True), server_default="0"),
            Column("tot_wall", Real(unsigned=True), server_default="0"),
            Column("avg_cpu", Real(unsigned=True), server_default="0"),
            Column("tot_cpu", Real(unsigned=True), server_default="0"),
            Column("avg_view", Real(unsigned=True), server_default="0"),
            Column("tot_view", Real(unsigned=True), server_default="0"),
            Column("avg_wait", Real(unsigned=True), server_default="0"),
            Column("tot_wait", Real(unsigned=True), server_default="0"),
            Column("avg_cpus", Int(32)),
            Column("tot_cpus", Int(32)),
            Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Column("period", Int(8), nullable=False, server_default="-1"),
            Column("processed_on", Wallclock(), nullable=False, server_default=ZERO_DATE),
        )

        # breakdowns of a tool row
        self.resource_stats_tools_topvals = Table(
            f"{prefix}resource_stats_tools_topvals",
            metadata,
            Column("id", Int(64), nullable=False, server_default="0"),
            Column("top", Int(8), nullable=False, server_default="0"),
            Column("rank", Int(8), nullable=False, server_default="0"),
            Column("name", Varchar(255)),
            Column("value", Int(64), nullable=False, server_default="0"),
        )

        # live CMS sessions
        self.session = Table(
            f"{prefix}session",
            metadata,
            Column("session_id", Varchar(200), primary_key=True, autoincrement=False, server_default=""),
            Column("client_id", Int(8, unsigned=True), nullable=False, server_default="0"),
            Column("guest", Int(8, unsigned=True), server_default="1"),
            Column("time", Varchar(14), server_default=""),
            Column("data", LongText()),
            Column("userid", Int(32), server_default="0"),
            Column("username", Varchar(150), server_default=""),
            Column("usertype", Varchar(50), server_default=""),
            Column("ip", Varchar(45)),
        )

        # live sessions with place, for the map
        self.session_geo = Table(
            f"{prefix}session_geo",
            metadata,
            Column("session_id", Varchar(200), primary_key=True, autoincrement=False, server_default="0"),
            Column("username", Varchar(150), server_default=""),
            Column("time", Varchar(14), server_default=""),
            Column("guest", Int(8), server_default="1"),
            Column("userid", Int(32), server_default="0"),
            Column("ip", Varchar(45)),
            Column("host", Varchar(128)),
            Column("domain", Varchar(128)),
            Column("signed", Int(8), server_default="0"),
            Column("countrySHORT", Char(2)),
            Column("countryLONG", Varchar(64)),
            Column("ipREGION", Varchar(128)),
            Column("ipCITY", Varchar(128)),
            Column("ipLATITUDE", Real()),
            Column("ipLONGITUDE", Real()),
            Column("bot", Int(8), server_default="0"),
        )

        # ranked lists of tools
        self.stats_topvals = Table(
            f"{prefix}stats_topvals",
            metadata,
            Column("id", Int(32, unsigned=True), primary_key=True),
            Column("top", Int(8), nullable=False, server_default="0"),
            Column("datetime", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Column("period", Int(8), nullable=False, server_default="1"),
            Column("rank", Int(16), nullable=False, server_default="0"),
            Column("name", Varchar(255)),
            Column("value", Int(64), nullable=False, server_default="0"),
        )

        # tool versions
        self.tool_version = Table(
            f"{prefix}tool_version",
            metadata,
            Column("id", Int(32), primary_key=True),
            Column("toolname", Varchar(64), nullable=False, server_default=""),
            Column("instance", Varchar(31), nullable=False, server_default=""),
            Column("title", Varchar(127), nullable=False, server_default=""),
            Column("description", LongText()),
            Column("fulltxt", LongText()),
            Column("version", Varchar(15)),
            Column("revision", Int(32)),
            Column("toolaccess", Varchar(15)),
            Column("codeaccess", Varchar(15)),
            Column("wikiaccess", Varchar(15)),
            Column("state", Int(32)),
            Column("released_by", Varchar(31)),
            Column("released", Wallclock()),
            Column("unpublished", Wallclock()),
            Column("exportControl", Varchar(16)),
            Column("license", LongText()),
            Column("vnc_geometry", Varchar(31)),
            Column("vnc_depth", Int(32)),
            Column("vnc_timeout", Int(32)),
            Column("vnc_command", Varchar(100)),
            Column("mw", Varchar(31)),
            Column("toolid", Int(32)),
            Column("priority", Int(32)),
            Column("params", LongText()),
            Index("uidx_toolname_instance", "toolname", "instance", unique=True),
        )

        # not used
        self.tool_version_alias = Table(
            f"{prefix}tool_version_alias",
            metadata,
            Column("tool_version_id", Int(32), nullable=False, server_default="0"),
            Column("alias", Varchar(255), nullable=False, server_default=""),
        )

        # accounts
        self.users = Table(
            f"{prefix}users",
            metadata,
            Column("id", Int(32), primary_key=True),
            Column("name", Varchar(255), nullable=False, server_default=""),
            Column("givenName", Varchar(255), nullable=False, server_default=""),
            Column("middleName", Varchar(255), nullable=False, server_default=""),
            Column("surname", Varchar(255), nullable=False, server_default=""),
            Column("username", Varchar(150), nullable=False, server_default=""),
            Column("email", Varchar(100), nullable=False, server_default=""),
            Column("password", Varchar(127), nullable=False, server_default=""),
            Column("usertype", Varchar(25), nullable=False, server_default=""),
            Column("block", Int(8), nullable=False, server_default="0"),
            Column("approved", Int(8), nullable=False, server_default="2"),
            Column("sendEmail", Int(8), server_default="0"),
            Column("registerDate", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Column("registerIP", Varchar(40), nullable=False, server_default=""),
            Column("lastvisitDate", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Column("activation", Int(32), nullable=False, server_default="0"),
            Column("params", LongText(), nullable=False, server_default=""),
            Column("lastResetTime", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Column("resetCount", Int(32), nullable=False, server_default="0"),
            Column("access", Int(32), nullable=False, server_default="0"),
            Column("usageAgreement", Int(8), nullable=False, server_default="0"),
            Column("homeDirectory", Varchar(255), nullable=False, server_default=""),
            Column("loginShell", Varchar(255), nullable=False, server_default=""),
            Column("ftpShell", Varchar(255), nullable=False, server_default=""),
            Column("secret", Char(32)),
            Index("uidx_username", "username", unique=True),
        )

        # user profiles (key/value form)
        self.user_profiles = Table(
            f"{prefix}user_profiles",
            metadata,
            Column("id", Int(32, unsigned=True), primary_key=True),
            Column("user_id", Int(32), nullable=False, server_default="0"),
            Column("profile_key", Varchar(100), nullable=False, server_default=""),
            Column("profile_value", LongText(), nullable=False, server_default=""),
            Column("ordering", Int(32), nullable=False, server_default="0"),
            Column("access", Int(32), nullable=False, server_default="0"),
        )

        # user profiles (old form)
        self.xprofiles = Table(
            f"{prefix}xprofiles",
            metadata,
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
            Column("locked", Int(8), nullable=False, server_default="0"),
            Column("orcid", Varchar(255), nullable=False, server_default=""),
        )

        # tool sessions; the name has no prefix
        self.sessionlog = Table(
            "sessionlog",
            metadata,
            Column("sessnum", Int(64, unsigned=True), primary_key=True),
            Column("username", Varchar(32), nullable=False, server_default=""),
            Column("remoteip", Varchar(40), nullable=False, server_default=""),
            Column("remotehost", Varchar(40), nullable=False, server_default=""),
            Column("exechost", Varchar(40), nullable=False, server_default=""),
            Column("dispnum", Int(32, unsigned=True), server_default="0"),
            Column("start", Wallclock(), nullable=False, server_default=ZERO_DATE),
            Column("appname", Varchar(80), nullable=False, server_default=""),
            Column("walltime", Real(unsigned=True), server_default="0"),
            Column("viewtime", Real(unsigned=True), server_default="0"),
            Column("cputime", Real(unsigned=True), server_default="0"),
            Column("status", Int(16, unsigned=True), server_default="0"),
            Column("zone_id", Int(32), nullable=False, server_default="0"),
        )
