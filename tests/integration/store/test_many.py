"""What is kept of many repositories, read at once."""

from __future__ import annotations

from datetime import date

from bot.adapters.store import SqlStore
from bot.model.facts import Repository
from bot.ports import StoredExemption, StoredFinding, StoredVerdict
from tests.integration.store.conftest import MIDSUMMER

MANY = 620
"""More than one portion of them."""


def verdict(check: str, outcome: str, *, off: bool = False) -> StoredVerdict:
    return StoredVerdict(
        check, outcome, 2, "s", ("one", "two"), 3, "c", MIDSUMMER, MIDSUMMER, outcome, terms="t", off=off
    )


def finding(check: str, outcome: str) -> StoredFinding:
    return StoredFinding(check, outcome, 2, ("one", "two"), 3, "t")


def test_many_are_read_at_once(store: SqlStore) -> None:
    """Those of which nothing is kept are left out, and others' are not among them."""
    ids = range(1, MANY + 1)
    store.save_repositories(1, [Repository(n, f"acme/r{n}", "main") for n in (*ids, 9_999)])
    for number in (1, MANY, 9_999):
        kept = [verdict("a", "fail"), verdict("b", "pass"), verdict("c", "pass", off=True)]
        store.save_verdicts(number, kept, "commit")
        store.save_facts(number, "c", {"n": number}, MIDSUMMER)
        store.save_policy(number, "o", f"# {number}", "c")
        given = StoredExemption("a", "later", date(2026, 7, 1), 5, 6, MIDSUMMER)
        store.save_exemption(number, given)
        assert store.exemptions_of([number]) == {number: store.exemptions(number)} == {number: (given,)}

    both, failing = (
        {"a": finding("a", "fail"), "b": finding("b", "pass")},
        {"a": finding("a", "fail")},
    )
    assert store.findings(ids) == {1: both, MANY: both}
    assert store.findings(ids, []) == {1: failing, MANY: failing}
    assert store.findings(ids, {"b", "c"}) == {1: both, MANY: both}
    assert dict(store.facts_of(ids)) == {1: {"n": 1}, MANY: {"n": MANY}}
    assert store.policies(ids) == {n: store.policy(n) for n in (1, MANY)}
    assert store.exemptions_of([]) == store.findings([]) == store.policies([]) == {}
