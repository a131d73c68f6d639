"""The databases of the invented hub before any log is imported."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.calendar import Clock
from hzmetrics.demo.world import SCRAPERS, TOOLS, Numbers, World
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import dns_cache, domainclass, exclude_list

TOOL = 7
"""The type of a resource that is a tool (spec 40 §4)."""

FIRST_SESSION = 20_001


def fill(store: Store, world: World, sessions: pa.Table, clock: Clock) -> None:
    """Fill the database of the hub with accounts, profiles, tools, resources and the `sessions` of tools, and the
    metrics database with classes of domains, names and filters.
    """
    tables = store.hub_tables
    with store.hub.begin() as connection:
        for table, rows in (
            (tables.users, _users(world)),
            (tables.user_profiles, _answers(world)),
            (tables.xprofiles, _profiles(world)),
            (tables.resources, _resources(world)),
            (tables.tool_version, _versions()),
            (tables.sessionlog, _sessions(sessions)),
            (tables.joblog, _jobs(world, sessions)),
        ):
            store.hub.append(connection, table, rows)
    with store.metrics.begin() as connection:
        store.metrics.append(connection, domainclass, _classes(world))
        store.metrics.append(connection, dns_cache, _names(world, sessions, clock))
        connection.execute(
            sa.insert(exclude_list),
            [{"filter": domain, "type": "domain", "notes": "scraper"} for domain in SCRAPERS],
        )


def _users(world: World) -> pa.Table:
    accounts = world.accounts
    return pa.table(
        {
            "id": accounts.uid,
            "name": accounts.name,
            "username": accounts.username,
            "email": [f"{name}@mail.example" for name in accounts.username],
            "registerDate": _wall_clock(accounts.registered),
        }
    )


def _profiles(world: World) -> pa.Table:
    """The old form of the profiles; those of the newest accounts are not confirmed yet."""
    accounts = world.accounts
    rows = pa.table(
        {
            "uidNumber": accounts.uid,
            "name": accounts.name,
            "username": accounts.username,
            "registerDate": _wall_clock(accounts.registered),
            "orgtype": accounts.kind,
            "countryresident": accounts.country,
            "countryorigin": accounts.country,
            "emailConfirmed": np.where(np.arange(len(accounts.uid)) % 40 == 39, -1, 1),
        }
    )
    return rows.filter(pa.array(accounts.has_profile))


def _answers(world: World) -> pa.Table:
    """The key and value form of the profiles."""
    accounts = world.accounts
    answers = pa.concat_tables(
        pa.table({"user_id": accounts.uid, "profile_key": [key] * len(accounts.uid), "profile_value": values}).filter(
            pa.array(accounts.has_profile)
        )
        for key, values in (
            ("orgtype", accounts.kind),
            ("countryresident", accounts.country),
            ("countryorigin", accounts.country),
        )
    )
    return answers.append_column("id", pa.array(np.arange(1, len(answers) + 1)))


def _resources(world: World) -> pa.Table:
    tools = [(index, TOOL, title, alias, "") for index, (alias, title) in enumerate(TOOLS, 1)]
    others = [(resource.id, 1, resource.title, "", resource.path) for resource in world.resources]
    ids, types, titles, aliases, paths = zip(*tools, *others, strict=True)
    ones = [1] * len(ids)
    return pa.table(
        {
            "id": ids,
            "type": types,
            "title": titles,
            "alias": aliases,
            "path": paths,
            "published": ones,
            "standalone": ones,
        }
    )


def _versions() -> pa.Table:
    """Each tool has two published versions and one in development."""
    rows = [
        (alias, f"{alias}_{version}", title, state)
        for alias, title in TOOLS
        for version, state in (("r11", 2), ("r26", 1), ("dev", 3))
    ]
    names, instances, titles, states = zip(*rows, strict=True)
    return pa.table(
        {"id": range(1, len(rows) + 1), "toolname": names, "instance": instances, "title": titles, "state": states}
    )


def _sessions(sessions: pa.Table) -> pa.Table:
    return pa.table(
        {
            "sessnum": _numbers(sessions),
            "username": sessions["user"],
            "remoteip": sessions["ip"],
            "exechost": ["exec.hub.example"] * len(sessions),
            "start": _wall_clock(sessions["start"].to_numpy()),
            "appname": pc.binary_join_element_wise(sessions["tool"], "r26", "_"),
            "walltime": sessions["walltime"],
            "viewtime": sessions["viewtime"],
            "cputime": sessions["cputime"],
        }
    )


def _jobs(world: World, sessions: pa.Table) -> pa.Table:
    """Each session is a job by itself, and each run in it is one more, spread over its time; some had to wait."""
    runs = sessions["runs"].to_numpy()
    session = np.concatenate([np.arange(len(runs)), np.repeat(np.arange(len(runs)), runs)])
    job = np.concatenate(
        [np.zeros(len(runs), np.int64), np.arange(runs.sum()) - np.repeat(np.cumsum(runs) - runs, runs) + 1]
    )
    share = 1 / (runs[session] + 1)
    waited = (job > 0) & (world.rng(2).random(len(job)) < 0.05)
    event = np.select([job == 0, waited], ["application", "[waiting]"], "simulation")
    walltime = sessions["walltime"].to_numpy()[session]
    return pa.table(
        {
            "sessnum": _numbers(sessions)[session],
            "job": job,
            "event": event.tolist(),
            "start": _wall_clock((sessions["start"].to_numpy()[session] + job * share * walltime).astype(np.int64)),
            "walltime": np.where(job == 0, walltime, walltime * share),
            "cputime": sessions["cputime"].to_numpy()[session] * share,
            "ncpus": np.ones(len(job), np.int64),
            "venue": ["local"] * len(job),
        }
    )


def _classes(world: World) -> pa.Table:
    known = [organization for organization in world.organizations if organization.kind]
    return pa.table(
        {
            "domain": [organization.domain for organization in known],
            "class": [organization.kind for organization in known],
            "country": [organization.country for organization in known],
            "name": [organization.name for organization in known],
        }
    )


def _names(world: World, sessions: pa.Table, clock: Clock) -> pa.Table:
    """The names of all addresses, as if they had just been looked up: invented names are not asked for."""
    addresses = world.addresses
    hosts = dict(zip(addresses.ip, addresses.host, strict=True))
    over6 = {ip for ip in sessions["ip"].to_pylist() if ip not in hosts}
    prefixes = {organization.prefix6: organization.domain for organization in world.organizations}
    hosts |= {ip: f"v6-{ip.rpartition(':')[2]}.{prefixes[ip.partition('::')[0]]}" for ip in sorted(over6)}
    return pa.table({"ip": list(hosts), "host": list(hosts.values()), "asked_at": [clock.local] * len(hosts)})


def _numbers(sessions: pa.Table) -> Numbers:
    return np.arange(FIRST_SESSION, FIRST_SESSION + len(sessions))


def _wall_clock(seconds: Numbers) -> pa.Array:
    """`YYYY-MM-DD HH:MM:SS` of seconds since 1970 on the wall clock."""
    return pa.array(seconds).cast(pa.timestamp("s")).cast(pa.string())
