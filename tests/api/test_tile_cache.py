from __future__ import annotations

import asyncio

import pytest

from api.tile_cache import ENTRY_BYTES, PackedTile, TileCache


def test_tile_asked_by_many_at_once_is_encoded_once() -> None:
    async def run() -> tuple[int, set[bytes]]:
        cache, n_encoded = TileCache(10_000), 0
        gate = asyncio.Event()

        async def encode() -> PackedTile:
            nonlocal n_encoded
            n_encoded += 1
            await gate.wait()
            return PackedTile(b"tile")

        asked = [asyncio.create_task(cache.tile("key", encode)) for _ in range(20)]
        await asyncio.sleep(0)
        gate.set()
        tiles = await asyncio.gather(*asked)
        await cache.tile("key", encode)
        return n_encoded, {tile.packed for tile in tiles}

    assert asyncio.run(run()) == (1, {b"tile"})


def test_caller_who_goes_away_does_not_take_the_tile_from_the_others() -> None:
    async def run() -> bytes:
        cache, gate = TileCache(10_000), asyncio.Event()

        async def encode() -> PackedTile:
            await gate.wait()
            return PackedTile(b"tile")

        first = asyncio.create_task(cache.tile("key", encode))
        second = asyncio.create_task(cache.tile("key", encode))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await first
        return (await second).packed

    assert asyncio.run(run()) == b"tile"


def test_failure_is_told_to_all_and_not_kept() -> None:
    async def run() -> bytes:
        cache = TileCache(10_000)

        async def fail() -> PackedTile:
            raise OSError("gone")

        async def encode() -> PackedTile:
            return PackedTile(b"tile")

        failed = await asyncio.gather(cache.tile("k", fail), cache.tile("k", fail), return_exceptions=True)
        assert [type(one) for one in failed] == [OSError, OSError]
        return (await cache.tile("k", encode)).packed

    assert asyncio.run(run()) == b"tile"


def test_least_recently_asked_tiles_make_room() -> None:
    async def run() -> list[str]:
        cache = TileCache(3 * (ENTRY_BYTES + 100))
        encoded = []

        async def ask(key: str) -> None:
            async def encode() -> PackedTile:
                encoded.append(key)
                return PackedTile(b"x" * 100)

            await cache.tile(key, encode)

        for key in ("a", "b", "c", "a", "d", "a", "b"):
            await ask(key)
        assert len(cache) == 3
        return encoded

    assert asyncio.run(run()) == ["a", "b", "c", "d", "b"]


def test_cache_without_room_still_answers() -> None:
    async def run() -> bytes:
        async def encode() -> PackedTile:
            return PackedTile(b"tile")

        return (await TileCache(0).tile("key", encode)).packed

    assert asyncio.run(run()) == b"tile"
