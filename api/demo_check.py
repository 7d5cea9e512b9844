"""``twin demo --check``: one question of each kind, answered over HTTP and judged by the source files."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from pathlib import Path
from typing import Any

import click
import geopandas
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataSourceError
from rich.console import Console
from rich.table import Table

TIMEOUT_S = 20
CENTRE_BOX = (120.035, 28.885, 120.04, 28.89)
TILE_ZOOM = 15
LOCATED = 300
BAD_REQUEST, NOT_FOUND, NOT_MODIFIED = 400, 404, 304


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One question, what came, what the source says, and how long it took."""

    question: str
    answer: str
    wanted: str
    is_right: bool
    milliseconds: float


class SourceTruth:
    """What the source files say, read with geopandas and pandas and not with our own importers.

    Parameters
    ----------
    folder : Path
        Folder of the sample county.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def grid(self) -> geopandas.GeoDataFrame:
        """Grid units, lon, lat degrees, in order of their code."""
        units = geopandas.read_file(f"zip://{self._folder / 'grid_units.zip'}").to_crs(4326)
        return units.sort_values("网格编码", ignore_index=True)

    @cached_property
    def buildings(self) -> geopandas.GeoDataFrame:
        """Buildings, lon, lat degrees."""
        return geopandas.read_file(f"zip://{self._folder / 'buildings.zip'}", encoding="GBK").to_crs(4326)

    @cached_property
    def facilities(self) -> geopandas.GeoDataFrame:
        """Facilities, lon, lat degrees."""
        return geopandas.read_file(self._folder / "facilities.geojson")

    @cached_property
    def division_names(self) -> dict[str, str]:
        """Name of each division in force, by code."""
        rows = pd.read_csv(self._folder / "divisions.csv", dtype=str)
        return dict(rows[rows["valid_to"].isna()][["code", "name"]].itertuples(index=False))

    @cached_property
    def links(self) -> pd.DataFrame:
        """What belongs to addresses, each thing at each address once."""
        return pd.read_csv(self._folder / "links.csv.gz", dtype=str).drop_duplicates(
            ["source_id", "kind", "ref"]
        )

    def n_rows(self, name: str) -> int:
        """Return how many rows a text table of the county has."""
        return len(pd.read_csv(self._folder / name, dtype=str))

    def unit_of(self, lon: float, lat: float) -> str:
        """Return the code of the first grid unit that covers a point, empty where none does."""
        covering = self.grid[self.grid.covers(shapely.Point(lon, lat))]["网格编码"]
        return "" if covering.empty else str(covering.iloc[0])


class Examiner:
    """Asks a served city and keeps the verdicts.

    Parameters
    ----------
    url : str
        Base URL with a trailing slash.
    truth : SourceTruth
        What is right.
    """

    def __init__(self, url: str, truth: SourceTruth) -> None:
        self._url = url
        self._truth = truth
        self.verdicts: list[Verdict] = []

    def fetch(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Return the answer to a GET, whatever its status."""
        url = self._url + urllib.parse.quote(path, safe="/?=&,.:;")
        request = urllib.request.Request(url, headers=dict(headers or {}))  # noqa: S310 -- our own http URL
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                return Reply(answer.status, _lower(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Reply(error.code, _lower(error.headers), error.read())

    def ask(
        self,
        question: str,
        path: str,
        read: Callable[[Reply], object],
        wanted: object,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Fetch a path and compare what ``read`` finds in the answer with what is wanted."""
        started = time.perf_counter()
        reply = self.fetch(path, headers)
        elapsed_ms = (time.perf_counter() - started) * 1e3
        try:
            found = read(reply)
        except (DataSourceError, ValueError, KeyError, IndexError, TypeError) as error:
            found = f"unreadable: {error!r} (status {reply.status})"
        self.verdicts.append(Verdict(question, _short(found), _short(wanted), found == wanted, elapsed_ms))

    def ask_everything(self, name: str) -> None:
        """Ask one question of each kind of the city of this name."""
        self._ask_pages(name)
        self._ask_features()
        self._ask_places()
        self._ask_tiles()
        self._ask_wrongly()

    def _ask_pages(self, name: str) -> None:
        self.ask("is it alive", "healthz", status, 200)
        self.ask("is it ready", "readyz", at("status"), "ready")
        self.ask("map page", "?f=html", lambda reply: b"maplibre-gl" in reply.body, wanted=True)
        self.ask("landing page", "?f=json", at("title"), name)
        self.ask("API definition", "openapi.json", at("info", "title"), name)
        self.ask("metrics", "metrics", lambda reply: b"# TYPE" in reply.body, wanted=True)
        self.ask("style", "styles/day.json", at("version"), 8)

    def _ask_features(self) -> None:
        truth = self._truth
        matched = at("numberMatched")
        self.ask("how many buildings", "collections/buildings/items?limit=1", matched, len(truth.buildings))
        self.ask("how many grid units", "collections/grid/items?limit=1", matched, len(truth.grid))
        self.ask("layers hold no people", "collections", _has_layer("links"), wanted=False)
        self.ask(
            "how many old names", "collections/aliases/items?limit=1", matched, truth.n_rows("old_names.csv")
        )
        inside = int(truth.buildings.intersects(shapely.box(*CENTRE_BOX)).sum())
        box = ",".join(map(str, CENTRE_BOX))
        path = f"collections/buildings/items?limit=10000&bbox={box}"
        self.ask("buildings in a box", path, at("numberReturned"), inside)
        hospitals = int((truth.facilities["class"] == "hospital").sum())
        self.ask("facilities of a class", "collections/facilities/items?class=hospital", matched, hospitals)
        self._ask_links()
        reply = self.fetch("collections/facilities/items?limit=1")
        feature = reply.json()["features"][0]
        path = f"collections/facilities/items/{feature['id']}"
        key = feature["properties"]["facility_id"]
        self.ask("one feature by id", path, at("properties", "facility_id"), key)
        held = {"If-None-Match": reply.headers["etag"]}
        self.ask("unchanged since", "collections/facilities/items?limit=1", status, NOT_MODIFIED, held)

    def _ask_links(self) -> None:
        links = self._truth.links
        one = links[links["kind"] == "enterprise"].iloc[0]
        n_addresses = int(((links["kind"] == one["kind"]) & (links["ref"] == one["ref"])).sum())
        path = f"v1/links/enterprise/{one['ref']}"
        self.ask(
            "addresses of an enterprise", path, lambda reply: len(reply.json()["addresses"]), n_addresses
        )
        buildings = len(self._truth.buildings)
        city = next(code for code in self._truth.division_names if code.endswith("0" * 8))
        path = f"v1/divisions/{city}/rollup?layer=buildings&by=grid"
        self.ask("buildings by grid unit", path, at("total", "count"), buildings)

    def _ask_places(self) -> None:
        truth = self._truth
        unit = truth.grid.iloc[len(truth.grid) // 2]
        place = unit.geometry.representative_point()
        where = f"v1/locate?lon={place.x:.7f}&lat={place.y:.7f}"
        covering = truth.unit_of(round(place.x, 7), round(place.y, 7))
        self.ask("which grid unit", where, at("grid_unit", "grid_id"), covering)
        code = unit["社区代码"]
        codes = (code[:4] + "0" * 8, code[:6] + "0" * 6, code[:9] + "000", code)
        names = [truth.division_names.get(each, "") for each in codes]
        self.ask("the levels above it", where, _names_of_four_levels, names)
        building = truth.buildings.iloc[len(truth.buildings) // 3]
        inner = building.geometry.representative_point()
        path = f"v1/locate?lon={inner.x:.7f}&lat={inner.y:.7f}"
        self.ask("which building", path, at("building", "building_id"), building["建筑编码"])

    def _ask_tiles(self) -> None:
        truth = self._truth
        x, y = _tile_of(CENTRE_BOX[0], CENTRE_BOX[1], TILE_ZOOM)
        box = shapely.box(*_tile_box(TILE_ZOOM, x, y))
        inside = set(truth.buildings[truth.buildings.intersects(box)]["建筑编码"])
        path = f"tiles/buildings/{TILE_ZOOM}/{x}/{y}.mvt"
        self.ask("tile holds its buildings", path, lambda reply: inside <= _keys_drawn(reply), wanted=True)
        self.ask("TileJSON", "tiles/roads.json", at("tilejson"), "3.0.0")
        cells = f"tiles/buildings.cells/12/{x >> 3}/{y >> 3}.mvt"
        self.ask("hexagon tile", cells, lambda reply: len(_decoded(reply, "cells")) > 0, wanted=True)

    def _ask_wrongly(self) -> None:
        problem = "application/problem+json"
        self.ask("unknown layer", "collections/nothing/items", _kind, (NOT_FOUND, problem))
        self.ask("links as they are", "collections/links/items", _kind, (NOT_FOUND, problem))
        self.ask("swapped lon, lat", "v1/locate?lon=28.89&lat=120.04", _kind, (BAD_REQUEST, problem))
        self.ask("box of three numbers", "collections/roads/items?bbox=1,2,3", _kind, (BAD_REQUEST, problem))

    def ask_command_line(self, city: Path, folder: Path) -> None:
        """Locate seeded points with ``twin locate`` and compare each with shapely."""
        random = np.random.default_rng(20260101)
        west, south, east, north = self._truth.grid.total_bounds
        lon, lat = random.uniform(west, east, LOCATED), random.uniform(south, north, LOCATED)
        points = pd.DataFrame({"lon": lon, "lat": lat}).round(7)
        points.to_csv(folder / "points.csv", index=False)
        command = [sys.executable, "-m", "api.cli", "locate", "--city", str(city)]
        command += ["--input", str(folder / "points.csv"), "--output", str(folder / "out.csv")]
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 -- our own program
        elapsed_ms = (time.perf_counter() - started) * 1e3
        found = pd.read_csv(folder / "out.csv", dtype={"grid_id": str})["grid_id"].fillna("")
        wanted = [self._truth.unit_of(lon, lat) for lon, lat in points.itertuples(index=False)]
        right = int((found == pd.Series(wanted)).sum())
        answer, all_right = f"{right} right", f"{LOCATED} right"
        self.verdicts.append(Verdict("twin locate", answer, all_right, right == LOCATED, elapsed_ms))


def status(reply: Reply) -> int:
    """Return the HTTP status of an answer."""
    return reply.status


def at(*path: str) -> Callable[[Reply], object]:
    """Return a function that finds the member at a path of a JSON answer."""

    def find(reply: Reply) -> object:
        member = reply.json()
        for name in path:
            member = member[name]
        return member

    return find


def _has_layer(name: str) -> Callable[[Reply], bool]:
    return lambda reply: name in [one["id"] for one in reply.json()["collections"]]


def _names_of_four_levels(reply: Reply) -> list[str]:
    return [level["name"] for level in reply.json()["chain"]][:4]


def _keys_drawn(reply: Reply) -> set[object]:
    return set(_decoded(reply, "buildings")["building_id"])


def _decoded(reply: Reply, layer: str) -> pd.DataFrame:
    """Return a layer of a vector tile as GDAL reads it, with what only the buffer holds."""
    table: pd.DataFrame = pyogrio.read_dataframe(reply.body, layer=layer, read_geometry=False, CLIP="NO")
    return table


def _kind(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.headers["content-type"]


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def print_verdicts(verdicts: list[Verdict]) -> bool:
    """Print a table of question, answer and time; return whether every answer was right.

    Parameters
    ----------
    verdicts : list of Verdict

    Returns
    -------
    bool
    """
    table = Table("question", "answer", "wanted", "ms", "", box=None)
    for one in verdicts:
        mark = "[green]right" if one.is_right else "[red]WRONG"
        table.add_row(one.question, one.answer, one.wanted, f"{one.milliseconds:,.1f}", mark)
    Console(width=120).print(table)
    wrong = sum(not one.is_right for one in verdicts)
    click.echo(f"{len(verdicts)} questions, {wrong} wrong answers")
    return wrong == 0


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 44 else f"{text[:43]}…"


def _tile_of(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Return the column and row of the Web Mercator tile that holds a point."""
    across = 2**z
    x = (lon + 180) / 360 * across
    y = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * across
    return int(x), int(y)


def _tile_box(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a Web Mercator tile, degrees."""
    across = 2**z
    lats = [float(np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * row / across))))) for row in (y + 1, y)]
    return x / across * 360 - 180, lats[0], (x + 1) / across * 360 - 180, lats[1]
