"""The house rules that a linter does not know: sizes, docstrings, package names, files of others."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("twin", "layers", "analysis", "tiles", "api", "sample_data")
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60
MAX_KERNEL_LINES = 90
BANNED_MODULES = {"utils", "helpers", "common", "util", "helper", "misc"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*rooms: str) -> list[Path]:
    return [
        path for room in rooms for path in sorted((ROOT / room).rglob("*.py")) if "vendor" not in path.parts
    ]


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def is_kernel(function: Function) -> bool:
    return any(
        "njit" in ast.unparse(decorator) or "vectorize" in ast.unparse(decorator)
        for decorator in function.decorator_list
    )


def code_lines(function: Function, source: list[str]) -> int:
    """Count lines of the body that hold code: no docstring, blank line or comment."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    nested = {
        line for child in functions(function) if child is not function for line in docstring_lines(child)
    }
    lines = range(body[0].lineno, (function.end_lineno or body[0].lineno) + 1)
    return sum(
        1
        for line in lines
        if line not in nested and (text := source[line - 1].strip()) and not text.startswith("#")
    )


def docstring_lines(function: Function) -> range:
    if ast.get_docstring(function) is None:
        return range(0)
    return range(function.body[0].lineno, (function.body[0].end_lineno or 0) + 1)


def public_functions(tree: ast.Module) -> Iterator[Function]:
    """Yield functions of the module and methods of its public classes that carry no leading underscore."""
    for node in tree.body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (
                child for child in node.body if isinstance(child, Function) and not child.name.startswith("_")
            )


def own_raises(function: Function) -> set[str]:
    """Return the class names that the function itself raises, not those of nested functions."""
    found: set[str] = set()
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, Function | ast.Lambda | ast.ClassDef):
            continue
        if (
            isinstance(node, ast.Raise)
            and isinstance(node.exc, ast.Call)
            and isinstance(node.exc.func, ast.Name)
        ):
            found.add(node.exc.func.id)
        todo.extend(ast.iter_child_nodes(node))
    return found


@pytest.mark.parametrize("path", python_files(*ROOMS, "tests"), ids=lambda path: str(path.relative_to(ROOT)))
def test_file_and_its_functions_are_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    source = text.splitlines()
    assert len(source) <= MAX_FILE_LINES, f"{path.name} has {len(source)} lines"
    assert path.stem not in BANNED_MODULES, f"{path.name} has not found its noun"
    for function in functions(ast.parse(text)):
        allowed = MAX_KERNEL_LINES if is_kernel(function) else MAX_FUNCTION_LINES
        length = code_lines(function, source)
        assert length <= allowed, f"{path.name}:{function.lineno} {function.name} has {length} code lines"


@pytest.mark.parametrize("path", python_files(*ROOMS), ids=lambda path: str(path.relative_to(ROOT)))
def test_public_function_is_documented_with_what_it_raises(path: Path) -> None:
    if path.stem.startswith("_") or "migrations" in path.parts:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{path.name} has no module docstring"
    for function in public_functions(tree):
        text = ast.get_docstring(function)
        assert text, f"{path.name}:{function.lineno} {function.name} has no docstring"
        for name in own_raises(function):
            assert "Raises" in text, (
                f"{path.name}:{function.lineno} {function.name} raises {name} but has no Raises"
            )
            assert name in text, (
                f"{path.name}:{function.lineno} {function.name} does not say that it raises {name}"
            )


def test_top_level_packages_are_owned_by_citytwin_alone() -> None:
    owners = importlib.metadata.packages_distributions()
    for room in ROOMS:
        assert set(owners.get(room, ["citytwin"])) == {"citytwin"}, f"{room} also belongs to {owners[room]}"


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_no_built_or_foreign_file_is_tracked() -> None:
    for path in tracked_files():
        assert not {"vendor", "node_modules", ".venv"} & set(path.relative_to(ROOT).parts), path
        assert path.suffix not in {".whl", ".nbi", ".nbc", ".pmtiles", ".db"}, path


def test_sample_data_stays_small() -> None:
    sizes = {
        path: path.stat().st_size for path in tracked_files() if "sample_data" in path.parts and path.exists()
    }
    assert sum(sizes.values()) <= 12_500_000, f"sample data takes {sum(sizes.values()):,} bytes"


def test_constraints_hold_versions_and_no_address() -> None:
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        name, separator, version = line.partition("==")
        assert separator, f"{line!r} is not name==version"
        assert name, line
        assert version, line
        assert "/" not in line, f"{line!r} holds an address"


def imported_modules(path: Path) -> set[str]:
    """Return the dotted names a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_h3_is_imported_by_twin_cells_alone() -> None:
    for path in python_files("twin", "layers", "analysis", "tiles", "api"):
        if path.parent != ROOT / "twin" / "cells":
            assert not any(name == "h3" or name.startswith("h3.") for name in imported_modules(path)), path


def test_kernels_are_imported_from_their_own_room_alone() -> None:
    kernels = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path.relative_to(ROOT).parts[0]
        for path in python_files("twin", "layers", "analysis", "tiles", "api")
        if path.stem.startswith("_")
        and path.stem != "__init__"
        and "njit" in path.read_text(encoding="utf-8")
    }
    assert len(kernels) > 10
    for path in python_files("twin", "layers", "analysis", "tiles", "api"):
        room = path.relative_to(ROOT).parts[0]
        foreign = {name for name in imported_modules(path) if kernels.get(name, room) != room}
        assert not foreign, f"{path} imports {foreign}"
