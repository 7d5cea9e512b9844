"""``city.toml``: what a city is called, where it works, and where its live state is kept."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType

from twin.crs.names import CRSName
from twin.durable import DurableFile
from twin.errors import InvalidConfigError, InvalidCRSError, StorageError
from twin.frame import Box, CityFrame

CONFIG_NAME = "city.toml"
DEFAULT_RESOLUTIONS = (7, 9, 10)
FINEST_STORED_RESOLUTION = 12

_TYPES = MappingProxyType(
    {
        "name": (str, "a text"),
        "crs": (str, "a text"),
        "admin_code": (str, "a text"),
        "resolutions": (list, "a list of whole numbers"),
        "bbox": (list, "a list of four numbers"),
        "state_url": (str, "a text"),
        "converts_shifted": (bool, "true or false"),
    }
)


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
    converts_shifted : bool
        Whether GCJ-02 and BD-09 coordinates are converted to WGS 84 where they come in.
        Where a deployment must not, they are refused instead.

    Raises
    ------
    InvalidConfigError
        If the name is empty or cannot be printed, the CRS is no EPSG code, the code has not
        12 digits, a resolution is out of range or out of order, or the box is no box.
    """

    name: str
    crs: str = ""
    admin_code: str = ""
    resolutions: tuple[int, ...] = DEFAULT_RESOLUTIONS
    bbox: Box | None = None
    state_url: str = ""
    converts_shifted: bool = True

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable():
            raise InvalidConfigError(f"a city needs a name of one line, {self.name!r} came")
        if self.crs and not re.fullmatch(r"EPSG:[0-9]+", self.crs):
            raise InvalidConfigError(f"the working CRS {self.crs!r} is not written like EPSG:4549")
        if self.admin_code and not re.fullmatch(r"[0-9]{12}", self.admin_code):
            raise InvalidConfigError(f"the statistical code {self.admin_code!r} has not 12 digits")
        if not self._are_resolutions_sound():
            raise InvalidConfigError(
                f"H3 resolutions must rise within 0-{FINEST_STORED_RESOLUTION}, got {list(self.resolutions)}"
            )
        if self.bbox is not None:
            if len(self.bbox) != 4 or not all(map(_is_number, self.bbox)):
                raise InvalidConfigError(f"city bbox {list(self.bbox)} is not west, south, east, north")
            CityFrame(self.name, self.crs, self.bbox)

    def refuse_conversion(self, crs: CRSName) -> None:
        """Raise where coordinates would have to be converted and the deployment must not.

        Parameters
        ----------
        crs : CRSName
            What coordinates are in.

        Raises
        ------
        InvalidCRSError
            If it is GCJ-02 or BD-09 and ``converts_shifted`` is false.

        Examples
        --------
        >>> from twin.crs import parse_crs
        >>> CityConfig("丽州市").refuse_conversion(parse_crs("gcj02"))
        """
        if crs.is_shifted and not self.converts_shifted:
            raise InvalidCRSError(
                f"{crs} coordinates are not converted here: converts_shifted = false in {CONFIG_NAME}; "
                "wanted WGS 84 or CGCS2000"
            )

    def _are_resolutions_sound(self) -> bool:
        """Return whether the resolutions are whole numbers that rise within the range."""
        are_whole = all(type(resolution) is int for resolution in self.resolutions)
        if not are_whole or list(self.resolutions) != sorted(set(self.resolutions)):
            return False
        return bool(self.resolutions) and set(self.resolutions) <= set(range(FINEST_STORED_RESOLUTION + 1))


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
        If the file cannot be read or is not TOML, or a setting is missing, unknown, of
        another type or out of range.
    """
    path = folder / CONFIG_NAME
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfigError(f"{path} is not TOML: {error}") from error
    except OSError as error:
        raise InvalidConfigError(f"{path} cannot be read: {error.strerror}") from error
    for key, value in settings.items():
        if key not in _TYPES:
            raise InvalidConfigError(f"{path} has an unknown setting {key!r}; known are {', '.join(_TYPES)}")
        wanted, described = _TYPES[key]
        if not isinstance(value, wanted):
            raise InvalidConfigError(f"{path}: {key} = {value!r} should be {described}")
        settings[key] = tuple(value) if isinstance(value, list) else value
    if "name" not in settings:
        raise InvalidConfigError(f"{path} has no name")
    try:
        return CityConfig(**settings)
    except InvalidConfigError as error:
        raise InvalidConfigError(f"{path}: {error}") from error


def write_config(folder: Path, config: CityConfig) -> None:
    """Write the settings of a city by rename, so that a reader never sees half of them.

    Parameters
    ----------
    folder : Path
        The city folder.
    config : CityConfig

    Raises
    ------
    StorageError
        If the file cannot be written; the settings before stay in force.
    """
    # JSON texts, lists of numbers and truths are TOML as they are.
    settings = {field.name: getattr(config, field.name) for field in fields(config)}
    lines = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
        for key, value in settings.items()
        if value not in {"", None}
    ]
    try:
        with DurableFile(folder / CONFIG_NAME) as file:
            file.write("".join(lines).encode())
    except OSError as error:
        raise StorageError(f"{folder / CONFIG_NAME} could not be written: {error.strerror}") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
