"""Every file and directory that we make has its mode, whatever the umask of the caller (spec 65 §4)."""

from __future__ import annotations

import ast
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hzmetrics import files
from hzmetrics.cli import main
from hzmetrics.courses import record
from hzmetrics.courses.anonymous import installation_key
from hzmetrics.enrich.places import Places
from hzmetrics.errors import ConfigurationError, HzmetricsError, LookupFailure
from hzmetrics.events import signatures

PACKAGE = Path(__file__).parents[1] / "hzmetrics"
EXCEPTIONS = {"files.py", "demo"}
"""What makes files itself: the module for it, and the demonstration, in a directory of its own."""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture(params=[0o000, 0o077], ids=["umask 000", "umask 077"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.usefixtures("umask")
class TestModes:
    def test_directories(self, tmp_path: Path) -> None:
        files.make_directory(tmp_path / "a/b/c")
        files.make_directory(tmp_path / "a/b/d", files.SECRET_DIRECTORY)
        files.make_directory(tmp_path / "a/b/c")
        assert [mode(tmp_path / name) for name in ("a", "a/b", "a/b/c", "a/b/d")] == [0o755, 0o755, 0o750, 0o700]

    def test_a_file_in_the_place_of_a_directory(self, tmp_path: Path) -> None:
        (tmp_path / "a").touch()
        with pytest.raises(FileExistsError):
            files.make_directory(tmp_path / "a")

    def test_new_files(self, tmp_path: Path) -> None:
        os.close(files.make(tmp_path / "a", files.SECRET))
        os.close(files.open_or_make(tmp_path / "b", files.INTERNAL, os.O_WRONLY))
        with files.writing(tmp_path / "c", files.PUBLISHED) as file:
            file.write(b"text")
        files.replace(tmp_path / "d", b"text", files.PUBLISHED)
        assert [mode(tmp_path / name) for name in "abcd"] == [0o600, 0o640, 0o644, 0o644]
        with pytest.raises(FileExistsError):
            files.make(tmp_path / "a", files.SECRET)

    def test_files_that_are_there(self, tmp_path: Path) -> None:
        for name in "abc":
            (tmp_path / name).write_text("old text")
            (tmp_path / name).chmod(0o604)
        os.close(files.open_or_make(tmp_path / "a", files.INTERNAL, os.O_WRONLY))
        files.replace(tmp_path / "b", b"new", files.PUBLISHED, like_old=True)
        files.replace(tmp_path / "c", b"new", files.PUBLISHED)
        assert [mode(tmp_path / name) for name in "abc"] == [0o604, 0o604, 0o644]
        assert [(tmp_path / name).read_text() for name in "abc"] == ["old text", "new", "new"]
        assert len(list(tmp_path.iterdir())) == 3

    def test_what_libraries_make(self, tmp_path: Path, umask: int) -> None:
        with files.own_umask():
            (tmp_path / "a").touch()
            (tmp_path / "b").mkdir()
        assert (mode(tmp_path / "a"), mode(tmp_path / "b")) == (0o640, 0o750)
        assert os.umask(umask) == umask


@pytest.mark.parametrize(("permissions", "is_open"), [(0o600, False), (0o640, False), (0o644, True), (0o602, True)])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, permissions: int, is_open: bool) -> None:
    file = tmp_path / "the key"
    file.touch()
    file.chmod(permissions)
    if not is_open:
        files.require_secrecy(file)
        return
    with pytest.raises(ConfigurationError, match=rf"run: chmod 640 '{file}'"):
        files.require_secrecy(file)


def test_a_key_for_pseudonyms_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "courses.key"
    key = installation_key(file)
    assert installation_key(file) == key
    file.chmod(0o604)
    with pytest.raises(ConfigurationError, match=f"run: chmod 600 {file}"):
        installation_key(file)


MAKING = {"mkdir", "makedirs", "touch", "write_text", "write_bytes", "mkstemp", "NamedTemporaryFile", "mkdtemp"}


def makers(source: str) -> Iterator[str]:
    """Where a module makes files or directories."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        is_writing = name == "open" and any(isinstance(text, str) and set(text) & set("wax") for text in texts)
        if name in MAKING or is_writing or "O_CREAT" in ast.dump(node):
            yield f"line {node.lineno}: {name}"


@pytest.mark.slow
def test_no_other_module_makes_files() -> None:
    found = {
        str(path.relative_to(PACKAGE)): list(makers(path.read_text()))
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in EXCEPTIONS
    }
    # files.writing() has made what gzip writes into; logging opens a descriptor of files
    allowed = {"ingest/staging.py": "open", "log.py": "open"}
    assert {
        name: lines
        for name, lines in found.items()
        if any(not line.endswith(f": {allowed.get(name, '')}") for line in lines)
    } == {}


@pytest.mark.parametrize(
    "source",
    ["path.mkdir()", "path.open('wb')", "open(path, 'a')", "os.open(p, os.O_CREAT)", "path.write_text(text)"],
)
def test_each_way_to_make_a_file_is_found(source: str) -> None:
    assert list(makers(source))


def readers(source: str) -> Iterator[str]:
    """Where a module opens files to read them, other than those of the package."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        is_of_file = any(keyword.arg == "fileobj" for keyword in node.keywords)
        is_opening = node.func.attr == "open" and (not node.args or "r" in texts or "rb" in texts) and not is_of_file
        if is_opening or (node.func.attr in ("read_text", "read_bytes") and "joinpath" not in ast.dump(node)):
            yield f"line {node.lineno}: {node.func.attr}"


@pytest.mark.slow
def test_no_other_module_opens_files_to_read_them() -> None:
    about_the_machine = {"lock.py", "memory.py", "courses/counting.py"}
    of_the_package = {"engine/models.py", "publish/pages.py"}
    found = {
        name: list(readers(path.read_text()))
        for path in PACKAGE.rglob("*.py")
        if (name := str(path.relative_to(PACKAGE))) not in about_the_machine | of_the_package
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize("source", ["path.open()", "path.open('rb')", "path.read_text()", "path.read_bytes()"])
def test_each_way_to_read_a_file_is_found(source: str) -> None:
    assert list(readers(source))


@pytest.fixture(params=["pipe", "link to a device", "directory"])
def irregular(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "what is there"
    match request.param:
        case "pipe":
            os.mkfifo(path)
        case "link to a device":
            path.symlink_to("/dev/zero")
        case _:
            path.mkdir()
    return path


@pytest.mark.timeout(10)
def test_only_regular_files_are_read(irregular: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OSError, match=r"it is (not a regular file|a directory)"):
        files.open_regular(irregular)
    with pytest.raises(ConfigurationError, match=r"it is (not a regular file|a directory)$"):
        signatures.load(irregular)
    with pytest.raises(LookupFailure, match=r"it is (not a regular file|a directory)$"):
        Places(irregular)
    with pytest.raises(HzmetricsError, match=r"cannot record in|cannot read"):
        record.append(irregular, "a line")


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_commands_read_only_regular_files(irregular: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["-c", str(irregular), "status"]) == 2
    assert main(["agents", str(irregular)]) == 1
    assert capfd.readouterr().err.count("it is ") == 2


CONFIGURATION = """\
[hub]
site = example
hub_dir = {root}/hub

[metrics]
corrections = all

[dns]
nameserver = 127.0.0.1:9

[activity]
enabled = yes

[active_users]
output = {root}/metrics.prom

[courses]
student_pattern = .
"""

COMMANDS = """\
init
run
fetch-logs
tick
activity sample --force
activity show
courses record-open python3 ann intro.ipynb created 8000
courses record-counts python3 1 2 3
courses usage python3 --anonymous --json
active-users update --force
openmetrics --output {root}/gauges.prom
whoisonline
archive-logs
status
"""


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize("mask", ["000", "077"])
def test_everything_that_commands_make_has_its_mode(tmp_path: Path, mask: str) -> None:
    """As it is after an installation and a first day."""
    given = (tmp_path / "hub/app/site/stats/maps", tmp_path / "logs/httpd/daily", tmp_path / "logs/hubzero/daily")
    for directory in given:
        directory.mkdir(parents=True)
    configuration = tmp_path / "hzmetrics.conf"
    configuration.touch(0o600)
    configuration.write_text(CONFIGURATION.format(root=tmp_path))
    log = given[1] / "example-access.log-20260501"
    log.write_text(
        '2026-05-01 08:00:00 EDT 4000 - "GET /about HTTP/1.1" 200 5000 10.7.0.1 "https://example.org/" "Mozilla/5.0" '
        "TLSv1.3 0 5000 - - - - - - - - -\n"
    )
    log.chmod(0o640)  # it is the web server's, and keeps its mode
    before = set(tmp_path.rglob("*"))
    environment = {
        **os.environ,
        "HZMETRICS_CONFIG": str(configuration),
        "HZMETRICS_HOME": str(tmp_path / "home"),
        "HZMETRICS_LOG_ROOT": str(tmp_path / "logs"),
        "HZMETRICS_NOW": "2026-05-19T09:30:00",
        "TMPDIR": str(tmp_path / "hub"),
    }
    environment.pop("HZMETRICS_LOG", None)
    for command in COMMANDS.format(root=tmp_path).splitlines():
        script = f'umask {mask}; exec "$0" -m hzmetrics "$@"'
        done = subprocess.run(
            ["sh", "-c", script, sys.executable, *command.split()], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0 or command == "status", done.stderr
    made = {path.relative_to(tmp_path): mode(path) for path in tmp_path.rglob("*") if path not in before}
    secret = {path: found for path, found in made.items() if path.suffix in (".db", ".key") or "-wal" in path.name}
    assert {Path("home/state/metrics.db"), Path("home/state/hub.db"), Path("home/state/courses.key")} <= set(secret)
    assert set(secret.values()) == {0o600}
    assert made[Path("hub/app/site/stats/maps/whoisonline.xml")] == 0o644
    assert made[Path("metrics.prom")] == 0o644
    assert made[Path("gauges.prom")] == 0o640
    assert made[Path("home/raw/python3/events.raw")] == 0o640
    for path, found in made.items():
        is_directory = (tmp_path / path).is_dir()
        allowed = (0o755, 0o750, 0o700) if is_directory else (0o644, 0o640, 0o600)
        assert found in allowed, (path, oct(found))
        is_public = path.suffix in (".xml", ".prom", ".lock", ".pid") or path.name == "whoisonline.json"
        assert is_directory or is_public or not found & files.OTHERS, (path, oct(found))


def test_a_secret_is_whole_and_the_same_for_all_that_make_it_at_once(tmp_path: Path) -> None:
    file = tmp_path / "state" / "secret.key"
    with ThreadPoolExecutor(8) as makers:
        secrets = set(makers.map(files.read_secret, [file] * 8))
    assert len(secrets) == 1 and len(secrets.pop()) == 32
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    file.write_text("")
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        files.read_secret(file)


NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused links that others made")


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A directory of the service user."""
    directory = tmp_path / "state"
    directory.mkdir()
    os.chown(directory, NOBODY, NOBODY)
    return directory


def link(path: Path, target: Path, owner: int = NOBODY) -> Path:
    path.symlink_to(target)
    os.lchown(path, owner, owner)
    return path


def open_to_write(path: Path) -> None:
    os.close(files.open_or_make(path, files.INTERNAL, os.O_WRONLY | os.O_APPEND))


@as_root
class TestLinksOfOthers:
    """Root follows links that root made, and no others."""

    @pytest.mark.parametrize("is_of_directory", [False, True])
    def test_are_not_followed(self, theirs: Path, tmp_path: Path, is_of_directory: bool) -> None:
        (tmp_path / "secret").mkdir()
        (tmp_path / "secret/file").write_text("old")
        if is_of_directory:
            path = link(theirs / "logs", tmp_path / "secret") / "file"
        else:
            path = link(theirs / "file", tmp_path / "secret/file")
        for use in (files.read, open_to_write, files.place):
            with pytest.raises(PermissionError, match="is not root's, so root does not follow it") as refused:
                use(path)
            assert refused.value.filename == str(path)
        with pytest.raises(PermissionError), files.writing(path):
            pass
        if is_of_directory:
            with pytest.raises(PermissionError):
                files.replace(path, b"new", files.INTERNAL)
            with pytest.raises(PermissionError):
                files.make_directory(path.with_name("new"))
        assert [each.name for each in (tmp_path / "secret").iterdir()] == ["file"]
        assert (tmp_path / "secret/file").read_text() == "old"

    def test_behind_one_of_root(self, theirs: Path, tmp_path: Path) -> None:
        (tmp_path / "secret").touch()
        link(theirs / "file", tmp_path / "secret")
        with pytest.raises(PermissionError):
            files.read(link(tmp_path / "file", theirs / "file", owner=0))

    def test_of_root_are_followed(self, tmp_path: Path) -> None:
        (tmp_path / "disk/of/others").mkdir(parents=True)
        link(tmp_path / "a", Path("disk/of"), owner=0)
        link(tmp_path / "b", tmp_path / "a/others/../others", owner=0)
        open_to_write(tmp_path / "b/file")
        link(tmp_path / "file", Path("b/../others/file"), owner=0)
        open_to_write(tmp_path / "file")
        place = tmp_path / "disk/of/others/file"
        assert place.exists() and files.read(tmp_path / "file") == b""
        assert files.place(tmp_path / "file") == place == (tmp_path / "file").resolve()

    def test_in_a_circle(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="Too many levels"):
            files.read(link(tmp_path / "a", Path("a"), owner=0))

    def test_a_second_name_is_refused(self, theirs: Path, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("old")
        (theirs / "file").hardlink_to(tmp_path / "secret")
        with pytest.raises(PermissionError, match="second name"):
            open_to_write(theirs / "file")
        with pytest.raises(PermissionError, match="second name"), files.writing(theirs / "file"):
            pass
        assert (tmp_path / "secret").read_text() == "old"

    def test_what_is_made_beside_them_belongs_to_the_owner_of_the_directory(self, theirs: Path) -> None:
        open_to_write(theirs / "file")
        assert (theirs / "file").stat().st_uid == NOBODY


@pytest.mark.timeout(10)
def test_a_link_to_nothing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "link"
    path.symlink_to("/nowhere/file")
    with pytest.raises(FileNotFoundError, match="it is a link to what does not exist") as missing:
        open_to_write(path)
    assert missing.value.filename == str(path)


@pytest.mark.timeout(10)
def test_nobody_waits_for_the_reader_of_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        open_to_write(tmp_path / "pipe")
