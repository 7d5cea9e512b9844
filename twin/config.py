"""``city.toml``: what a city is called, where it works, and where its live state is kept."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from twin.errors import InvalidConfigError
from twin.frame import Box

CONFIG_NAME = "city.toml"
DEFAULT_RESOLUTIONS = (7, 9, 10)
FINEST_STORED_RESOLUTION = 12


@dataclass(frozen=True, slots=True)
class CityConfig:
    """The settings of one city, as ``city.toml`` holds them.

    Parameters
    ----------
    name : str
        What people call the place; not empty.
    crs : str
        Projected working CRS such as ``"EPSG:4549"``; empty until the first import
        shows where the city lies.
    admin_code : str
        Statistical code of the city, 12 digits, or empty.
    resolutions : tuple of int
        H3 resolutions that every layer stores, ascending, within 0-12.
    bbox : tuple of float, optional
        West, south, east, north, degrees; None takes the extent of the layers.
    state_url : str
        SQLAlchemy URL of the live state; empty means ``live.db`` in the folder.

    Raises
    ------
    InvalidConfigError
        If the name is empty or a resolution is out of range or out of order.
    """

    name: str
    crs: str = ""
    admin_code: str = ""
    resolutions: tuple[int, ...] = DEFAULT_RESOLUTIONS
    bbox: Box | None = None
    state_url: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InvalidConfigError("a city needs a name, an empty one came")
        ascending = list(self.resolutions) == sorted(set(self.resolutions))
        if (
            not self.resolutions
            or not ascending
            or not 0 <= self.resolutions[0] <= self.resolutions[-1] <= FINEST_STORED_RESOLUTION
        ):
            raise InvalidConfigError(
                f"H3 resolutions must rise within 0-{FINEST_STORED_RESOLUTION}, got {list(self.resolutions)}"
            )


def read_config(folder: Path) -> CityConfig:
    """Return the settings of a city folder.

    Parameters
    ----------
    folder : Path
        The city folder.

    Returns
    -------
    CityConfig

    Raises
    ------
    InvalidConfigError
        If the file is not TOML, or a setting is missing, unknown or of another type.
    """
    path = folder / CONFIG_NAME
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfigError(f"{path} is not TOML: {error}") from error
    known = {"name": str, "crs": str, "admin_code": str, "resolutions": list, "bbox": list, "state_url": str}
    for key, value in settings.items():
        if key not in known:
            raise InvalidConfigError(f"{path} has an unknown setting {key!r}; known are {', '.join(known)}")
        if not isinstance(value, known[key]):
            raise InvalidConfigError(f"{path}: {key} = {value!r} should be a {known[key].__name__}")
    if "name" not in settings:
        raise InvalidConfigError(f"{path} has no name")
    for key in {"resolutions", "bbox"} & settings.keys():
        settings[key] = tuple(settings[key])
    return CityConfig(**settings)


def write_config(folder: Path, config: CityConfig) -> None:
    """Write the settings of a city by rename, so that a reader never sees half of them.

    Parameters
    ----------
    folder : Path
        The city folder.
    config : CityConfig
    """
    # JSON strings and arrays of numbers are TOML strings and arrays.
    lines = [f"name = {json.dumps(config.name, ensure_ascii=False)}", f"crs = {json.dumps(config.crs)}"]
    if config.admin_code:
        lines.append(f"admin_code = {json.dumps(config.admin_code)}")
    lines.append(f"resolutions = {list(config.resolutions)}")
    if config.bbox is not None:
        lines.append(f"bbox = {[float(value) for value in config.bbox]}")
    if config.state_url:
        lines.append(f"state_url = {json.dumps(config.state_url)}")
    part = folder / f"{CONFIG_NAME}.part"
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.replace(folder / CONFIG_NAME)
