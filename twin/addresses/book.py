"""The address base as arrays (统一地址库): a sorted tree of components, a child is one binary search."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from twin.addresses._ordering import ordered
from twin.addresses.base import base_of
from twin.addresses.levels import Level
from twin.errors import InvalidLayerError, UnknownFeatureError
from twin.view import LayerView

_PARENT_SHIFT, _LEVEL_SHIFT = 33, 29
"""A key is 30 bits of parent + 1, 4 bits of level, 29 bits of token."""
_MAX_TOKEN = 2**_LEVEL_SHIFT - 1

_Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class AddressBook:
    """Every address in force, as parallel arrays; make it by :meth:`of`.

    A node is one component under another: the dwelling 302 under the unit 1 under the building 38 under
    the estate 紫荆花园. Divisions (levels 1-4) are nodes too. A road stands under the lowest division that
    holds all of it, a number under its road, an estate or premises under its main number, else its road,
    else its division. What a node lies in is told by ``divisions``, because one road or estate may lie in
    several communities.

    Attributes
    ----------
    ids : ndarray of int64, shape (n,)
        Address ids: the feature ids of the layer ``address_base``; never reused.
    levels : ndarray of int8, shape (n,)
        :class:`Level` of each node.
    parents : ndarray of int32, shape (n,)
        Position of the node above, lower than the node's own; -1 at the top.
    tokens : ndarray of int32, shape (n,)
        Position of the node's token in ``names``.
    names : pyarrow.StringArray
        Distinct tokens, ascending.
    words : ndarray of int16, shape (n,)
        Position in ``word_names`` of how the source calls a numbered part; 0 is the empty word.
    word_names : tuple of str
    divisions : ndarray of int32, shape (n,)
        Position of the deepest division node known to hold the node, -1 where none is; of a division,
        itself.
    lon, lat : ndarray of float64, shape (n,)
        Degrees, CGCS2000 = WGS 84; NaN where no source gives a place.
    source_ids : pyarrow.StringArray
        Number of the best source row of each node; null for nodes that only lie above others.
    n_records : ndarray of int32, shape (n,)
        Source rows that name exactly this node.
    gates : ndarray of int32, shape (k, 2)
        Further numbers of an estate or premises: its position, the position of the number. Of a road, or
        an estate that stands under none, the zones that sources name before it.
    keys : ndarray of int64, shape (n,)
        :func:`key_of` of each node, ascending; two nodes may share one, as estates of one name do.
    """

    ids: NDArray[np.int64]
    levels: NDArray[np.int8]
    parents: NDArray[np.int32]
    tokens: NDArray[np.int32]
    names: pa.StringArray
    words: NDArray[np.int16]
    word_names: tuple[str, ...]
    divisions: NDArray[np.int32]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    source_ids: pa.StringArray
    n_records: NDArray[np.int32]
    gates: NDArray[np.int32]
    keys: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def token_id(self, token: str) -> int:
        """Return the position of a token in ``names``, -1 where no node has it.

        Parameters
        ----------
        token : str

        Returns
        -------
        int
        """
        return self._token_ids.get(token, -1)

    @cached_property
    def _token_ids(self) -> dict[str, int]:
        return {name: position for position, name in enumerate(self.names.to_pylist())}

    def find(self, parents: ArrayLike, levels: ArrayLike, tokens: ArrayLike) -> _Positions:
        """Return the first child of each parent with a level and token.

        Parameters
        ----------
        parents, levels, tokens : array-like of int, shape (m,)
            Positions of parents (-1: the top), levels, and positions in ``names``.

        Returns
        -------
        ndarray of int64, shape (m,)
            Positions, -1 where there is no such child. O(log n) each.
        """
        wanted = key_of(parents, levels, tokens)
        places = np.searchsorted(self.keys, wanted)
        inside = np.minimum(places, max(len(self.keys) - 1, 0))
        is_found = (self.keys[inside] == wanted) if len(self.keys) else np.zeros(wanted.shape, np.bool_)
        is_found &= np.asarray(tokens) >= 0
        return np.where(is_found, inside, -1)

    def children(self, parent: int, level: Level | None = None) -> range:
        """Return the positions of the children of a node, by level and token.

        Parameters
        ----------
        parent : int
            Position; -1 for the nodes at the top.
        level : Level, optional
            Only children of this level.

        Returns
        -------
        range
        """
        first, last = (0, 15) if level is None else (int(level), int(level))
        low_key, high_key = key_of([parent, parent], [first, last], [0, _MAX_TOKEN])
        low = np.searchsorted(self.keys, low_key)
        high = np.searchsorted(self.keys, high_key, "right")
        return range(int(low), int(high))

    def chain(self, position: int) -> tuple[int, ...]:
        """Return the positions from the deepest division of a node down to the node itself.

        Parameters
        ----------
        position : int

        Returns
        -------
        tuple of int
            First the divisions that hold it, from the top; then the components below them.
        """
        below = []
        node = position
        while node >= 0 and not Level(self.levels[node]).is_division:
            below.append(node)
            node = int(self.parents[node])
        above = []
        node = int(self.divisions[position])
        while node >= 0:
            above.append(node)
            node = int(self.parents[node])
        return (*reversed(above), *reversed(below))

    def position_of(self, address_id: int) -> int:
        """Return the position of an address.

        Parameters
        ----------
        address_id : int

        Returns
        -------
        int

        Raises
        ------
        UnknownFeatureError
            If no address in force has this id.
        """
        order = self._id_order
        place = int(np.searchsorted(self.ids, address_id, sorter=order))
        if place == len(order) or self.ids[order[place]] != address_id:
            raise UnknownFeatureError(f"no address in force has the id {address_id}")
        return int(order[place])

    @cached_property
    def _id_order(self) -> _Positions:
        return np.argsort(self.ids, kind="stable")

    def name_of(self, position: int) -> str:
        """Return the token of a node.

        Parameters
        ----------
        position : int

        Returns
        -------
        str
        """
        return str(self.names[int(self.tokens[position])].as_py())

    @classmethod
    def of(
        cls,
        ids: NDArray[np.int64],
        levels: NDArray[np.int8],
        parents: NDArray[np.int32],
        tokens: NDArray[np.int32],
        names: pa.StringArray,
        *,
        words: NDArray[np.int16],
        word_names: tuple[str, ...],
        divisions: NDArray[np.int32],
        lon: NDArray[np.float64],
        lat: NDArray[np.float64],
        source_ids: pa.StringArray,
        n_records: NDArray[np.int32],
        gates: NDArray[np.int32],
    ) -> Self:
        """Return the book of nodes that stand in key order already.

        Parameters
        ----------
        ids, levels, parents, tokens, names, words, word_names, divisions, lon, lat : ndarray
            As the attributes of those names.
        source_ids, n_records, gates : ndarray
            Likewise.

        Returns
        -------
        AddressBook

        Raises
        ------
        InvalidLayerError
            If a node does not come after its parent, or the nodes are not in key order.
        """
        keys = key_of(parents, levels, tokens)
        if (np.diff(keys) < 0).any():
            raise InvalidLayerError("address nodes are not sorted by parent, level and token")
        if (parents >= np.arange(len(parents))).any():
            raise InvalidLayerError("an address node stands before its parent")
        return cls(
            ids,
            levels,
            parents,
            tokens,
            names,
            words,
            word_names,
            divisions,
            lon,
            lat,
            source_ids,
            n_records,
            gates,
            keys,
        )

    @classmethod
    def from_table(cls, base: pa.Table) -> Self:
        """Return the book of the addresses in force of a base.

        Parameters
        ----------
        base : pyarrow.Table
            Columns of ``twin.addresses.base.BASE_SCHEMA``.

        Returns
        -------
        AddressBook
            A node whose parent is not in force stands at the top. O(n log n): a million take a second.

        Raises
        ------
        InvalidLayerError
            If addresses stand above themselves.
        """
        return cls.of(**ordered(base))

    @classmethod
    def from_view(cls, view: LayerView) -> Self:
        """Return the book of the addresses in force that a view shows, open edits included.

        Parameters
        ----------
        view : LayerView
            Of the layer ``address_base``.

        Returns
        -------
        AddressBook

        Raises
        ------
        InvalidLayerError
            If addresses stand above themselves.
        """
        return cls.from_table(base_of(view))


def key_of(parents: ArrayLike, levels: ArrayLike, tokens: ArrayLike) -> NDArray[np.int64]:
    """Return what nodes are sorted by: parent, then level, then token.

    Parameters
    ----------
    parents, levels, tokens : array-like of int, shape (n,)

    Returns
    -------
    ndarray of int64, shape (n,)

    Examples
    --------
    >>> bool(key_of([0], [12], [5])[0] < key_of([0], [13], [0])[0])
    True
    """
    above = (np.asarray(parents, np.int64) + 1) << _PARENT_SHIFT
    return above | (np.asarray(levels, np.int64) << _LEVEL_SHIFT) | np.asarray(tokens, np.int64)
