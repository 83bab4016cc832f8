"""Nothing is too large to be read at once. There is no list of exceptions: what is too large is taken apart."""

import ast

import pytest

from tests.house import tree

MODULE, FUNCTION, TEMPLATE = 400, 40, 150
"""The most lines of each."""


def too_long(source: str, most: int = FUNCTION) -> list[str]:
    """Return the functions of *source* that have more lines than *most*, the docstring counted, the decorators not."""
    return [
        f"{node.name} at line {node.lineno} has {node.end_lineno - node.lineno + 1}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.end_lineno is not None and node.end_lineno - node.lineno >= most
    ]


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    assert [f"{tree.named(path)}: {tree.lines(path)}" for path in tree.modules() if tree.lines(path) > MODULE] == []


def test_no_function_is_longer_than_forty_lines() -> None:
    long = [f"{tree.named(path)}: {each}" for path in tree.modules() for each in too_long(path.read_text(encoding="utf-8"))]

    assert long == []


def test_no_template_is_longer_than_a_hundred_and_fifty_lines() -> None:
    assert [f"{tree.named(path)}: {tree.lines(path)}" for path in tree.templates() if tree.lines(path) > TEMPLATE] == []


@pytest.mark.parametrize(("body", "found"), [(39, 0), (40, 1)])
def test_a_function_of_forty_one_lines_is_seen_and_one_of_forty_is_not(body: int, found: int) -> None:
    source = "async def long() -> None:\n" + "    pass\n" * body

    assert len(too_long(source)) == found
