"""Tile archives: one PMTiles file a layer version, drawn beforehand, read through a memory map."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import mmap
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Self

import numpy as np
from isal import igzip
from numpy.typing import NDArray
from pmtiles.tile import Compression, Entry, TileType, deserialize_header
from pmtiles.writer import finalize_header

from tiles._archive import directory_entries, place_of, spread, tile_id
from tiles.draw import Part, Tile, draw_tile
from tiles.encode import parts_of
from tiles.matrix import GRID_BITS, check_tile
from tiles.prepare import feature_boxes
from tiles.tilejson import vector_layers
from twin.durable import DurableFile
from twin.errors import DamagedLayerError, InvalidTileError
from twin.layer import Layer
from twin.view import LayerView

GZIP_LEVEL = 3  # isal's smallest; still three times as fast as zlib's default
BATCH = 256  # tiles drawn before they are written, which bounds memory
BUFFER, EXTENT = 64, 4096
_HEADER_BYTES = 127

Job = tuple[int, int, int, list[Part]]


def archive_path(city_folder: Path, layer: Layer) -> Path:
    """Return where the archive of a layer version lies.

    Parameters
    ----------
    city_folder : Path
        The city.
    layer : Layer
        The version.

    Returns
    -------
    Path
    """
    return city_folder / "tiles" / f"{layer.schema.name}.v{layer.version}.pmtiles"


def build_archive(
    view: LayerView, path: Path, zooms: Sequence[int], progress: Callable[[int], object] | None = None
) -> int:
    """Write all tiles of a layer into one PMTiles archive; return how many.

    Parameters
    ----------
    view : LayerView
        The layer, whole city.
    path : Path
        Archive to write; its folder is made. It appears under its name whole or not at all.
    zooms : sequence of int
        Zooms to draw, ascending.
    progress : callable, optional
        Called with the number of tiles drawn so far.

    Returns
    -------
    int
        Tiles that are not empty. Where there are none, nothing is written.

    Raises
    ------
    InvalidTileError
        If no zoom came, or one is not 0-22.
    InvalidGeometryError
        If the layer has no geometry.
    OSError
        If the disk is full or the folder cannot be written; what stood before stays.

    Notes
    -----
    Metadata hold ``dropped``: how many features each tile left out, by ``z/x/y``; tiles that left out none
    are not named.
    """
    if not zooms:
        raise InvalidTileError("no zoom came to build an archive of")
    for z in zooms:
        check_tile(z, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = parts_of(view, view.in_bbox((-180.0, -90.0, 180.0, 90.0), exact=False))
    dropped: dict[str, int] = {}
    with TemporaryFile(dir=path.parent) as file:
        contents = _Contents(file)
        for n_drawn, (address, tile) in enumerate(_drawn(_jobs(parts, sorted(zooms))), start=1):
            if tile.n_dropped:
                dropped["/".join(map(str, address))] = tile.n_dropped
            if tile.content:
                contents.add(tile_id(*address), igzip.compress(tile.content, GZIP_LEVEL, mtime=0))
            if progress is not None and n_drawn % BATCH == 0:
                progress(n_drawn)
        if contents.entries:
            before = contents.directory(_header(view), _metadata(view, sorted(zooms), dropped))
            file.seek(0)
            with DurableFile(path) as archive:
                for block in before:
                    archive.write(block)
                shutil.copyfileobj(file, archive)
    return contents.n_tiles


class _Contents:
    """Distinct tiles in a file, and the directory entries that lead to them."""

    def __init__(self, file: IO[bytes]) -> None:
        self.entries: list[Entry] = []
        self.n_tiles = 0
        self._file = file
        self._offsets: dict[bytes, int] = {}
        self._n_bytes = 0

    def add(self, tile: int, content: bytes) -> None:
        """Append a tile of a higher id than all before; one of equal content is referred to."""
        digest = hashlib.blake2b(content, digest_size=16).digest()
        offset = self._offsets.setdefault(digest, self._n_bytes)
        if offset == self._n_bytes:
            self._file.write(content)
            self._n_bytes += len(content)
        last = self.entries[-1] if self.entries else None
        if last is not None and last.offset == offset and last.tile_id + last.run_length == tile:
            last.run_length += 1
        else:
            self.entries.append(Entry(tile, offset, len(content), 1))
        self.n_tiles += 1

    def directory(self, header: dict[str, object], metadata: dict[str, object]) -> tuple[bytes, ...]:
        """Return all that stands before the tiles: header, root directory, metadata, leaf directories."""
        finalize: Callable[..., tuple[bytes, ...]] = finalize_header
        return finalize(
            header,
            self.n_tiles,
            self.entries,
            len(self._offsets),
            metadata,
            True,
            self._n_bytes,
        )


class Archive:
    """A PMTiles archive open for reading, its directories flattened (瓦片包).

    Parameters
    ----------
    path : Path
        The file, of vector tiles compressed with gzip.

    Raises
    ------
    DamagedLayerError
        If the file cannot be read or is not such an archive.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._read_header()
        except (OSError, ValueError, KeyError, EOFError, IndexError) as error:
            raise DamagedLayerError(
                f"{path} is not a tile archive ({error}): run twin build again"
            ) from error

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the archive at a path.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        Archive

        Raises
        ------
        DamagedLayerError
            If the file cannot be read or is not such an archive.
        """
        return cls(path)

    def _read_header(self) -> None:
        if len(self._map) < _HEADER_BYTES or self._map[:7] != b"PMTiles":
            raise ValueError("it does not begin as one")
        header = deserialize_header(self._map[:_HEADER_BYTES])
        if header["tile_compression"] != Compression.GZIP or header["tile_type"] != TileType.MVT:
            raise ValueError("it does not hold vector tiles compressed with gzip")
        end = header["tile_data_offset"] + header["tile_data_length"]
        if end > len(self._map):
            raise ValueError(f"{end:,} bytes were wanted, {len(self._map):,} came")
        self.zooms = range(header["min_zoom"], header["max_zoom"] + 1)
        at = header["metadata_offset"]
        self.metadata: dict[str, object] = json.loads(
            gzip.decompress(self._map[at : at + header["metadata_length"]])
        )
        dropped = self.metadata.get("dropped")
        self._dropped: dict[str, int] = dropped if isinstance(dropped, dict) else {}
        entries = self._entries(header["root_offset"], header["root_length"])
        leaves = [
            self._entries(header["leaf_directory_offset"] + int(offset), int(length))
            for _, run, length, offset in entries
            if run == 0
        ]
        flat = np.concatenate([entries[entries[:, 1] > 0], *leaves])
        self._ids = np.ascontiguousarray(flat[:, 0])
        self._ends = flat[:, 0] + flat[:, 1]
        self._spans = np.column_stack([flat[:, 3] + header["tile_data_offset"], flat[:, 2]])
        if len(flat) and int(self._spans.sum(axis=1).max()) > end:
            raise ValueError("a tile lies behind the end of the file")

    def _entries(self, offset: int, length: int) -> NDArray[np.int64]:
        content = gzip.decompress(self._map[offset : offset + length])
        entries: NDArray[np.int64] = directory_entries(np.frombuffer(content, np.uint8))
        if not len(entries):
            raise ValueError("a directory is broken")
        return entries

    def __len__(self) -> int:
        return int((self._ends - self._ids).sum())

    def n_dropped(self, z: int, x: int, y: int) -> int:
        """Return how many features one tile left out.

        Parameters
        ----------
        z, x, y : int
            Tile address.

        Returns
        -------
        int
        """
        return self._dropped.get(f"{z}/{x}/{y}", 0)

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """Return one tile, gzip-compressed; None where the archive has none.

        Parameters
        ----------
        z, x, y : int
            Tile address.

        Returns
        -------
        bytes or None

        Raises
        ------
        InvalidTileError
            If the address lies outside the tile matrix.
        """
        check_tile(z, x, y)
        wanted = tile_id(z, x, y)
        place = int(self._ids.searchsorted(wanted, side="right")) - 1
        if place < 0 or wanted >= self._ends[place]:
            return None
        offset, length = self._spans[place].tolist()
        return self._map[offset : offset + length]


def _jobs(parts: Sequence[Part], zooms: Sequence[int]) -> Iterator[Job]:
    """Yield every tile that a feature's box meets, in archive order, with its candidate rows."""
    boxes = [feature_boxes(part)[rows] for part, rows in parts]
    box_of_row = np.concatenate(boxes)
    sizes = np.cumsum([0, *map(len, boxes)])
    for z in zooms:
        side = GRID_BITS - z
        margin = (BUFFER + 1) << (side - EXTENT.bit_length() + 1)  # the candidates of `encode_tile`
        tiles = box_of_row + (1 << (GRID_BITS - 1)) + np.array([-margin, -margin, margin, margin])
        tiles = np.clip(tiles >> side, 0, (1 << z) - 1)
        n_tiles = int(((tiles[:, 2] - tiles[:, 0] + 1) * (tiles[:, 3] - tiles[:, 1] + 1)).sum())
        ids, owners = np.empty(n_tiles, np.int64), np.empty(n_tiles, np.int64)
        spread(tiles, ids, owners, z)
        order = np.lexsort((owners, ids))
        ids, owners = ids[order], owners[order]
        starts = np.flatnonzero(np.diff(ids, prepend=-1))
        for start, end in itertools.pairwise([*starts.tolist(), n_tiles]):
            cuts = np.searchsorted(owners[start:end], sizes[1:-1])
            groups = np.split(owners[start:end], cuts)
            chosen = [
                (part, rows[group - first])
                for (part, rows), group, first in zip(parts, groups, sizes[:-1], strict=True)
            ]
            yield z, *place_of(z, int(ids[start])), chosen


def _drawn(jobs: Iterable[Job]) -> Iterator[tuple[tuple[int, int, int], Tile]]:
    """Yield address and tile of each job, in order, drawn by as many threads as there are processors."""

    def draw(job: Job) -> tuple[tuple[int, int, int], Tile]:
        z, x, y, parts = job
        return (z, x, y), draw_tile(parts, z, x, y, extent=EXTENT, buffer=BUFFER)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        batch: list[Job] = []
        for job in jobs:
            batch.append(job)
            if len(batch) == BATCH:
                yield from pool.map(draw, batch)
                batch = []
        yield from pool.map(draw, batch)


def _header(view: LayerView) -> dict[str, object]:
    """Return what the archive says of itself beside the directory."""
    west, south, east, north = (round(degree * 1e7) for degree in view.layer.bbox or (0, 0, 0, 0))
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": 12,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def _metadata(view: LayerView, zooms: Sequence[int], dropped: dict[str, int]) -> dict[str, object]:
    """Return what clients read of the archive's content."""
    schema = view.layer.schema
    return {
        "name": schema.title or schema.name,
        "type": "overlay",
        "version": view.version_tag,
        "vector_layers": vector_layers(view, zooms[0], zooms[-1]),
        "dropped": dropped,
    }
