"""``twin grid check | redraw | ledger | coverage`` and ``twin division`` as they are typed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from api.redrawing import DrawingRequest
    from twin.drawing import DrawingFault

EXIT_WRONG = 1
_PATH = click.Path(path_type=Path)
_F = TypeVar("_F", bound=Callable[..., object])

_city = click.option("--city", "folder", required=True, type=_PATH, help="City folder.")
_json = click.option("--json", "as_json", is_flag=True, help="Print one machine-readable object.")
_output = click.option("--output", "target", required=True, type=_PATH, help="CSV to write.")


def _columns(_context: click.Context, _option: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """Read ``--map ours=theirs`` options."""
    mapping = {}
    for pair in pairs:
        ours, separator, theirs = (part.strip() for part in pair.partition("="))
        if not (separator and ours and theirs):
            raise click.BadParameter(f"{pair!r} is not OUR_COLUMN=FIELD_IN_THE_FILE")
        mapping[ours] = theirs
    return mapping


def _drawing(command: _F) -> _F:
    """Add what every command that reads a drawing takes."""
    for decorate in (
        click.argument("file", type=_PATH),
        _city,
        click.option("--crs", default="", help="wgs84, gcj02, bd09 or EPSG:n; default: what the file says."),
        click.option(
            "--map", "columns", multiple=True, callback=_columns, help="OUR_COLUMN=FIELD_IN_THE_FILE."
        ),
        click.option(
            "--whole", is_flag=True, help="The file is the whole grid: what it leaves out is given up."
        ),
        click.option(
            "--tolerance",
            default=1.0,
            show_default=True,
            help="Smaller faults do not count, m2.",
            type=click.FloatRange(0),
        ),
        _json,
    ):
        command = decorate(command)
    return command


@click.group()
def grid() -> None:
    """Redraw grid units, and see what lies in each."""


@grid.command("check")
@_drawing
def check_(folder: Path, *, as_json: bool, **given: object) -> None:
    """Say what is wrong with the grid units drawn in FILE; exit status 1 where anything is."""
    from api.redrawing import RedrawSummary, check_file
    from twin.city import City

    with City.open(folder) as city:
        faults = check_file(city, _request(given))
    if as_json:
        _print(RedrawSummary(faults).to_json())
    else:
        _say_faults(faults)
    if faults:
        sys.exit(EXIT_WRONG)


@grid.command("redraw")
@_drawing
@click.option("--author", default="", help="Who drew it; default: cli.")
@click.option("--output", "target", default=None, type=_PATH, help="CSV of what moved.")
@click.option("--accept-faults", "accepts", is_flag=True, help="Take overlaps, gaps and slivers as they are.")
def redraw_(
    folder: Path, author: str, target: Path | None, *, accepts: bool, as_json: bool, **given: object
) -> None:
    """Redraw the grid units in FILE; where it has faults nothing is changed and the exit status is 1."""
    from api.redrawing import redraw_file
    from twin.city import City

    with City.open(folder) as city:
        done = redraw_file(
            city, _request(given), author=author or "cli", accepts_faults=accepts, output=target
        )
    if as_json:
        _print(done.to_json())
    else:
        _say_faults(done.faults)
        moved = ", ".join(f"{count:,} of {name}" for name, count in (done.moved or {}).items()) or "nothing"
        if done.is_stored:
            counts = f"{done.redrawn:,} units redrawn, {done.added:,} new, {done.removed:,} given up"
            click.echo(f"{counts}; moved: {moved}")
    if not done.is_stored:
        if not as_json:
            click.echo("the grid is as it was; --accept-faults takes the drawing as it is", err=True)
        sys.exit(EXIT_WRONG)


@grid.command("ledger")
@_city
@click.option(
    "--by",
    default="grid",
    show_default=True,
    type=click.Choice(["grid", "community", "subdistrict", "district", "city"]),
    help="What a row is.",
)
@_output
@_json
def ledger_(folder: Path, by: str, target: Path, *, as_json: bool) -> None:
    """Write what lies in each unit: addresses, buildings, dwellings, people, parts, incidents, metres."""
    import pyarrow as pa

    from analysis.ledger import ledger
    from api.redrawing import write_table
    from twin.city import City

    with City.open(folder) as city:
        found = ledger(city, by).rounded()
    write_table(pa.concat_tables([found.table, found.total]), target)
    if as_json:
        _print({"by": by, "rows": found.table.num_rows, "total": found.total.to_pylist()[0]})
    else:
        total = ", ".join(f"{value:,.0f} {name}" for name, value in _told(found.total.to_pylist()[0]))
        click.echo(f"{found.table.num_rows - 1:,} rows and one for what lies in none: {total} -> {target}")


@grid.command("coverage")
@_city
@_output
@_json
def coverage_(folder: Path, target: Path, *, as_json: bool) -> None:
    """Write what could not be placed, one by one, and count it."""
    from analysis.coverage import coverage
    from api.redrawing import write_table
    from twin.city import City

    with City.open(folder) as city:
        found = coverage(city)
    write_table(found.rows, target)
    if as_json:
        _print({"summary": found.summary.to_pylist()})
        return
    for row in found.summary.to_pylist():
        click.echo(f"{row['layer']}: {row['count']:,} of {row['of']:,} {row['problem']}")
    click.echo(f"{found.rows.num_rows:,} rows -> {target}", err=True)


@click.command()
@click.argument("code")
@_city
@click.option("--as-of", "day", default=None, type=click.DateTime(["%Y-%m-%d"]), help="Day; default: today.")
@_json
def division(code: str, folder: Path, day: datetime | None, *, as_json: bool) -> None:
    """Say which division carried CODE on a day, what it was before and what it became."""
    from api.divisions import division_as_of
    from twin.city import City
    from twin.division_rows import span_in_words

    with City.open(folder) as city:
        found = division_as_of(city, code, None if day is None else day.date())
    if as_json:
        _print(found)
        return
    chain = [f"{one['name']} {one['code']}" for one in _list(found["chain"])]
    click.echo(f"{found['as_of']}: {' > '.join(chain)}")
    for name in ("followed", "predecessors", "successors"):
        for one in _list(found[name]):
            span = span_in_words(one["valid_from"], one["valid_to"])
            click.echo(f"  {name}: {one['name']} {one['code']}, {span}")


def _request(given: Mapping[str, object]) -> DrawingRequest:
    from api.redrawing import DrawingRequest

    columns = given["columns"]
    return DrawingRequest(
        Path(str(given["file"])),
        str(given["crs"]),
        columns if isinstance(columns, dict) else {},
        bool(given["whole"]),
        float(str(given["tolerance"])),
    )


def _say_faults(faults: tuple[DrawingFault, ...]) -> None:
    for fault in faults:
        where = f"{fault.area_m2:,.1f} m2 at {fault.lon:.6f}, {fault.lat:.6f}"
        click.echo(f"{fault.kind}: {where}, {', '.join(fault.grid_ids[:4])}: {fault.reason}")
    if not faults:
        click.echo("the drawing has no overlap, gap or sliver")


def _told(row: Mapping[str, object]) -> list[tuple[str, float]]:
    return [(name, value) for name, value in row.items() if isinstance(value, int | float)]


def _list(found: object) -> list[dict[str, object]]:
    if isinstance(found, dict):
        return [found]
    return found if isinstance(found, list) else []


def _print(answer: object) -> None:
    import orjson

    click.echo(orjson.dumps(answer).decode())
