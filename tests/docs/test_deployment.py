"""README's "Deploy it" works as printed, on a Debian that has only what a hub has: Apache, MariaDB, tables of the CMS.

The commands and the configuration are taken from the text. It needs root, debootstrap and the network. The system is
kept for the next time, in the cache directory of the user.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hzmetrics.pipeline.tick import RUN_MINUTE
from hzmetrics.store.tables.hub import HubTables
from tests.docs.test_commands import ROOT

SUITE = "bookworm"
PACKAGES = ("ca-certificates", "python3-venv", "mariadb-server", "apache2")
SHRINK = "rm -rf /usr/share/doc /usr/share/locale /usr/share/man /var/lib/apt/lists"
SOURCE = "/usr/src/hzmetrics"
LINE = (
    '192.0.2.10 - - [{day:%d/%b/%Y}:10:00:00 +0000] "GET /resources/{number} HTTP/1.1" 200 900 "-"'
    ' "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0"\n'
)

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(3600)]


class Debian:
    """A Debian in a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, command: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        """Run a line of the shell in the directory of the source, as a user who has just logged in."""
        environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp",
                       "LC_ALL=C.UTF-8", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheels"]  # fmt: skip
        shell = ["/bin/sh", "-c", f"cd {SOURCE}; {command}"]
        become = [] if user == "root" else ["runuser", "-u", user, "--"]
        words = ["chroot", str(self.root), "/usr/bin/env", "-i", *environment, *become, *shell]
        return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800)

    def must(self, command: str, user: str = "root") -> str:
        """The output of a line that works."""
        done = self.run(command, user)
        assert done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout}"
        return done.stdout

    def write(self, path: str, text: str, user: str = "root") -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        self.must(f"chown {user} {path}")


def prepare(*words: str | Path) -> None:
    """A command of the preparation. The test is skipped if it fails: there is no network, or no room."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"{words[0]} takes too long")
    if done.returncode:
        pytest.skip(f"cannot prepare a Debian: {' '.join(map(str, words[:3]))}: {done.stdout[-500:]}")


def cache() -> Path:
    """What is kept for the next time."""
    directory = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "hzmetrics-tests"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def mirror() -> list[str]:
    """The mirror that this machine uses, if it is a Debian of the same suite."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", f"Codename: {SUITE}", "Origin: Debian"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, timeout=60).stdout.split()[:1]
    except (OSError, subprocess.TimeoutExpired):
        return []


def packed_debian() -> Path:
    """The system as an archive, made where there is none yet."""
    program = shutil.which("debootstrap", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("debootstrap is not installed")
    archive = cache() / f"debian-{SUITE}-{'-'.join(PACKAGES)}.tar"
    if not archive.exists():
        root, fresh = cache() / f"root.{os.getpid()}", archive.with_suffix(f".{os.getpid()}")
        try:
            prepare(program, "--variant=minbase", SUITE, root, *mirror())
            install = f"apt-get update -q && apt-get install -qy --no-install-recommends {' '.join(PACKAGES)}"
            prepare("chroot", root, "/bin/sh", "-c", f"{install} && apt-get clean && {SHRINK}")
            prepare("tar", "-C", root, "-cf", fresh, ".")
            fresh.rename(archive)
        finally:
            shutil.rmtree(root, ignore_errors=True)
            fresh.unlink(missing_ok=True)
    return archive


def provide_source(debian: Debian) -> None:
    """The source and the packages that it needs, which this machine's pip knows how to get."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "demo")
    shutil.copytree(ROOT, debian.root / SOURCE.lstrip("/"), ignore=ignored)
    version = debian.must("python3 -c 'import sys; print(*sys.version_info[:2], sep=\".\")'").strip()
    if version != ".".join(map(str, sys.version_info[:2])):
        pytest.skip(f"Python of Debian is {version}, so that packages fetched here do not fit")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    wheels = cache() / f"wheels-{hashlib.sha256(repr((version, needed)).encode()).hexdigest()[:12]}"
    if not wheels.exists():
        fresh = wheels.with_suffix(f".{os.getpid()}")
        try:
            prepare(sys.executable, "-m", "pip", "wheel", "-q", "--wheel-dir", fresh, *needed)
            fresh.rename(wheels)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(wheels, debian.root / "wheels")


def provide_hub(debian: Debian) -> None:
    """What a hub has before: the database of its CMS, the directory of its pages."""
    import sqlalchemy.dialects.mysql as mysql

    tables = HubTables("jos_").metadata.sorted_tables
    create = ";\n".join(str(sa.schema.CreateTable(table).compile(dialect=mysql.dialect())) for table in tables)
    debian.write("/tmp/hub.sql", f"CREATE DATABASE myhub CHARACTER SET utf8mb3; USE myhub;\n{create};\n")
    debian.must("mariadb < /tmp/hub.sql")
    debian.must("install -d -o www-data /var/www/myhub/app/site/stats/maps")
    with (debian.root / "etc/hosts").open("a") as hosts:
        hosts.write("127.0.0.1 localhost\n192.0.2.10 visitor.example.org\n")


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    """A Debian with a running database server, and the source in a directory of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a Debian in a directory")
    archive = packed_debian()
    root = tmp_path_factory.mktemp("deployment")
    root.chmod(0o755)
    server = None
    try:
        prepare("tar", "-C", root, "-xpf", archive)
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        debian = Debian(root)
        provide_source(debian)
        debian.must("install -d -o mysql -g mysql /run/mysqld")
        server = subprocess.Popen(["chroot", str(root), "/usr/sbin/mariadbd", "--user=mysql", "--skip-networking",
                                   "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        given_up = time.monotonic() + 120
        while debian.run("mariadb -e 'SELECT 1'").returncode:
            assert server.poll() is None and time.monotonic() < given_up, "the database server does not start"
            time.sleep(0.2)
        provide_hub(debian)
        yield debian
    finally:
        if server is not None:
            server.terminate()
            server.wait(60)
        shutil.rmtree(root, ignore_errors=True)


def deployment() -> Iterator[tuple[str, str]]:
    """The steps of "Deploy it" in their order: `run` and a command, or the path of a file and its text."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("\n## Deploy it\n")[2].partition("\n## ")[0]
    for block in re.finditer(r"^```(console|ini)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
        if block[1] == "ini":
            yield re.findall(r"`(/[^`]+)`", section[: block.start()])[-1], block[2]
        else:
            yield from (("run", line.removeprefix("# ")) for line in block[2].splitlines())


def call_cron(debian: Debian) -> None:
    """Do what cron does at every fifth minute, but for that of the daily run: it would leave nothing to do today."""
    while RUN_MINUTE in (dt.datetime.now().minute, (dt.datetime.now() + dt.timedelta(seconds=20)).minute):
        time.sleep(1)
    table = (debian.root / "etc/cron.d/hzmetrics").read_text(encoding="utf-8")
    assert 'MAILTO=""' in table
    (line,) = (line for line in table.splitlines() if line.startswith("*/5 * * * *"))
    user, command = line.split(None, 6)[5:]
    assert user == "www-data"
    debian.must(command, user)


def test_the_steps_work_as_printed(debian: Debian) -> None:
    yesterday = dt.date.today() - dt.timedelta(days=1)
    log = f"/var/log/apache2/daily/myhub-access.log-{yesterday:%Y%m%d}"
    told = {}
    for kind, step in deployment():
        if kind != "run":
            debian.write(kind, step)
            continue
        if step.endswith("run --all"):
            debian.write(log, "".join(LINE.format(day=yesterday, number=number) for number in range(5)), "www-data")
        told[step] = debian.must(step)
        assert "Traceback" not in told[step], told[step]
        assert " ERROR " not in told[step], told[step]
        if step.endswith("/etc/cron.d/hzmetrics"):
            call_cron(debian)
    status = told["runuser -u www-data -- hzmetrics status"]
    assert "No problems." in status
    assert "there is no address database /usr/share/GeoIP/GeoLite2-City.mmdb" in status
    assert "access logs         1, " in status.partition("Imported")[2]
    rows = debian.must("mariadb -N myhub_metrics -e 'SELECT COUNT(*), MAX(host), MAX(ipcountry) FROM web'")
    assert rows.split() == ["5", "visitor.example.org", "NULL"]


def test_the_user_of_the_database_may_do_what_it_needs_and_no_more(debian: Debian) -> None:
    """This follows the test above."""
    grants = debian.run("mariadb -N -e 'SHOW GRANTS FOR hzmetrics@localhost'").stdout
    assert "GRANT USAGE ON *.*" in grants and "ALL" not in grants
    assert "`myhub\\\\_metrics`.*" in grants
    assert "secret" not in debian.must("cat /var/log/hubzero/metrics/manage.log")


def test_on_sqlite_the_service_user_works_with_what_root_has_made(debian: Debian) -> None:
    debian.write("/srv/metrics/conf/hzmetrics.conf", "[hub]\nsite = other\n[metrics]\ncorrections = all\n", "www-data")
    debian.must("chmod 600 /srv/metrics/conf/hzmetrics.conf")
    here = "HZMETRICS_HOME=/srv/metrics hzmetrics"
    debian.must(f"{here} init")
    for command in ("doctor", "run", "tick"):
        told = debian.must(f"{here} {command}", "www-data")
        assert " ERROR " not in told, told
