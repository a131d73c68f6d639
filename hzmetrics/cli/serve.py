"""The administrators' server."""

from __future__ import annotations

import click

from hzmetrics.cli.app import App, pass_app
from hzmetrics.errors import ConfigurationError


@click.command()
@pass_app
def serve(app: App) -> None:
    """Serve pages and documents to administrators, until SIGTERM.

    Nothing else needs the server: cron alone keeps all data current. See docs/serve.md.
    """
    try:
        from hzmetrics.serve import server
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("fastapi", "pydantic", "starlette", "uvicorn"):
            raise
        raise ConfigurationError(
            f"the server needs {missing.name}, which is not installed; run: pip install 'hzmetrics[web]'"
        ) from None
    server.serve(app.store, app.settings)
