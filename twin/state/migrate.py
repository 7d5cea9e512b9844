"""Bring the database of the live state to the newest revision."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from twin.errors import StorageError
from twin.state.schema import HEAD


def revision_of(engine: sa.Engine) -> str | None:
    """Return the revision a database stands at, None where it is empty.

    Parameters
    ----------
    engine : sqlalchemy.Engine

    Returns
    -------
    str or None
    """
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return revision


def to_head(engine: sa.Engine) -> None:
    """Run the migrations that a database still lacks; alembic is loaded only when there are any.

    Parameters
    ----------
    engine : sqlalchemy.Engine

    Raises
    ------
    StorageError
        If the database is of a revision that this program does not know.
    """
    current = revision_of(engine)
    if current == HEAD:
        return
    if current is not None and current > HEAD:
        raise StorageError(
            f"the live state is at revision {current}, this citytwin knows {HEAD}: use a newer citytwin"
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
