from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from api.metrics import BUCKETS_S, Meter


def samples(text: bytes) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("le", "")): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_requests_are_counted_in_the_bucket_of_their_time() -> None:
    meter = Meter()
    meter.record("/healthz", 200, 0.004)
    meter.record("/healthz", 200, 0.2)
    found = samples(meter.exposition())
    assert found["citytwin_request_seconds_count", ""] == 2
    assert found["citytwin_request_seconds_bucket", "0.0025"] == 0
    assert found["citytwin_request_seconds_bucket", "0.005"] == 1
    assert found["citytwin_request_seconds_bucket", "+Inf"] == 2
    assert abs(found["citytwin_request_seconds_sum", ""] - 0.204) < 1e-9
    assert list(BUCKETS_S) == sorted(BUCKETS_S)


def test_counts_of_several_processes_add_up(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from api.metrics import Meter; folder = Path(sys.argv[1]);"
        "meter = Meter(folder); meter.record('/healthz', 200, 0.001); print(meter.exposition().decode())"
    )
    root = Path(__file__).resolve().parents[2]
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PATH": ""}
    said = ""
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            cwd=root,
            env=environment,
            capture_output=True,
            check=True,
            text=True,
        )
        said = run.stdout
    assert samples(said.encode())["citytwin_request_seconds_count", ""] == 2
