"""One question of each kind before the service calls itself ready: kernels loaded, columns mapped."""

from __future__ import annotations

import asyncio
import gc

import numpy as np

from api.locate import NEAR_M
from api.service import Service
from api.tiles import draw
from tiles.matrix import tiles_of_bbox
from tiles.warm import warm_up
from twin.addresses.base import ADDRESS_BASE
from twin.city import City
from twin.errors import TwinError

WARM_ZOOM = 14


class Warmth:
    """Which layers have been asked once.

    Parameters
    ----------
    service : Service
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._warm: set[str] = set()
        self._has_kernels = False
        self._lock = asyncio.Lock()

    async def bring(self) -> None:
        """Load the tile kernels and ask every layer that has not been asked yet, in a thread.

        The kernels come first and also without any layer: a city that is still being
        built is drawn as soon as its roads are there.
        """
        async with self._lock:
            if not self._has_kernels:
                await self._service.in_thread(warm_up)
                self._has_kernels = True
            cold = [name for name in self._service.city.layers() if name not in self._warm]
            for name in cold:
                if await self._service.in_thread(warm_layer, self._service.city, name):
                    self._warm.add(name)
            if cold:
                # What lives by now lives as long as the process: no later collection needs to look at it.
                gc.collect()
                gc.freeze()


def warm_layer(city: City, name: str) -> bool:
    """Ask one layer what callers will ask it, at the middle of its extent.

    Parameters
    ----------
    city : City
    name : str
        Layer name.

    Returns
    -------
    bool
        False where it cannot be asked; its callers will be told why.
    """
    try:
        view = city.layer(name)
        box = view.layer.bbox
        if box is None:
            return True
        lon, lat = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        positions, _ = view.page(-1, 2, box)
        view.feature_json(positions)
        view.count(box)
        view.nearest(lon, lat, k=1, max_distance_m=NEAR_M)
        if name == "grid":
            city.grid_index.lookup(np.array([lon]), np.array([lat]))
        if name == ADDRESS_BASE:
            city.address_finder().geocode("xihu 1-1-101")  # in pinyin, whose tables are loaded then
        x, y, _, _ = tiles_of_bbox((lon, lat, lon, lat), WARM_ZOOM)
        draw(view, name, (WARM_ZOOM, x, y))
    except TwinError:
        return False
    return True
