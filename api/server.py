"""Serving a city over HTTP: uvicorn on uvloop and httptools, one process or several."""

from __future__ import annotations

import ipaddress
import os
import socket
import tempfile
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from api.settings import Settings
from twin.city import City
from twin.errors import InvalidConfigError, StorageError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from uvicorn import Config

KEEP_ALIVE_S = 75  # longer than the 60 s of the usual proxies, so that the proxy closes first
GRACE_S = 5
BACKLOG = 2048


def serve(city_path: Path, *, host: str = "127.0.0.1", port: int = 8000, workers: int = 1) -> None:
    """Serve a city until interrupted.

    Parameters
    ----------
    city_path : Path
        City folder.
    host : str
        Address to listen on; one of this machine's own unless ``CITYTWIN_PUBLIC`` is set.
    port : int
        TCP port; 0 takes a free one.
    workers : int
        Processes that answer; they share the memory-mapped columns.

    Raises
    ------
    CityNotFoundError
        If the folder holds no city.
    DamagedLayerError
        If a layer is not what was stored.
    InvalidConfigError
        If the address is not allowed or is no address.
    StorageError
        If the port is taken.
    """
    from uvicorn import Server
    from uvicorn.supervisors import Multiprocess

    settings = Settings()
    check_host(host, is_public=settings.public)
    prove(city_path)  # what is wrong is one sentence here, not a traceback of each worker
    with listen(host, port) as listener:
        if workers == 1:
            with suppress(KeyboardInterrupt):  # uvicorn has shut down in order and raises the signal again
                Server(server_config(city_path, settings, None, workers=1)).run(sockets=[listener])
            return
        with tempfile.TemporaryDirectory(prefix="citytwin-metrics-") as folder:
            # prometheus_client decides by this variable, when it is imported, that processes share counts.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
            config = server_config(city_path, settings, Path(folder), workers=workers)
            Multiprocess(config, sockets=[listener]).run()


def prove(city_path: Path) -> None:
    """Open every layer once, so that a damaged one is told before anybody is answered.

    Parameters
    ----------
    city_path : Path
        City folder.

    Raises
    ------
    CityNotFoundError
        If the folder holds no city.
    DamagedLayerError
        If a layer is not what was stored; says which file, and what to do.
    """
    with closing(City.open(city_path)) as city:
        for name in city.layers():
            city.layer(name)


def check_host(host: str, *, is_public: bool) -> None:
    """Refuse to let everybody read the city by accident.

    Parameters
    ----------
    host : str
        Address to listen on.
    is_public : bool
        Whether the deployment said that everybody may read.

    Raises
    ------
    InvalidConfigError
        If the address is not this machine's own and that was not said.

    Examples
    --------
    >>> check_host("127.0.0.1", is_public=False)
    """
    if is_public or host == "localhost":
        return
    try:
        is_own = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_own = False
    if not is_own:
        raise InvalidConfigError(
            f"{host} can be reached from other machines and there is no sign-in yet; "
            "listen on 127.0.0.1, or set CITYTWIN_PUBLIC=true to let everybody read the whole city"
        )


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Parameters
    ----------
    host : str
        Address or host name.
    port : int
        TCP port; 0 takes a free one.

    Returns
    -------
    socket

    Raises
    ------
    InvalidConfigError
        If the host has no address.
    StorageError
        If the port is taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise InvalidConfigError(f"{host} is no address of this machine: {error.strerror}") from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise StorageError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another: --port N"
        ) from error
    listener.set_inheritable(True)
    return listener


def server_config(
    city_path: Path, settings: Settings, metrics_folder: Path | None, *, workers: int
) -> Config:
    """Return how uvicorn runs the service.

    Parameters
    ----------
    city_path : Path
        City folder; every process opens it for itself.
    settings : Settings
        What the deployment set.
    metrics_folder : Path, optional
        Where worker processes share their counts.
    workers : int
        Number of processes.

    Returns
    -------
    uvicorn.Config
    """
    from uvicorn import Config

    return Config(
        partial(open_app, city_path, settings, metrics_folder),
        factory=True,
        loop="uvloop" if os.name == "posix" else "asyncio",
        http="httptools",
        ws="none",
        workers=workers,
        access_log=False,  # the meter counts every request
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        backlog=BACKLOG,
    )


def open_app(city_path: Path, settings: Settings, metrics_folder: Path | None = None) -> FastAPI:
    """Open a city and return its application: what each worker process runs.

    Parameters
    ----------
    city_path : Path
        City folder.
    settings : Settings
        What the deployment set.
    metrics_folder : Path, optional
        Where worker processes share their counts.

    Returns
    -------
    FastAPI
    """
    from api.app import create_app

    return create_app(City.open(city_path), settings, metrics_folder=metrics_folder)
