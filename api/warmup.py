"""One question of each kind before the service calls itself ready: kernels loaded, columns mapped."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping

from api.ask import Ask
from api.hot import ITEMS, LOCATE, TILE, Endpoint
from api.service import Service
from tiles.matrix import tiles_of_bbox
from twin.errors import TwinError
from twin.scope import WHOLE_CITY

WARM_ZOOM = 14


class Warmth:
    """Which layers have been asked once.

    Parameters
    ----------
    service : Service
    endpoints : mapping of str to endpoint
        Endpoint function of each hot template.
    """

    def __init__(self, service: Service, endpoints: Mapping[str, Endpoint]) -> None:
        self._service = service
        self._endpoints = endpoints
        self._warm: set[str] = set()
        self._lock = asyncio.Lock()

    async def bring(self) -> None:
        """Ask every layer that has not been asked yet; what it refuses, it will refuse its caller."""
        async with self._lock:
            cold = [name for name in self._service.city.layers() if name not in self._warm]
            for name in cold:
                try:
                    await self._ask(name)
                except TwinError:
                    continue  # readiness names what does not open
                self._warm.add(name)
            if cold:
                # What lives by now lives as long as the process: no later collection needs to look at it.
                gc.collect()
                gc.freeze()

    async def _ask(self, name: str) -> None:
        box = self._service.city.layer(name).layer.bbox
        if box is None:
            return
        lon, lat = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        x, y, _, _ = tiles_of_bbox((lon, lat, lon, lat), WARM_ZOOM)
        await self._endpoints[ITEMS](_ask("bbox=" + ",".join(map(repr, box))), name)
        await self._endpoints[TILE](_ask(""), name, str(WARM_ZOOM), str(x), str(y))
        await self._endpoints[LOCATE](_ask(f"lon={lon!r}&lat={lat!r}"))


def _ask(query: str) -> Ask:
    return Ask("", query, "", "", takes_gzip=True, if_none_match="", caller=WHOLE_CITY)
