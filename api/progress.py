"""What a long command is doing: on the screen for whoever started it, in the city folder for the map."""

from __future__ import annotations

import fcntl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Protocol, Self

import click
import orjson

PROGRESS_NAME = "progress.json"
SHOWN_AFTER_S = 2.0
"""Steps that end sooner are not shown."""
WRITTEN_EVERY_S = 0.5
"""How often a running step's count is written to the folder."""

_LOCK_NAME = ".progress.lock"

State = Literal["waiting", "running", "done", "failed"]


class Advance(Protocol):
    """What a step calls as it gets on."""

    def __call__(self, done: int, total: int | None = None, /) -> None:
        """Say how many pieces are done, and of how many where that is known by now."""


@dataclass(slots=True)
class Step:
    """One step of a long command.

    Parameters
    ----------
    title : str
        What people read.
    state : {"waiting", "running", "done", "failed"}
    done, total : int
        Pieces done and pieces in all; 0 of 0 where they are not counted.
    """

    title: str
    state: State = "waiting"
    done: int = 0
    total: int = 0


class ProgressBoard:
    """Steps of one long command (进度), shown on standard error once they take 2 s.

    Parameters
    ----------
    folder : Path, optional
        City folder whose server shall know the steps too; see :func:`read_progress`.
        When the command ends well, they are gone from there.
    titles : sequence of str
        Steps known beforehand; others are added when they start.

    Examples
    --------
    >>> with ProgressBoard(None) as board, board.step("count", total=3) as advance:
    ...     for done in range(1, 4):
    ...         advance(done)
    >>> board.steps
    [Step(title='count', state='done', done=3, total=3)]
    """

    def __init__(self, folder: Path | None, titles: tuple[str, ...] = ()) -> None:
        self.steps = [Step(title) for title in titles]
        self._folder = folder
        self._held = ExitStack()
        self._screen = _Screen()
        self._written_at = 0.0

    def __enter__(self) -> Self:
        if self._folder is not None and _is_at_work(self._folder):
            self._folder = None  # the board belongs to the command that came first
        if self._folder is not None:
            try:
                self._held.enter_context(_lock(self._folder))
            except OSError:
                self._folder = None  # the command itself will say that the folder takes no file
            self._write()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._held, suppress(OSError):
            if self._folder is not None and kind is None:
                (self._folder / PROGRESS_NAME).unlink(missing_ok=True)

    @contextmanager
    def step(self, title: str, total: int = 0) -> Iterator[Advance]:
        """Run one step; an exception marks it as failed and goes on its way.

        Parameters
        ----------
        title : str
            What people read; one of the board's titles, or a further step.
        total : int
            Number of pieces, where known.

        Yields
        ------
        Advance
            To call with the number of pieces done, and the total where it was not known before.
        """
        step = next((step for step in self.steps if step.title == title and step.state == "waiting"), None)
        if step is None:
            step = Step(title)
            self.steps.append(step)
        step.state, step.total = "running", total
        self._write()

        def advance(done: int, total: int | None = None, /) -> None:
            step.done = done
            step.total = step.total if total is None else total
            if time.monotonic() - self._written_at >= WRITTEN_EVERY_S:
                self._write()

        try:
            with self._screen.showing(step):
                yield advance
            step.state = "done"
        except BaseException:
            step.state = "failed"
            raise
        finally:
            self._write()

    def _write(self) -> None:
        """Write the steps to the folder, by rename; a progress that cannot be written stops nothing."""
        if self._folder is None:
            return
        self._written_at = time.monotonic()
        path = self._folder / PROGRESS_NAME
        part = path.with_name(f"{PROGRESS_NAME}.part")
        try:
            part.write_bytes(orjson.dumps([asdict(step) for step in self.steps]))
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)


def read_progress(folder: Path) -> list[dict[str, str | int]]:
    """Return the steps of the command that is at work on a city, or that last failed on it.

    Parameters
    ----------
    folder : Path
        City folder.

    Returns
    -------
    list of dict
        ``title``, ``state`` (waiting, running, done or failed), ``done`` and ``total``;
        empty where nothing is at work. The running step of a command that was killed
        has failed, and what would have come after it will not.
    """
    try:
        steps: list[dict[str, str | int]] = orjson.loads((folder / PROGRESS_NAME).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return []
    if not _is_at_work(folder):
        for step in steps:
            step["state"] = "failed" if step["state"] == "running" else step["state"]
        steps = [step for step in steps if step["state"] != "waiting"]
    return steps


@contextmanager
def unseen_step(title: str, total: int = 0) -> Iterator[Advance]:
    """Run one step without telling anybody: what callers get who gave no board.

    Parameters
    ----------
    title : str
    total : int

    Yields
    ------
    Advance
        That does nothing.
    """
    del title, total
    yield lambda _done, _total=None, /: None


@contextmanager
def _lock(folder: Path) -> Iterator[IO[str]]:
    """Hold the lock that ends with its process, however that ends."""
    with (folder / _LOCK_NAME).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield lock


def _is_at_work(folder: Path) -> bool:
    """Return whether a process still holds the board of a folder."""
    try:
        with (folder / _LOCK_NAME).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


class _Screen:
    """Standard error: a bar on a terminal, two plain lines for a long step elsewhere."""

    @contextmanager
    def showing(self, step: Step) -> Iterator[None]:
        """Show a step once it has taken long enough."""
        started = time.monotonic()
        ended = threading.Event()
        show = _draw_bar if sys.stderr.isatty() else _write_lines
        thread = threading.Thread(target=show, args=(step, started, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _write_lines(step: Step, started: float, ended: threading.Event) -> None:
    if ended.wait(SHOWN_AFTER_S):
        return
    click.echo(f"{step.title} ...", err=True)
    ended.wait()
    click.echo(f"{step.title}: {time.monotonic() - started:.1f} s", err=True)


def _draw_bar(step: Step, started: float, ended: threading.Event) -> None:
    if ended.wait(SHOWN_AFTER_S):
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(step.title, total=None)
        while not ended.wait(0.1):
            bar.update(task, completed=step.done, total=step.total or None)
    click.echo(f"{step.title}: {time.monotonic() - started:.1f} s", err=True)
