"""What is gathered of an organisation for pages: everything, or what everybody can see for themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from types import SimpleNamespace
from typing import cast

import pytest

from bot.config.organisation_file import read_organisation
from bot.config.policy_file import read_policy
from bot.engine.context import Runtime
from bot.engine.once import Gathered, gather
from bot.entry import report
from bot.model.attributes import Described
from bot.model.custom_checks import CustomCheck
from bot.model.facts import Visibility
from bot.model.verdicts import Audience
from bot.ports import StoredOrganisation, StoredOutcome, StoredPolicy, StoredVerdict
from bot.registry import load
from tests.unit.engine.test_publish import NOW
from tests.unit.engine.test_rolling_up import APP, OLD, TARGET, Kept, outcome

REGISTRY = load(("bot.checks", "bot.facts"), plugins=False)
RESTRICTED = next(s.name for s in REGISTRY.checks.values() if s.audience is Audience.RESTRICTED)
CANARY = "canary"
"""In everything that only some may know: names of teams, groups and checks, texts, reasons."""


def defined(name: str, audience: str, text: str) -> str:
    """A check as policy defines it."""
    texts = f"title: {text}, why: {text}, fix: {text}, severity: critical, audience: {audience}"
    return f"{name}: {{{texts}, file: {{path: {text}.md}}}}"


POLICY = f"""\
defaults:
  custom_checks:
    {defined("acme-open", "public", "seen")}
    {defined("acme-canary", "restricted", CANARY)}
groups:
- name: group-canary
  when: {{names: web}}
  custom_checks:
    {defined("acme-open", "restricted", CANARY)}
"""
WEB = replace(APP, id=3, full_name="acme/web")
SECRET = replace(APP, id=4, full_name="acme/canary", visibility=Visibility.PRIVATE)
OWN = f"""\
custom_checks:
  {defined("acme-own", "public", "own")}
  {defined("acme-mine", "restricted", CANARY)}
"""


def failing(number: int) -> list[StoredOutcome]:
    """All that can fail in a repository; what is restricted is exempt with a reason, or fails."""
    rules = {c.name: c.rule_version for c in _customs(number)}
    exempt = outcome(RESTRICTED)._replace(exempt_until=date(2999, 1, 1), exempt_reason=CANARY)
    return [
        *(outcome(name)._replace(rule_version=rule) for name, rule in rules.items()),
        outcome("licence"),
        exempt,
    ]


def _customs(number: int) -> list[CustomCheck]:
    above = read_organisation(POLICY.encode(), REGISTRY.checks).custom
    own = read_policy(OWN.encode(), REGISTRY.checks).custom.values()
    here = {c.name: c for c in (*above[:2], *(above[2:] if number == WEB.id else ()))}
    return [*here.values(), *(own if number == APP.id else ())]


@dataclass
class Organisation(Kept):
    """An open repository, one for which a check is restricted, and a private one."""

    def organisation(self, _: int) -> StoredOrganisation:
        return StoredOrganisation(NOW, 5, "acme/.github-private", "c", "o", POLICY, "o")

    def organisation_verdicts(self, _: int) -> dict[str, StoredVerdict]:
        own = StoredVerdict("two-factor", "fail", 3, CANARY, (), 1, "", NOW, NOW, "fail")
        return {"two-factor": own}


def gathered(*, public: bool, told: dict[int, list[StoredOutcome]] | None = None) -> Gathered:
    """All that is known of the organisation, for everybody or for members."""
    store = Organisation(
        listed=[TARGET, APP, OLD, WEB, SECRET],
        told={r.id: failing(r.id) for r in (APP, WEB, SECRET)} if told is None else told,
        files={APP.id: StoredPolicy("o", OWN)},
        about={r.id: Described(owners=("team-canary",)) for r in (APP, WEB)},
    )
    runtime = SimpleNamespace(store=store, registry=REGISTRY, clock=SimpleNamespace(now=lambda: NOW))
    return gather(cast("Runtime", runtime), 7, public=public)


def fails(found: Gathered) -> dict[str, int]:
    """Check -> in how many repositories it fails."""
    return {fix.check: fix.repositories for fix in found.found.fixes}


def test_checks_of_policy_count_where_they_are_in_force() -> None:
    """Of all, of a group, and of one repository's own file."""
    all_of_them = {"acme-open": 3, "acme-canary": 3, "acme-own": 1, "acme-mine": 1, "licence": 3}

    assert fails(gathered(public=False)) == all_of_them


def test_everybody_is_told_what_is_public_for_that_repository() -> None:
    """A check that is public here may be restricted there; a row counts as the sum does."""
    found = gathered(public=True)

    assert fails(found) == {"acme-open": 1, "acme-own": 1, "licence": 2}
    assert {r.repository.name: sum(r.findings.values()) for r in found.rows} == {"app": 3, "web": 1}


def test_what_another_rule_of_that_name_found_is_not_for_everybody() -> None:
    """It may have been restricted when it was judged."""
    told = [outcome("acme-open")._replace(rule_version=1), outcome("licence")]

    assert fails(gathered(public=True, told={APP.id: told})) == {"licence": 1}
    assert fails(gathered(public=False, told={APP.id: told})) == {"acme-open": 1, "licence": 1}


@pytest.mark.parametrize("form", list(report.FORMATS))
def test_no_page_for_everybody_holds_what_only_some_may_know(form: str) -> None:
    """No name, text, reason or number of it; members see that it is there."""
    write = report._WRITE[form]
    public, members = (
        write("acme", gathered(public=public), [], NOW, public).lower() for public in (True, False)
    )

    assert CANARY not in public
    assert RESTRICTED not in public
    assert "acme/app" in public
    assert CANARY in members


@pytest.mark.parametrize("form", list(report.FORMATS))
def test_what_only_some_may_know_changes_no_letter_for_everybody(form: str) -> None:
    """Neither a number nor an order."""
    hidden = {RESTRICTED, "acme-canary", "acme-mine"}
    less = {
        r.id: [o for o in failing(r.id) if o.check not in hidden and (r, o.check) != (WEB, "acme-open")]
        for r in (APP, WEB)
    }
    write = report._WRITE[form]

    assert write("acme", gathered(public=True), [], NOW, True) == write(
        "acme", gathered(public=True, told=less), [], NOW, True
    )
