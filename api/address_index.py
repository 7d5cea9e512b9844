"""What finds addresses, written beside them: the next process maps it instead of making it."""

from __future__ import annotations

from twin.addresses.aliases import ALIASES
from twin.addresses.base import ADDRESS_BASE, ADDRESSES
from twin.addresses.book import AddressBook
from twin.addresses.book_file import book_path, store_book
from twin.city import City

FOUND_BY = frozenset({ADDRESSES, ADDRESS_BASE, ALIASES, "divisions"})
"""Layers that the finder of addresses is made of."""


def store_address_index(city: City) -> None:
    """Save the book and the names of the present address base where they are not yet, and drop earlier ones.

    Parameters
    ----------
    city : City
        Its write lock must be held.

    Raises
    ------
    StorageError
        If the book cannot be written.
    """
    keep = book_path(city.path, city.layer(ADDRESS_BASE)) if city.has_layer(ADDRESS_BASE) else None
    if keep is not None:
        if not keep.exists():
            keep.parent.mkdir(exist_ok=True)
            store_book(AddressBook.from_view(city.layer(ADDRESS_BASE)), keep)
        city.address_finder()  # stores its index of names
    for older in (city.path / "search").glob("book-*.arrow*"):
        if older != keep:
            older.unlink(missing_ok=True)
