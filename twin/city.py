"""A city: one folder of settings, layers, rasters and live state, opened together."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
import shapely
from sqlalchemy.exc import ArgumentError

from twin.areas import AreaAssigner
from twin.config import CONFIG_NAME, CityConfig, read_config, write_config
from twin.division_rows import in_force
from twin.divisions import CHINA_TIME, Division, DivisionTree
from twin.errors import (
    CityExistsError,
    CityNotFoundError,
    DamagedLayerError,
    InvalidConfigError,
    MissingExtraError,
    StorageError,
    UnknownLayerError,
)
from twin.frame import Box, CityFrame
from twin.grid_index import GridIndex
from twin.layer import Layer
from twin.redrawn import Redrawn, patched
from twin.schema import DECLARED
from twin.scope import WHOLE_CITY, Scope
from twin.state import StateStore
from twin.store import LayerStore
from twin.terrain import Terrain
from twin.view import LayerView

AREA_LAYERS = frozenset({"divisions", "grid"})
"""Layers that the divisions of features are made of."""

if TYPE_CHECKING:
    from twin.addresses.desk import AddressDesk
    from twin.addresses.finder import Finder

EDITS_POLL_S = 0.2
"""How stale the edits of another process may be; see :meth:`City.forget` for those of this one."""
DERIVED_FROM = "boundary_source"
"""Column of the layer ``divisions``: what a boundary was derived from, null where it was supplied."""


@dataclass(slots=True)
class _Snapshot:
    """One layer as it was last opened, and what it was opened from."""

    view: LayerView
    layer: Layer
    redrawn: Redrawn | None
    catalog_stamp: tuple[int, int]
    polled_at: float


class City:
    """A city held as data (城市数字底座): what the folder holds, opened for questions.

    Made by :meth:`open` and :meth:`create`. It holds; functions elsewhere act.
    Safe to share between threads for reading.

    Attributes
    ----------
    path : Path
        The city folder.
    config : CityConfig
        Settings of ``city.toml``.
    store : LayerStore
        Base layers.
    state : StateStore
        Live state.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "new.city"
    >>> with City.create(folder, CityConfig("丽州市", "EPSG:4549")) as city:
    ...     city.layers()
    ()
    """

    def __init__(self, path: Path, config: CityConfig, store: LayerStore, state: StateStore) -> None:
        self.path = path
        self.config = config
        self.store = store
        self.state = state
        self._snapshots: dict[str, _Snapshot] = {}
        self._grid_edits = (0, -np.inf)
        self._redrawn: Redrawn | None = None
        self._tree: tuple[tuple[str, ...], DivisionTree] | None = None
        self._grid: tuple[str, GridIndex] | None = None
        self._areas: tuple[tuple[str, ...], AreaAssigner] | None = None
        self._addresses: AddressDesk | None = None

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> City:
        """Return the city that stands in a folder.

        Parameters
        ----------
        path : path-like
            The city folder.

        Returns
        -------
        City

        Raises
        ------
        CityNotFoundError
            If the folder is missing or holds no ``city.toml``.
        InvalidConfigError
            If ``city.toml`` is wrong.
        MissingExtraError
            If the database that it names needs a driver that is not installed.
        StorageError
            If the live state cannot be opened.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise CityNotFoundError(
                f"there is no city folder {folder}; make one: twin init {folder} --name NAME"
            )
        if not (folder / CONFIG_NAME).is_file():
            raise CityNotFoundError(
                f"{folder} holds no {CONFIG_NAME}, so it is not a city; make one with: twin init"
            )
        config = read_config(folder)
        return cls(folder, config, LayerStore(folder), _open_state(folder, config.state_url))

    @classmethod
    def create(cls, path: str | os.PathLike[str], config: CityConfig) -> City:
        """Make an empty city in a new or empty folder and return it.

        Parameters
        ----------
        path : path-like
            The folder; made where missing.
        config : CityConfig
            What ``city.toml`` shall hold.

        Returns
        -------
        City

        Raises
        ------
        CityExistsError
            If the folder holds anything, or is a file.
        StorageError
            If the folder cannot be made.
        """
        folder = Path(path)
        try:
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise CityExistsError(f"{folder} is not empty; choose a new folder for the city")
            folder.mkdir(parents=True, exist_ok=True)
        except (NotADirectoryError, PermissionError) as error:
            raise StorageError(f"the city folder {folder} cannot be made: {error.strerror}") from error
        write_config(folder, config)
        return cls.open(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the live state; layers that are still held stay readable."""
        self._snapshots.clear()
        self.state.close()

    def change_config(self, **changes: object) -> None:
        """Replace settings and write ``city.toml``.

        Parameters
        ----------
        **changes
            Fields of :class:`CityConfig`.

        Raises
        ------
        InvalidConfigError
            If a new value is wrong; nothing is written then.
        StorageError
            If the file cannot be written; the settings before stay in force.
        """
        config = replace(self.config, **changes)  # type: ignore[arg-type]  # the dataclass checks the values
        write_config(self.path, config)
        self.config = config

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the one write lock of the folder while layers are put.

        Yields
        ------
        None

        Raises
        ------
        StorageError
            If another process is importing or building, or the folder takes no files.
        """
        try:
            lock = (self.path / ".lock").open("w")
        except OSError as error:
            raise StorageError(f"{self.path} cannot be written: {error.strerror}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                message = f"another import or build is at work on {self.path}; wait for it to end"
                raise StorageError(message) from error
            yield

    def layers(self) -> tuple[str, ...]:
        """Return the names of the layers, in order of their first import."""
        return self.store.names()

    def layer(self, name: str, scope: Scope = WHOLE_CITY) -> LayerView:
        """Return a layer as a caller of this scope sees it now, edits included.

        Parameters
        ----------
        name : str
            Layer name.
        scope : Scope
            What the caller may see.

        Returns
        -------
        LayerView
            A snapshot: later imports and edits do not change it.

        Raises
        ------
        UnknownLayerError
            If there is no such layer.
        DamagedLayerError
            If its files are not what the catalog says.
        """
        view = self._snapshot(name).view
        return view if scope.is_whole_city else view.within(scope, self.divisions)

    def _snapshot(self, name: str) -> _Snapshot:
        """Return the layer as last opened where nothing has changed since, else open it anew."""
        stamp = self.store.catalog_stamp()
        redrawn = None if name in AREA_LAYERS else self._redrawn_grid()
        now = time.monotonic()
        held = self._snapshots.get(name)
        if held is not None and held.catalog_stamp == stamp and held.redrawn is redrawn:
            if now - held.polled_at < EDITS_POLL_S:
                return held
            if self.state.sequence(name) == held.view.edits.sequence:
                held.polled_at = now
                return held
        layer = self.store.open(name)
        if held is not None and held.layer.version == layer.version:
            layer = held.layer
        edits = self.state.edits(layer.schema, layer.arrow_schema)
        needs_areas = name not in AREA_LAYERS and not (edits.is_empty and redrawn is None)
        areas = self.area_assigner if needs_areas else None
        shown = layer if redrawn is None or areas is None else patched(layer, redrawn, areas)
        fresh = _Snapshot(LayerView(shown, edits, areas=areas), layer, redrawn, stamp, now)
        self._snapshots[name] = fresh
        return fresh

    def _redrawn_grid(self) -> Redrawn | None:
        """Return what of the grid was redrawn since its version in force, None where nothing was."""
        sequence, polled_at = self._grid_edits
        now = time.monotonic()
        if now - polled_at >= EDITS_POLL_S:
            sequence = self.state.sequence("grid")
            self._grid_edits = (sequence, now)
        if not sequence or not self.has_layer("grid"):
            return None
        try:
            grid = self.layer("grid")
        except DamagedLayerError:
            return None  # one damaged layer must not silence the others
        if grid.edits.is_empty:
            return None
        if self._redrawn is None or self._redrawn.version_tag != grid.version_tag:
            self._redrawn = Redrawn.of(grid, self.state.history("grid", only_open=True))
        return self._redrawn

    def forget(self, name: str) -> None:
        """Look at a layer's edits anew at the next question, without waiting for the poll.

        Parameters
        ----------
        name : str
            Layer name.
        """
        self._snapshots.pop(name, None)
        if name == "grid":
            self._grid_edits = (0, -np.inf)

    @property
    def frame(self) -> CityFrame:
        """Name, working CRS and extent, for readers that judge coordinates."""
        return CityFrame(self.config.name, self.config.crs, self.config.bbox or self._extent())

    def _extent(self) -> Box | None:
        """Return the box around every layer, None while there is none."""
        boxes = [box for name in self.layers() if (box := self.store.current(name).bbox) is not None]
        if not boxes:
            return None
        west, south, east, north = zip(*boxes, strict=True)
        return min(west), min(south), max(east), max(north)

    def has_layer(self, name: str) -> bool:
        """Return whether the city has a layer of this name.

        Parameters
        ----------
        name : str

        Returns
        -------
        bool
        """
        return name in self.layers()

    @property
    def divisions(self) -> DivisionTree:
        """The division tree of today; either of the layers ``divisions`` and ``grid`` may be missing.

        Rows that contradict the tree are left out of it; the import has reported them.
        """
        views = {name: self.layer(name) for name in ("divisions", "grid") if self.has_layer(name)}
        today = datetime.now(CHINA_TIME).date().isoformat()
        tags = (today, *(f"{name} {view.version_tag}" for name, view in views.items()))
        if self._tree is None or self._tree[0] != tags:
            tables = {
                name: view.take(view.positions(), [field.name for field in DECLARED[name].fields])
                for name, view in views.items()
            }
            self._tree = (tags, DivisionTree.from_sound_rows(tables.get("divisions"), tables.get("grid"))[0])
        return self._tree[1]

    @property
    def grid_index(self) -> GridIndex:
        """The exact point index of the layer ``grid``; its ``grid_ids`` name each position.

        Raises
        ------
        UnknownLayerError
            If no grid has been imported.
        """
        if not self.has_layer("grid"):
            raise UnknownLayerError(
                f"{self.config.name} has no grid; import one: twin import grid FILE --city DIR"
            )
        view = self.layer("grid")
        if self._grid is None or self._grid[0] != view.version_tag:
            self._grid = (view.version_tag, self._load_grid_index(view))
        return self._grid[1]

    def _load_grid_index(self, view: LayerView) -> GridIndex:
        """Map the stored index of this very view, or make one where it is missing or damaged."""
        try:
            return GridIndex.load(self.grid_index_path(view))
        except DamagedLayerError:
            pass
        positions = view.positions()
        grid_ids = np.asarray(view.take(positions, ["grid_id"])["grid_id"].to_pylist(), dtype=np.str_)
        # In the order of ids the index is the same whether edits lie over a version or are folded into one.
        order = np.argsort(grid_ids, kind="stable")
        return GridIndex.build(grid_ids[order].tolist(), view.geometries(positions[order]))

    def grid_index_path(self, view: LayerView) -> Path:
        """Return where the point index of a view of the grid is stored, should it be.

        Parameters
        ----------
        view : LayerView
            Of the layer ``grid``.

        Returns
        -------
        Path
        """
        return self.path / "index" / f"grid-{view.version_tag}.points"

    @property
    def area_assigner(self) -> AreaAssigner | None:
        """What finds the divisions that a feature lies in; None where nothing has boundaries."""
        if not self.has_layer("grid") and not self.has_layer("divisions"):
            return None
        tags = tuple(self.layer(name).version_tag for name in ("divisions", "grid") if self.has_layer(name))
        if self._areas is None or self._areas[0] != tags:
            index = self.grid_index if self.has_layer("grid") else None
            assigner = AreaAssigner.build(self.divisions, index, self._supplied_boundaries())
            self._areas = (tags, assigner)
        assigner = self._areas[1]
        return assigner if len(assigner.leaf_ids) else None

    def _supplied_boundaries(self) -> list[tuple[Division, shapely.Geometry]]:
        """Return the divisions in force whose boundary was not derived from the grid, and that boundary."""
        if not self.has_layer("divisions"):
            return []
        view = self.layer("divisions")
        positions = view.positions()
        rows = view.take(positions)
        is_wanted = in_force(rows, datetime.now(CHINA_TIME).date())
        if DERIVED_FROM in rows.column_names:
            is_wanted &= rows[DERIVED_FROM].is_null().to_numpy()
        shapes = view.geometries(positions)
        is_wanted &= ~shapely.is_missing(shapes)
        nodes = {node.code: node for node in self.divisions.nodes if node.level_name != "grid"}
        codes = rows["code"].to_pylist()
        wanted = np.flatnonzero(is_wanted).tolist()
        return [(nodes[codes[row]], shapes[row]) for row in wanted if codes[row] in nodes]

    def address_finder(self, scope: Scope = WHOLE_CITY, as_of: date | None = None) -> Finder:
        """Return what finds addresses in the base as a caller of this scope sees it.

        Parameters
        ----------
        scope : Scope
            What the caller may see.
        as_of : date, optional
            With the addresses of this day; by default those in force now.

        Returns
        -------
        Finder

        Raises
        ------
        UnknownLayerError
            If the city has no addresses.
        """
        if self._addresses is None:
            from twin.addresses.desk import AddressDesk

            self._addresses = AddressDesk(self)
        return self._addresses.finder(scope, as_of)

    def terrain(self, name: str = "dem") -> Terrain:
        """Return a raster of elevations.

        Parameters
        ----------
        name : str
            Raster name, ``"dem"`` unless the city has several.

        Returns
        -------
        Terrain

        Raises
        ------
        UnknownLayerError
            If no such raster has been imported.
        """
        return Terrain.open(self.path, name)


def _open_state(folder: Path, url: str) -> StateStore:
    """Open the live state of a city folder, or the database that its settings name."""
    try:
        return StateStore(url) if url else StateStore.in_folder(folder)
    except ArgumentError as error:
        raise InvalidConfigError(
            f"{folder / CONFIG_NAME}: state_url {url!r} is no database: {error}"
        ) from error
    except StorageError as error:
        if url or os.access(folder, os.W_OK):
            raise
        raise StorageError(
            f"the city folder {folder} is read-only here (只读): the live state in it must be writable; "
            "let this user write to it, or copy it to a place that is"
        ) from error
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"state_url {url!r} needs the package {error.name}; install it: pip install 'citytwin[postgres]'"
        ) from error
