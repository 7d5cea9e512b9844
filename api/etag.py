"""Entity tags: what an answer will be, known before it is made (RFC 9110, section 8.8.3)."""

from __future__ import annotations

from hashlib import blake2b

DIGEST_BYTES = 12  # 96 bits: a chance collision needs some 10^14 answers


def entity_tag(*parts: str | bytes, is_weak: bool = False) -> str:
    """Return the quoted entity tag of everything that decides an answer's bytes.

    Parameters
    ----------
    *parts : str or bytes
        Version tag of the layer, the query, the host in links, the coding; the
        order counts.
    is_weak : bool
        For an answer that also tells the time it was made, so that its bytes differ.

    Returns
    -------
    str
        A strong tag ``"..."`` or a weak one ``W/"..."``.

    Examples
    --------
    >>> entity_tag("v1", "a") == entity_tag("v1", b"a"), entity_tag("v1", "a") == entity_tag("v1a")
    (True, False)
    """
    digest = blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(4, "little"))
        digest.update(raw)
    return f'W/"{digest.hexdigest()}"' if is_weak else f'"{digest.hexdigest()}"'


def is_held(if_none_match: str, tag: str) -> bool:
    """Return whether an ``If-None-Match`` header names the tag (weak comparison).

    Parameters
    ----------
    if_none_match : str
        The header's value; empty where there was none.
    tag : str
        The tag of the answer.

    Returns
    -------
    bool

    Notes
    -----
    RFC 9110, section 13.1.2: ``*`` matches whatever exists, and tags compare weakly.

    Examples
    --------
    >>> is_held('W/"a", "b"', '"b"'), is_held('"c"', '"b"')
    (True, False)
    """
    if not if_none_match:
        return False
    wanted = tag.removeprefix("W/")
    return any(
        held in ("*", wanted)
        for part in if_none_match.split(",")
        if (held := part.strip().removeprefix("W/").strip())
    )
