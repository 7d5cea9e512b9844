"""The demo: it takes only its own folder, finds a port, and its check can fail."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from api.demo import (
    MARKER_NAME,
    building_alone,
    fingerprint,
    free_port,
    prepare_folder,
    read_sources,
    sample_folder,
    wait_until_ready,
)
from api.demo_check import Examiner, SourceTruth, print_verdicts
from twin.errors import CityExistsError, StorageError


def test_every_answer_about_the_sample_county_is_right(
    lizhou_url: str, lizhou_folder: Path, tmp_path: Path
) -> None:
    examiner = Examiner(lizhou_url, SourceTruth(sample_folder()))
    examiner.ask_everything("丽州市")
    examiner.ask_command_line(lizhou_folder, tmp_path)
    wrong = [verdict for verdict in examiner.verdicts if not verdict.is_right]
    assert wrong == []
    assert len(examiner.verdicts) > 20


def test_check_finds_an_answer_that_the_sources_contradict(
    lizhou_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = shutil.copytree(sample_folder(), tmp_path / "sources")
    facilities = (other / "facilities.geojson").read_text(encoding="utf-8")
    assert '"hospital"' in facilities
    (other / "facilities.geojson").write_text(
        facilities.replace('"hospital"', '"clinic"', 1), encoding="utf-8"
    )
    examiner = Examiner(lizhou_url, SourceTruth(other))
    examiner.ask_everything("丽州市")
    wrong = [verdict.question for verdict in examiner.verdicts if not verdict.is_right]
    assert wrong == ["facilities of a class"]
    assert not print_verdicts(examiner.verdicts)
    assert "1 wrong" in capsys.readouterr().out


def test_folder_of_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("ten years of work")
    with pytest.raises(CityExistsError, match="choose another folder"):
        prepare_folder(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "ten years of work"


def test_unfinished_demo_city_is_made_anew_and_the_old_one_kept(tmp_path: Path) -> None:
    folder = tmp_path / "lizhou.city"
    assert not prepare_folder(folder)
    (folder / "notes.txt").write_text("mine")
    assert not prepare_folder(folder)
    assert not (folder / "notes.txt").exists()
    (aside,) = tmp_path.glob("lizhou.city.old-*")
    assert (aside / "notes.txt").read_text() == "mine"


def test_finished_demo_city_is_kept_until_its_sources_change(tmp_path: Path) -> None:
    folder = tmp_path / "lizhou.city"
    prepare_folder(folder)
    (folder / MARKER_NAME).write_text(fingerprint(sample_folder()))
    assert prepare_folder(folder)
    (folder / MARKER_NAME).write_text("of an older release")
    assert not prepare_folder(folder)


def test_second_demo_of_a_folder_being_built_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "lizhou.city"
    with (
        building_alone(folder),
        pytest.raises(StorageError, match="another twin demo"),
        building_alone(folder),
    ):
        pass
    with building_alone(folder):
        pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_killed_demo_takes_its_server_along(lizhou_folder: Path, number: signal.Signals) -> None:
    port = free_port(0)
    command = [sys.executable, "-m", "api.cli", "demo", "--city", str(lizhou_folder), "--port", str(port)]
    demo = subprocess.Popen([*command, "--no-browser"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until_ready(f"http://127.0.0.1:{port}/")
    demo.send_signal(number)
    assert demo.wait(timeout=30) == 128 + number
    assert free_port(port) == port


def test_taken_port_is_said_when_it_was_asked_for() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StorageError, match=str(port)):
            free_port(port)
    assert free_port(0) > 0


def test_first_sources_are_those_of_the_first_map() -> None:
    settings, sources = read_sources(sample_folder())
    assert settings["name"] == "丽州市"
    assert [source.kind for source in sources if source.stage == "first"] == ["osm", "divisions", "grid"]
    for source in sources:
        assert source.path.is_file(), source
