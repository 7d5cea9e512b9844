"""Who asks, and what part of the city they may see."""

from __future__ import annotations

from starlette.types import Scope as Connection

from twin.scope import WHOLE_CITY, Scope


def caller_scope(connection: Connection) -> Scope:  # noqa: ARG001 -- the session of a signed-in caller will be in it
    """Return the scope of whoever sent the request (查看范围).

    The one place where a request becomes a scope: every endpoint reads the city
    through what this returns. Without sign-in everyone on this machine sees the
    whole city, which is why ``api.server`` refuses other addresses by default.

    Parameters
    ----------
    connection : dict
        The ASGI connection of the request.

    Returns
    -------
    Scope

    Examples
    --------
    >>> caller_scope({"type": "http"}).is_whole_city
    True
    """
    return WHOLE_CITY
