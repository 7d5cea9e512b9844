"""The state store: edits add up, survive a restart, and are on disk when acknowledged."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from twin.errors import StateConflictError, StorageError
from twin.schema import DECLARED
from twin.state import FeatureChange, StateStore
from twin.state.schema import HEAD, metadata

PARTS = DECLARED["parts"]
HERE = shapely.to_wkb(shapely.Point(120.04, 28.89))


@pytest.fixture
def state(tmp_path: Path) -> StateStore:
    store = StateStore.in_folder(tmp_path)
    yield store
    store.close()


def test_layer_without_edits_reads_as_its_version(state: StateStore) -> None:
    assert state.edits(PARTS).is_empty
    assert state.sequence("parts") == 0


def test_the_newest_edit_of_a_feature_counts(state: StateStore) -> None:
    state.put_feature("parts", 5, {"part_id": "P5", "class": "井盖"}, HERE, author="a")
    state.put_feature("parts", 7, {"part_id": "P7", "class": "路灯"}, None, author="a")
    last = state.put_feature("parts", 5, {"part_id": "P5", "class": "消火栓"}, HERE, author="b")
    edits = state.edits(PARTS)
    assert edits.sequence == last
    assert edits.hidden_ids.tolist() == [5, 7]
    assert dict(zip(edits.feature_ids.tolist(), edits.table["class"].to_pylist(), strict=True)) == {
        5: "消火栓",
        7: "路灯",
    }
    assert dict(zip(edits.feature_ids.tolist(), edits.table["geometry"].to_pylist(), strict=True)) == {
        5: HERE,
        7: None,
    }


def test_deleted_feature_is_hidden_and_has_no_row(state: StateStore) -> None:
    state.put_feature("parts", 5, {"part_id": "P5"}, HERE, author="a")
    state.delete_feature("parts", 5, author="a")
    edits = state.edits(PARTS)
    assert edits.hidden_ids.tolist() == [5]
    assert edits.table is None


def test_edits_of_one_layer_leave_another_alone(state: StateStore) -> None:
    state.delete_feature("parts", 5, author="a")
    assert state.edits(DECLARED["pois"]).is_empty


def test_types_of_the_layer_are_kept(state: StateStore) -> None:
    reported = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    state.put_feature(
        "incidents", 1, {"incident_id": "E1", "reported_at": reported, "extra": 3}, HERE, author="a"
    )
    table = state.edits(DECLARED["incidents"]).table
    assert table["reported_at"].to_pylist() == [reported]
    assert table["extra"].to_pylist() == ["3"]


def test_folded_edits_are_done_and_later_ones_stay(state: StateStore) -> None:
    first = state.delete_feature("parts", 5, author="a")
    state.delete_feature("parts", 6, author="a")
    state.mark_folded("parts", up_to=first, version=2)
    assert state.edits(PARTS).hidden_ids.tolist() == [6]


def test_new_ids_are_never_given_twice(state: StateStore) -> None:
    ids = [state.new_feature_id("parts", at_least=floor) for floor in (10, 10, 5, 20, 1)]
    assert ids == [10, 11, 12, 20, 21]


def test_a_run_of_new_ids_is_taken_whole(state: StateStore) -> None:
    assert state.new_feature_id("parts", at_least=10, count=5) == 10
    assert state.new_feature_id("parts", at_least=10) == 15


def test_edits_survive_a_restart(tmp_path: Path) -> None:
    first = StateStore.in_folder(tmp_path)
    first.delete_feature("parts", 5, author="a")
    first.close()
    second = StateStore.in_folder(tmp_path)
    np.testing.assert_array_equal(second.edits(PARTS).hidden_ids, [5])
    second.close()


def test_migrations_end_at_head_and_make_exactly_the_declared_tables(tmp_path: Path) -> None:
    StateStore.in_folder(tmp_path).close()
    config = Config()
    config.set_main_option("script_location", "twin/state/migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'live.db'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


KILLED_IN_MIGRATION = """
import os, sys
from pathlib import Path
from alembic import op
from twin.state import FeatureChange, StateStore
op.create_index = lambda *_, **__: os._exit(9)
StateStore.in_folder(Path(sys.argv[1]))
"""


def test_state_killed_in_its_first_migration_opens_again(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED_IN_MIGRATION, str(tmp_path)], check=False)
    assert killed.returncode == 9
    state = StateStore.in_folder(tmp_path)
    assert state.edits(PARTS).is_empty
    state.close()


def test_processes_that_first_open_a_city_together_all_can(tmp_path: Path) -> None:
    opening = "import sys, pathlib, twin.state as s; s.StateStore.in_folder(pathlib.Path(sys.argv[1]))"
    for round_ in range(2):
        folder = tmp_path / str(round_)
        folder.mkdir()
        together = [subprocess.Popen([sys.executable, "-c", opening, str(folder)]) for _ in range(4)]
        assert [process.wait() for process in together] == [0, 0, 0, 0]


def test_state_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    StateStore.in_folder(tmp_path).close()
    with sqlite3.connect(tmp_path / "live.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StorageError, match="newer citytwin"):
        StateStore.in_folder(tmp_path)


def test_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "live.db").write_bytes(b"not a database, but somebody's notes" * 100)
    with pytest.raises(StorageError, match=r"live\.db"):
        StateStore.in_folder(tmp_path)
    assert (tmp_path / "live.db").read_bytes().startswith(b"not a database")


WRITER = """
import sys
from pathlib import Path
from twin.state import FeatureChange, StateStore
state = StateStore.in_folder(Path(sys.argv[1]))
for feature_id in range(1, 100_000):
    state.delete_feature("parts", feature_id, author="a")
    print(feature_id, flush=True)
"""


def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    StateStore.in_folder(tmp_path).close()
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        acknowledged = [int(writer.stdout.readline()) for _ in range(40)][-1]
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().split("\n")[:-1]
        acknowledged = int(rest[-1]) if rest else acknowledged
        writer.stdout.close()
        writer.wait()
        state = StateStore.in_folder(tmp_path)
        assert set(range(1, acknowledged + 1)) <= set(state.edits(PARTS).hidden_ids.tolist())
        state.close()


def test_full_disk_leaves_the_state_as_it_was(tmp_path: Path) -> None:
    state = StateStore.in_folder(tmp_path)
    state.delete_feature("parts", 1, author="a")
    state.close()
    # SQLite's own page limit stands in for a full disk: it raises the same SQLITE_FULL.
    full = StateStore(f"sqlite:///{tmp_path / 'live.db'}")
    sa.event.listen(
        full._engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=1")
    )
    full._engine.dispose()
    with pytest.raises(StorageError, match="stands as before"):
        full.put_feature("parts", 2, {"part_id": "x" * 1_000_000}, HERE, author="a")
    full.close()
    again = StateStore.in_folder(tmp_path)
    assert again.edits(PARTS).hidden_ids.tolist() == [1]
    again.close()


def test_several_changes_are_stored_whole_or_not_at_all(state: StateStore) -> None:
    changes = [
        FeatureChange(1, "was", {"part_id": "1"}, HERE),
        FeatureChange(1, "put", {"part_id": "one"}, HERE),
        FeatureChange(2, "delete"),
    ]
    last = state.change_features("parts", changes, author="a", expected_sequence=0)
    assert last == state.sequence("parts") == 3
    edits = state.edits(PARTS)
    assert edits.hidden_ids.tolist() == [1, 2]
    assert edits.table["part_id"].to_pylist() == ["one"]
    with pytest.raises(StateConflictError, match="edit 3, expected 0"):
        state.change_features("parts", changes, author="b", expected_sequence=0)
    broken = [FeatureChange(4, "put", {"part_id": "4"}, HERE), FeatureChange(None, "put", {}, HERE)]  # type: ignore[arg-type]  # no id
    with pytest.raises(sa.exc.IntegrityError):
        state.change_features("parts", broken, author="a")
    assert state.sequence("parts") == 3
    assert state.change_features("parts", [], author="a") == 0


def test_history_tells_who_did_what_and_which_version_holds_it(state: StateStore) -> None:
    state.put_feature("parts", 1, {"part_id": "1"}, HERE, author="甲")
    state.put_feature("parts", 2, {"part_id": "2"}, HERE, author="甲")
    state.mark_folded("parts", up_to=2, version=7)
    state.delete_feature("parts", 1, author="乙")
    assert [(edit.action, edit.author, edit.folded_into) for edit in state.history("parts", 1)] == [
        ("put", "甲", 7),
        ("delete", "乙", None),
    ]
    assert [edit.feature_id for edit in state.history("parts")] == [1, 2, 1]
    (alone,) = state.history("parts", only_open=True)
    assert alone.geometry_wkb is None
    assert state.history("parts", 2)[0].properties == {"part_id": "2"}
    assert abs((datetime.now(UTC) - alone.edited_at).total_seconds()) < 60
