"""Turn restriction relations (转向限制): from, via and to, checked against the roads that were taken."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from layers.osm.lines import WayLines
from layers.osm.rows import LayerRows
from layers.osm.values import word_set
from twin.errors import InvalidValueError

KINDS = word_set(
    "no_left_turn no_right_turn no_straight_on no_u_turn no_entry no_exit "
    "only_left_turn only_right_turn only_straight_on only_u_turn"
)
_CONDITIONAL = re.compile(r"\s*(\w+)\s*@\s*(.+?)\s*", re.DOTALL)
_REDRAW = "correct the relation, or cut the extract with all its members"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a restriction says: kind, vehicles it is for (all where None), when (always where None)."""

    kind: str
    vehicles: str | None = None
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Restriction:
    """One relation as it stands in the file; member ids in their order."""

    osm_id: str
    tags: Mapping[str, str]
    from_ways: tuple[int, ...]
    via_nodes: tuple[int, ...]
    via_ways: tuple[int, ...]
    to_ways: tuple[int, ...]


def read_restriction(relation: Any, tags: Mapping[str, str]) -> Restriction:
    """Return a restriction relation with its members by role.

    Parameters
    ----------
    relation : osmium Relation
    tags : mapping of str to str

    Returns
    -------
    Restriction
    """
    members = [(member.type, member.role, member.ref) for member in relation.members]

    def of(kind: str, role: str) -> tuple[int, ...]:
        return tuple(ref for type_, role_, ref in members if (type_, role_) == (kind, role))

    return Restriction(
        f"r{relation.id}", tags, of("w", "from"), of("n", "via"), of("w", "via"), of("w", "to")
    )


def read_rule(tags: Mapping[str, str]) -> Rule:
    """Return what the tags of a restriction say.

    Parameters
    ----------
    tags : mapping of str to str
        With ``restriction``, ``restriction:<vehicle>``, ``restriction:conditional`` or both parts.

    Returns
    -------
    Rule

    Raises
    ------
    InvalidValueError
        If none of these tags is there, or its value is no known kind.

    Examples
    --------
    >>> read_rule({"restriction:hgv:conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"})
    Rule(kind='no_left_turn', vehicles='hgv', condition='(Mo-Fr 07:00-09:00)')
    """
    keys = sorted(key for key in tags if key.split(":")[0] == "restriction")
    if not keys:
        raise InvalidValueError("the relation has no tag restriction")
    key = "restriction" if "restriction" in keys else keys[0]
    kind, condition = tags[key].strip(), _times(tags)
    match = _CONDITIONAL.fullmatch(kind)
    if match:
        kind, condition = match[1], match[2]
    elif "restriction:conditional" in tags:
        condition = tags["restriction:conditional"]
    if kind not in KINDS:
        raise InvalidValueError(f"{key}={tags[key]} is no known kind of restriction")
    vehicles = [part for part in key.split(":")[1:] if part != "conditional"]
    return Rule(kind, ";".join(vehicles) or None, condition)


def take_restrictions(rows: LayerRows, restrictions: Sequence[Restriction], roads: WayLines) -> None:
    """Check every restriction against the roads and take those that hold together.

    Parameters
    ----------
    rows : LayerRows
        The layer ``restrictions``; broken ones are refused there with a reason.
    restrictions : sequence of Restriction
    roads : WayLines
        After all ways were taken.
    """
    for restriction in restrictions:
        try:
            rule = read_rule(restriction.tags)
            place = _place(restriction, rule, roads)
        except InvalidValueError as error:
            came = restriction.tags.get("restriction", "")
            rows.refuse(restriction.osm_id, "members", came, str(error), _REDRAW)
            continue
        rows.add(
            place,
            restriction.osm_id,
            rule.kind,
            _ids("w", restriction.from_ways),
            _ids("n", restriction.via_nodes) or _ids("w", restriction.via_ways),
            _ids("w", restriction.to_ways),
            restriction.tags.get("except"),
            rule.condition,
            rule.vehicles,
        )


def _place(restriction: Restriction, rule: Rule, roads: WayLines) -> shapely.Point:
    """Return where the restriction stands, after checking that its members meet."""
    _check_roles(restriction, rule)
    chain = (*restriction.from_ways, *restriction.via_ways, *restriction.to_ways)
    for way in chain:
        if roads.line_of(way) is None:
            raise InvalidValueError(f"way {way} is not among the roads of the file")
    if restriction.via_nodes:
        return _place_at_node(restriction, rule, roads)
    for start in restriction.from_ways:
        _check_chain((start, *restriction.via_ways), roads)
    for end in restriction.to_ways:
        _check_chain((*restriction.via_ways, end), roads)
    middle = restriction.via_ways[len(restriction.via_ways) // 2]
    return shapely.line_interpolate_point(roads.line_of(middle), 0.5, normalized=True)


def _check_roles(restriction: Restriction, rule: Rule) -> None:
    """Refuse what has no start, no end, no or two kinds of via, or more ways than its kind allows."""
    if not restriction.from_ways or not restriction.to_ways:
        missing = "from" if not restriction.from_ways else "to"
        raise InvalidValueError(f"no way has the role {missing}")
    if len(restriction.from_ways) > 1 and rule.kind != "no_entry":
        raise InvalidValueError(f"{len(restriction.from_ways)} ways have the role from; only no_entry may")
    if len(restriction.to_ways) > 1 and rule.kind != "no_exit":
        raise InvalidValueError(f"{len(restriction.to_ways)} ways have the role to; only no_exit may")
    if restriction.via_nodes and restriction.via_ways:
        raise InvalidValueError("nodes and ways both have the role via")
    if len(restriction.via_nodes) > 1:
        raise InvalidValueError(f"{len(restriction.via_nodes)} nodes have the role via; one may")
    if not restriction.via_nodes and not restriction.via_ways:
        raise InvalidValueError("no node or way has the role via")


def _place_at_node(restriction: Restriction, rule: Rule, roads: WayLines) -> shapely.Point:
    """Return the place of the via node, which every from and to way must touch."""
    (via,) = restriction.via_nodes
    for way in (*restriction.from_ways, *restriction.to_ways):
        if via not in roads.nodes_of(way):
            raise InvalidValueError(f"way {way} does not touch the via node {via}")
    first = roads.nodes_of(restriction.from_ways[0])
    if restriction.from_ways == restriction.to_ways and "u_turn" not in rule.kind:
        is_loop = first[0] == first[-1]
        if not is_loop and via in (first[0], first[-1]):
            raise InvalidValueError(f"{rule.kind} leads from way {restriction.from_ways[0]} back into itself")
    line = roads.line_of(restriction.from_ways[0])
    return shapely.get_point(line, int(np.flatnonzero(first == via)[0]))


def _check_chain(ways: Sequence[int], roads: WayLines) -> None:
    """Refuse ways of which two neighbours share no node."""
    for way, following in itertools.pairwise(ways):
        if not np.isin(roads.nodes_of(way), roads.nodes_of(following)).any():
            raise InvalidValueError(f"way {way} does not meet way {following}")


def _times(tags: Mapping[str, str]) -> str | None:
    """Return the times of the older tags for hours and days as one text."""
    days = "-".join(tags[key] for key in ("day_on", "day_off") if key in tags)
    hours = "-".join(tags[key] for key in ("hour_on", "hour_off") if key in tags)
    return " ".join(part for part in (days, hours, tags.get("time", "")) if part) or None


def _ids(kind: str, numbers: Sequence[int]) -> str:
    return " ".join(f"{kind}{number}" for number in numbers)
