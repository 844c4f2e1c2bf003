"""What a check needs to be granted, and what a grant would answer."""

from __future__ import annotations

import pytest

from bot.engine.permissions import Lack, Permissions, facts_of, lacks, permissions_of
from bot.model.verdicts import Severity, Unknown, Verdict
from bot.registry import Registry
from bot.spec import CheckSpec, FactSpec, check, fact


@fact("files", permission="contents: read", cost="one")
def files() -> int:
    return 1


@fact("keys", permission="administration: read, contents: read", cost="one")
def keys() -> int:
    return 1


@fact("rules", permission="metadata: read", cost="one")
def rules(keys: int | Unknown, files: int) -> int:
    return 1


@check("reads-files", family="f", severity=Severity.LOW)
def reads_files(files: int) -> Verdict: ...


@check("reads-keys", family="f", severity=Severity.LOW)
def reads_keys(keys: int) -> Verdict: ...


@check("reads-rules", family="f", severity=Severity.LOW)
def reads_rules(rules: int) -> Verdict: ...


FACTS: dict[str, FactSpec] = {f.__plumbline_spec__.name: f.__plumbline_spec__ for f in (files, keys, rules)}
CHECKS: dict[str, CheckSpec] = {
    c.__plumbline_spec__.name: c.__plumbline_spec__ for c in (reads_files, reads_keys, reads_rules)
}
REGISTRY = Registry(CHECKS, FACTS, (), {})


def test_facts_of_facts_count() -> None:
    """All of them, or without what a fact copes without."""
    assert [f.name for f in facts_of(REGISTRY, CHECKS["reads-rules"])] == ["files", "keys", "rules"]
    assert [f.name for f in facts_of(REGISTRY, CHECKS["reads-rules"], hard=True)] == ["files", "rules"]


def test_what_a_fact_copes_without_is_helpful_only() -> None:
    """The check judges all the same."""
    found = permissions_of(REGISTRY, CHECKS["reads-rules"])

    assert found == Permissions(
        frozenset({"contents: read", "metadata: read"}), frozenset({"administration: read"})
    )


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        pytest.param({"contents": "write", "administration": "read"}, (), id="all is granted"),
        pytest.param(
            {"contents": "read"},
            (Lack("administration: read", ("reads-keys",), ()),),
            id="one answers one; what copes is not named",
        ),
        pytest.param(
            {},
            (
                Lack("contents: read", ("reads-files", "reads-rules"), ("reads-keys",)),
                Lack("administration: read", (), ("reads-keys",)),
            ),
            id="one check needs two",
        ),
    ],
)
def test_says_what_each_missing_permission_would_answer(
    granted: dict[str, str], expected: tuple[Lack, ...]
) -> None:
    """What answers most comes first; a check with two gaps is not promised to one of them."""
    assert lacks(REGISTRY, CHECKS.values(), granted) == expected
