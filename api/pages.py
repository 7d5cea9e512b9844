"""The map page and the browser libraries: the files of ``api/pages`` and ``api/vendor``, nothing else."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from api.answer import Answer, fresh, fresh_gzip, not_modified
from api.ask import Ask
from api.compression import WORTH_GZIP_BYTES, gzipped
from api.etag import entity_tag
from twin.errors import UnknownPageError

HERE = Path(__file__).parent
FOLDERS = {"pages": HERE / "pages", "vendor": HERE / "vendor"}
INDEX = "index.html"
_TYPES = {
    ".mjs": "text/javascript; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
_PACKED_ALREADY = {".png", ".jpg", ".webp", ".woff2", ".gz", ".ico"}

# The browser itself refuses any request to another host. MapLibre runs its worker from a blob.
_RULES = (
    b"default-src 'self'; worker-src 'self' blob:; img-src 'self' data: blob:; "
    b"style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
)
POLICY = (b"content-security-policy", _RULES)
_GUARDS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


@dataclass(frozen=True, slots=True)
class _Page:
    """One file as it was read."""

    stamp: tuple[int, int]
    body: bytes
    packed: bytes
    media_type: str
    tag: str
    packed_tag: str


class PageShelf:
    """Static files held in memory, plain and gzipped; read anew when a file changes.

    Parameters
    ----------
    folders : mapping of str to Path, optional
        Folder of each first path element.
    """

    def __init__(self, folders: dict[str, Path] | None = None) -> None:
        self._folders = FOLDERS if folders is None else folders
        self._pages: dict[Path, _Page] = {}

    def answer(self, ask: Ask, room: str, name: str, *extra: tuple[bytes, bytes]) -> Answer:
        """Return one file.

        Parameters
        ----------
        ask : Ask
            The question.
        room : str
            ``pages`` or ``vendor``.
        name : str
            Path within the folder.
        *extra : tuple of (bytes, bytes)
            Further headers.

        Returns
        -------
        Answer

        Raises
        ------
        UnknownPageError
            If there is no such file inside the folder.
        """
        page = self._page(room, name)
        is_packed = ask.takes_gzip and bool(page.packed)
        tag = page.packed_tag if is_packed else page.tag
        if ask.holds(tag):
            return not_modified(tag, extra=extra)
        headers = (*_GUARDS, *extra)
        if page.media_type.startswith("text/html"):
            headers = (*headers, POLICY)
        if is_packed:
            return fresh_gzip(page.packed, page.media_type, tag=tag, extra=headers)
        return fresh(ask, page.body, page.media_type, tag=tag, extra=headers)

    def _page(self, room: str, name: str) -> _Page:
        folder = self._folders[room].resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            raise UnknownPageError(f"there is no file {room}/{name}")
        state = path.stat()
        stamp = (state.st_mtime_ns, state.st_size)
        held = self._pages.get(path)
        if held is None or held.stamp != stamp:
            held = self._pages[path] = _read(path, stamp)
        return held


def _read(path: Path, stamp: tuple[int, int]) -> _Page:
    body = path.read_bytes()
    suffix = path.suffix.lower()
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    is_worth = len(body) >= WORTH_GZIP_BYTES and suffix not in _PACKED_ALREADY
    packed = gzipped(body) if is_worth else b""
    return _Page(stamp, body, packed, media_type, entity_tag(body), entity_tag(body, "gzip"))
