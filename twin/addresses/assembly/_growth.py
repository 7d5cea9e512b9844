"""The tree of addresses as it grows from source rows, level by level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.addresses.assembly._districts import Districts
from twin.addresses.assembly._groups import dense, most_frequent
from twin.addresses.assembly._identity import NEW, TOP, Identity
from twin.addresses.assembly._rows import Rows
from twin.addresses.levels import Level

METHODS = ("exact", "alias", "alike", "number", "unit", "partial", "ambiguous")
"""How a row came to its address, the surest first."""
EXACT, ALIAS, ALIKE, BY_NUMBER, BY_UNIT, PARTIAL, MANY = range(len(METHODS))
SCORES = np.array([1.0, 0.98, 0.92, 0.9, 0.85, 0.5, 0.4])
"""How sure each way is, where nothing of the text was left unread."""
REST_SCORE = 0.8
"""What is left of a score where part of the text could not be read."""

_Positions = NDArray[np.int64]


class Growth:
    """Nodes found so far, and the deepest that each row has reached.

    Nodes stand after the one above. A row that is ``held`` goes no deeper: its text names no single
    place, or several fit.

    Parameters
    ----------
    rows : Rows
    districts : Districts
        Each is a node, at its own position.
    identity : Identity
        The base before.
    """

    def __init__(self, rows: Rows, districts: Districts, identity: Identity) -> None:
        self.rows, self.districts, self.identity = rows, districts, identity
        codes = {name: code for code, name in enumerate(rows.names)}
        self.level = np.array([one.level for one in districts.divisions], np.int8)
        self.parent = districts.parents.copy()
        self.token = np.array([codes[one.name] for one in districts.divisions], np.int64)
        self.said = self.token.copy()
        """What sources call each node, whatever people call it."""
        self.known = identity.divisions(districts)
        self.heir = np.arange(len(self.level))
        self.word = np.zeros(len(self.level), np.int16)
        self._node_of = np.full(len(identity.ids), -1, np.int64)
        self._node_of[self.known[self.known >= 0]] = np.flatnonzero(self.known >= 0)
        self.at = rows.division.copy()
        self.method = np.full(len(rows), EXACT, np.int8)
        self.held = ~rows.is_readable
        self.at[self.held] = TOP
        self.is_adrift = np.zeros(len(rows), np.bool_)
        self.number_at = np.full(len(rows), TOP, np.int64)
        self.zone_at = np.full(len(rows), TOP, np.int64)
        """The zone that each row names, whether it stands above the row's address or is told beside it."""

    def __len__(self) -> int:
        return len(self.level)

    def open_rows(self, level: Level) -> _Positions:
        """Return the rows that name something of a level and go on."""
        return np.flatnonzero((self.rows.tokens[level] >= 0) & ~self.held)

    def lower(self, rows: _Positions, method: int) -> None:
        """Note how rows came to where they are, unless a less sure way is noted already."""
        self.method[rows] = np.maximum(self.method[rows], method)

    def hold(self, rows: _Positions, method: int) -> None:
        """Let rows go no deeper."""
        self.held[rows] = True
        self.lower(rows, method)

    def leave_open(self, rows: _Positions, level: Level) -> None:
        """Note that several places of a level fit rows: they go on only where an estate tells which."""
        has_site = (self.rows.tokens[Level.ESTATE][rows] >= 0) | (self.rows.tokens[Level.PREMISES][rows] >= 0)
        goes_on = has_site & (level <= Level.ROAD)
        self.is_adrift[rows[goes_on]] = True
        self.hold(rows[~goes_on], MANY)

    def step(self, rows: _Positions, level: Level, tokens: NDArray[np.integer]) -> None:
        """Let rows go down to the child of their node that has their token."""
        if len(rows):
            first, labels = dense(self.at[rows], tokens)
            parents, codes = self.at[rows[first]], tokens[first].astype(np.int64)
            known = self.identity.of_keys(self.known_of(parents), level, codes)
            self.add(rows, labels, level, parents, codes, known)

    def known_of(self, nodes: _Positions) -> _Positions:
        """Return the positions of nodes in the base before."""
        return np.where(nodes >= 0, np.append(self.known, NEW)[nodes], TOP)

    def add(
        self,
        rows: _Positions,
        labels: _Positions,
        level: Level,
        parents: _Positions,
        tokens: _Positions,
        known: _Positions,
    ) -> None:
        """Add a node for each label, or one for labels that the base knows as one, and let rows go there."""
        labels, known, of = self.identity.split_off(self.rows.ids[rows], labels, known)
        parents, tokens = self._parted(parents[of], known, of), tokens[of]
        found = np.where(known >= 0, np.append(self._node_of, -1)[np.maximum(known, -1)], -1)
        keys = np.where(known >= 0, known, NEW - 1 - np.arange(len(known)))
        is_new = found < 0
        if is_new.any():
            fresh = dense(keys[is_new])[1]
            found[is_new] = len(self) + fresh
            # Of several that people made one, the survivor tells its name and what it stands under.
            is_own = self.identity.is_own(known, self.known_of(parents), tokens)
            best = np.lexsort((~is_own[is_new], fresh))
            source = np.flatnonzero(is_new)[best[np.unique(fresh[best], return_index=True)[1]]]
            self._append(level, parents[source], tokens[source], known[source])
        self._count_words(level, rows, found[labels])
        self.at[rows] = found[labels]

    def _parted(self, parents: _Positions, known: _Positions, of: _Positions) -> _Positions:
        """Return parents; of what people took apart, each part stays under what it stood under."""
        is_part = (np.bincount(of)[of] > 1) & (known >= 0)
        above = np.append(self.identity.parents, -1)[np.where(is_part, known, -1)]
        stays = np.append(self._node_of, -1)[above]
        return np.where(is_part & (stays >= 0), stays, parents)

    def _append(self, level: Level, parents: _Positions, tokens: _Positions, known: _Positions) -> None:
        nodes = np.arange(len(self), len(self) + len(parents))
        self.said = np.append(self.said, tokens)
        tokens = np.where(known >= 0, np.append(self.identity.tokens, -1)[np.maximum(known, -1)], tokens)
        self._node_of[known[known >= 0]] = nodes[known >= 0]
        self.level = np.append(self.level, np.full(len(parents), level, np.int8))
        self.parent = np.append(self.parent, parents)
        self.token = np.append(self.token, tokens)
        self.known = np.append(self.known, known)
        self.heir = np.append(self.heir, nodes)
        self.word = np.append(self.word, np.zeros(len(parents), np.int16))

    def _count_words(self, level: Level, rows: _Positions, nodes: _Positions) -> None:
        """Note how most rows call their node of a numbered level."""
        if level in self.rows.words and len(nodes):
            low = int(nodes.min())
            said = self.rows.words[level][rows].astype(np.int64)
            best = most_frequent(nodes - low, int(nodes.max()) - low + 1, np.where(said > 0, said, -1))
            known = np.flatnonzero(best > 0)
            self.word[known + low] = best[known]

    def unite(self, node: int, into: int, rows: _Positions) -> None:
        """Let the rows that are at a node go to another, which takes its place."""
        self.heir[node] = into
        self.at[rows] = into

    def final(self, node: int) -> int:
        """Return the node that has taken the place of a node, itself where none has."""
        while self.heir[node] != node:
            node = int(self.heir[node])
        return node

    def is_rejected(self, one: int, other: int) -> bool:
        """Return whether people have said that two nodes are not one address."""
        known = self.known[one], self.known[other]
        return min(known) >= 0 and self.identity.is_rejected(int(known[0]), int(known[1]))
