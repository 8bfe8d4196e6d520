"""The import rules of docs/architecture.md, held with `ast` and nothing else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = {"plexus_site": 0, "gateway": 1, "routing": 2, "history": 2, "providers": 3}
"""Room -> how far down it stands. Imports go down only, so rooms beside each other do not know each other."""

DJANGO_FILES = {
    *("models", "admin", "apps", "checks", "signals", "tasks", "urls", "views", "serializers", "viewsets"),
    *("migrations", "management", "forms", "templatetags", "dashboard", "api"),
}
EDGES = {"client", "store", "snapshot", "recorder", "journal", "runtime", "asgi", "embedded", "surroundings"}
READERS = {"visibility", "consequences"}
"""What they say of a row or a user, they look up in the database."""
IMPURE = {"django", "rest_framework", "redis", "httpx", "aiohttp", "celery", "time", "os", "unfold", "uvicorn"}
CONNECTS_TO_PROVIDERS = {"httpx", "aiohttp"}


def sources() -> list[Path]:
    return [path.relative_to(ROOT) for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports when it runs; those for type checkers alone do not count."""
    tree = ast.parse((ROOT / path).read_text())
    for_types = {id(inner) for node in ast.walk(tree) if is_for_types(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def is_django_file(path: Path) -> bool:
    return any(part.removesuffix(".py") in DJANGO_FILES for part in path.parts)


def is_edge(path: Path) -> bool:
    return any(part.removesuffix(".py") in EDGES | READERS for part in path.parts)


@pytest.mark.parametrize("path", sources(), ids=str)
def test_imports_go_down_only(path: Path) -> None:
    room = path.parts[0]
    others = {name.split(".")[0] for name in imports(path)} & ROOMS.keys() - {room}

    assert all(ROOMS[other] > ROOMS[room] for other in others), f"{path} imports {others}"


@pytest.mark.parametrize(
    "path",
    [path for path in sources() if path.parts[0] != "plexus_site" and not is_django_file(path) and not is_edge(path)],
    ids=str,
)
def test_what_is_no_edge_and_no_django_file_is_pure(path: Path) -> None:
    impure = {name for name in imports(path) if name.split(".")[0] in IMPURE or name.split(".")[-1] == "models"}

    assert not impure, f"{path} imports {impure}"


def test_one_place_connects_to_providers() -> None:
    connecting = {
        path.parts[:2] for path in sources() if {name.split(".")[0] for name in imports(path)} & CONNECTS_TO_PROVIDERS
    }

    assert connecting == {("providers", "client")}
