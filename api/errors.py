"""Every refusal as problem+json (RFC 9457): one table from error type to HTTP status."""

from __future__ import annotations

from http import HTTPStatus

import orjson

from twin.errors import (
    DamagedLayerError,
    InvalidTileError,
    ScopeError,
    StaleCursorError,
    StateConflictError,
    StorageError,
    TwinError,
    UnknownDecisionError,
    UnknownDivisionError,
    UnknownFeatureError,
    UnknownFieldError,
    UnknownLayerError,
    UnknownPageError,
    UnreadableLayerError,
)

STATUS: tuple[tuple[type[TwinError], HTTPStatus], ...] = (
    (UnknownLayerError, HTTPStatus.NOT_FOUND),
    (UnknownFeatureError, HTTPStatus.NOT_FOUND),
    (UnknownDivisionError, HTTPStatus.NOT_FOUND),
    (UnknownDecisionError, HTTPStatus.NOT_FOUND),
    (UnknownPageError, HTTPStatus.NOT_FOUND),
    (InvalidTileError, HTTPStatus.NOT_FOUND),
    (UnknownFieldError, HTTPStatus.BAD_REQUEST),
    (ScopeError, HTTPStatus.FORBIDDEN),
    (StaleCursorError, HTTPStatus.GONE),
    (StateConflictError, HTTPStatus.CONFLICT),
    (DamagedLayerError, HTTPStatus.SERVICE_UNAVAILABLE),
    (StorageError, HTTPStatus.SERVICE_UNAVAILABLE),
)
"""Types without a row: 400 where the error is also a ValueError, else 500."""

INTERNAL_DETAIL = "the service failed on its side; its log says why"


def status_of(error: TwinError) -> HTTPStatus:
    """Return the HTTP status that tells a caller about an error.

    Parameters
    ----------
    error : TwinError
        What was raised.

    Returns
    -------
    HTTPStatus

    Examples
    --------
    >>> int(status_of(UnknownLayerError("no layer 'x'")))
    404
    """
    for kind, status in STATUS:
        if isinstance(error, kind):
            return status
    return HTTPStatus.BAD_REQUEST if isinstance(error, ValueError) else HTTPStatus.INTERNAL_SERVER_ERROR


def problem(status: int, detail: str, *, code: str, instance: str = "") -> bytes:
    """Return the body of a problem.

    Parameters
    ----------
    status : int
        HTTP status, 400-599.
    detail : str
        One sentence: what came, what was wanted.
    code : str
        Short name for programs; also makes the body a valid ``exception`` of OGC
        API Features.
    instance : str
        Path of the request; left out where empty.

    Returns
    -------
    bytes
        JSON, UTF-8.

    Examples
    --------
    >>> problem(404, "no layer x", code="UnknownLayer")
    b'{"type":"about:blank","title":"Not Found","status":404,"detail":"no layer x","code":"UnknownLayer"}'
    """
    members = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if instance:
        members["instance"] = instance
    return orjson.dumps(members)


def problem_of(error: TwinError, instance: str = "") -> tuple[int, bytes]:
    """Return the status and the problem that tell a caller about an error.

    Parameters
    ----------
    error : TwinError
        What was raised.
    instance : str
        Path of the request.

    Returns
    -------
    tuple of (int, bytes)
        The detail of a failure on our side names no file of ours.

    Examples
    --------
    >>> problem_of(DamagedLayerError("/srv/x.arrow is cut off"))[0]
    503
    """
    status = int(status_of(error))
    is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, UnreadableLayerError)
    detail = INTERNAL_DETAIL if is_ours else str(error)
    return status, problem(status, detail, code=type(error).__name__.removesuffix("Error"), instance=instance)
