"""``twin demo``: the made-up county 丽州, from its source files to a served map."""

from __future__ import annotations

import fcntl
import hashlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import click

from api.progress import ProgressBoard
from twin.errors import CityExistsError, StorageError

DEFAULT_PORT = 8000
MARKER_NAME = "demo.sha256"
"""In the folder of a finished demo city: which sources and program it was built from."""
POINTS_NAME = "points.csv"
POINTS = "name,lon,lat\nold town,120.0400,28.8900\nlake,120.0250,28.8870\nfar away,121.5,29.9\n"
"""A table for the command that the demo prints."""
LICENCE = "CC0 1.0"
"""Of every source: the county is made up, its street map too, which is in OpenStreetMap's format alone."""
START_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the sample county and how a department would have it imported."""

    kind: str
    path: Path
    title: str
    stage: str
    layer: str = ""
    crs: str = ""
    columns: tuple[tuple[str, str], ...] = ()


def sample_folder() -> Path:
    """Return the folder of the sample county's source files."""
    return Path(str(resources.files("sample_data") / "lizhou"))


def read_sources(folder: Path) -> tuple[dict[str, Any], list[Source]]:
    """Return the city settings and the sources that ``sources.toml`` names, in order.

    Parameters
    ----------
    folder : Path
        Folder that holds ``sources.toml``.

    Returns
    -------
    settings : dict
        Name, CRS, admin code and extent, as ``city.toml`` has them.
    sources : list of Source
    """
    settings = tomllib.loads((folder / "sources.toml").read_text(encoding="utf-8"))
    sources = [
        Source(
            entry["kind"],
            folder / entry["file"],
            entry["title"],
            entry.get("stage", "later"),
            entry.get("layer", ""),
            entry.get("crs", ""),
            tuple(entry.get("map", {}).items()),
        )
        for entry in settings.pop("source")
    ]
    return settings, sources


def fingerprint(folder: Path) -> str:
    """Return a digest of every source file and of the program's version.

    Parameters
    ----------
    folder : Path
        Folder of source files.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    digest = hashlib.sha256(metadata.version("citytwin").encode())
    for path in sorted(folder.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def run_demo(folder: Path, port: int | None, *, open_browser: bool) -> None:
    """Build the sample county where it is not built yet, and serve it until interrupted.

    Parameters
    ----------
    folder : Path
        City folder; a demo city that other sources made is made anew.
    port : int, optional
        Port on 127.0.0.1; by default 8000, or a free one when that is taken.
    open_browser : bool
        Whether to open the map.

    Raises
    ------
    CityExistsError
        If the folder holds something that is not a demo city.
    StorageError
        If the server does not start.
    """
    port = free_port(port)
    _end_with_the_terminal()
    with ExitStack() as building:
        building.enter_context(building_alone(folder))
        is_built = prepare_folder(folder)
        with served(folder, port) as url:
            if not is_built:
                build_sample(folder, stage="first")
            wait_until_ready(url)
            _print_welcome(folder, url)
            if open_browser:
                webbrowser.open(url)
            if not is_built:
                build_sample(folder, stage="later")
                click.echo(f"everything is built; {url} stays up until Ctrl-C", err=True)
            building.close()
            wait_for_interrupt()


def _end_with_the_terminal() -> None:
    """Turn a closed terminal or a polite kill into an exit that also stops the server."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))


@contextmanager
def building_alone(folder: Path) -> Iterator[None]:
    """Keep other demos from the folder while this one prepares and builds it.

    Parameters
    ----------
    folder : Path
        The demo city.

    Yields
    ------
    None

    Raises
    ------
    StorageError
        If another demo is building there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = (
                f"another twin demo is building {folder}; wait for it, or choose another folder: --city DIR"
            )
            raise StorageError(message) from error
        yield


def prepare_folder(folder: Path) -> bool:
    """Make an empty demo city unless a finished one of the same sources stands there.

    A demo city of other sources or of an interrupted start is kept under another name:
    somebody may have put work into it.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    bool
        Whether the city is already built.

    Raises
    ------
    CityExistsError
        If the folder holds something that is not a demo city.
    """
    from twin.city import City
    from twin.config import CityConfig

    source = sample_folder()
    marker = folder / MARKER_NAME
    if marker.is_file() and marker.read_text() == fingerprint(source):
        return True
    if folder.exists() and any(folder.iterdir()):
        if not marker.is_file():
            raise CityExistsError(f"{folder} is no demo city; choose another folder: twin demo --city DIR")
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        aside = folder.with_name(f"{folder.name}.old-{moment}")
        folder.rename(aside)
        click.echo(f"{folder} was of other sources or unfinished; it is kept as {aside}", err=True)
    settings, _ = read_sources(source)
    City.create(folder, CityConfig(**settings | {"bbox": tuple(settings["bbox"])})).close()
    marker.write_text("unfinished")
    (folder / POINTS_NAME).write_text(POINTS)
    return False


def build_sample(folder: Path, *, stage: str) -> None:
    """Import the sources of one stage, and build everything after the last.

    Parameters
    ----------
    folder : Path
        The demo city.
    stage : str
        ``"first"`` for what the first map needs, ``"later"`` for the rest and the build.
    """
    from api.building import build_city
    from api.importing import ImportRequest, import_files
    from twin.city import City

    _, sources = read_sources(sample_folder())
    wanted = [source for source in sources if source.stage == stage]
    city = City.open(folder)
    with ProgressBoard(folder, tuple(source.title for source in wanted)) as board:
        for source in wanted:
            with board.step(source.title):
                request = ImportRequest(
                    source.kind,
                    (source.path,),
                    source.layer,
                    source.crs,
                    dict(source.columns),
                    licence=LICENCE,
                )
                import_files(city, request)
        if stage == "later":
            build_city(city, board)
            (folder / MARKER_NAME).write_text(fingerprint(sample_folder()))
    city.close()


def free_port(wanted: int | None) -> int:
    """Return the wanted port, or where none was asked for 8000 or a free one.

    Parameters
    ----------
    wanted : int, optional

    Returns
    -------
    int

    Raises
    ------
    StorageError
        If the wanted port is taken.
    """
    for candidate in (DEFAULT_PORT, 0) if wanted is None else (wanted,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StorageError(f"port {wanted} on 127.0.0.1 is taken; choose another: --port N")


@contextmanager
def served(folder: Path, port: int) -> Iterator[str]:
    """Serve a city from a process of its own; the value is its URL.

    Parameters
    ----------
    folder : Path
        City folder.
    port : int
        Port on 127.0.0.1.

    Yields
    ------
    str
    """
    command = [sys.executable, "-m", "api.cli", "serve", "--city", str(folder), "--port", str(port)]
    server = subprocess.Popen(command)  # noqa: S603 -- our own program
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_until_ready(url: str) -> None:
    """Return when the server answers that it is ready.

    Parameters
    ----------
    url : str
        Base URL with a trailing slash.

    Raises
    ------
    StorageError
        If that takes longer than a minute.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}readyz", timeout=2) as answer:  # noqa: S310 -- our own http URL
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise StorageError(f"the server at {url} was not ready within {START_TIMEOUT_S} s")


def wait_for_interrupt() -> None:
    """Return when the user presses Ctrl-C."""
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def _print_welcome(folder: Path, url: str) -> None:
    twin = Path(sys.argv[0]).absolute()
    points = folder / POINTS_NAME
    click.echo(f"\n丽州 is on the map: {url}\n\nTry, in another terminal:")
    click.echo(f"  curl '{url}v1/locate?lon=120.04&lat=28.89'")
    click.echo(f"  curl '{url}collections/roads/items?class=primary&limit=2'")
    click.echo(f"  {twin} locate --city {folder} --input {points} --output located.csv\n")


def check_demo(port: int | None) -> bool:
    """Build the sample county in a temporary folder, serve it, question it, and stop.

    Parameters
    ----------
    port : int, optional
        Port on 127.0.0.1; a free one by default.

    Returns
    -------
    bool
        Whether every answer was right.

    Raises
    ------
    StorageError
        If the server does not start or the port is taken.
    """
    from api.demo_check import Examiner, SourceTruth, print_verdicts

    with tempfile.TemporaryDirectory(prefix="citytwin-check-") as name:
        folder = Path(name) / "lizhou.city"
        prepare_folder(folder)
        build_sample(folder, stage="first")
        build_sample(folder, stage="later")
        with served(folder, free_port(port or 0)) as url:
            wait_until_ready(url)
            examiner = Examiner(url, SourceTruth(sample_folder()))
            settings, _ = read_sources(sample_folder())
            examiner.ask_everything(str(settings["name"]))
            examiner.ask_command_line(folder, Path(name))
    return print_verdicts(examiner.verdicts)
