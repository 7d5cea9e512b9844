"""Decisions and their edits are stored together, on databases old and new."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from twin.errors import StateConflictError, UnknownDecisionError
from twin.schema import LayerSchema
from twin.state import StateStore, migrate
from twin.state.decisions import (
    Change,
    Image,
    decision,
    decisions,
    later_decisions,
    settle_decisions,
    store_decision,
)
from twin.state.schema import HEAD, metadata

MIGRATIONS = Path(migrate.__file__).parent / "migrations"
SCHEMA = LayerSchema("address_base", "point")
CHANGE = Change("address_base", 7, Image({"text": "old"}, b"\x01"), Image({"text": "new"}, b"\x02"))


def store_of_first_revision(path: Path) -> str:
    """Make a live state as the first release made it, with one open edit, and return its URL."""
    url = f"sqlite:///{path}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE feature_edit (sequence INTEGER NOT NULL PRIMARY KEY, layer VARCHAR(64) NOT NULL, "
            "feature_id BIGINT NOT NULL, action VARCHAR(8) NOT NULL, properties BLOB, geometry BLOB, "
            "edited_at_ms BIGINT NOT NULL, author VARCHAR(128) NOT NULL, folded_into INTEGER)"
        )
        for statement in (
            "CREATE INDEX feature_edit_open ON feature_edit (layer, folded_into, sequence)",
            "CREATE TABLE feature_counter (layer VARCHAR(64) NOT NULL PRIMARY KEY, next_id BIGINT NOT NULL)",
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
            "INSERT INTO alembic_version VALUES ('0001')",
            "INSERT INTO feature_counter VALUES ('address_base', 9)",
            "INSERT INTO feature_edit VALUES (1, 'parts', 3, 'delete', NULL, NULL, 0, 'a', NULL)",
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()
    return url


def test_state_of_the_first_revision_is_upgraded_with_all_it_holds(tmp_path: Path) -> None:
    store = StateStore(store_of_first_revision(tmp_path / "live.db"))
    with store.reading() as connection:
        assert migrate.revision_of(connection) == HEAD == "0002"
        columns = {column["name"] for column in sa.inspect(connection).get_columns("feature_edit")}
    assert "decision_id" in columns
    assert store.sequence("parts") == 1
    assert store.new_feature_id("address_base", at_least=1) == 9
    store_decision(store, "merge", {"id": 7}, [CHANGE], author="a", expected={})
    assert store.sequence("address_base") > 0
    store.close()


def test_migrations_make_the_tables_that_the_program_declares(tmp_path: Path) -> None:
    store = StateStore.in_folder(tmp_path)
    with store.reading() as connection:
        inspector = sa.inspect(connection)
        for table in metadata.sorted_tables:
            made = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
            assert made == {column.name: column.nullable for column in table.columns}, table.name
    store.close()


def test_tables_are_plain_enough_for_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy has no types here
    for table in metadata.sorted_tables:
        text = str(CreateTable(table).compile(dialect=dialect))
        assert "BLOB" not in text
        assert "AUTOINCREMENT" not in text
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect)).startswith("CREATE INDEX")


def test_migrations_run_on_postgresql_as_sql(capsys: pytest.CaptureFixture[str]) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True})
    script = ScriptDirectory.from_config(config)
    with Operations.context(context):
        for revision in ("0001", "0002"):
            script.get_revision(revision).module.upgrade()
    said = capsys.readouterr().out
    assert "CREATE TABLE address_decision" in said
    assert "BIGSERIAL" in said
    assert "ALTER TABLE feature_edit ADD COLUMN decision_id BIGINT" in said


def test_decision_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    store = StateStore.in_folder(tmp_path)
    made = store_decision(store, "merge", {"id": 7, "into": 8}, [CHANGE], author="clerk", expected={})
    found = decision(store, made)
    assert (found.kind, found.author, found.payload) == ("merge", "clerk", {"id": 7, "into": 8})
    assert found.changes == (CHANGE,)
    assert [one.id for one in decisions(store)] == [made]
    edits = store.edits(SCHEMA)
    assert edits.feature_ids.tolist() == [7]
    assert edits.table is not None
    assert edits.table["text"].to_pylist() == ["new"]
    with pytest.raises(UnknownDecisionError, match="no decision 99"):
        decision(store, 99)
    store.close()


def test_stale_decision_stores_nothing_at_all(tmp_path: Path) -> None:
    store = StateStore.in_folder(tmp_path)
    store.put_feature("address_base", 1, {"text": "x"}, None, author="b")
    with pytest.raises(StateConflictError, match="somebody else"):
        store_decision(store, "merge", {"id": 7}, [CHANGE], author="a", expected={"address_base": 0})
    assert decisions(store) == ()
    assert store.edits(SCHEMA).feature_ids.tolist() == [1]
    store.close()


def test_decision_is_marked_undone_once_and_then_counts_no_more(tmp_path: Path) -> None:
    store = StateStore.in_folder(tmp_path)
    first = store_decision(store, "reject", {"pair": [1, 2]}, [], author="a", expected={})
    second = store_decision(store, "reject", {"pair": [1, 3]}, [], author="a", expected={})
    undoing = store_decision(store, "undo", {"undoes": first}, [], author="a", expected={}, undoes=first)
    assert decision(store, first).undone_by == undoing
    assert [one.id for one in decisions(store, only_in_force=True)] == [second]
    assert [one.id for one in later_decisions(store, first)] == [second]
    with pytest.raises(StateConflictError, match="undone already"):
        store_decision(store, "undo", {"undoes": first}, [], author="a", expected={}, undoes=first)
    assert len(decisions(store)) == 3
    store.close()


def test_settled_decisions_lie_over_the_layer_no_more_but_edits_of_people_do(tmp_path: Path) -> None:
    store = StateStore.in_folder(tmp_path)
    store_decision(store, "merge", {"id": 7}, [CHANGE], author="a", expected={})
    store.put_feature("address_base", 9, {"text": "x"}, None, author="b")
    settle_decisions(store, "address_base", 4)
    assert store.edits(SCHEMA).feature_ids.tolist() == [9]
    assert decision(store, 1).changes == (CHANGE,)
    store.close()
