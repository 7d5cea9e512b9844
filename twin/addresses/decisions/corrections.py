"""Addresses that have another name or number than their sources say (更正)."""

from __future__ import annotations

import re

import pyarrow as pa

from twin.addresses.decisions._plan import Plan, name_of
from twin.addresses.decisions.decided import Decided, stored
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.levels import Level
from twin.addresses.parsing import Parser
from twin.addresses.rulings import rulings_of
from twin.city import City
from twin.errors import InvalidDecisionError
from twin.personal import personal_spans

_NUMBERED = {
    Level.GROUP: "中山村{}组",
    Level.NUMBER: "中山路{}号",
    Level.BUILDING: "中山花园{}幢",
    Level.UNIT: "中山花园1幢{}单元",
    Level.FLOOR: "中山花园1幢1单元{}层",
    Level.DWELLING: "中山花园1幢1单元{}室",
}
"""Texts in which a number is read as that of its level alone."""
_NAME = re.compile(r"[\w·()（）-]{1,40}")
_NUMBER = re.compile(r"[0-9A-Za-z甲乙丙丁戊己庚辛东南西北中上下左右前后附负之阁楼地室车库间号#-]{1,12}")


def correct(city: City, address_id: int, token: str, *, author: str) -> Decided:
    """Give an address another name or number; the sources keep theirs and still lead to it.

    Parameters
    ----------
    city : City
    address_id : int
        An address in force.
    token : str
        The name, or the number alone.
    author : str
        Opaque account name.

    Returns
    -------
    Decided

    Raises
    ------
    UnknownFeatureError
        If there is no such address.
    InvalidDecisionError
        If it is a division or not in force, the name is empty or as it was, tells of a person, holds signs
        that no name or number of this level has, or a sibling has it.
    StateConflictError
        If somebody else edited addresses meanwhile.
    """
    plan = Plan(city)
    address = plan.address(address_id)
    token = token.strip()
    if address["level"] <= Level.COMMUNITY:
        raise InvalidDecisionError(f"{address['text']} is a division; import divisions to rename it")
    if not token or not token.isprintable() or token == address["token"]:
        raise InvalidDecisionError(f"{token!r} is no new name for {address['text']}")
    _refuse_unfit(token, Level(address["level"]))
    if not _reads_as(city, token, Level(address["level"])):
        what = "name" if Level(address["level"]).is_named else "number"
        raise InvalidDecisionError(
            f"what came does not read as a {what} of the level {Level(address['level']).title}; "
            f"give the {what} alone"
        )
    parent = address["parent_id"]
    for sibling in plan.children(parent) if parent is not None else ():
        if name_of(plan.address(sibling)) == (address["level"], token):
            raise InvalidDecisionError(
                f"{plan.address(sibling)['text']} ({sibling}) has this name already; merge the two"
            )
    source_token = rulings_of(city.state).source_tokens.get(address_id, address["token"])
    address["token"] = token
    plan.write_texts(plan.below(address_id))
    told = {"id": address_id, "source_token": source_token, "token": token}
    return stored(plan, "correct", told, address_id, author)


def _refuse_unfit(token: str, level: Level) -> None:
    """Refuse what tells of a person, without quoting it, and what no name or number of a level looks like."""
    if personal_spans(token):
        raise InvalidDecisionError("the name tells of a person; addresses have none (个人信息不入库)")
    pattern, wanted = (_NAME, "a name") if level.is_named else (_NUMBER, "a number such as 38, 12-1 or A")
    if not pattern.fullmatch(token):
        raise InvalidDecisionError(f"{token[:40]!r} is no {level.title}; wanted {wanted} without other signs")


def _reads_as(city: City, token: str, level: Level) -> bool:
    """Return whether a text is a number or name of a level and nothing else."""
    text = token if level.is_named else _NUMBERED[level].format(token)
    parser = Parser(Gazetteer.from_tree(city.divisions), {token: level} if level.is_named else {})
    (read,) = parser.parse_table(pa.array([text])).to_pylist()
    return read[level.column] == token and not read["rest"] and not read["is_partial"]
