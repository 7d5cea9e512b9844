"""The walk through the address tree makes every subtree one interval."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twin.addresses.walk import walk, with_those_below


def slow_walk(parents: list[int]) -> tuple[list[int], list[int]]:
    """Visit each node before those below it, siblings by position."""
    first, last = [0] * len(parents), [0] * len(parents)
    clock = 0

    def visit(node: int) -> None:
        nonlocal clock
        first[node] = clock
        clock += 1
        for child in (one for one, above in enumerate(parents) if above == node):
            visit(child)
        last[node] = clock

    for node in (one for one, above in enumerate(parents) if above < 0):
        visit(node)
    return first, last


@st.composite
def sorted_parents(draw: st.DrawFn) -> list[int]:
    """Draw the parents of a tree whose nodes stand layer by layer, by their parent."""
    parents = [-1] * draw(st.integers(0, 3))
    layer = range(len(parents))
    while layer and len(parents) < 25:
        above = sorted(draw(st.lists(st.sampled_from(list(layer)), max_size=6)))
        layer = range(len(parents), len(parents) + len(above))
        parents += above
    return parents


@given(sorted_parents())
def test_walk_is_that_of_the_recursive_visit(parents: list[int]) -> None:
    first, last = walk(np.array(parents, np.int32))
    assert (first.tolist(), last.tolist()) == slow_walk(parents)


def test_empty_tree_has_an_empty_walk() -> None:
    first, last = walk(np.empty(0, np.int32))
    assert first.tolist() == last.tolist() == []


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=30))
def test_sums_are_those_of_each_node_and_its_descendants(drawn: list[tuple[int, int]]) -> None:
    counts = np.array([count for count, _ in drawn], np.int64)
    parents = np.array([above % (place + 1) - 1 for place, (_, above) in enumerate(drawn)], np.int64)
    wanted = np.zeros(len(counts), np.int64)
    for place, count in enumerate(counts.tolist()):
        while place >= 0:
            wanted[place] += count
            place = int(parents[place])
    assert np.array_equal(with_those_below(counts, parents), wanted)
