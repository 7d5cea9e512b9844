"""Every error citytwin raises for its callers, as one small tree."""

from __future__ import annotations


class TwinError(Exception):
    """Something citytwin was asked to do cannot be done as asked."""


class InvalidCoordinateError(TwinError, ValueError):
    """A coordinate is NaN, infinite or outside its range."""


class InvalidCRSError(TwinError, ValueError):
    """A coordinate reference system is unknown or does not fit the numbers."""


class AlreadyConvertedError(TwinError, ValueError):
    """Coordinates that are already WGS 84 were about to be converted again."""


class InvalidCellError(TwinError, ValueError):
    """A value is not an H3 cell, or a resolution is not one of 0-15."""


class InvalidGeometryError(TwinError, ValueError):
    """A geometry is empty, broken or of another kind than its layer."""


class InvalidDivisionError(TwinError, ValueError):
    """A division code, level or parent contradicts the administrative tree."""


class UnknownDivisionError(TwinError, LookupError):
    """No division has this code or id."""


class UnknownLayerError(TwinError, LookupError):
    """The city has no layer of this name."""


class UnknownFeatureError(TwinError, LookupError):
    """The layer has no feature of this id within the caller's scope."""


class UnknownFieldError(TwinError, LookupError):
    """The layer has no field of this name."""


class InvalidLayerError(TwinError, ValueError):
    """A table does not have the columns its layer declares."""


class DamagedLayerError(TwinError, OSError):
    """A stored layer version is missing, half-written or not what the catalog says."""


class UnreadableLayerError(DamagedLayerError):
    """A layer cannot be answered from because its files are damaged; the message names no file."""


class InvalidQueryError(TwinError, ValueError):
    """A question is malformed: box, polygon, limit, resolution or filter."""


class CityNotFoundError(TwinError, FileNotFoundError):
    """The folder is missing or holds no city."""


class CityExistsError(TwinError, FileExistsError):
    """A city already stands in this folder."""


class InvalidConfigError(TwinError, ValueError):
    """``city.toml`` is missing a setting or has a wrong one."""


class StorageError(TwinError, OSError):
    """A version could not be written; the one before it stays in force."""


class UnknownPageError(TwinError, LookupError):
    """The service has no page or file of this name."""


class StateConflictError(TwinError, RuntimeError):
    """An edit was made against an older version of the feature."""


class StaleCursorError(TwinError, LookupError):
    """A page cursor belongs to a version of the layer that is no longer in force."""


class ScopeError(TwinError, PermissionError):
    """The caller's scope does not reach what was asked for."""


class InvalidValueError(TwinError, ValueError):
    """One value of a source cannot be read as what its field declares."""


class ImportRefusedError(TwinError, ValueError):
    """A source file as a whole cannot be taken; the city is as it was."""


class UnknownDecisionError(TwinError, LookupError):
    """No decision on addresses has this id."""


class InvalidDecisionError(TwinError, ValueError):
    """A decision on addresses cannot be made: what it names does not fit together."""


class InvalidTileError(TwinError, ValueError):
    """A tile address lies outside the tile matrix, or tile bytes are broken."""


class FaultyDrawingError(TwinError, ValueError):
    """Redrawn grid units overlap, leave gaps or are broken; the grid is as it was."""


class MissingExtraError(TwinError, ImportError):
    """An optional part is not installed."""
