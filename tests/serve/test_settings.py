"""What a JupyterHub tells its service."""

from __future__ import annotations

from pathlib import Path

import pytest

from hzmetrics import config
from hzmetrics.config.source import Source
from hzmetrics.errors import ConfigurationError
from hzmetrics.serve.settings import Serving

SERVICE = {
    "JUPYTERHUB_SERVICE_PREFIX": "/hub1/services/usage/",
    "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:10101",
    "JUPYTERHUB_API_URL": "http://127.0.0.1:8081/hub1/hub/api",
    "JUPYTERHUB_API_TOKEN": "secret-of-the-service",
    "JUPYTERHUB_BASE_URL": "/hub1/",
}


def serving(tmp_path: Path, environment: dict[str, str], **keys: str) -> Serving:
    home = {"HZMETRICS_HOME": str(tmp_path)}
    return Serving.of(config.build(Source(tmp_path / "conf", {"http": keys}, environment={**home, **environment})))


def test_the_hub_says_where_a_service_is(tmp_path: Path) -> None:
    found = serving(tmp_path, SERVICE)
    assert (found.listen, found.base_path) == ("127.0.0.1:10101", "/hub1/services/usage")
    assert found.jupyterhub and found.jupyterhub.name == "usage"
    assert found.jupyterhub.client_id == "service-usage"
    assert "secret" not in repr(found)
    assert serving(tmp_path, SERVICE, listen="127.0.0.1:9").listen == "127.0.0.1:9"


@pytest.mark.parametrize("name", ["JUPYTERHUB_API_URL", "JUPYTERHUB_API_TOKEN"])
def test_a_service_without_the_api_of_its_hub_does_not_start(tmp_path: Path, name: str) -> None:
    environment = {key: value for key, value in SERVICE.items() if key != name}
    with pytest.raises(ConfigurationError, match=f"^JUPYTERHUB_SERVICE_PREFIX is set, but not {name}$"):
        serving(tmp_path, environment)


def test_the_variables_of_another_program_of_the_hub_are_no_service(tmp_path: Path) -> None:
    environment = {key: value for key, value in SERVICE.items() if "API" in key}
    with pytest.raises(ConfigurationError, match="neither admin_token_file nor trusted_proxies"):
        serving(tmp_path, environment)
