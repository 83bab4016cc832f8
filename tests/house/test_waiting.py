"""No loop waits while it goes through what others may add to meanwhile."""

import ast
from collections.abc import Iterator

import pytest

from tests.house import tree

WAITS = (ast.Await, ast.AsyncFor, ast.AsyncWith)


def restless(code: ast.AST) -> Iterator[int]:
    """Yield the lines of loops that await within the live streams of a desk, which every `catch_up` may let grow."""
    for node in ast.walk(code):
        if isinstance(node, ast.For):
            loops, body = [node.iter], list[ast.AST](node.body)
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            loops = [each.iter for each in node.generators]
            body = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        else:
            continue
        if any(isinstance(each, WAITS) for part in body for each in ast.walk(part)):
            yield from (each.lineno for each in loops if is_live(ast.unparse(each)))


def is_live(what: str) -> bool:
    """Tell whether *what* a loop goes through are streams themselves, and not a copy of them."""
    return "streams." in what and not what.startswith(("list(", "tuple(", "sorted("))


def test_no_loop_over_the_streams_awaits_within() -> None:
    found = {tree.named(path): list(restless(ast.parse(path.read_text(encoding="utf-8")))) for path in tree.own_modules()}

    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "code",
    [
        "async def f():\n for each in desk.streams.campaigns.values():\n  await g(each)",
        "async def f():\n return [await g(each) for each in reversed(desk.streams.draws.values())]",
    ],
)
def test_a_loop_that_awaits_within_the_streams_is_seen(code: str) -> None:
    assert list(restless(ast.parse(code))) == [2]


def test_one_over_a_copy_is_left_alone() -> None:
    assert list(restless(ast.parse("async def f():\n for each in list(desk.streams.draws.values()):\n  await g(each)"))) == []
