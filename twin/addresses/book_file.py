"""The book of addresses on disk: one Arrow file of arrays, mapped into memory and shared by all workers."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow as pa

from twin.addresses.book import AddressBook
from twin.durable import DurableFile
from twin.errors import DamagedLayerError, StorageError
from twin.view import LayerView

_FORMAT = "book 1"
_TEXTS = frozenset({"names", "source_ids"})


def store_book(book: AddressBook, path: Path) -> None:
    """Write a book as one file; it appears whole or not at all.

    Parameters
    ----------
    book : AddressBook
    path : Path
        Its folder exists.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    columns = {name: _list_of(getattr(book, name)) for name in _names()}
    batch = pa.RecordBatch.from_arrays([*columns.values()], names=[*columns])
    schema = batch.schema.with_metadata({"citytwin": _FORMAT})
    try:
        with DurableFile(path) as file, pa.ipc.new_file(file, schema) as writer:
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))
    except OSError as error:
        raise StorageError(f"the address book {path} could not be written: {error.strerror}") from error


def load_book(path: Path) -> AddressBook:
    """Return a book mapped from its file; nothing is copied.

    Parameters
    ----------
    path : Path
        Written by :func:`store_book`.

    Returns
    -------
    AddressBook

    Raises
    ------
    DamagedLayerError
        If the file is missing or is no such file.
    """
    try:
        batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
        if (batch.schema.metadata or {}).get(b"citytwin") != _FORMAT.encode():
            raise DamagedLayerError(f"the address book {path} is of another make")
        arrays = {name: batch[name].values.slice(batch[name].offsets[0].as_py()) for name in _names()}
    except (OSError, pa.ArrowException, KeyError, IndexError) as error:
        raise DamagedLayerError(f"the address book {path} cannot be read: {error}") from error
    values = {
        name: array if name in _TEXTS else array.to_numpy(zero_copy_only=True)
        for name, array in arrays.items()
        if name != "word_names"
    }
    values["gates"] = values["gates"].reshape(-1, 2)
    return AddressBook(**values, word_names=tuple(arrays["word_names"].to_pylist()))


def book_path(folder: Path, view: LayerView) -> Path:
    """Return where the book of a view of the address base is stored, should it be.

    Parameters
    ----------
    folder : Path
        The city folder.
    view : LayerView
        Of the layer ``address_base``.

    Returns
    -------
    Path
    """
    return folder / "search" / f"book-{view.version_tag}.arrow"


def stored_book(folder: Path, view: LayerView) -> AddressBook:
    """Return the book of a view: mapped where it is stored, else made now.

    Parameters
    ----------
    folder : Path
        The city folder.
    view : LayerView
        Of the layer ``address_base``.

    Returns
    -------
    AddressBook
    """
    try:
        return load_book(book_path(folder, view))
    except DamagedLayerError:
        return AddressBook.from_view(view)


def _names() -> list[str]:
    return [field.name for field in fields(AddressBook)]


def _list_of(values: np.ndarray | pa.Array | tuple[str, ...]) -> pa.ListArray:
    """Return an array as the one list of a column, so that arrays of different lengths share a batch."""
    if isinstance(values, tuple):
        flat = pa.array(values, pa.string())
    elif isinstance(values, np.ndarray):
        flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    else:
        flat = values
    return pa.ListArray.from_arrays(pa.array([0, len(flat)], pa.int32()), flat)
