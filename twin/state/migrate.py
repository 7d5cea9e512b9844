"""Bring the database of the live state to the newest revision."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from twin.errors import StorageError
from twin.state.schema import HEAD


def revision_of(connection: sa.Connection) -> str | None:
    """Return the revision a database stands at, None where it is empty.

    Parameters
    ----------
    connection : sqlalchemy.Connection

    Returns
    -------
    str or None
    """
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
    with engine.connect() as connection:
        current = revision_of(connection)
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
        if engine.dialect.name == "sqlite":
            # All or nothing, and one process at a time: who comes second finds the work done.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        if revision_of(connection) != HEAD:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
