"""What the endpoints share: the city, the settings, the threads, the meter."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

from api.metrics import Meter
from api.settings import Settings
from twin.city import City
from twin.errors import DamagedLayerError, UnknownLayerError, UnreadableLayerError
from twin.scope import Scope
from twin.view import LayerView

_log = logging.getLogger("citytwin.api")

RETRY_S = 5.0
"""How long a damaged layer is not tried again: proving its files reads all of them."""

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
    _damaged: dict[str, tuple[object, float]] = field(default_factory=dict)

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

    def layer(self, name: str, caller: Scope) -> LayerView:
        """Return a layer that may be handed out, as a caller sees it now.

        Parameters
        ----------
        name : str
            Layer name, as the caller says it.
        caller : Scope
            What the caller may see.

        Returns
        -------
        LayerView

        Raises
        ------
        UnknownLayerError
            If there is no such layer, or it is internal.
        UnreadableLayerError
            If its files are damaged.
        """
        view = self._view(name, caller)
        if view.layer.schema.is_internal:
            raise UnknownLayerError(
                f"layer {name!r} is internal (内部图层): it answers questions and is never handed out"
            )
        return view

    def _view(self, name: str, caller: Scope) -> LayerView:
        """Return a layer, internal or not."""
        stamp, now = self.city.store.catalog_stamp(), time.monotonic()
        refusal = UnreadableLayerError(
            f"layer {name!r} is damaged and cannot be read; the other layers answer, the log says what to do"
        )
        if name in self._damaged and self._damaged[name][0] == stamp and now < self._damaged[name][1]:
            raise refusal
        try:
            return self.city.layer(name, caller)
        except DamagedLayerError as error:
            self._damaged[name] = stamp, now + RETRY_S
            _log.error("layer %s: %s", name, error)
            raise refusal from error

    def layers(self, caller: Scope, names: Sequence[str] | None = None) -> dict[str, LayerView]:
        """Return the layers that can be read, as a caller sees them now.

        Parameters
        ----------
        caller : Scope
            What the caller may see.
        names : sequence of str, optional
            Layers that a door reads, internal ones too; by default all that may be handed out. Those the
            city has not are left out.

        Returns
        -------
        dict of str to LayerView
            Without damaged layers, so that one broken file does not silence the others; ``/readyz``
            names those.
        """
        stored = self.city.layers()
        views = {}
        for name in stored if names is None else [one for one in names if one in stored]:
            with suppress(UnreadableLayerError):
                view = self._view(name, caller)
                if names is not None or not view.layer.schema.is_internal:
                    views[name] = view
        return views

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
