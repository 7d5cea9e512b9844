"""``twin rollup`` as it is typed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

_OUT = click.Path(path_type=Path)


@click.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--city", "folder", required=True, type=click.Path(path_type=Path), help="City folder.")
@click.option("--by", required=True, help="city, district, subdistrict, community, grid, or h3:9.")
@click.option("--text", default="", help="Column of addresses.")
@click.option("--lon", default="", help="Column of longitudes, or eastings.")
@click.option("--lat", default="", help="Column of latitudes, or northings.")
@click.option("--crs", default="wgs84", show_default=True, help="wgs84, gcj02, bd09 or EPSG:n.")
@click.option("--code", default="", help="Column of division codes or grid ids.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day on which the codes were carried.")
@click.option(
    "--min-score",
    default=0.8,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="What the best answer to an address must reach; places beside one (旁边) reach 0.85, sure ones 0.9.",
)
@click.option("--sum", "sums", multiple=True, help="Column to sum; repeatable.")
@click.option("--mean", "means", multiple=True, help="Column to average; repeatable.")
@click.option("--people", is_flag=True, help="Rows are people: counts below 5 are suppressed.")
@click.option("--output", "target", required=True, type=_OUT, help="CSV of the areas to write.")
@click.option("--placed", type=_OUT, help="CSV to write of how each row was placed.")
@click.option("--layer", default="", help="Polygon layer to store.")
@click.option("--picture", type=_OUT, help="PNG to draw.")
@click.option("--show", default="", help="What the picture shows, such as sum_kwh.")
@click.option("--title", default="", help="Of layer and picture.")
@click.option("--unit", default="", help="Of what the picture shows.")
@click.option("--json", "as_json", is_flag=True, help="Print one machine-readable object.")
def rollup(**given: object) -> None:
    """Place the rows of TABLE and count, sum and average them by area."""
    from dataclasses import asdict

    import orjson

    from analysis.placement import PlaceColumns
    from analysis.rollup import Measures
    from api.progress import ProgressBoard
    from api.rollup import RollUpRequest, roll_up_file
    from twin.city import City
    from twin.crs import parse_crs

    options, day = _Options(given), given["as_of"]
    columns = PlaceColumns(
        options.text("lon"),
        options.text("lat"),
        parse_crs(options.text("crs")),
        options.text("code"),
        options.text("text"),
        float(options.text("min_score")),
        day.date() if isinstance(day, datetime) else None,
    )
    measures = Measures(options.texts("sums"), options.texts("means"), bool(given["people"]))
    request = RollUpRequest(
        Path(options.text("table")),
        options.text("by"),
        columns,
        measures,
        options.text("title"),
        options.text("show"),
        options.text("unit"),
    )
    with City.open(options.text("folder")) as city, ProgressBoard(None) as board, board.step("roll up"):
        found = roll_up_file(
            city,
            request,
            Path(options.text("target")),
            layer=options.text("layer"),
            picture=options.path("picture"),
            placed=options.path("placed"),
        )
    if given["as_json"]:
        click.echo(orjson.dumps(asdict(found), default=str).decode())
        return
    click.echo(
        f"{found.rows:,} rows: {found.placed:,} placed in {found.areas:,} areas, "
        f"{found.unplaced:,} could not be placed (未落图) -> {options.text('target')}",
        err=True,
    )
    if found.beside:
        click.echo(
            f"  {found.beside:,} of the placed rows mean a place beside the address they name (旁边、对面)",
            err=True,
        )
    for note in found.notes:
        click.echo(f"  {note}", err=True)
    for reason, count in list(found.reasons.items())[:5]:
        click.echo(f"  {count:,} rows: {reason}", err=True)


class _Options:
    """What was typed, by type."""

    def __init__(self, given: dict[str, object]) -> None:
        self._given = given

    def text(self, name: str) -> str:
        return str(self._given[name])

    def texts(self, name: str) -> tuple[str, ...]:
        values = self._given[name]
        return tuple(map(str, values)) if isinstance(values, tuple) else ()

    def path(self, name: str) -> Path | None:
        value = self._given[name]
        return value if isinstance(value, Path) else None
