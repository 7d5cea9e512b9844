"""Links of an answer, as OGC API wants them (RFC 8288 relation types)."""

from __future__ import annotations

from typing import TypedDict


class Link(TypedDict, total=False):
    """One link: where, how it relates, what is there."""

    href: str
    rel: str
    type: str
    title: str


def link(href: str, rel: str, media_type: str, title: str = "") -> Link:
    """Return one link; the title is left out where empty.

    Parameters
    ----------
    href : str
        Absolute address.
    rel : str
        Relation type.
    media_type : str
        What is found there.
    title : str
        What people read.

    Returns
    -------
    Link

    Examples
    --------
    >>> link("http://c/conformance", "conformance", "application/json")
    {'href': 'http://c/conformance', 'rel': 'conformance', 'type': 'application/json'}
    """
    found = Link(href=href, rel=rel, type=media_type)
    if title:
        found["title"] = title
    return found
