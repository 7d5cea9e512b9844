"""Whether a few characters are the name of a person or of a place."""

from __future__ import annotations

import re

from twin import _person_patterns as patterns


def is_name(name: str, *, is_told: bool = False) -> bool:
    """Return whether two to four characters are a person's name rather than a place's."""
    if len(name) < 2 or any(sign in patterns.NO_NAME for sign in name[1:]):
        return False
    if re.match(patterns.COMPOUND, name):
        return len(name) > 2
    if len(name) > 3 or name[0] not in patterns.PURE + patterns.AMBIGUOUS:
        return False
    is_pure, last = name[0] in patterns.PURE, name[-1]
    if len(name) == 2:
        if last in patterns.TELLING:
            return True
        return (is_pure or is_told) and last not in patterns.PLACE_LIKE | patterns.COUNTRY_LIKE
    is_given = name[1] in patterns.GIVEN
    if last in patterns.PLACE_LIKE:
        return (is_pure or is_told) and is_given
    return is_pure or is_told or (is_given and last in patterns.GIVEN)
