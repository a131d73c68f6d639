"""Who logs in and out, by what the logs say (spec 82 §4)."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa

from hzmetrics.logs.clock import LogClock
from hzmetrics.logs.entries import Entries
from hzmetrics.logs.settings import LogSettings
from hzmetrics.users.log_events import LatestEvents

JUPYTERHUB = """\
[I 2026-02-03 12:00:01.123 JupyterHub log:191] 302 POST /hub/login?next= -> /hub/ (Ann@192.0.2.1) 12.50ms
[W 2026-02-03 12:00:02.123 JupyterHub log:191] 403 POST /hub/login?next= (@192.0.2.1) 12.50ms
[I 2026-02-03 12:00:03.123 JupyterHub log:191] 302 GET /hub/oauth_login -> https://id.example.org/ (@192.0.2.1) 1ms
[I 2026-02-03 12:00:04.123 JupyterHub log:191] 302 GET /x/hub/oauth_callback?code=[secret] -> /hub/ (bob@192.0.2.2) 8ms
[E 2026-02-03 12:00:05.123 JupyterHub log:191] 500 GET /hub/oauth_callback?code=[secret] (cyd@192.0.2.2) 1ms
[I 2026-02-03 12:00:06.123 JupyterHub log:191] 302 GET /hub/oauth_callback_of_another -> /hub/ (dee@192.0.2.2) 1ms
[I 2026-02-03 12:00:07.123 JupyterHub log:191] 302 GET /user/eve/oauth_callback -> /hub/ (eve@192.0.2.2) 1ms
[I 2026-02-03 12:00:08.123 JupyterHub log:191] 302 POST /hub/lti13/oauth_callback -> /hub/ (fay@192.0.2.2) 1ms
[I 2026-02-03 12:00:09.123 JupyterHub log:191] 302 GET /hub/logout -> /hub/login (ann@192.0.2.1) 1ms
[I 2026-02-03 12:00:10.123 JupyterHub log:191] 302 GET /hub/oauth_callback?code=[secret] -> /hub/ (ann@192.0.2.1) 1ms
[I 2026-02-03 12:00:11.123 JupyterHub log:191] 302 GET /hub/oauth_callback?code=[secret] -> /hub/ (@192.0.2.1) 1ms
"""


def test_logins_at_a_jupyterhub() -> None:
    lines = JUPYTERHUB.splitlines()
    consumer = LatestEvents()
    with Entries("jupyterhub", LogSettings(), LogClock(dt.UTC)) as entries:
        consumer.take("jupyterhub", entries.read(pa.table({"number": range(len(lines)), "line": lines})))
    noon = 1770120000
    assert consumer.latest == {
        ("ann", "login"): noon + 10, ("ann", "logout"): noon + 9, ("bob", "login"): noon + 4,
        ("fay", "login"): noon + 8,
    }  # fmt: skip
