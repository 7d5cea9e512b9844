"""What of a city coordinates are compared with, to see whether they are shifted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layers.misfit import CLIP_M, ROADS_CLIP_M, Distance, Trusted
from twin.city import City


def trusted_features(city: City) -> Trusted:
    """Return what measures how far points lie from buildings and roads, by which shifted ones show.

    Parameters
    ----------
    city : City

    Returns
    -------
    Trusted
        Without a measure for a layer that the city has not.
    """
    return Trusted(_distance_to(city, "buildings", CLIP_M), _distance_to(city, "roads", ROADS_CLIP_M))


def _distance_to(city: City, name: str, farthest_m: float) -> Distance | None:
    """Return what measures the distance to the nearest feature of a layer that is there."""
    if not city.has_layer(name):
        return None
    view = city.layer(name)

    def distance_m(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
        places = zip(lon.tolist(), lat.tolist(), strict=True)
        nearest = (view.nearest(x, y, max_distance_m=farthest_m)[1] for x, y in places)
        return np.array([found[0] if len(found) else np.inf for found in nearest])

    return distance_m
