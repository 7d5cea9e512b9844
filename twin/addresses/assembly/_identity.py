"""Which address of the base before each newly found one is: ids stay with what they name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.addresses.assembly._districts import Districts
from twin.addresses.assembly._groups import dense, metres
from twin.addresses.assembly._places import FAR_M
from twin.addresses.book import key_of
from twin.addresses.levels import Level

NEW, TOP = -2, -1
IN_FORCE, SUPERSEDED, WITHDRAWN = "in_force", "superseded", "withdrawn"

_Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Split:
    """Source rows that people took out of one address into another (拆分).

    Parameters
    ----------
    record_ids : ndarray of int64
        Feature ids of the layer ``addresses``.
    from_id, to_id : int
        Address ids.
    """

    record_ids: NDArray[np.int64]
    from_id: int
    to_id: int


@dataclass(frozen=True, slots=True)
class Rulings:
    """What people have decided and no source says (人工决定).

    Parameters
    ----------
    splits : tuple of Split
        In the order they were made.
    source_tokens : dict of int to str
        Token that the sources use, by id of an address that people renamed.
    rejected : frozenset of (int, int)
        Pairs of address ids, the lower first, that are not one address.
    merges : dict of int to int
        What each merged address, and each part of it, went into. What sources renamed is not among them:
        it comes back when they name it again.
    """

    splits: tuple[Split, ...] = ()
    source_tokens: dict[int, str] = field(default_factory=dict)
    rejected: frozenset[tuple[int, int]] = frozenset()
    merges: dict[int, int] = field(default_factory=dict)


class Known(NamedTuple):
    """Labels of rows, and what each label is: a position in the base before, and the label it came of."""

    labels: _Positions
    known: _Positions
    of: _Positions


class Identity:
    """The base before, looked up by what its addresses are.

    Positions are rows of that base; NEW stands for none of them, TOP for what is above all.

    Parameters
    ----------
    base : pyarrow.Table
        As ``twin.addresses.base`` describes it.
    rulings : Rulings
    names : list of str
        Distinct tokens, ascending; all of the base are among them.
    """

    def __init__(self, base: pa.Table, rulings: Rulings, names: list[str]) -> None:
        self.base = base
        self.ids: _Positions = base["feature_id"].to_numpy()
        self._order = np.argsort(self.ids, kind="stable")
        self.levels = base["level"].to_numpy()
        self.parents = self._places(base["parent_id"], TOP)
        self.holders = self._places(base["division_id"], TOP)
        self.is_in_force = pc.equal(base["status"], IN_FORCE).to_numpy().astype(np.bool_)
        self.lon, self.lat = base["lon"].to_numpy(), base["lat"].to_numpy()
        self.heirs = self._heirs(rulings)
        self._codes = {name: code for code, name in enumerate(names)}
        self.tokens = (
            pc.index_in(base["token"], value_set=pa.array(names, pa.string()))
            .fill_null(-1)
            .to_numpy()
            .astype(np.int64)
        )
        self._splits = [
            places for split in rulings.splits if min((places := self._split_places(split))[1:]) >= 0
        ]
        self._rejected = rulings.rejected
        self.is_renamed = np.zeros(len(self.ids), np.bool_)
        self._set_keys(rulings)
        self._by_name: dict[tuple[int, int], list[int]] | None = None
        self._is_taken = np.zeros(len(self.ids), np.bool_)

    def _places(self, ids: pa.ChunkedArray, missing: int) -> _Positions:
        """Return the position of each id, ``missing`` where it is null or unknown."""
        wanted = ids.fill_null(-1).to_numpy()
        if not len(self.ids):
            return np.full(len(wanted), missing, np.int64)
        places = self._order[
            np.minimum(np.searchsorted(self.ids, wanted, sorter=self._order), len(self.ids) - 1)
        ]
        return np.where(self.ids[places] == wanted, places, missing)

    def position(self, address_id: int) -> int:
        """Return the position of an id, NEW where the base has it not."""
        return int(self._places(pa.chunked_array([[address_id]]), NEW)[0])

    def _split_places(self, split: Split) -> tuple[_Positions, int, int]:
        """Return the rows of a split, and the positions of what they left and what they went into."""
        return np.sort(split.record_ids), self.position(split.from_id), self.position(split.to_id)

    def _heirs(self, rulings: Rulings) -> _Positions:
        """Return what people have merged each address into, itself where they have not."""
        heirs = np.arange(len(self.ids))
        pairs = [(self.position(old), self.position(new)) for old, new in rulings.merges.items()]
        for old, new in pairs:
            if min(old, new) >= 0:
                heirs[old] = new
        return _followed(heirs)

    def _set_keys(self, rulings: Rulings) -> None:
        """Sort what addresses are looked up by; those in force come before others of equal key."""
        # What was split off has the name of what it was split from: only its own rows may find it.
        hidden = [
            target
            for _, source, target in self._splits
            if self.parents[source] == self.parents[target] or Level(self.levels[target]).is_named
        ]
        rows = np.setdiff1d(np.arange(len(self.ids)), hidden)
        tokens = self.tokens[rows]
        renamed = [
            (place, self._codes.get(token, -1))
            for address_id, token in rulings.source_tokens.items()
            if (place := self.position(address_id)) >= 0
        ]
        if renamed:
            places, codes = (np.array(column, np.int64) for column in zip(*renamed, strict=True))
            self.is_renamed[places] = True
            rows, tokens = np.append(rows, places), np.append(tokens, codes)
        keys = key_of(self.parents[rows], self.levels[rows], tokens)
        order = np.lexsort((self.ids[rows], ~self.is_in_force[rows], keys))
        order = order[tokens[order] >= 0]
        self._keys, self._key_rows, self._key_tokens = keys[order], rows[order], tokens[order]

    def divisions(self, districts: Districts) -> _Positions:
        """Return the position of each division by its code."""
        known = (
            {
                code: place
                for place, (code, level) in enumerate(
                    zip(self.base["division_code"].to_pylist(), self.levels.tolist(), strict=True)
                )
                if level <= Level.COMMUNITY
            }
            if len(self.ids)
            else {}
        )
        found = [known.get(division.code, NEW) for division in districts.divisions]
        return np.array(found, np.int64)

    def of_keys(self, parents: _Positions, level: Level, tokens: _Positions) -> _Positions:
        """Return the address of each parent, level and token, or what it was merged into; NEW where none."""
        if not len(self._keys):
            return np.full(len(parents), NEW, np.int64)
        wanted = key_of(np.maximum(parents, TOP), level, tokens)
        places = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        is_found = (self._keys[places] == wanted) & (parents > NEW)
        return np.where(is_found, self.heirs[self._key_rows[places]], NEW)

    def of_names(
        self,
        parents: _Positions,
        level: Level,
        tokens: _Positions,
        divisions: _Positions,
        lon: NDArray[np.float64],
        lat: NDArray[np.float64],
    ) -> _Positions:
        """Return the address of each name that stands under the same node, else of the nearest; NEW if none.

        Each address is found once: two estates of one name cannot both be it.
        """
        found = np.full(len(tokens), NEW, np.int64)
        if not len(self._keys):
            return found
        if self._by_name is None:
            self._by_name = {}
            named = np.flatnonzero(self.levels[self._key_rows] >= Level.GROUP)
            is_named = np.isin(self.levels[self._key_rows[named]], [one for one in Level if one.is_named])
            for place in named[is_named].tolist():
                row = int(self._key_rows[place])
                self._by_name.setdefault((int(self.levels[row]), int(self._key_tokens[place])), []).append(
                    row
                )
        for is_same_parent in (True, False):
            for one in np.flatnonzero(found == NEW).tolist():
                rows = [
                    row
                    for row in self._by_name.get((int(level), int(tokens[one])), [])
                    if not self._is_taken[row] and (self.parents[row] == parents[one]) == is_same_parent
                ]
                rows.sort(key=lambda row: (self.holders[row] != divisions[one], self.ids[row]))
                best = self._nearest(rows, float(lon[one]), float(lat[one]), is_same_parent=is_same_parent)
                if best >= 0:
                    self._is_taken[best] = True
                    found[one] = self.heirs[best]
        return found

    def _nearest(self, rows: list[int], lon: float, lat: float, *, is_same_parent: bool) -> int:
        """Return which of some addresses lies nearest to a place; NEW where none is near enough."""
        best, nearest = NEW, np.inf
        for row in rows:
            here = (np.array([value]) for value in (self.lon[row], self.lat[row], lon, lat))
            away = float(metres(*here)[0])
            if np.isnan(away):
                away = FAR_M if is_same_parent else np.inf
            if away < nearest and (is_same_parent or away <= FAR_M):
                best, nearest = row, away
        return best

    def is_own(self, known: _Positions, parents: _Positions, tokens: _Positions) -> NDArray[np.bool_]:
        """Return which addresses stand under these parents; those that have these tokens alone, if known."""
        here = np.maximum(known, 0)
        if not len(self.ids):
            return np.zeros(len(known), np.bool_)
        is_own: NDArray[np.bool_] = (
            (known >= 0)
            & (self.parents[here] == parents)
            & ((self.tokens[here] == tokens) | self.is_renamed[here])
        )
        return is_own

    def is_rejected(self, one: int, other: int) -> bool:
        """Return whether people have said that two addresses are not one."""
        low, high = sorted((int(self.ids[one]), int(self.ids[other])))
        return (low, high) in self._rejected

    def split_off(self, row_ids: _Positions, labels: _Positions, known: _Positions) -> Known:
        """Return labels that tell apart the rows that people have moved from one address to another."""
        of_row = known[labels]
        is_moved = False
        for record_ids, source, target in self._splits:
            moves = np.flatnonzero(of_row == self.heirs[source])
            if len(moves):
                moves = moves[np.isin(row_ids[moves], record_ids)]
                of_row[moves] = self.heirs[target]
                is_moved |= len(moves) > 0
        if not is_moved:
            return Known(labels, known, np.arange(len(known)))
        first, fresh = dense(labels, of_row)
        return Known(fresh, of_row[first], labels[first])


def _followed(heirs: _Positions) -> _Positions:
    """Return where each chain of merges ends."""
    for _ in range(64):  # a chain of merges doubles its reach each round
        further = heirs[heirs]
        if (further == heirs).all():
            break
        heirs = further
    return heirs
