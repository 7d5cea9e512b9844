"""The command line: ``twin init | import | build | serve | demo | locate | rollup``."""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import click

from api.addresses_command import addresses
from api.grid_command import division, grid
from api.rollup_command import rollup
from twin.errors import TwinError

EXIT_WRONG = 1
"""A check failed or an answer is wrong."""
EXIT_USAGE = 2
"""Bad usage or input: one sentence on standard error, nothing changed."""
EXIT_INTERRUPTED = 130
"""Ctrl-C, as shells count it."""

city_option = click.option(
    "--city", "folder", required=True, type=click.Path(path_type=Path), help="City folder."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one machine-readable object.")


class _OneSentenceGroup(click.Group):
    """Commands whose errors are one sentence on standard error and exit status 2."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; what click or citytwin refuses becomes a sentence, not a traceback."""
        kwargs |= {"standalone_mode": False, "prog_name": "twin"}
        try:
            with warnings.catch_warnings():
                if not sys.warnoptions:
                    warnings.simplefilter("ignore")
                sys.exit(super().main(*args, **kwargs))
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(EXIT_USAGE)
        except click.ClickException as error:
            context = getattr(error, "ctx", None)
            hint = f"; see: {context.command_path} --help" if context is not None else ""
            _stop(f"{error.format_message().rstrip('.')}{hint}")
        except TwinError as error:
            _stop(str(error))
        except BrokenPipeError:
            # Whoever read our answer has stopped reading; Python would complain once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(EXIT_WRONG)
        except OSError as error:
            _stop(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        except (click.Abort, KeyboardInterrupt):
            click.echo("twin: stopped", err=True)
            sys.exit(EXIT_INTERRUPTED)


def _stop(sentence: str) -> NoReturn:
    click.echo(f"twin: {' '.join(sentence.split())}", err=True)
    sys.exit(EXIT_USAGE)


def _print_json(answer: object) -> None:
    import orjson

    click.echo(orjson.dumps(answer, default=str, option=orjson.OPT_SERIALIZE_NUMPY).decode())


@click.group(cls=_OneSentenceGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="citytwin", prog_name="twin")
def main() -> None:
    """Hold a city as data: import its sources, build it, serve it, ask it."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="What people call the place.")
@click.option(
    "--crs",
    default="",
    help="Projected working CRS, such as EPSG:4549; default: the zone of the first import.",
)
@click.option("--admin-code", default="", help="Statistical code of the city, 12 digits.")
@json_option
def init(folder: Path, name: str, crs: str, admin_code: str, *, as_json: bool) -> None:
    """Make an empty city in FOLDER."""
    from twin.city import City
    from twin.config import CityConfig
    from twin.crs import projected_crs

    config = CityConfig(name, projected_crs(crs) if crs else "", admin_code)
    City.create(folder, config).close()
    if as_json:
        _print_json({"city": str(folder), "name": config.name, "crs": config.crs})
    else:
        click.echo(f"{folder} is ready; next: twin import osm FILE.osm.pbf --city {folder}")


def _column_mapping(
    _context: click.Context, _option: click.Parameter, pairs: tuple[str, ...]
) -> dict[str, str]:
    """Read ``--map ours=theirs`` options."""
    mapping = {}
    for pair in pairs:
        ours, separator, theirs = pair.partition("=")
        if not separator or not ours.strip() or not theirs.strip():
            raise click.BadParameter(f"{pair!r} is not OUR_COLUMN=FIELD_IN_THE_FILE")
        if ours.strip() in mapping:
            raise click.BadParameter(f"{ours.strip()!r} is named twice")
        mapping[ours.strip()] = theirs.strip()
    return mapping


@main.command("import")
@click.argument("kind")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@city_option
@click.option(
    "--layer", default="", help="Layer of a vector import; raster name of a dem or landcover import."
)
@click.option("--crs", default="", help="What the coordinates are in: wgs84, gcj02, bd09 or EPSG:n.")
@click.option(
    "--map",
    "columns",
    multiple=True,
    callback=_column_mapping,
    help="OUR_COLUMN=FIELD_IN_THE_FILE; repeatable.",
)
@click.option("--source", default="", help="Name of the source; rows of one source replace its earlier rows.")
@click.option(
    "--licence",
    default="",
    help="Whom maps name, and the licence; default for osm and graphml: © OpenStreetMap contributors.",
)
@json_option
def import_(
    kind: str,
    files: tuple[Path, ...],
    folder: Path,
    layer: str,
    crs: str,
    columns: dict[str, str],
    source: str,
    licence: str,
    *,
    as_json: bool,
) -> None:
    """Import FILES of KIND.

    KIND is osm, graphml, divisions, grid, addresses, units, incidents, vector, dem or landcover.
    """
    from api.importing import ImportRequest, import_files
    from api.progress import ProgressBoard
    from twin.city import City

    request = ImportRequest(kind, files, layer, crs, columns, source, licence)
    with City.open(folder) as city, ProgressBoard(None) as board:
        outcomes = import_files(city, request, step=board.step)
    if as_json:
        _print_json({"city": str(folder), "imported": [outcome.to_json() for outcome in outcomes]})
        return
    said: set[str] = set()
    for outcome in outcomes:
        summary = f"{outcome.layer} v{outcome.version}: {outcome.report.summary()}"
        lines = [*summary.splitlines(), *(f"  {note}" for note in outcome.notes)]
        for line in lines:
            if line not in said:  # what holds for the whole file stands in the report of each layer
                click.echo(line)
        said.update(lines)
        click.echo(f"  report: {outcome.report_path}")


@main.command()
@city_option
@json_option
def build(folder: Path, *, as_json: bool) -> None:
    """Fold edits, place features in divisions, and write indexes and tile archives."""
    from api.building import build_city
    from api.progress import ProgressBoard
    from twin.city import City

    with City.open(folder) as city, ProgressBoard(folder) as board:
        summary = build_city(city, board)
    if as_json:
        _print_json(asdict(summary))
    else:
        click.echo(f"{folder} is built: {summary.sentence()}; next: twin serve --city {folder}")


@main.command()
@city_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
def serve(folder: Path, host: str, port: int, workers: int) -> None:
    """Serve the city's map, tiles and API."""
    from pydantic import ValidationError

    from api.server import serve as serve_city

    try:
        serve_city(folder, host=host, port=port, workers=workers)
    except ValidationError as error:
        wrong = error.errors()[0]
        name = "_".join(["CITYTWIN", *map(str, wrong["loc"])]).upper()
        _stop(f"{name} = {wrong['input']!r} in the environment: {wrong['msg']}")


@main.command()
@city_option
@click.option(
    "--input", "source", required=True, type=click.Path(path_type=Path), help="CSV with columns lon, lat."
)
@click.option("--layer", default="grid", show_default=True, help="Polygon layer with a key.")
@click.option("--crs", default="wgs84", show_default=True, help="wgs84, gcj02, bd09 or EPSG:n.")
@click.option("--output", "target", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@json_option
def locate(folder: Path, source: Path, layer: str, crs: str, target: Path, *, as_json: bool) -> None:
    """Add to each point of a CSV the unit it lies in, empty where none."""
    from api.locating import locate_table
    from api.progress import ProgressBoard
    from twin.city import City

    with City.open(folder) as city, ProgressBoard(None) as board, board.step(f"locate {source.name}"):
        summary = locate_table(city, source, target, layer=layer, crs=crs)
    if as_json:
        _print_json(asdict(summary))
    else:
        sentence = (
            f"{summary.rows:,} points: {summary.placed:,} placed, {summary.outside:,} outside every unit"
        )
        click.echo(f"{sentence}, {summary.unreadable:,} without readable coordinates -> {target}", err=True)


@main.command()
@city_option
@click.option(
    "--input", "source", required=True, type=click.Path(path_type=Path), help="CSV of address texts."
)
@click.option("--column", default="text", show_default=True, help="The column that holds them.")
@click.option("--output", "target", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@json_option
def geocode(folder: Path, source: Path, column: str, target: Path, *, as_json: bool) -> None:
    """Add to each address text of a CSV the address it means, where that lies, and how sure it is."""
    from api.geocoding import geocode_csv
    from api.progress import ProgressBoard
    from twin.city import City

    with (
        City.open(folder) as city,
        ProgressBoard(None) as board,
        board.step(f"geocode {source.name}") as advance,
    ):
        summary = geocode_csv(city, source, target, column, advance=advance)
    if as_json:
        _print_json(asdict(summary))
    else:
        sentence = f"{summary.rows:,} texts: {summary.sure:,} sure, {summary.doubtful:,} doubtful"
        click.echo(f"{sentence}, {summary.unanswered:,} without answer -> {target}", err=True)


@main.command()
@click.option(
    "--city", "folder", default=Path("lizhou.city"), show_default=True, type=click.Path(path_type=Path)
)
@click.option(
    "--check", is_flag=True, help="Build, serve, ask one question of each kind, check the answers, stop."
)
@click.option(
    "--port",
    default=None,
    type=click.IntRange(0, 65535),
    help="Default: 8000, or a free port when it is taken.",
)
@click.option("--no-browser", is_flag=True, help="Do not open the map.")
def demo(folder: Path, port: int | None, *, check: bool, no_browser: bool) -> None:
    """Build the made-up county 丽州 from its source files and serve it."""
    from api import demo as demonstration

    if check:
        if not demonstration.check_demo(port):
            sys.exit(EXIT_WRONG)
        return
    demonstration.run_demo(folder, port, open_browser=not no_browser)


main.add_command(rollup)
main.add_command(addresses)
main.add_command(grid)
main.add_command(division)


if __name__ == "__main__":
    main()
