"""An answer as bytes with its headers: what every endpoint returns."""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from api.ask import Ask
from api.compression import WORTH_GZIP_BYTES, gzipped
from api.errors import problem, problem_of
from api.negotiation import JSON, PROBLEM
from twin.errors import TwinError

_log = logging.getLogger("citytwin.api")
_VARY = (b"vary", b"accept-encoding")
_GZIP = (b"content-encoding", b"gzip")
_NO_STORE = (b"cache-control", b"no-store")


class Answer(Response):
    """Ready bytes that FastAPI and the hot paths send alike, without rendering.

    Parameters
    ----------
    status : int
        HTTP status.
    headers : list of (bytes, bytes)
        All headers, lower-case names, ``content-length`` included.
    body : bytes
        What follows them.
    """

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> None:
        self.status_code = status
        self.raw_headers = headers
        self.body = body
        self.background = None

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI
        """Send the answer over an ASGI connection."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


def fresh(
    ask: Ask,
    body: bytes,
    media_type: str = JSON,
    *,
    tag: str,
    max_age_s: int = 0,
    extra: tuple[tuple[bytes, bytes], ...] = (),
) -> Answer:
    """Return a cacheable answer, gzipped where the caller takes it and it is worth it.

    Parameters
    ----------
    ask : Ask
        The question.
    body : bytes
        Uncompressed answer.
    media_type : str
        Value of ``Content-Type``.
    tag : str
        Entity tag from :meth:`Ask.tag`.
    max_age_s : int
        Seconds a cache may reuse the answer unasked, s.
    extra : tuple of (bytes, bytes)
        Further headers.

    Returns
    -------
    Answer
    """
    headers = [(b"content-type", media_type.encode("latin-1")), *_caching(tag, max_age_s), *extra]
    if ask.takes_gzip and len(body) >= WORTH_GZIP_BYTES:
        body = gzipped(body)
        headers.append(_GZIP)
    headers.append((b"content-length", b"%d" % len(body)))
    return Answer(200, headers, body)


def fresh_gzip(
    packed: bytes,
    media_type: str,
    *,
    tag: str,
    max_age_s: int = 0,
    extra: tuple[tuple[bytes, bytes], ...] = (),
) -> Answer:
    """Return a cacheable answer from bytes that are kept gzipped, for a caller who takes gzip.

    Parameters
    ----------
    packed : bytes
        One gzip member.
    media_type, tag, max_age_s, extra
        As in :func:`fresh`.

    Returns
    -------
    Answer
    """
    headers = [
        (b"content-type", media_type.encode("latin-1")),
        *_caching(tag, max_age_s),
        *extra,
        _GZIP,
        (b"content-length", b"%d" % len(packed)),
    ]
    return Answer(200, headers, packed)


def not_modified(tag: str, *, max_age_s: int = 0, extra: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    """Return the empty 304 for a caller who already holds the answer.

    Parameters
    ----------
    tag : str
        Entity tag of the answer.
    max_age_s : int
        As in :func:`fresh`.
    extra : tuple of (bytes, bytes)
        Headers that the 200 would vary by.

    Returns
    -------
    Answer
    """
    return Answer(304, [*_caching(tag, max_age_s), *extra])


def live(body: bytes, media_type: str = JSON, *, status: int = 200) -> Answer:
    """Return an answer that no cache may keep: health, progress, metrics.

    Parameters
    ----------
    body : bytes
        The answer.
    media_type : str
        Value of ``Content-Type``.
    status : int
        HTTP status.

    Returns
    -------
    Answer

    Examples
    --------
    >>> live(b"ok").status_code
    200
    """
    length = (b"content-length", b"%d" % len(body))
    return Answer(status, [(b"content-type", media_type.encode("latin-1")), _NO_STORE, length], body)


def refusal(status: int, detail: str, *, code: str, instance: str = "") -> Answer:
    """Return a problem+json answer; no cache may keep it.

    Parameters
    ----------
    status, detail, code, instance
        As in :func:`api.errors.problem`.

    Returns
    -------
    Answer
    """
    return live(problem(status, detail, code=code, instance=instance), PROBLEM, status=status)


def refusal_of(error: TwinError, instance: str = "") -> Answer:
    """Return the problem+json answer for an error of ours.

    Parameters
    ----------
    error : TwinError
        What was raised.
    instance : str
        Path of the request.

    Returns
    -------
    Answer
    """
    status, body = problem_of(error, instance)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("%s: %s: %s", instance, type(error).__name__, error)
    return live(body, PROBLEM, status=status)


def _caching(tag: str, max_age_s: int) -> list[tuple[bytes, bytes]]:
    """Return the headers that a 200 and its 304 share."""
    control = b"public, max-age=%d" % max_age_s if max_age_s else b"no-cache"
    return [(b"etag", tag.encode("latin-1")), (b"cache-control", control), _VARY]
