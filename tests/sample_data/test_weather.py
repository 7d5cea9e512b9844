"""Rain and levels of the generator."""

from __future__ import annotations

import numpy as np

from sample_data.generator import weather


def test_most_of_the_week_is_dry_and_it_rains_hard_once() -> None:
    rain = weather.rain_mm_h()
    assert (rain == 0).mean() > 0.6
    assert rain.min() >= 0
    assert rain.max() > 20


def test_crest_passes_the_lower_gauge_after_the_upper_one() -> None:
    header, rows = weather.level_rows()
    level = {name: np.array([float(row[k]) for row in rows]) for k, name in enumerate(header) if k}
    assert level["W2"].argmax() > level["W1"].argmax() > level["W3"].argmax()


def test_river_falls_from_the_upper_to_the_lower_gauge() -> None:
    header, rows = weather.level_rows()
    assert all(float(row[header.index("W1")]) > float(row[header.index("W2")]) for row in rows)
