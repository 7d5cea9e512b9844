"""Pairs of addresses that may be one: listed for people, and their decisions read back (人工判定)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.csv_table import CsvTable
from layers.report import shown
from twin.addresses.base import ADDRESS_BASE, IN_FORCE
from twin.addresses.decisions import merge, reject, rulings_of
from twin.addresses.doubts import doubts_of
from twin.city import City
from twin.errors import ImportRefusedError, StorageError, TwinError

COLUMNS = ("address_id", "other_id", "text", "other_text", "distance_m", "score", "why", "decision")
MERGE, KEEP = frozenset({"merge", "合并"}), frozenset({"keep", "不同", "保留"})
"""What may stand in the column ``decision``; an empty field leaves the pair on the list."""


@dataclass(frozen=True, slots=True)
class DecisionSummary:
    """What became of a list of decisions.

    Parameters
    ----------
    merged, kept, left : int
        Pairs merged, kept apart, and left on the list.
    refused : tuple of str
        A sentence on each decision that could not be carried out.
    """

    merged: int
    kept: int
    left: int
    refused: tuple[str, ...] = ()


def open_pairs(city: City) -> pa.Table:
    """Return the pairs on which nobody has decided yet.

    Parameters
    ----------
    city : City

    Returns
    -------
    pyarrow.Table
        :data:`COLUMNS` less ``decision``, the likeliest first.

    Raises
    ------
    UnknownLayerError
        If the city has no address base.
    """
    view = city.layer(ADDRESS_BASE)
    pairs = doubts_of(city.path, view.layer)
    rejected = rulings_of(city.state).rejected
    status = view.take(view.positions(), ["feature_id", "status"])
    in_force = status.filter(pc.equal(status["status"], IN_FORCE))["feature_id"].combine_chunks()
    is_open = np.ones(pairs.num_rows, np.bool_)
    for name in ("address_id", "other_id"):
        is_open &= pc.is_in(pairs[name], value_set=in_force).to_numpy().astype(np.bool_)
    for row, pair in enumerate(
        zip(pairs["address_id"].to_pylist(), pairs["other_id"].to_pylist(), strict=True)
    ):
        is_open[row] &= (min(pair), max(pair)) not in rejected
    return pairs.filter(pa.array(is_open))


def write_review(city: City, target: Path) -> int:
    """Write the pairs on which nobody has decided yet as CSV; return how many.

    Parameters
    ----------
    city : City
    target : Path
        UTF-8 with BOM; the column ``decision`` is empty.

    Returns
    -------
    int

    Raises
    ------
    UnknownLayerError
        If the city has no address base.
    StorageError
        If the file cannot be written.
    """
    pairs = open_pairs(city)
    try:
        with target.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for row in pairs.to_pylist():
                row["distance_m"] = "" if np.isnan(row["distance_m"]) else f"{row['distance_m']:.0f}"
                row["score"] = f"{row['score']:.3f}"
                writer.writerow([row[name] for name in COLUMNS[:-1]] + [""])
    except OSError as error:
        raise StorageError(f"{target} could not be written: {error.strerror}") from error
    return int(pairs.num_rows)


def decide(city: City, source: Path, *, author: str) -> DecisionSummary:
    """Carry out the decisions of a review list.

    Parameters
    ----------
    city : City
    source : Path
        CSV with ``address_id``, ``other_id`` and ``decision``: merge, keep or empty.
    author : str
        Opaque account name.

    Returns
    -------
    DecisionSummary

    Raises
    ------
    ImportRefusedError
        If the table lacks a column, or a field is no decision or no id; nothing is changed then.
    """
    table = CsvTable.read(source, ("address_id", "other_id", "decision"), ())
    ids = [table.numbers(place) for place in (0, 1)]
    words = [word.strip().lower() for word in table.texts(2).to_pylist()]
    for row, word in enumerate(words):
        if word and word not in MERGE | KEEP:
            raise ImportRefusedError(
                f"{source.name}: row {row + 1} says {shown(word)!r}; wanted merge, keep or nothing"
            )
        if word and not all(float(column[row]).is_integer() for column in ids):
            raise ImportRefusedError(f"{source.name}: row {row + 1} does not name two addresses by their ids")
    merged = kept = 0
    refused = []
    for row, word in enumerate(words):
        if not word:
            continue
        one, other = (int(column[row]) for column in ids)
        try:
            if word in MERGE:
                merge(city, one, other, author=author)
                merged += 1
            else:
                reject(city, one, other, author=author)
                kept += 1
        except TwinError as error:
            refused.append(f"row {row + 1}: {error}")
    return DecisionSummary(merged, kept, words.count(""), tuple(refused))
