"""The board of a long command: what the folder tells a server, what the screen tells a person."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import click
import pytest

from api import progress
from api.progress import PROGRESS_NAME, ProgressBoard, read_progress

KILLED_IN_A_STEP = """
import os, signal, sys
from pathlib import Path
from api.progress import ProgressBoard
with ProgressBoard(Path(sys.argv[1]), ("roads", "water")) as board, board.step("roads", total=4) as advance:
    advance(3)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def states(folder: Path) -> list[tuple[str, str]]:
    return [(str(step["title"]), str(step["state"])) for step in read_progress(folder)]


def test_steps_wait_run_and_end_in_the_order_they_were_announced(tmp_path: Path) -> None:
    with ProgressBoard(tmp_path, ("roads", "water")) as board:
        assert states(tmp_path) == [("roads", "waiting"), ("water", "waiting")]
        with board.step("roads"):
            assert states(tmp_path) == [("roads", "running"), ("water", "waiting")]
        with board.step("tiles"):
            assert states(tmp_path) == [("roads", "done"), ("water", "waiting"), ("tiles", "running")]
    assert read_progress(tmp_path) == []


def test_pieces_done_are_told_and_a_total_may_come_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "WRITTEN_EVERY_S", 0.0)
    with ProgressBoard(tmp_path) as board, board.step("tiles") as advance:
        advance(3, 12)
        assert read_progress(tmp_path) == [{"title": "tiles", "state": "running", "done": 3, "total": 12}]
        advance(4)
        assert read_progress(tmp_path) == [{"title": "tiles", "state": "running", "done": 4, "total": 12}]


def test_failed_step_stays_to_be_seen_until_the_next_command(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="no water"),
        ProgressBoard(tmp_path, ("water", "tiles")) as board,
        board.step("water"),
    ):
        raise RuntimeError("no water")
    assert states(tmp_path) == [("water", "failed")]
    with ProgressBoard(tmp_path) as board, board.step("tiles"):
        assert states(tmp_path) == [("tiles", "running")]
    assert read_progress(tmp_path) == []


def test_step_of_a_killed_command_has_failed(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED_IN_A_STEP, str(tmp_path)], check=False)
    assert (tmp_path / PROGRESS_NAME).exists()
    assert states(tmp_path) == [("roads", "failed")]


def test_second_command_leaves_the_board_to_the_first(tmp_path: Path) -> None:
    with ProgressBoard(tmp_path) as first, first.step("build"):
        with ProgressBoard(tmp_path) as second, second.step("import"):
            assert states(tmp_path) == [("build", "running")]
        assert states(tmp_path) == [("build", "running")]


def test_folder_that_takes_no_file_stops_nothing(tmp_path: Path) -> None:
    with ProgressBoard(tmp_path) as board, board.step("tiles"):
        (tmp_path / PROGRESS_NAME).unlink()
        (tmp_path / PROGRESS_NAME).mkdir()
        (tmp_path / PROGRESS_NAME / "in the way").touch()
    assert board.steps[0].state == "done"


def test_missing_folder_stops_nothing(tmp_path: Path) -> None:
    with ProgressBoard(tmp_path / "missing") as board, board.step("tiles"):
        pass
    assert board.steps[0].state == "done"


@pytest.mark.parametrize("content", ["", "[{", "not json"])
def test_unreadable_progress_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / PROGRESS_NAME).write_text(content)
    assert read_progress(tmp_path) == []


def test_long_step_is_shown_as_two_lines_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    announced = threading.Event()

    def echo(text: str, *, err: bool) -> None:
        assert err
        lines.append(text)
        announced.set()

    monkeypatch.setattr(progress, "SHOWN_AFTER_S", 0.0)
    monkeypatch.setattr(click, "echo", echo)
    with ProgressBoard(None) as board, board.step("道路"):
        assert announced.wait(timeout=10)
    assert lines[0] == "道路 ..."
    assert lines[1].startswith("道路: ")
    assert lines[1].endswith(" s")


def test_short_step_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with ProgressBoard(None) as board, board.step("道路", total=1) as advance:
        advance(1)
    assert capfd.readouterr() == ("", "")


def test_file_is_json_for_any_reader(tmp_path: Path) -> None:
    with ProgressBoard(tmp_path, ("水面",)):
        text = (tmp_path / PROGRESS_NAME).read_text(encoding="utf-8")
    assert json.loads(text) == [{"title": "水面", "state": "waiting", "done": 0, "total": 0}]
