"""``twin addresses review | decide | merge | split | correct | undo | show`` as they are typed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from twin.addresses.decisions import Decided
    from twin.city import City

EXIT_WRONG = 1
_PATH = click.Path(path_type=Path)
_ID = click.IntRange(min=0, max=2**53 - 1)

_city = click.option("--city", "folder", required=True, type=_PATH, help="City folder.")
_json = click.option("--json", "as_json", is_flag=True, help="Print one machine-readable object.")
_author = click.option("--author", default="cli", show_default=True, help="Opaque account name.")


@click.group()
def addresses() -> None:
    """Look at the address base, and decide what no source says."""


@addresses.command("review")
@_city
@click.option("--output", "target", required=True, type=_PATH, help="CSV to write.")
@_json
def review_(folder: Path, target: Path, *, as_json: bool) -> None:
    """Write the pairs that may be one address; fill in the column decision: merge or keep."""
    from api.reviewing import write_review
    from twin.city import City

    with City.open(folder) as city:
        count = write_review(city, target)
    if as_json:
        _print({"pairs": count, "output": str(target)})
    else:
        click.echo(f"{count:,} pairs -> {target}; then: twin addresses decide --input {target}", err=True)


@addresses.command("decide")
@_city
@click.option("--input", "source", required=True, type=_PATH, help="The reviewed CSV.")
@_author
@_json
def decide_(folder: Path, source: Path, author: str, *, as_json: bool) -> None:
    """Carry out the decisions of a review list; exit status 1 where one could not be."""
    from api.reviewing import decide
    from twin.city import City

    with City.open(folder) as city:
        done = decide(city, source, author=author)
    if as_json:
        _print(asdict(done))
    else:
        for sentence in done.refused:
            click.echo(sentence, err=True)
        click.echo(f"{done.merged:,} pairs merged, {done.kept:,} kept apart, {done.left:,} left open")
    if done.refused:
        sys.exit(EXIT_WRONG)


@addresses.command("merge")
@click.argument("address_id", type=_ID)
@click.argument("into", type=_ID)
@_city
@_author
@_json
def merge_(address_id: int, into: int, folder: Path, author: str, *, as_json: bool) -> None:
    """Merge ADDRESS_ID into the address INTO."""
    from twin.addresses.decisions import merge

    _decide(folder, lambda city: merge(city, address_id, into, author=author), as_json=as_json)


@addresses.command("split")
@click.argument("address_id", type=_ID)
@click.argument("record_ids", nargs=-1, required=True, type=_ID)
@_city
@_author
@_json
def split_(address_id: int, record_ids: tuple[int, ...], folder: Path, author: str, *, as_json: bool) -> None:
    """Take source rows (RECORD_IDS, as show lists them) out of ADDRESS_ID into a new address."""
    from twin.addresses.decisions import split

    _decide(folder, lambda city: split(city, address_id, record_ids, author=author), as_json=as_json)


@addresses.command("correct")
@click.argument("address_id", type=_ID)
@click.argument("token")
@_city
@_author
@_json
def correct_(address_id: int, token: str, folder: Path, author: str, *, as_json: bool) -> None:
    """Give ADDRESS_ID the name or number TOKEN."""
    from twin.addresses.decisions import correct

    _decide(folder, lambda city: correct(city, address_id, token, author=author), as_json=as_json)


@addresses.command("undo")
@click.argument("decision_id", type=_ID)
@_city
@_author
@_json
def undo_(decision_id: int, folder: Path, author: str, *, as_json: bool) -> None:
    """Take the decision DECISION_ID back."""
    from twin.addresses.decisions import undo

    _decide(folder, lambda city: undo(city, decision_id, author=author), as_json=as_json)


@addresses.command("show")
@click.argument("address_id", type=_ID)
@_city
@click.option("--as-of", "day", default=None, type=click.DateTime(["%Y-%m-%d"]), help="Day; default: today.")
@_json
def show_(address_id: int, folder: Path, day: datetime | None, *, as_json: bool) -> None:
    """Say what ADDRESS_ID consists of, where it stands, what it was, and which rows name it."""
    from api.addresses import address_as_of
    from twin.city import City

    with City.open(folder) as city:
        found = address_as_of(city, address_id, None if day is None else day.date())
    if as_json:
        _print(found)
        return
    fate = f", went into {found['superseded_by']}" if found["superseded_by"] else ""
    click.echo(f"{found['text']} ({found['level_title']}, {found['status']}{fate})")
    click.echo(
        f"  {found['as_of']}: " + " > ".join(f"{one['name']} {one['code']}" for one in _list(found["chain"]))
    )
    for one in _list(found["components"]):
        click.echo(f"  {one['title']} {one['token']}{one['word'] or ''}: {one['address_id']}")
    for one in _list(found["history"]):
        click.echo("  " + ", ".join(f"{name} {value}" for name, value in one.items() if value is not None))
    for one in _list(found["sources"]):
        told = f"{one.get('source')} {one.get('source_id')} (record {one['record_id']}): {one['text']}"
        click.echo(f"  {told} [{one['match_method']} {one['match_score']}]")


def _decide(folder: Path, act: Callable[[City], Decided], *, as_json: bool) -> None:
    """Make one decision and say what it did."""
    from twin.city import City

    with City.open(folder) as city:
        done = act(city)
    if as_json:
        _print(asdict(done))
        return
    counts = f"{done.n_addresses:,} addresses and {done.n_records:,} source rows changed"
    more = f"; twin build --city {folder} sorts the rows anew" if done.needs_build else ""
    click.echo(f"decision {done.decision_id}: address {done.address_id}, {counts}{more}")


def _list(found: object) -> list[dict[str, object]]:
    return found if isinstance(found, list) else []


def _print(answer: object) -> None:
    import orjson

    click.echo(orjson.dumps(answer).decode())
