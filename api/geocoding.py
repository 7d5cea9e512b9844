"""``twin geocode``: a table of address texts in, the same table with the address that each one means out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.csv_table import CsvTable
from api.outputs import refuse_overwriting
from api.progress import Advance
from twin.addresses import Level
from twin.addresses.finder import Finder
from twin.city import City
from twin.errors import ImportRefusedError
from twin.scope import WHOLE_CITY, Scope

SURE = 0.9
"""From this score on, 49 of 50 answers are meant to be right."""
NEW_COLUMNS = (
    "address_id",
    "standard_text",
    "level",
    "score",
    "lon",
    "lat",
    "grid_id",
    "reason",
    "source_id",
)
TITLES = ("", *(level.title for level in Level))
"""What each level is called, by its number."""
_DEGREES = 7
_MOST_BELOW = 20_000
"""Addresses below a place that lie in one grid unit; with more it is not looked."""
_SHORT_RECORD = "本行字段不足，无法读取"


@dataclass(frozen=True, slots=True)
class GeocodeSummary:
    """What became of the texts of one table.

    Parameters
    ----------
    rows : int
    sure : int
        Those answered with a score of at least 0.9.
    doubtful : int
        Those answered with less.
    unanswered : int
        Those of which nothing is in the base.
    """

    rows: int
    sure: int
    doubtful: int
    unanswered: int


def geocode_csv(
    city: City, source: Path, target: Path, column: str, *, advance: Advance, scope: Scope = WHOLE_CITY
) -> GeocodeSummary:
    """Write a CSV table again with the address that the text of each record means.

    Parameters
    ----------
    city : City
    source : Path
        CSV with a column of address texts and any others; UTF-8 or GB18030, plain, ``.gz`` or ``.zip``.
    target : Path
        CSV to write: every byte of the source, and in each record the fields :data:`NEW_COLUMNS`.
    column : str
        The column of texts.
    advance : callable
        Told how many of how many records are answered.
    scope : Scope
        What the caller may see.

    Returns
    -------
    GeocodeSummary

    Raises
    ------
    UnknownLayerError
        If the city has no addresses.
    ImportRefusedError
        If the source is missing, no CSV, empty, lacks the column, has one of the new ones
        or is the target too.
    StorageError
        If the target cannot be written; nothing is left of it then.
    """
    refuse_overwriting(source, [target])
    finder = city.address_finder(scope)
    table = CsvTable.read(source, [column], NEW_COLUMNS)
    if not len(table):
        raise ImportRefusedError(f"{source.name} has a header and no rows")
    found = finder.geocode_table(table.texts(0), advance=lambda done: advance(done, len(table)))
    is_short = table.n_missing[1:] > 0
    if is_short.any():
        said = pc.if_else(pa.array(is_short), _SHORT_RECORD, found["reason"])
        found = found.set_column(found.column_names.index("reason"), "reason", said)
    columns = [table.encoded(one) for one in answer_columns(city, finder, found).columns]
    table.write(
        target, NEW_COLUMNS, pc.binary_join_element_wise(*columns, pa.scalar(b",", pa.large_binary()))
    )
    scores, is_none = found["score"].to_numpy(), found["address_id"].null_count
    n_sure = int((scores >= SURE).sum())
    return GeocodeSummary(len(table), n_sure, len(table) - n_sure - is_none, is_none)


def answer_columns(city: City, finder: Finder, found: pa.Table) -> pa.RecordBatch:
    """Return answers as the texts of the new columns.

    Parameters
    ----------
    city : City
    finder : Finder
        That gave the answers.
    found : pyarrow.Table
        As :meth:`Finder.geocode_table` returns it.

    Returns
    -------
    pyarrow.RecordBatch
        :data:`NEW_COLUMNS`, all strings; empty where there is nothing to say.
    """
    found = found.combine_chunks()
    columns = {name: found[name].combine_chunks() for name in found.column_names}
    is_none = columns["address_id"].is_null()
    lon, lat = columns["lon"].to_numpy(), columns["lat"].to_numpy()
    texts = {
        "address_id": columns["address_id"].cast(pa.string()).fill_null(""),
        "standard_text": columns["standard_text"],
        "level": pa.array(TITLES).take(columns["level"]),
        "score": pc.if_else(is_none, "", pc.round(columns["score"], 4).cast(pa.string())),
        "lon": _degrees(lon),
        "lat": _degrees(lat),
        "grid_id": pa.array(grid_ids(city, finder, columns["position"].to_numpy(), lon, lat), pa.string()),
        "reason": columns["reason"],
        "source_id": columns["source_id"],
    }
    return pa.RecordBatch.from_arrays([texts[name] for name in NEW_COLUMNS], names=list(NEW_COLUMNS))


def _degrees(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> pa.Array:
    """Return degrees as text; empty where there are none."""
    return pa.array(["" if value != value else f"{value:.{_DEGREES}f}" for value in values.tolist()])


def grid_ids(
    city: City,
    finder: Finder,
    positions: np.ndarray[tuple[int], np.dtype[np.int64]],
    lon: np.ndarray[tuple[int], np.dtype[np.float64]],
    lat: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> list[str]:
    """Return the grid unit of each answer; empty where there is no place, no unit, no grid, or more than one.

    Parameters
    ----------
    city : City
    finder : Finder
        That gave the answers.
    positions : ndarray of int64, shape (n,)
        Of the answers in its book; -1 where there is none.
    lon, lat : ndarray of float64, shape (n,)
        Degrees; NaN without place.

    Returns
    -------
    list of str, length n
        A division, road or hamlet has a unit only where all addresses below it lie in that one.
    """
    found = np.full(len(lon), -1, np.int64)
    if not city.has_layer("grid"):
        return [""] * len(lon)
    is_place = ~np.isnan(lon)
    found[is_place] = city.grid_index.lookup(lon[is_place], lat[is_place])
    book = finder.book
    is_wide = (positions >= 0) & (book.levels[positions] <= Level.ROAD)
    is_wide &= book.lon[positions] == lon  # a junction is a place of its own
    units = {node: _unit_below(city, finder, node) for node in np.unique(positions[is_wide]).tolist()}
    found[is_wide] = [units[node] for node in positions[is_wide].tolist()]
    names = np.append(city.grid_index.grid_ids.astype(object), "")
    ids: list[str] = names[found].tolist()
    return ids


def _unit_below(city: City, finder: Finder, node: int) -> int:
    """Return the position of the one grid unit that all addresses below a node lie in, -1 where none is."""
    frontier, nodes = np.array([node], np.int64), [np.array([node], np.int64)]
    while len(frontier) and sum(map(len, nodes)) <= _MOST_BELOW:
        frontier = finder.descent.children(frontier, Level.CITY, Level.DWELLING)
        nodes.append(frontier)
    if len(frontier):
        return -1
    below = np.concatenate(nodes[1:] if len(nodes) > 2 else nodes)
    lon, lat = finder.book.lon[below], finder.book.lat[below]
    is_place = ~np.isnan(lon)
    units = np.unique(city.grid_index.lookup(lon[is_place], lat[is_place]))
    return int(units[0]) if len(units) == 1 else -1
