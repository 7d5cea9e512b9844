"""What a deployment may set, each from one environment variable ``CITYTWIN_...``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of the HTTP service (服务设置).

    Parameters
    ----------
    public : bool
        Answer on addresses other than this machine's own. Until sign-in exists
        everybody who reaches the port reads everything, so it must be said.
    cors_origins : tuple of str
        Origins whose pages may read answers, comma separated in the environment;
        empty means the service's own pages alone, ``*`` means every page.
    max_age_s : int
        Seconds for which a browser may reuse an answer without asking again, s;
        0 makes it ask every time, which costs one empty 304.
    tile_cache_mb : int
        Memory for encoded tiles in each worker process, MB.

    Examples
    --------
    >>> Settings(cors_origins="https://a.example, https://b.example").cors_origins
    ('https://a.example', 'https://b.example')
    """

    model_config = SettingsConfigDict(env_prefix="CITYTWIN_", frozen=True)

    public: bool = False
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    max_age_s: int = Field(default=0, ge=0)
    tile_cache_mb: int = Field(default=64, ge=0)

    @field_validator("cors_origins", mode="before")
    @classmethod
    def split_origins(cls, came: object) -> object:
        """Return a comma-separated text as a tuple of origins; anything else as it is.

        Parameters
        ----------
        came : object
            What the environment or the caller gave.

        Returns
        -------
        object
            A tuple of str where ``came`` was text.
        """
        if isinstance(came, str):
            return tuple(origin for part in came.split(",") if (origin := part.strip().rstrip("/")))
        return came
