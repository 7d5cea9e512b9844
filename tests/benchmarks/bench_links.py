"""A million links at 400,000 dwellings: joined to the base, counted by area, looked for nearby."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from analysis.joint import Places, count_near, places
from tests.benchmarks.table import Row, least_seconds
from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.layer_table import TIMESTAMP
from twin.link_kinds import LINK_KINDS
from twin.links import AddressLinks

N_LINKS = 1_000_000
COMMUNITIES, ROADS, NUMBERS, DWELLINGS = 100, 10, 20, 20
"""Communities; roads of each, numbers of a road, dwellings of a number."""
KIND_SHARES = (0.9, 0.02, 0.02, 0.02, 0.02, 0.02)
LINKS_PER_REFERENCE = 1.25
RADIUS_M = 100.0
N_ASKED = 2_000
JOIN_LIMIT, COUNT_LIMIT, NEAR_LIMIT = 1.5, 1.0, 1.25
"""How long ours may take, as a share of the peer."""
CRS = "EPSG:4549"
WEST, SOUTH, STEP_DEG = 119.9, 28.7, 0.01
SEED = 2026

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Registry:
    """A base, its source rows, and what belongs to them."""

    book: AddressBook
    addresses: pa.Table
    links: pa.Table

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return links, source rows and addresses as pandas has them."""
        book = self.book
        nodes = pd.DataFrame({"address_id": book.ids, "node": np.arange(len(book)), "area": book.divisions})
        return self.links.to_pandas(), self.addresses.to_pandas(), nodes


def registry(n_links: int) -> Registry:
    """Return a base of four depths and links to its dwellings, each named by the number of a source row."""
    rng = np.random.default_rng(SEED)
    book = _book(rng)
    dwellings = np.flatnonzero(book.levels == Level.DWELLING)
    numbers = pa.array(np.arange(len(dwellings))).cast(pa.string())
    source = pa.repeat(pa.scalar("police"), len(dwellings))
    addresses = pa.table({"source": source, "source_id": numbers, "address_id": book.ids[dwellings]})
    kinds = rng.choice(len(LINK_KINDS), n_links, p=KIND_SHARES)
    references = rng.integers(0, int(n_links / LINKS_PER_REFERENCE) + 1, n_links)
    links = {
        "feature_id": np.arange(n_links),
        "kind": pa.array(LINK_KINDS).take(pa.array(kinds)),
        "ref": pa.array(references).cast(pa.string()),
        "address_id": pa.nulls(n_links, pa.int64()),
        "address_source": pa.repeat(pa.scalar("police"), n_links),
        "source_id": numbers.take(pa.array(rng.integers(0, len(dwellings), n_links))),
        "class": pa.nulls(n_links, pa.string()),
        "valid_from": pa.nulls(n_links, TIMESTAMP),
        "valid_to": pa.nulls(n_links, TIMESTAMP),
    }
    return Registry(book, addresses, pa.table(links))


def _book(rng: np.random.Generator) -> AddressBook:
    """Return communities with roads, numbers and dwellings; numbers have a place."""
    sizes = np.cumprod([COMMUNITIES, ROADS, NUMBERS, DWELLINGS])
    levels = (Level.COMMUNITY, Level.ROAD, Level.NUMBER, Level.DWELLING)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    n, widths = int(starts[-1]), (COMMUNITIES, ROADS, NUMBERS, DWELLINGS)
    parents = np.full(n, -1, np.int32)
    areas, tokens = np.empty(n, np.int32), np.empty(n, np.int32)
    for depth, width in enumerate(widths):
        own = np.arange(sizes[depth])
        rows = slice(starts[depth], starts[depth + 1])
        tokens[rows] = own % width
        areas[rows] = own // (sizes[depth] // COMMUNITIES)
        if depth:
            parents[rows] = starts[depth - 1] + own // width
    lon, lat = np.full(n, np.nan), np.full(n, np.nan)
    placed = slice(starts[2], starts[3])
    lon[placed] = WEST + STEP_DEG * (areas[placed] % 10 + rng.uniform(0, 1, sizes[2]))
    lat[placed] = SOUTH + STEP_DEG * (areas[placed] // 10 + rng.uniform(0, 1, sizes[2]))
    return AddressBook.of(
        np.arange(n) + 1,
        np.repeat(np.array(levels, np.int8), sizes),
        parents,
        tokens,
        pa.array([f"{number:03d}" for number in range(max(widths))]),
        words=np.zeros(n, np.int16),
        word_names=("",),
        divisions=areas,
        lon=lon,
        lat=lat,
        source_ids=pa.nulls(n, pa.string()),
        n_records=np.ones(n, np.int32),
        gates=np.empty((0, 2), np.int32),
    )


def run(n_links: int = N_LINKS) -> list[Row]:
    """Return rows of joining, counting and looking nearby, beside pandas and geopandas."""
    given = registry(n_links)
    links, rows, nodes = given.frames()
    made = AddressLinks.of(given.links, given.book, given.addresses)
    joined = _merged(links, rows, nodes)
    found = pd.Series(made.nodes, made.feature_ids)
    wrong = int((found.sort_index() != joined.set_index("feature_id")["node"].sort_index()).sum())
    size = f"{n_links / 1e6:g} M"
    join_s, merge_s = least_seconds(
        lambda: AddressLinks.of(given.links, given.book, given.addresses),
        lambda: _merged(links, rows, nodes),
    )
    return [
        _beside(
            f"links: {size} joined to the base", join_s, "pandas merge, sort", merge_s, at_most=JOIN_LIMIT
        ),
        Row("links: joined to another address", wrong, "rows", "pandas", target="0", ok=wrong == 0),
        *_counted(made, joined, size),
        *_nearby(made, joined, given.book),
    ]


def _beside(claim: str, ours_s: float, peer: str, peer_s: float, *, at_most: float) -> Row:
    ratio = ours_s / peer_s
    target = f"<= {at_most:g} of the peer"
    return Row(claim, ours_s, "s", peer, peer_s, ratio, target, ratio <= at_most)


def _merged(links: pd.DataFrame, rows: pd.DataFrame, nodes: pd.DataFrame) -> pd.DataFrame:
    """Return links with the position and the community of their address, by address, as pandas joins them."""
    named = rows.rename(columns={"source": "address_source"})
    found = links.drop(columns="address_id").merge(named, on=["address_source", "source_id"], how="left")
    return found.merge(nodes, on="address_id", how="left").sort_values("node", kind="stable")


def _counted(made: AddressLinks, joined: pd.DataFrame, size: str) -> list[Row]:
    """Return distinct references by community and kind."""
    every = made.in_force(np.arange(len(made)))

    def ours() -> Ints:
        return made.counts(every, made.book.divisions[made.nodes[every]].astype(np.int64), COMMUNITIES)

    def peer() -> pd.Series:
        return joined.groupby(["area", "kind"])["ref"].nunique()

    wanted = peer().unstack(fill_value=0).reindex(columns=LINK_KINDS, fill_value=0).to_numpy()
    wrong = int((ours() != wanted).sum())
    ours_s, peer_s = least_seconds(ours, peer)
    claim = f"links: distinct references of {size} by {COMMUNITIES} communities"
    return [
        _beside(claim, ours_s, "pandas groupby nunique", peer_s, at_most=COUNT_LIMIT),
        Row("links: counts that differ", wrong, "counts", "pandas", target="0", ok=wrong == 0),
    ]


def _nearby(made: AddressLinks, joined: pd.DataFrame, book: AddressBook) -> list[Row]:
    """Return distinct people within 100 m of each agency."""
    asked, people = places(made, "agency", CRS), places(made, "person", CRS)
    asked = asked.where(np.arange(len(asked)) < N_ASKED)

    def peer() -> pd.Series:
        frames = [_points(one) for one in (asked, people)]
        pairs = geopandas.sjoin(*frames, predicate="dwithin", distance=RADIUS_M)
        counts: pd.Series = pairs.groupby(level=0)["ref_right"].nunique()
        return counts.reindex(range(len(asked)), fill_value=0)

    def ours() -> Ints:
        return count_near(asked, people, RADIUS_M)

    wrong = int((ours() != peer().to_numpy()).sum())
    ours_s, peer_s = least_seconds(ours, peer)
    claim = f"links: people of {len(people) / 1e6:.2g} M within 100 m of {len(asked):,} agencies"
    return [
        _beside(claim, ours_s, "geopandas sjoin dwithin", peer_s, at_most=NEAR_LIMIT),
        Row("links: people nearby that differ", wrong, "counts", "geopandas", target="0", ok=wrong == 0),
    ]


def _points(some: Places) -> geopandas.GeoDataFrame:
    references = some.table["ref"].to_pandas()
    return geopandas.GeoDataFrame({"ref": references}, geometry=shapely.points(some.x, some.y), crs=CRS)
