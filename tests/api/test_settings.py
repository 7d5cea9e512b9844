from __future__ import annotations

import pytest
from pydantic import ValidationError

from api.settings import Settings


def test_origins_come_comma_separated_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYTWIN_CORS_ORIGINS", "https://a.example/, https://b.example,")
    assert Settings().cors_origins == ("https://a.example", "https://b.example")


def test_nothing_is_public_or_shared_by_default() -> None:
    settings = Settings()
    assert settings.public is False
    assert settings.cors_origins == ()
    assert settings.max_age_s == 0


def test_other_variables_with_the_prefix_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYTWIN_REFERENCE_DATA", "anywhere")
    assert Settings().public is False


def test_negative_age_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings(max_age_s=-1)


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(ValidationError):
        Settings().public = True  # type: ignore[misc]
