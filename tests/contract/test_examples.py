"""The examples of the reference are what the checks say in their tests."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bot import registry
from tests.examples import MOST, choose

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "scripts" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_kept_examples_are_what_the_tests_record(generator: ModuleType) -> None:
    """Run anew, in a process of its own; two runs give the same."""
    assert generator.kept_examples() == generator.record_examples(), "run `make docs`"


@pytest.mark.parametrize("check", sorted(registry.load(plugins=False).checks))
def test_every_check_shows_a_pass_and_a_fail(generator: ModuleType, check: str) -> None:
    """From a test of its own, in tests/unit/checks, in a module of its name."""
    shown = {example["outcome"] for example in generator.kept_examples().get(check, [])}

    assert {"pass", "fail"} <= shown


def example(outcome: str, summary: str) -> dict[str, Any]:
    return {"when": "", "outcome": outcome, "summary": summary}


def test_chooses_few_that_differ_and_those_first_that_are_named() -> None:
    """Outcomes in their order, a pass first; nothing is said twice."""
    found = [
        (False, example("fail", "by test")),
        (True, example("fail", "a")),
        (True, example("pass", "fine")),
        (True, example("fail", "a")),
        (True, example("fail", "b")),
        (True, example("fail", "c")),
    ]

    assert [chosen["summary"] for chosen in choose(found)] == ["fine", "a", "b", "c"]
    assert [chosen["summary"] for chosen in choose(found[:3])] == ["fine", "a", "by test"]
    assert sum(MOST.values()) < 10
