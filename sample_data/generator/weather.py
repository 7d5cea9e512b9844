"""Rain and river levels of the week of the storm."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sample_data.generator.frame import stream
from sample_data.generator.incidents import BEIJING
from sample_data.generator.river import rivers

Floats = NDArray[np.float64]

WEEK_START = datetime(2024, 6, 10, tzinfo=BEIJING)
RAIN_STEP_MIN = 5
N_STEPS = 7 * 24 * 60 // RAIN_STEP_MIN
RAIN_GAUGES = (
    ("R1", "古城雨量站", 180.0, 700.0),
    ("R2", "溪南雨量站", 900.0, -2400.0),
    ("R3", "梅溪雨量站", 200.0, 6300.0),
    ("R4", "石门雨量站", -5200.0, 5200.0),
    ("R5", "南坑雨量站", -3500.0, -6800.0),
)
_STORMS_H = ((52.0, 9.0, 6.0), (66.5, 1.6, 58.0), (90.0, 5.0, 14.0), (98.0, 2.2, 31.0))
"""Hours after the start of the week, length in hours and peak in mm/h of each storm."""


def _level_gauges() -> tuple[tuple[str, str, Floats, float], ...]:
    """Return id, name, place and usual level of the river gauges."""
    main, branch = rivers()[0], rivers()[1]
    at = [len(main.points) * k // 100 for k in (36, 55)]
    spots = [
        ("W1", "丽溪西关水位站", main, at[0]),
        ("W2", "丽溪大桥水位站", main, at[1]),
        ("W3", "梅溪水位站", branch, len(branch.points) * 3 // 4),
    ]
    return tuple((key, name, river.points[k], float(river.level_m[k])) for key, name, river, k in spots)


@cache
def rain_mm_h() -> Floats:
    """Return rain at each gauge, mm/h, shape (n_steps, n_gauges)."""
    rng = stream("rain")
    hours = np.arange(N_STEPS) * RAIN_STEP_MIN / 60
    columns = []
    for _, _, x, y in RAIN_GAUGES:
        late_h = (x + 5000) / 9000 * 0.4
        total = np.zeros(N_STEPS)
        for start, length, peak in _STORMS_H:
            at = (hours - start - late_h) / length
            shape = np.where(
                (at > 0) & (at < 1), np.clip(at, 0, 1) ** 0.8 * np.clip(1 - at, 0, 1) ** 1.6 * 3.4, 0
            )
            total += peak * shape * rng.uniform(0.75, 1.2) * (1.15 if y > 4000 else 1.0)
        gusts = np.exp(0.45 * ndimage.gaussian_filter1d(rng.normal(0, 2.2, N_STEPS), 1.5))
        columns.append(np.round(total * gusts, 1))
    return np.column_stack(columns)


def rain_rows() -> tuple[list[str], list[list[Any]]]:
    """Return header and rows: time, mm/h at each gauge."""
    times = [
        (WEEK_START + timedelta(minutes=RAIN_STEP_MIN * k)).isoformat(timespec="minutes")
        for k in range(N_STEPS)
    ]
    rows = [[time, *(f"{value:g}" for value in row)] for time, row in zip(times, rain_mm_h(), strict=True)]
    return ["time", *(gauge[0] for gauge in RAIN_GAUGES)], rows


def level_rows() -> tuple[list[str], list[list[Any]]]:
    """Return header and rows: time, water level in m at each river gauge, every 10 minutes."""
    rain = rain_mm_h().mean(axis=1)
    gauges = _level_gauges()
    columns = []
    for k, (_, _, _, usual) in enumerate(gauges):
        delay_h, gain_m = ((5.0, 0.014), (6.5, 0.013), (2.5, 0.016))[k]
        store_h = np.arange(0, 40, RAIN_STEP_MIN / 60)
        response = (store_h / delay_h) * np.exp(1 - store_h / delay_h)
        rise = np.convolve(rain, response, "full")[:N_STEPS] * gain_m * RAIN_STEP_MIN / 60 * 4
        columns.append(
            usual + rise + 0.01 * ndimage.gaussian_filter1d(stream(f"level {k}").normal(0, 3, N_STEPS), 4)
        )
    table = np.round(np.column_stack(columns), 2)[::2]
    times = [
        (WEEK_START + timedelta(minutes=10 * k)).isoformat(timespec="minutes") for k in range(len(table))
    ]
    return ["time", *(gauge[0] for gauge in gauges)], [
        [t, *(f"{v:.2f}" for v in row)] for t, row in zip(times, table, strict=True)
    ]


def gauge_points() -> tuple[Floats, list[dict[str, Any]]]:
    """Return local x, y and properties of rain and level gauges."""
    spots = [(x, y) for _, _, x, y in RAIN_GAUGES] + [tuple(point) for _, _, point, _ in _level_gauges()]
    rows: list[dict[str, Any]] = [
        {"gauge_id": key, "name": name, "class": "rain", "unit": "mm/h"} for key, name, _, _ in RAIN_GAUGES
    ]
    rows += [
        {"gauge_id": key, "name": name, "class": "water_level", "unit": "m"}
        for key, name, _, _ in _level_gauges()
    ]
    return np.array(spots), rows
