"""Where the city lies: what readers need to judge whether numbers can be right."""

from __future__ import annotations

import math
from dataclasses import dataclass

from twin.errors import InvalidConfigError

Box = tuple[float, float, float, float]
"""xmin, ymin, xmax, ymax; lon, lat degrees unless said otherwise."""


@dataclass(frozen=True, slots=True)
class CityFrame:
    """Name, working CRS and known extent of a city (城市范围).

    Parameters
    ----------
    name : str
        What people call the place.
    crs : str
        The projected working CRS, such as ``"EPSG:4549"``.
    bbox : tuple of float, optional
        Extent of what is known of the city, lon, lat degrees; None before the first
        import, when nothing can be called outside.

    Raises
    ------
    InvalidConfigError
        If the box is not finite or its corners are the wrong way round.

    Examples
    --------
    >>> CityFrame("丽州市", "EPSG:4549", (119.9, 28.7, 120.2, 29.0)).is_near((119.95, 28.8, 120.0, 28.9))
    True
    """

    name: str
    crs: str
    bbox: Box | None = None

    def __post_init__(self) -> None:
        if self.bbox is None:
            return
        west, south, east, north = self.bbox
        if not all(map(math.isfinite, self.bbox)) or west > east or south > north:
            raise InvalidConfigError(f"city bbox {self.bbox} is not west, south, east, north in degrees")

    def is_near(self, bbox: Box, *, margin_deg: float = 0.5) -> bool:
        """Return whether a lon/lat box lies within ``margin_deg`` of the known extent.

        Parameters
        ----------
        bbox : tuple of float
            West, south, east, north, degrees.
        margin_deg : float
            How far outside the known extent still counts as near, degrees.

        Returns
        -------
        bool
            True also while the extent is unknown.
        """
        if self.bbox is None:
            return True
        return not (
            bbox[0] > self.bbox[2] + margin_deg
            or bbox[2] < self.bbox[0] - margin_deg
            or bbox[1] > self.bbox[3] + margin_deg
            or bbox[3] < self.bbox[1] - margin_deg
        )
