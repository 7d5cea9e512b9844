"""Colours of the base map by day and by night."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Theme = Literal["day", "night"]


@dataclass(frozen=True, slots=True)
class Palette:
    """One theme: few colours, low contrast on the ground, text that reads on all of it.

    Attributes are CSS colours. ``land`` and ``roads`` go by the groups of the style.
    """

    background: str
    land: dict[str, str]
    water: str
    water_text: str
    building: str
    building_edge: str
    building_wall: str
    roads: dict[str, tuple[str, str]]
    """Fill and casing of each road group."""
    tunnel: str
    path: str
    rail: str
    rail_gap: str
    boundary: str
    grid: str
    text: str
    text_minor: str
    green_text: str
    halo: str
    points: dict[str, str] = field(default_factory=dict)
    """Dots by subject."""


_POINTS_DAY = {
    "fire": "#d9482b", "health": "#d6336c", "police": "#2f6fc4", "shelter": "#2b8a57", "education": "#b7791f",
    "water": "#1f86b8", "food": "#e07b39", "shop": "#8a63c7", "transport": "#3d7bb8", "leisure": "#4f9a52",
    "office": "#6c7684", "signal": "#d9534f", "part": "#7a8794", "address": "#9a8f7f", "incident": "#d9482b",
    "done": "#8fa39a", "busy": "#e3a008", "other": "#7f868f",
}  # fmt: skip

DAY = Palette(
    background="#f5f3ee",
    land={
        "settlement": "#f0ede6", "business": "#f4ece4", "industry": "#ecebf0", "field": "#f1f0de",
        "wood": "#d3e5c8", "grass": "#deecd0", "park": "#cfe8c2", "sport": "#c8e4cc", "education": "#f3eddc",
        "health": "#f8e6e3", "bare": "#ece6da", "paved": "#ebeae7", "wet": "#d6e8e0",
    },
    water="#a8d0ec",
    water_text="#3f7ea8",
    building="#e6e0d6",
    building_edge="#d2cabd",
    building_wall="#ddd7cc",
    roads={
        "trunk": ("#f7c27c", "#dd9c52"), "primary": ("#fbd98f", "#dfb566"),
        "secondary": ("#fdeebf", "#d9c48e"),
        "tertiary": ("#ffffff", "#cfc8ba"), "street": ("#ffffff", "#d8d2c7"), "lane": ("#ffffff", "#dfdad0"),
    },
    tunnel="#efebe3",
    path="#c2b59f",
    rail="#a9a59e",
    rail_gap="#f7f5f1",
    boundary="#8a7ba6",
    grid="#3f9a94",
    text="#33383e",
    text_minor="#5c6269",
    green_text="#4c7c47",
    halo="rgba(255,255,255,0.92)",
    points=_POINTS_DAY,
)  # fmt: skip

NIGHT = Palette(
    background="#14181f",
    land={
        "settlement": "#181c24", "business": "#1c1d25", "industry": "#1a1c28", "field": "#181d1e",
        "wood": "#15231f", "grass": "#172420", "park": "#182a22", "sport": "#172a27", "education": "#1d1e22",
        "health": "#221c23", "bare": "#1a1d21", "paved": "#1b1f26", "wet": "#152426",
    },
    water="#0e2a42",
    water_text="#5f9cc8",
    building="#212733",
    building_edge="#2c3443",
    building_wall="#2a3240",
    roads={
        "trunk": ("#8a6a3c", "#4a3a24"), "primary": ("#6f5b3c", "#3d3424"),
        "secondary": ("#4f4b42", "#2a2a2a"),
        "tertiary": ("#3a424f", "#20262f"), "street": ("#303845", "#1e242d"), "lane": ("#2a313d", "#1c222a"),
    },
    tunnel="#1c222b",
    path="#3b4250",
    rail="#4a5261",
    rail_gap="#1a1f27",
    boundary="#9a8bc0",
    grid="#3fa39b",
    text="#d5dae2",
    text_minor="#9aa3b0",
    green_text="#7fb083",
    halo="rgba(15,19,26,0.9)",
    points=_POINTS_DAY | {"address": "#8d8577", "part": "#8793a1", "other": "#8d949d"},
)  # fmt: skip

THEMES: dict[str, Palette] = {"day": DAY, "night": NIGHT}
"""Palettes by name."""
