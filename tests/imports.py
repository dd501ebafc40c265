"""What the files of `agent` import, read from their text: the ground of the tests of the house."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

AGENT = Path(__file__).parent.parent / "agent"
TESTS = Path(__file__).parent
FILES = sorted(path for path in AGENT.rglob("*.py") if "_data" not in path.parts and "_pb2" not in path.stem)
"""Without what `make stubs` generates."""
EVERYWHERE = [*FILES, *sorted(TESTS.rglob("*.py"))]

COMPUTED = "a name that is computed"
"""Stands for what only a run can tell: `import_module(name)`."""


def name(path: Path) -> str:
    return path.relative_to(AGENT.parent).as_posix().removeprefix("agent/")


@cache
def modules() -> Mapping[str, Path]:
    """Every module of `agent` by its dotted name."""
    dotted = {".".join(path.relative_to(AGENT.parent).with_suffix("").parts): path for path in FILES}
    return {module.removesuffix(".__init__"): path for module, path in dotted.items()}


@cache
def imported(path: Path) -> frozenset[str]:
    """What a file imports, wherever in it: modules, and of `from x import y` the module `x.y` where there is one."""
    return frozenset(imports_of(path.read_text(encoding="utf-8"), path.relative_to(AGENT.parent).parent.parts))


def imports_of(text: str, package: Sequence[str]) -> Iterator[str]:
    """`package`: the names of the folders that a file of this text lies in, from the root on."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                above = package[: len(package) + 1 - node.level] if node.level else ()
                module = ".".join([*above, *([node.module] if node.module else [])])
                both = [f"{module}.{alias.name}" for alias in node.names]
                yield from (full if full in modules() else module for full in both)
            case ast.Call(ast.Name("__import__" | "import_module") | ast.Attribute(_, "import_module"), [first, *_]):
                yield first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else COMPUTED


def ours(path: Path) -> Iterator[str]:
    """The modules of `agent` that a file imports, without itself."""
    yield from (module for module in imported(path) if module in modules() and modules()[module] != path)
