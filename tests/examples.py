"""Records what every check says in its own tests, for the examples of the reference pages.

A plug-in of pytest: ``python -m pytest -p tests.examples tests/unit/checks`` writes to the file that
``PLUMBLINE_EXAMPLES`` names. ``scripts/generate_docs.py`` runs it so; tests never do. What is
recorded is what the functions returned in tests that passed, so an example can not be wrong for
longer than its test.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import registry
from bot.model.verdicts import Evidence, Outcome, Verdict
from bot.spec import CheckSpec

VARIABLE = "PLUMBLINE_EXAMPLES"

MOST = {Outcome.PASS: 2, Outcome.FAIL: 3, Outcome.NOT_APPLICABLE: 2, Outcome.UNKNOWN: 1}
"""Examples of each outcome that are kept."""

MOST_EVIDENCE = 3

Example = dict[str, Any]


class Recorder:
    """Stands in for every check before test modules import it, and remembers what it said."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._item: pytest.Item | None = None
        self._said: list[tuple[str, bool, Example]] = []
        self._kept: dict[str, list[tuple[bool, Example]]] = {}
        for spec in registry.load(plugins=False).checks.values():
            module = sys.modules[spec.module]
            setattr(module, spec.function.__name__, self._listening(spec))

    def _listening(self, spec: CheckSpec) -> Callable[..., Verdict]:
        module = f"test_{spec.name.replace('-', '_')}"
        signature = inspect.signature(spec.function)

        @functools.wraps(spec.function)
        def listen(*arguments: Any, **named: Any) -> Verdict:
            verdict: Verdict = spec.function(*arguments, **named)
            if self._item is not None and self._item.path.stem == module:
                given = signature.bind(*arguments, **named).arguments.get("config")
                label, explicit = _label(self._item)
                self._said.append((spec.name, explicit, _example(label, verdict, spec, given)))
            return verdict

        return listen

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """What a failing test or a property test saw is no example."""
        if hasattr(getattr(item, "obj", None), "hypothesis"):
            return (yield)
        self._item, self._said = item, []
        try:
            result = yield
        finally:
            self._item = None
        for name, explicit, example in self._said:
            self._kept.setdefault(name, []).append((explicit, example))
        return result

    def pytest_sessionfinish(self) -> None:
        """Write what is chosen, by name."""
        chosen = {name: choose(found) for name, found in sorted(self._kept.items())}
        self._path.write_text(json.dumps(chosen, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")


def choose(found: list[tuple[bool, Example]]) -> list[Example]:
    """The first of each outcome that say something new, those first whose tests name the case."""
    chosen: list[Example] = []
    for outcome, most in MOST.items():
        of_outcome = [e for explicit in (True, False) for named, e in found if named is explicit]
        kept: dict[str, Example] = {}
        for example in of_outcome:
            if example["outcome"] == outcome.value:
                kept.setdefault(example["summary"], example)
        chosen += list(kept.values())[:most]
    return chosen


def _label(item: pytest.Item) -> tuple[str, bool]:
    """The id that a parameter set was given, or else the test's name in words."""
    given = getattr(getattr(item, "callspec", None), "id", None)
    for mark in item.iter_markers("parametrize"):
        if any(getattr(values, "id", None) == given is not None for values in mark.args[1]):
            return str(given), True
    name = getattr(item, "originalname", None) or item.name
    return name.removeprefix("test_").replace("_", " "), False


def _example(label: str, verdict: Verdict, spec: CheckSpec, config: Any) -> Example:
    fresh = spec.config() if spec.config is not None else None
    changed = (
        {key: value for key, value in config.model_dump(mode="json").items() if value != _default(fresh, key)}
        if config is not None
        else {}
    )
    shown = [_evidence(e) for e in verdict.evidence[:MOST_EVIDENCE]]
    if len(verdict.evidence) > MOST_EVIDENCE:
        shown.append(f"and {len(verdict.evidence) - MOST_EVIDENCE} more")
    example: Example = {"when": label, "outcome": verdict.outcome.value, "summary": _plain(verdict.summary)}
    return example | ({"evidence": shown} if shown else {}) | ({"options": changed} if changed else {})


def _default(fresh: Any, key: str) -> Any:
    return fresh.model_dump(mode="json").get(key) if fresh is not None else None


def _evidence(evidence: Evidence) -> str:
    place = evidence.place
    where = ""
    if place is not None:
        where = place.path or place.branch or place.setting or ""
        if place.path and place.line:
            where = f"{place.path}:{place.line}"
    return _plain(f"{where}: {evidence.text}" if where else evidence.text)


def _plain(text: str) -> str:
    """One line without what would end a fence or draw something else."""
    return re.sub(r"[^\x20-\x7e\u00a0-\u024f\u2010-\u2027]+|`{3,}", " ", text)[:300].strip()


def pytest_configure(config: pytest.Config) -> None:
    """Listen when somebody asked for it."""
    path = os.environ.get(VARIABLE)
    if path:
        config.pluginmanager.register(Recorder(Path(path)), "examples")
