from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from api.ask import Ask
from api.pages import FOLDERS, INDEX, PageShelf
from twin.errors import UnknownPageError


def ask(**headers: str) -> Ask:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Ask.of({"path": "/pages/x", "query_string": b"", "headers": raw})


@pytest.fixture
def shelf(tmp_path: Path) -> PageShelf:
    folder = tmp_path / "pages"
    (folder / "js").mkdir(parents=True)
    (folder / "map.html").write_text("<!doctype html>" + "x" * 5000)
    (folder / "js" / "main.mjs").write_text("export const a = 1;")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret.txt")
    return PageShelf({"pages": folder})


def test_file_is_sent_plain_or_gzipped_with_its_type(shelf: PageShelf) -> None:
    plain = shelf.answer(ask(), "pages", "map.html")
    packed = shelf.answer(ask(accept_encoding="gzip"), "pages", "map.html")
    assert gzip.decompress(packed.body) == plain.body
    assert plain.headers["content-type"] == "text/html; charset=utf-8"
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "accept-encoding"
    assert plain.headers["etag"] != packed.headers["etag"]
    assert shelf.answer(ask(), "pages", "js/main.mjs").headers["content-type"].startswith("text/javascript")


def test_page_may_reach_its_own_host_alone(shelf: PageShelf) -> None:
    policy = shelf.answer(ask(), "pages", "map.html").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "*" not in policy


@pytest.mark.parametrize(
    "name", ["../secret.txt", "js/../../secret.txt", "/etc/passwd", "link", "js", "", "no.js"]
)
def test_nothing_outside_the_folder_is_sent(shelf: PageShelf, name: str) -> None:
    with pytest.raises(UnknownPageError):
        shelf.answer(ask(), "pages", name)


def test_who_holds_the_file_gets_304_until_it_changes(shelf: PageShelf, tmp_path: Path) -> None:
    tag = shelf.answer(ask(), "pages", "map.html").headers["etag"]
    assert shelf.answer(ask(if_none_match=tag), "pages", "map.html").status_code == 304
    (tmp_path / "pages" / "map.html").write_text("changed")
    assert shelf.answer(ask(if_none_match=tag), "pages", "map.html").status_code == 200


def test_project_has_its_map_page_and_it_names_no_foreign_host() -> None:
    page = PageShelf().answer(ask(), "pages", INDEX).body.decode()
    assert "<!doctype html>" in page.lower()
    for path in FOLDERS["pages"].rglob("*"):
        if path.suffix in {".html", ".js", ".css"}:
            text = path.read_text(encoding="utf-8")
            assert "https://" not in text, path.name
            assert '"//' not in text, path.name
