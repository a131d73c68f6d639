"""Runners: results in order, errors as they are, and an end when a worker or the process that waits is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from hzmetrics import memory
from hzmetrics.engine import Engine, runner
from hzmetrics.errors import HzmetricsError


@dataclass(frozen=True)
class Square:
    number: int

    def __call__(self) -> int:
        with Engine() as engine:
            return int(engine.query(f"SELECT {self.number} * {self.number} AS n")["n"][0].as_py())


@dataclass(frozen=True)
class Fail:
    def __call__(self) -> None:
        raise HzmetricsError("this task cannot be done")


@dataclass(frozen=True)
class Die:
    def __call__(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Limits:
    """The memory and the threads that a task has."""

    def __call__(self) -> tuple[int, int]:
        with Engine() as engine:
            found = engine.query("SELECT current_setting('threads') AS threads")
            return memory.limit(), int(found["threads"][0].as_py())


@dataclass(frozen=True)
class Touch:
    """Makes a file, after a while."""

    file: Path

    def __call__(self) -> None:
        time.sleep(0.3)
        self.file.touch()


@dataclass(frozen=True)
class Wait:
    """Writes the number of its process, then sleeps."""

    file: Path

    def __call__(self) -> None:
        self.file.write_text(str(os.getpid()))
        time.sleep(60)


@pytest.fixture(scope="module", params=[1, 2], ids=["here", "processes"])
def workers(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.mark.slow
def test_results_are_in_order_and_errors_are_those_of_tasks(workers: int) -> None:
    with runner.opened(workers) as chosen:
        assert isinstance(chosen, runner.Processes if workers == 2 else runner.Here)
        assert chosen.map([Square(number) for number in range(5)]) == [0, 1, 4, 9, 16]
        with pytest.raises(HzmetricsError, match=r"^this task cannot be done$"):
            chosen.map([Square(1), Fail(), Square(2)])
        assert chosen.map([Square(3)]) == [9]


@pytest.mark.slow
def test_no_task_is_at_work_after_an_error(tmp_path: Path) -> None:
    with runner.opened(2) as chosen:
        with pytest.raises(HzmetricsError, match="cannot be done"):
            chosen.map([Fail(), *(Touch(tmp_path / str(number)) for number in range(20))])
        made = set(tmp_path.iterdir())
        time.sleep(1)
        assert set(tmp_path.iterdir()) == made and len(made) < 20


@pytest.mark.slow
def test_processes_share_the_memory_and_the_cores() -> None:
    with runner.opened(2) as chosen:
        ((limit, threads),) = chosen.map([Limits()])
    assert limit == memory.limit() // 2
    assert threads == max(1, len(os.sched_getaffinity(0)) // 2)


def test_there_are_no_more_processes_than_have_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_limit", memory.LEAST)
    with runner.opened(8) as chosen:
        assert isinstance(chosen, runner.Here)


@pytest.mark.slow
def test_a_worker_that_is_killed_is_an_error() -> None:
    with runner.opened(2) as chosen, pytest.raises(HzmetricsError, match="a worker process was killed"):
        chosen.map([Square(1), Die(), Square(2)])


@pytest.mark.slow
def test_a_task_beside_the_block_has_half_of_the_memory() -> None:
    limit = memory.limit()
    with runner.beside(Limits()) as result:
        assert memory.limit() == limit // 2
        assert result() == (limit // 2, max(1, len(os.sched_getaffinity(0)) // 2))
    assert memory.limit() == limit


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "message"), [(Fail(), "^this task cannot be done$"), (Die(), "a worker process was killed")]
)
def test_a_task_beside_the_block_fails_where_its_result_is_asked_for(task: Fail | Die, message: str) -> None:
    with runner.beside(task) as result, pytest.raises(HzmetricsError, match=message):
        result()


def test_without_memory_for_two_a_task_is_done_by_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_limit", 2 * memory.LEAST - 1)
    with runner.beside(os.getpid) as result:
        assert result() == os.getpid()


MAIN = """
from pathlib import Path
from hzmetrics.engine import runner
from tests.engine.test_runner import Wait

if __name__ == "__main__":
    with runner.opened(2) as chosen:
        chosen.map([Wait(Path({file!r}))])
"""


@pytest.mark.slow
def test_workers_end_with_the_process_that_began_them(tmp_path: Path) -> None:
    script, file = tmp_path / "main.py", tmp_path / "worker"
    script.write_text(MAIN.format(file=str(file)))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    main = subprocess.Popen([sys.executable, str(script)], env=environment, stderr=subprocess.DEVNULL)
    while not (file.exists() and file.read_text()):
        assert main.poll() is None
        time.sleep(0.05)
    main.kill()
    main.wait()
    worker = Path("/proc") / file.read_text()
    given_up = time.monotonic() + 20
    while worker.exists() and "Z" not in (worker / "stat").read_text().split()[2]:
        assert time.monotonic() < given_up
        time.sleep(0.05)


BELOW_MAIN = """
from hzmetrics.engine import runner
from tests.engine.test_runner import Square

if __name__ == "__main__":
    with runner.opened(2) as chosen, runner.beside(Square(4)) as result:
        print(chosen.map([Square(2), Square(3)]), result())
"""


@pytest.mark.slow
def test_processes_import_nothing_from_the_current_directory(tmp_path: Path) -> None:
    """Who calls the program in a directory that others may write to does not run their files."""
    script, directory = tmp_path / "main.py", tmp_path / "of others"
    script.write_text(BELOW_MAIN)
    directory.mkdir()
    for name in ("multiprocessing", "json", "signal", "pickle"):
        (directory / f"{name}.py").write_text("open('executed', 'w')")
    python_path = os.pathsep.join(str(Path(path).resolve()) for path in sys.path)
    environment = {**os.environ, "PYTHONPATH": python_path}
    command = [sys.executable, str(script)]
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert not (directory / "executed").exists()
    assert (done.stdout, done.returncode) == ("[4, 9] 16\n", 0)


def test_other_programs_keep_their_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, "", "1"):
        if value is None:
            monkeypatch.delenv(runner.SAFE_IMPORTS, raising=False)
        else:
            monkeypatch.setenv(runner.SAFE_IMPORTS, value)
        with runner.beside(os.getpid):
            assert os.environ.get(runner.SAFE_IMPORTS) == value


@dataclass(frozen=True)
class Pause:
    def __call__(self) -> None:
        time.sleep(1)


COUNTING = """\
import signal
from hzmetrics.engine import runner
from tests.engine.test_runner import Pause

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has it ignored
    with runner.opened(2) as chosen:
        print("begun", flush=True)
        chosen.map([Pause()] * 20)
"""


@pytest.mark.slow
def test_ctrl_c_ends_all_while_processes_begin(tmp_path: Path) -> None:
    """The terminal sends it to every process."""
    script = tmp_path / "main.py"
    script.write_text(COUNTING)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout and process.stdout.readline() == b"begun\n"
        time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)
        try:
            errors = process.communicate(timeout=30)[1]
        finally:
            process.kill()
    assert errors.count(b"Traceback") == 1 and errors.endswith(b"KeyboardInterrupt\n")
