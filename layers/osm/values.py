"""What the free text of an OpenStreetMap tag means: speeds, lengths, weights, counts, one-way."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from twin.errors import InvalidValueError


def word_set(text: str) -> frozenset[str]:
    """Return the blank-separated words of a text: the values of a tag that mean one thing.

    Parameters
    ----------
    text : str

    Returns
    -------
    frozenset of str

    Examples
    --------
    >>> sorted(word_set("tram subway"))
    ['subway', 'tram']
    """
    return frozenset(text.split())


KMH_PER_MPH = 1.609344
KMH_PER_KNOT = 1.852
METRES_PER_FOOT = 0.3048
METRES_PER_INCH = 0.0254
TONNES_PER_POUND = 0.00045359237
TONNES_PER_SHORT_TON = 0.90718474
WALKING_KMH = 6.0  # a brisk pace; `walk` is no number in any law

IMPLICIT_KMH = {  # 道路交通安全法实施条例 art. 45 (one lane a direction) and 78
    "CN:urban": 50.0,
    "CN:rural": 70.0,
    "CN:motorway": 120.0,
}

NO_NUMBER = word_set(
    "none no unlimited signals variable implicit default below_default no_sign no_indications unsigned"
)
"""Values that are right and state no number: no limit, or one that is shown elsewhere."""

_SPEED_UNITS = {
    "": 1.0,
    "km/h": 1.0,
    "kmh": 1.0,
    "kph": 1.0,
    "公里/小时": 1.0,
    "mph": KMH_PER_MPH,
    "knots": KMH_PER_KNOT,
}
_LENGTH_UNITS = {
    "": 1.0,
    "m": 1.0,
    "米": 1.0,
    "cm": 0.01,
    "km": 1000.0,
}
_WEIGHT_UNITS = {
    "": 1.0,
    "t": 1.0,
    "吨": 1.0,
    "kg": 0.001,
    "lb": TONNES_PER_POUND,
    "lbs": TONNES_PER_POUND,
    "st": TONNES_PER_SHORT_TON,
}
_NUMBER = r"(\d+(?:[.,]\d+)?|[.,]\d+)"
_MEASURE = re.compile(rf"{_NUMBER}\s*([^\d\s.,;]*)")
_FEET_AND_INCHES = re.compile(rf"(?:{_NUMBER}\s*(?:'|ft|feet))?\s*(?:{_NUMBER}\s*(?:\"|''|in|inches))?")
_ZONE = re.compile(r"(?:[A-Z]{2}:)?(?:zone:?)?(\d+)")
_PLAIN = re.compile(r"\d+(\.\d+)?")
_WHOLE = re.compile(r"[+-]?\d+(?:\.0+)?")

_ONEWAY = {
    "yes": "yes",
    "true": "yes",
    "1": "yes",
    "-1": "-1",
    "reverse": "-1",
    "no": "no",
    "false": "no",
    "0": "no",
    "reversible": "reversible",
    "alternating": "reversible",
}
_ONEWAY_JUNCTIONS = frozenset({"roundabout", "circular"})


def is_plain_number(raw: str) -> bool:
    """Return whether a tag value is a bare decimal, so that nothing is lost by keeping the number alone."""
    return _PLAIN.fullmatch(raw) is not None


def speed_kmh(raw: str) -> float | None:
    """Return a speed limit, km/h; None where the value is right but states no number.

    Parameters
    ----------
    raw : str
        Value of ``maxspeed``: a number in km/h, with a unit (``mph``, ``knots``), a zone
        (``DE:zone30``), the general limit of China (``CN:urban``), ``walk`` or ``none``.

    Returns
    -------
    float or None
        km/h; None for ``none``, ``signals`` and other limits without a number, and for the
        general limits of other countries.

    Raises
    ------
    InvalidValueError
        If the text means none of these, or the limit is not within 1-300 km/h.

    Examples
    --------
    >>> speed_kmh("60"), round(speed_kmh("30 mph"), 1), speed_kmh("CN:urban"), speed_kmh("none")
    (60.0, 48.3, 50.0, None)
    """
    text = unicodedata.normalize("NFKC", raw).strip()
    if text in NO_NUMBER:
        return None
    if text == "walk" or text.endswith(":walk"):
        return WALKING_KMH
    if text in IMPLICIT_KMH:
        return IMPLICIT_KMH[text]
    zone = _ZONE.fullmatch(text)
    if zone:
        return _within(float(zone[1]), 1.0, 300.0, raw, "km/h")
    if re.fullmatch(r"[A-Z]{2}:[a-z_]+", text):
        return None
    return _within(_measure(text, _SPEED_UNITS, raw, "a speed"), 1.0, 300.0, raw, "km/h")


def length_m(raw: str, *, lowest: float = 0.1, highest: float = 1000.0) -> float | None:
    r"""Return a length, height or width, m; None where the value is right but states no number.

    Parameters
    ----------
    raw : str
        A number in metres, with a unit (``m``, ``cm``, ``km``, ``ft``, ``in``), or feet and
        inches (``12'6"``).
    lowest, highest : float
        What is plausible, m.

    Returns
    -------
    float or None
        m; None for ``default``, ``none`` and the like.

    Raises
    ------
    InvalidValueError
        If the text is no length, or the length is not plausible.

    Examples
    --------
    >>> length_m("3.8 m"), round(length_m("12'6\""), 2), length_m("default")
    (3.8, 3.81, None)
    """
    text = unicodedata.normalize("NFKC", raw).replace("’", "'").replace("”", '"').replace("″", '"').strip()
    if text in NO_NUMBER:
        return None
    feet = _FEET_AND_INCHES.fullmatch(text)
    if feet and (feet[1] or feet[2]):
        value = _decimal(feet[1] or "0") * METRES_PER_FOOT + _decimal(feet[2] or "0") * METRES_PER_INCH
    else:
        value = _measure(text, _LENGTH_UNITS, raw, "a length")
    return _within(value, lowest, highest, raw, "m")


def weight_t(raw: str) -> float | None:
    """Return a weight limit, t; None where the value is right but states no number.

    Parameters
    ----------
    raw : str
        A number in tonnes, or with a unit (``t``, ``kg``, ``lbs``, ``st`` for short tons).

    Returns
    -------
    float or None
        t; None for ``none``, ``default`` and the like.

    Raises
    ------
    InvalidValueError
        If the text is no weight, or the weight is not within 0.05-500 t.

    Examples
    --------
    >>> weight_t("7.5"), weight_t("3500 kg"), weight_t("10吨")
    (7.5, 3.5, 10.0)
    """
    text = unicodedata.normalize("NFKC", raw).strip()
    if text in NO_NUMBER:
        return None
    return _within(_measure(text, _WEIGHT_UNITS, raw, "a weight"), 0.05, 500.0, raw, "t")


def whole_number(raw: str, *, lowest: int, highest: int) -> int:
    """Return a count such as lanes, floors or a vertical layer.

    Parameters
    ----------
    raw : str
        An integer, ``2`` or ``2.0``.
    lowest, highest : int
        What is plausible.

    Returns
    -------
    int

    Raises
    ------
    InvalidValueError
        If the text is no whole number, or the number is not plausible.

    Examples
    --------
    >>> whole_number("2", lowest=1, highest=20)
    2
    """
    text = unicodedata.normalize("NFKC", raw).strip()
    if not _WHOLE.fullmatch(text):
        raise InvalidValueError(f"{raw!r} is not a whole number")
    value = int(float(text))
    if not lowest <= value <= highest:
        raise InvalidValueError(f"{raw!r} is not within {lowest} to {highest}")
    return value


def floor_count(raw: str) -> int:
    """Return the number of whole floors of a building; a half floor under the roof is not counted.

    Parameters
    ----------
    raw : str
        Value of ``building:levels``.

    Returns
    -------
    int

    Raises
    ------
    InvalidValueError
        If the text is no number within 0-200.

    Examples
    --------
    >>> floor_count("6"), floor_count("2.5")
    (6, 2)
    """
    text = unicodedata.normalize("NFKC", raw).strip()
    if not _PLAIN.fullmatch(text.replace(",", ".")):
        raise InvalidValueError(f"{raw!r} is not a number of floors")
    return int(_within(_decimal(text), 0.0, 200.0, raw, "floors"))


def start_year(raw: str) -> int | None:
    """Return the year at the start of a date, None where there is no four-digit year.

    Parameters
    ----------
    raw : str
        Value of ``start_date``, such as ``1998-05`` or ``~1890``.

    Returns
    -------
    int or None

    Examples
    --------
    >>> start_year("1998-05"), start_year("~1890"), start_year("C19")
    (1998, 1890, None)
    """
    match = re.match(r"[^\d]*(1\d{3}|20\d{2})(?!\d)", raw)
    return int(match[1]) if match else None


def implied_oneway(tags: Mapping[str, str]) -> str:
    """Return ``"yes"`` for motorways and roundabouts, which need no one-way tag, else ``"no"``.

    Parameters
    ----------
    tags : mapping of str to str
        All tags of the way.

    Returns
    -------
    str
        ``"yes"`` or ``"no"``.

    Examples
    --------
    >>> implied_oneway({"highway": "tertiary", "junction": "roundabout"})
    'yes'
    """
    is_oneway = tags.get("highway") == "motorway" or tags.get("junction") in _ONEWAY_JUNCTIONS
    return "yes" if is_oneway else "no"


def oneway(tags: Mapping[str, str]) -> str:
    """Return in which direction vehicles may use a way, relative to the order of its nodes.

    Parameters
    ----------
    tags : mapping of str to str
        All tags of the way.

    Returns
    -------
    str
        ``"yes"``, ``"-1"`` (against the nodes), ``"no"`` or ``"reversible"``.

    Raises
    ------
    InvalidValueError
        If the ``oneway`` tag has another value than the known ones.

    Examples
    --------
    >>> oneway({"highway": "motorway"}), oneway({"highway": "primary", "oneway": "reverse"})
    ('yes', '-1')
    """
    raw = tags.get("oneway")
    if raw is None:
        return implied_oneway(tags)
    if raw not in _ONEWAY:
        raise InvalidValueError(f"{raw!r} is no direction: yes, -1, no and reversible are")
    return _ONEWAY[raw]


def _measure(text: str, units: Mapping[str, float], raw: str, wanted: str) -> float:
    """Return number x unit."""
    match = _MEASURE.fullmatch(text)
    if match is None or match[2].lower() not in units:
        known = ", ".join(unit for unit in units if unit)
        raise InvalidValueError(f"{raw!r} is not {wanted}: one number, bare or with {known}")
    return _decimal(match[1]) * units[match[2].lower()]


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))


def _within(value: float, lowest: float, highest: float, raw: str, unit: str) -> float:
    if not lowest <= value <= highest:
        raise InvalidValueError(f"{raw!r} is not within {lowest:g} to {highest:g} {unit}")
    return value
