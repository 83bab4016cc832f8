"""Where things are, and what they are called."""

import ast
import re

import pytest

from tests.house import tree

VAGUE = {"user", "item", "entity", "manager", "helper", "utils", "util", "process", "data", "info", "misc", "common"}
"""Words that say nothing about co-creation; the glossary has better ones."""


def vague_words(name: str) -> set[str]:
    """Return the vague words, in the singular, of a module's or a class's name."""
    spoken = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {word.lower() for word in spoken} & (VAGUE | {f"{word}s" for word in VAGUE})


def test_fanfare_is_one_namespace_over_three_folders_so_none_of_them_has_an_init() -> None:
    assert [path for folder in tree.NAMESPACE if (path := tree.ROOT / folder / "__init__.py").exists()] == []


def test_every_package_below_the_namespace_has_an_init() -> None:
    packages = {path.parent for path in tree.own_modules()} - {tree.ROOT / folder for folder in tree.NAMESPACE}

    assert [tree.named(package) for package in sorted(packages) if not (package / "__init__.py").exists()] == []


def test_a_package_lies_in_one_of_the_three_folders_only() -> None:
    found = [path.name for folder in tree.NAMESPACE for path in (tree.ROOT / folder).iterdir() if path.name != "__pycache__"]

    assert sorted(found) == sorted(set(found))


def test_every_module_says_in_a_sentence_what_it_is() -> None:
    silent = [tree.named(path) for path in tree.modules() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]

    assert silent == []


def test_no_module_is_named_with_a_word_that_says_nothing() -> None:
    assert [tree.named(path) for path in tree.own_modules() if vague_words(path.stem)] == []


def test_no_class_is_named_with_a_word_that_says_nothing() -> None:
    vague = [
        f"{tree.named(path)}: {node.name}"
        for path in tree.own_modules()
        for node in tree.definitions(path)
        if isinstance(node, ast.ClassDef) and vague_words(node.name)
    ]

    assert vague == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    excuse = re.compile(r"pytest\.(?:skip|xfail|importorskip)\(|pytest\.mark\.(?:skip|skipif|xfail)\b")

    assert [
        tree.named(path) for path in tree.files("tests", suffix=".py") if excuse.search(path.read_text(encoding="utf-8"))
    ] == []


@pytest.mark.parametrize("name", ["RoundManager", "UserTable", "helpers", "text_utils", "ItemInfo"])
def test_a_vague_name_is_seen(name: str) -> None:
    assert vague_words(name)


@pytest.mark.parametrize("name", ["RoundNotOpen", "Database", "processor", "userspace", "HTTPProblem"])
def test_a_name_that_only_contains_a_vague_word_is_left_alone(name: str) -> None:
    assert not vague_words(name)
