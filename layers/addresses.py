"""Addresses (地址) as departments deliver them: a number, a text, and a place where one is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from layers.misfit import Trusted
from layers.report import ReadResult
from layers.vector import read_vector
from twin.frame import CityFrame
from twin.schema import DECLARED


def read_addresses(
    path: Path,
    *,
    crs: str | None = None,
    columns: Mapping[str, str] | None = None,
    city: CityFrame,
    trusted: Trusted | None = None,
    known_places: Collection[str] = (),
) -> ReadResult:
    r"""Return the addresses of one department, with or without coordinates.

    Parameters
    ----------
    path : Path
        Any vector file or text table.
    crs : str, optional
        CRS of the coordinates; a column ``crs`` may name it row by row instead.
    columns : mapping of str to str, optional
        Our field -> theirs: ``source_id`` and ``text`` are required, ``lon``, ``lat``, ``crs``,
        ``kind``, ``valid_from``, ``valid_to`` optional.
    city : CityFrame
        Where the city lies.
    trusted : Trusted, optional
        Distance, m, from lon, lat points to the nearest building, so that a GCJ-02 shift
        can be seen.
    known_places : collection of str
        Names of divisions and other places, that are none of persons.

    Returns
    -------
    ReadResult
        A row without coordinates is taken without a place; one with wrong coordinates is
        rejected, because a wrong place is worse than none. Names and numbers of persons are cut out
        of the texts; a row that tells of nothing else is rejected.

    Raises
    ------
    ImportRefusedError
        If the file as a whole cannot be taken.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "addresses.csv"
    ...     _ = path.write_text("source_id,text\nA1,中山路1号\nA2,\n", encoding="utf-8")
    ...     result = read_addresses(path, city=CityFrame("丽州市", "EPSG:4549"))
    >>> result.table["text"].to_pylist(), result.report.rejections[0].row
    (['中山路1号'], 2)
    """
    return read_vector(
        path,
        DECLARED["addresses"],
        crs=crs,
        columns=columns,
        city=city,
        trusted=trusted,
        known_places=known_places,
    )
