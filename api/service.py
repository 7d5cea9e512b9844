"""What the endpoints share: the city, the settings, the threads, the meter."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

from api.metrics import Meter
from api.settings import Settings
from twin.city import City

P = ParamSpec("P")
R = TypeVar("R")


def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 1), thread_name_prefix="citytwin")


@dataclass(frozen=True, slots=True)
class Service:
    """One process's share of the service.

    Attributes
    ----------
    city : City
        What is asked about.
    settings : Settings
        What the deployment set.
    meter : Meter
        Where requests are counted.
    pool : ThreadPoolExecutor
        Threads for work that would hold up the event loop for more than about 1 ms;
        the kernels let go of the interpreter lock there.
    """

    city: City
    settings: Settings
    meter: Meter
    pool: ThreadPoolExecutor = field(default_factory=_pool)

    @classmethod
    def of(cls, city: City, settings: Settings, metrics_folder: Path | None = None) -> Service:
        """Return a service over a city with its own threads and meter.

        Parameters
        ----------
        city : City
            What is asked about.
        settings : Settings
            What the deployment set.
        metrics_folder : Path, optional
            Where worker processes share their numbers.

        Returns
        -------
        Service
        """
        return cls(city, settings, Meter(metrics_folder))

    async def in_thread(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what a call returns, made in one of the service's threads.

        Parameters
        ----------
        call : callable
            A function that takes more than about 1 ms.
        *args, **kwargs
            Its arguments.

        Returns
        -------
        object
        """
        return await asyncio.get_running_loop().run_in_executor(self.pool, lambda: call(*args, **kwargs))
