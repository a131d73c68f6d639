"""An S3 server on this machine, and what is in its buckets."""

from __future__ import annotations

import logging
import urllib.request
import uuid
from dataclasses import dataclass
from pathlib import Path

import fsspec
from moto.server import ThreadedMotoServer

SECRET = "a-secret-of-nobody"


@dataclass
class S3:
    """The server; what it holds stays when it is stopped and started again."""

    server: ThreadedMotoServer
    port: int

    @classmethod
    def started(cls) -> S3:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        return cls(server, server.get_host_and_port()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }

    def stop(self) -> None:
        self.server.stop()

    def start_again(self) -> None:
        self.server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self.server.start()

    def require_credentials(self, is_required: bool) -> None:
        """From now on refuse the keys of nobody, or take them."""
        count = b"0" if is_required else b"inf"
        headers = {"Content-Type": "application/octet-stream"}
        request = urllib.request.Request(f"{self.url}/moto-api/reset-auth", count, headers, method="POST")
        urllib.request.urlopen(request).close()

    def new_bucket(self) -> str:
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        _store().mkdir(name)
        return name


def content(root: Path | str) -> dict[str, bytes]:
    """What is below a directory, or a name in a store, by the name below it."""
    if isinstance(root, Path):
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    store, prefix = _store(), f"{root.removeprefix('s3://')}/"
    return {name.removeprefix(prefix): store.cat_file(name, start=0) for name in store.find(prefix)}


def names(root: str) -> list[str]:
    """What is below a name in a store."""
    found: list[str] = _store().find(root)
    return found


def _store() -> fsspec.AbstractFileSystem:
    return fsspec.filesystem("s3", use_listings_cache=False)
