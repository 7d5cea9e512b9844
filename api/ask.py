"""One request, reduced to what the endpoints read of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from urllib.parse import unquote_plus

from starlette.types import Scope as Connection

from api.etag import entity_tag, is_held
from api.negotiation import accepts_gzip
from api.scope import caller_scope
from twin.errors import InvalidQueryError
from twin.scope import Scope

MAX_QUERY_BYTES = 16_384
VERSION = metadata.version("citytwin")
"""Part of every tag: another release may answer the same question in other words."""
_HOST = re.compile(r"[A-Za-z0-9._~%-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_HEADERS = (b"host", b"accept", b"accept-encoding", b"if-none-match")


@dataclass(slots=True)
class Ask:
    """What a caller asked: path, query, what they can read and what they already hold.

    Attributes
    ----------
    path : str
        Decoded path.
    query : str
        Raw query string, without the question mark.
    base_url : str
        Scheme, host and mount point for links, without a trailing slash.
    accept : str
        The ``Accept`` header, empty where there was none.
    takes_gzip : bool
        Whether gzip may be sent.
    if_none_match : str
        The ``If-None-Match`` header, empty where there was none.
    caller : Scope
        What the caller may see.
    """

    path: str
    query: str
    base_url: str
    accept: str
    takes_gzip: bool
    if_none_match: str
    caller: Scope

    @classmethod
    def of(cls, connection: Connection) -> Ask:
        """Return what an ASGI connection asks.

        Parameters
        ----------
        connection : dict
            ASGI connection of type ``http``.

        Returns
        -------
        Ask

        Raises
        ------
        InvalidQueryError
            If the query string is longer than 16 kB or the ``Host`` header is no host.

        Examples
        --------
        >>> Ask.of({"path": "/", "headers": [(b"host", b"twin:8000")], "query_string": b""}).base_url
        'http://twin:8000'
        """
        found = dict.fromkeys(_HEADERS, "")
        for name, value in connection["headers"]:
            if name in found:
                found[name] = (
                    f"{found[name]},{value.decode('latin-1')}" if found[name] else value.decode("latin-1")
                )
        query: bytes = connection["query_string"]
        if len(query) > MAX_QUERY_BYTES:
            raise InvalidQueryError(
                f"the query string has {len(query):,} bytes, at most {MAX_QUERY_BYTES:,} are read"
            )
        return cls(
            connection["path"],
            query.decode("latin-1"),
            base_url(connection.get("scheme", "http"), found[b"host"], connection.get("root_path", "")),
            found[b"accept"],
            accepts_gzip(found[b"accept-encoding"]),
            found[b"if-none-match"],
            caller_scope(connection),
        )

    def tag(self, *parts: str | bytes, is_weak: bool = False) -> str:
        """Return the entity tag of the answer to this question over a state of the data.

        Parameters
        ----------
        *parts : str or bytes
            Version tags of what is read, and the format where it was negotiated.
        is_weak : bool
            For an answer that tells the time it was made.

        Returns
        -------
        str
        """
        coding = "gzip" if self.takes_gzip else ""
        seen = "" if self.caller.is_whole_city else repr(self.caller.intervals)
        return entity_tag(
            *parts, VERSION, seen, self.base_url, self.path, self.query, coding, is_weak=is_weak
        )

    def holds(self, tag: str) -> bool:
        """Return whether the caller already has the answer of this tag.

        Parameters
        ----------
        tag : str
            As made by :meth:`tag`.

        Returns
        -------
        bool
        """
        return is_held(self.if_none_match, tag)

    def parameters(self) -> dict[str, str]:
        """Return the decoded query parameters in order.

        Returns
        -------
        dict of str to str

        Raises
        ------
        InvalidQueryError
            If a parameter comes twice or is not UTF-8.
        """
        if not self.query:
            return {}
        found: dict[str, str] = {}
        is_plain = "%" not in self.query and "+" not in self.query
        for part in self.query.split("&"):
            if not part:
                continue
            name, _, value = part.partition("=")
            if not is_plain:
                name, value = _decoded(name), _decoded(value)
            if name in found:
                raise InvalidQueryError(f"query parameter {name[:80]!r} came twice, once was wanted")
            found[name] = value
        return found

    def only(self, *known: str) -> dict[str, str]:
        """Return the query parameters as a dict, refusing those the endpoint does not know.

        Parameters
        ----------
        *known : str
            Names the endpoint reads.

        Returns
        -------
        dict of str to str

        Raises
        ------
        InvalidQueryError
            If another parameter came (OGC API Features, ``/req/core/query-param-unknown``).
        """
        came = self.parameters()
        for name in came:
            if name not in known:
                wanted = f"it takes {', '.join(known)}" if known else "it takes none"
                raise InvalidQueryError(f"unknown query parameter {name!r}; {wanted}")
        return came


def _decoded(text: str) -> str:
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidQueryError(f"query parameter {text[:80]!r} is not UTF-8") from error


@lru_cache(maxsize=64)
def base_url(scheme: str, host: str, root_path: str) -> str:
    """Return the start of every link of an answer.

    Parameters
    ----------
    scheme : str
        ``http`` or ``https``.
    host : str
        The ``Host`` header; empty makes links relative to the host.
    root_path : str
        Where a proxy mounts the service, such as ``/twin``.

    Returns
    -------
    str
        Without a trailing slash.

    Raises
    ------
    InvalidQueryError
        If the header is no host: links must not carry what somebody slipped in.

    Examples
    --------
    >>> base_url("https", "city.example", "/twin")
    'https://city.example/twin'
    """
    if not host:
        return root_path.rstrip("/")
    if _HOST.fullmatch(host) is None:
        raise InvalidQueryError(f"the Host header {host[:80]!r} is not a host name with an optional port")
    return f"{scheme}://{host}{root_path.rstrip('/')}"
