"""``twin build``: fold edits, derive boundaries, place features in divisions, write indexes and archives."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
import shapely

from api.address_index import store_address_index
from api.addressing import renew_base
from api.folding import fold_edits, put_again
from api.progress import ProgressBoard
from tiles.archive import archive_path, build_archive
from twin.addresses.base import ADDRESS_BASE, ADDRESSES
from twin.city import DERIVED_FROM, City
from twin.division_rows import in_force
from twin.divisions import CHINA_TIME
from twin.errors import StorageError

ARCHIVE_ZOOMS = (4, 14)
"""Zooms that are drawn beforehand; deeper tiles are small and drawn when asked for."""
LAYERS_OF_AREAS = ("divisions", "grid")
"""Placed last: every new version of theirs makes the boundaries be read again."""


@dataclass(slots=True)
class BuildSummary:
    """What a build did.

    Parameters
    ----------
    folded_edits : int
        Edited features that are now part of a version.
    derived_boundaries : int
        Divisions whose boundary was made from the grid, or was lost with it.
    placed_layers : list of str
        Layers whose features were placed in divisions.
    renewed_addresses : int
        Addresses of the base where it was made anew, because its sources, the divisions or decisions
        have changed.
    archives : list of str
        Layers whose tile archive was written.
    """

    folded_edits: int = 0
    derived_boundaries: int = 0
    placed_layers: list[str] = field(default_factory=list)
    renewed_addresses: int = 0
    archives: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """Return the summary in one sentence.

        Returns
        -------
        str

        Examples
        --------
        >>> BuildSummary().sentence()
        'everything was up to date'
        """
        if self == BuildSummary():
            return "everything was up to date"
        return (
            f"{self.folded_edits:,} edits folded, {self.derived_boundaries:,} division boundaries derived, "
            f"{len(self.placed_layers)} layers placed in divisions, {self.renewed_addresses:,} addresses "
            f"assembled, {len(self.archives)} tile archives drawn"
        )


def build_city(city: City, board: ProgressBoard) -> BuildSummary:
    """Bring everything that is derived from the layers up to date; what already is, is left alone.

    Parameters
    ----------
    city : City
    board : ProgressBoard
        Shown every step.

    Returns
    -------
    BuildSummary

    Raises
    ------
    StorageError
        If another process is writing, or the disk is full; what stood before stays in force.
    """
    summary = BuildSummary()
    with city.writing():
        with board.step("fold edits"):
            summary.folded_edits = sum(fold_edits(city, name) for name in city.layers() if name != "grid")
        with board.step("derive division boundaries"):
            summary.derived_boundaries = derive_division_boundaries(city)
        with board.step("assemble the address base") as advance:
            made = renew_base(city, advance)
        if made is not None:
            summary.renewed_addresses = made.assembly.n_in_force
            if city.area_assigner is not None:
                summary.placed_layers += [ADDRESS_BASE, ADDRESSES]
        names = sorted(city.layers(), key=LAYERS_OF_AREAS.__contains__)
        with board.step("place features in divisions", total=len(names)) as advance:
            for done, name in enumerate(names, start=1):
                if name in LAYERS_OF_AREAS and "grid" in names:
                    # Not before: until the other layers are stamped anew, its open edits say what moved.
                    summary.folded_edits += fold_edits(city, "grid")
                if place_in_divisions(city, name):
                    summary.placed_layers.append(name)
                advance(done)
        with board.step("store indexes"):
            store_grid_index(city)
            store_address_index(city)
        summary.archives = build_archives(city, board)
    return summary


def derive_division_boundaries(city: City) -> int:
    """Give divisions without a boundary of their own the union of the grid units below them.

    Parameters
    ----------
    city : City
        Its write lock must be held.

    Returns
    -------
    int
        Number of divisions whose boundary changed; 0 writes nothing. Supplied boundaries never do, and
        divisions no longer in force keep the last they had.

    Raises
    ------
    StorageError
        If the version cannot be written.
    """
    if not city.has_layer("grid") or not city.has_layer("divisions"):
        return 0
    view = city.layer("divisions")
    rows = view.take(view.positions())
    boundaries = rows["geometry"].to_pylist()
    no_source = pa.nulls(rows.num_rows, pa.string())
    sources = (rows[DERIVED_FROM] if DERIVED_FROM in rows.column_names else no_source).to_pylist()
    members = _units_by_code(city)
    is_current = in_force(rows, datetime.now(CHINA_TIME).date())
    n_changed = 0
    for row, code in enumerate(rows["code"].to_pylist()):
        if (boundaries[row] is not None and sources[row] is None) or not is_current[row]:
            continue
        units = members.get(code, np.empty(0, dtype=object))
        wanted = _digest(units) if len(units) else None
        if sources[row] != wanted:
            boundaries[row] = shapely.to_wkb(_union(units)) if len(units) else None
            sources[row] = wanted
            n_changed += 1
    if n_changed:
        rows = _replace(rows, "geometry", pa.array(boundaries, pa.binary()))
        put_again(city, view, _replace(rows, DERIVED_FROM, pa.array(sources, pa.string())))
    return n_changed


def place_in_divisions(city: City, name: str) -> bool:
    """Stamp a layer's rows with the divisions they lie in, unless they already are.

    Parameters
    ----------
    city : City
        Its write lock must be held.
    name : str
        Layer name.

    Returns
    -------
    bool
        Whether a new version was written.

    Raises
    ------
    StorageError
        If the version cannot be written.
    """
    assigner = city.area_assigner
    view = city.layer(name)
    if assigner is None or view.layer.schema.geometry == "none" or view.layer.areas_tag == assigner.tag:
        return False
    put_again(city, view, view.take(view.positions()))
    return True


def store_grid_index(city: City) -> None:
    """Save the point index of the present grid where it is not yet, and drop those of earlier ones.

    Parameters
    ----------
    city : City
        Its write lock must be held.

    Raises
    ------
    StorageError
        If the index cannot be written.
    """
    keep = city.grid_index_path(city.layer("grid")) if city.has_layer("grid") else None
    if keep is not None:
        keep.parent.mkdir(exist_ok=True)
        city.grid_index.save(keep)
    for older in (city.path / "index").glob("grid-*.points*"):
        if older != keep:
            shutil.rmtree(older, ignore_errors=True)  # what stays is dropped next time


def build_archives(city: City, board: ProgressBoard) -> list[str]:
    """Draw the tile pyramid of each layer whose archive is not of its present version.

    Parameters
    ----------
    city : City
        Its write lock must be held.
    board : ProgressBoard
        Shown a step a layer.

    Returns
    -------
    list of str
        Layers that were drawn.

    Raises
    ------
    StorageError
        If an archive cannot be written.
    """
    built = []
    kept = set()
    for name in city.layers():
        layer = city.layer(name).layer
        path = archive_path(city.path, layer)
        kept.add(path)
        zooms = range(max(ARCHIVE_ZOOMS[0], layer.schema.min_zoom), ARCHIVE_ZOOMS[1] + 1)
        if not zooms or not layer.n_placed or layer.schema.is_internal or path.exists():
            continue
        with board.step(f"draw tiles of {layer.schema.title or name}") as advance:
            try:
                build_archive(city.layer(name), path, zooms, advance)
            except OSError as error:
                raise StorageError(f"the tiles {path} could not be written: {error.strerror}") from error
        built.append(name)
    for older in (city.path / "tiles").glob("*.v*.pmtiles*"):
        if older not in kept:
            older.unlink(missing_ok=True)
    return built


def _units_by_code(city: City) -> dict[str, np.ndarray]:
    """Return the boundaries of the grid units below each division in force."""
    tree, grid = city.divisions, city.layer("grid")
    positions = grid.positions()
    shapes = grid.geometries(positions)
    members: dict[str, list[int]] = {}
    for place, grid_id in enumerate(grid.take(positions, ["grid_id"])["grid_id"].to_pylist()):
        if shapes[place] is not None:
            for division in tree.chain(tree.unit(grid_id))[:-1]:
                members.setdefault(division.code, []).append(place)
    return {code: shapes[places] for code, places in members.items()}


def _digest(units: np.ndarray) -> str:
    """Return what changes whenever a boundary of these units does, whatever their order."""
    digest = hashlib.sha256()
    for wkb in sorted(shapely.to_wkb(units)):
        digest.update(wkb)
    return digest.hexdigest()[:16]


def _union(units: np.ndarray) -> shapely.Geometry:
    """Return the union of units; those that tile are joined along their shared edges, which is exact."""
    if shapely.coverage_is_valid(units):
        return shapely.coverage_union_all(units)
    return shapely.union_all(shapely.make_valid(units, method="structure", keep_collapsed=False))


def _replace(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    if name in rows.column_names:
        return rows.set_column(rows.column_names.index(name), name, values)
    return rows.append_column(name, values)
