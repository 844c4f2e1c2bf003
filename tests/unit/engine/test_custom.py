"""Checks of policy beside those of the program."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from bot.config.policy import CheckPolicy, Policy
from bot.config.policy_file import read_policy
from bot.engine import delta
from bot.engine.custom import as_above, custom_rules, custom_selections, custom_specs, with_custom
from bot.engine.evaluate import file_fed, judge, needed_facts
from bot.model.custom_checks import FilesSeen, digest
from bot.model.facts import Repository
from bot.model.scores import Cause
from bot.model.verdicts import Audience, Outcome, Reason, Severity, Unknown
from bot.registry import Registry, load

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PROGRAM = load(plugins=False)
OFF = {name: CheckPolicy(enabled=False) for name in PROGRAM.checks}
TEXTS = {"title": "t", "why": "w", "fix": "f", "severity": "low"}


def policy(**rules: dict[str, Any]) -> Policy:
    """One definition for each argument, ``acme_x`` being ``acme-x``; all checks of the program are off."""
    said = {name.replace("_", "-"): {**TEXTS, **rule} for name, rule in rules.items()}
    read = read_policy(json.dumps({"custom_checks": said}).encode(), PROGRAM.checks)
    return Policy(checks=OFF, custom=read.custom)


FILE = {"file": {"path": "docs/a.md"}}
SETTING = {"setting": {"name": "auto_merge", "is": True}}


def test_the_registry_is_the_same_without_any() -> None:
    """Nothing is built for those who have none."""
    assert with_custom(PROGRAM, Policy()) is PROGRAM
    assert custom_rules(Policy()) == ()
    assert custom_selections(Policy()) == []


def test_the_registry_of_a_repository_has_both() -> None:
    """By name; one of the program is never replaced."""
    own = policy(acme_x=FILE)
    known = with_custom(PROGRAM, Policy(custom={**own.custom, "licence": own.custom["acme-x"]}))

    assert set(known.checks) == {*PROGRAM.checks, "acme-x"}
    assert list(known.checks) == sorted(known.checks)
    assert known.checks["licence"] is PROGRAM.checks["licence"]
    assert with_custom(known, own).checks.keys() == known.checks.keys()
    assert known.commands is PROGRAM.commands


def test_reads_what_they_need_and_no_more() -> None:
    """Of those that are switched on."""
    own = policy(acme_x=FILE, acme_y=SETTING)
    quiet = Policy(checks={**OFF, "acme-x": CheckPolicy(False)}, custom=own.custom)

    assert needed_facts(PROGRAM, own) == {"custom_files", "repository", "custom_settings"}
    assert needed_facts(PROGRAM, own, file_fed_only=True) == {"custom_files", "repository"}
    assert needed_facts(PROGRAM, quiet) == {"custom_settings"}
    assert [s.text.partition(")")[0] for s in custom_selections(own)] == ['object(expression: "HEAD:docs"']
    assert custom_selections(quiet) == []
    assert len(custom_rules(own)) == 2
    assert len(custom_rules(quiet)) == 1


def test_those_of_files_can_be_judged_on_pull_requests() -> None:
    """Others can not."""
    template = {"template": {"path": "a", "from": "b"}}
    workflow = {"workflow": {"run": "x"}}
    about = {"setting": {"name": "topics", "has": "a"}}
    own = policy(acme_a=FILE, acme_b=template, acme_c=workflow, acme_d=SETTING, acme_e=about)
    fed = {name for name, spec in custom_specs(own).items() if file_fed(PROGRAM, spec)}

    assert fed == {"acme-a", "acme-b", "acme-c"}


def test_judges_them_like_any_other() -> None:
    """Texts, severity by policy, unknowns that travel."""
    own = policy(acme_x=FILE, acme_y=SETTING)
    severe = Policy(checks={**OFF, "acme-x": CheckPolicy(severity=Severity.CRITICAL)}, custom=own.custom)
    facts = {
        "custom_files": {digest(own.custom["acme-x"].rule): FilesSeen()},
        "repository": Repository(1, "acme/tool", "main"),
        "custom_settings": Unknown(Reason.PERMISSION, "not granted", "administration: read"),
    }
    first, second = judge(PROGRAM, severe, facts, NOW)

    assert (first.check, first.outcome, first.severity) == ("acme-x", Outcome.FAIL, Severity.CRITICAL)
    assert (first.title, first.why, first.fix, first.family) == ("t", "w", "f", "custom")
    assert first.file_fed
    assert (second.outcome, second.verdict.permission) == (Outcome.UNKNOWN, "administration: read")
    assert second.audience is Audience.RESTRICTED
    assert first.rule_version == own.custom["acme-x"].rule_version


def test_one_that_policy_takes_back_was_switched_off_by_policy() -> None:
    """Although nobody knows its name any more."""
    own = policy(acme_x=FILE)
    facts = {
        "custom_files": {digest(own.custom["acme-x"].rule): FilesSeen()},
        "repository": Repository(1, "a/b", "c"),
    }
    before = {v.check: v for v in delta.to_store({}, judge(PROGRAM, own, facts, NOW), "c", NOW)}

    assert delta.causes(before, (), "d", delta.PLAIN, PROGRAM.checks) == {"acme-x": Cause.POLICY}


def test_the_organisations_definition_decides_who_may_exempt() -> None:
    """A repository that defines it anew may not lower it for that."""
    above = policy(acme_x={**FILE, "severity": "high"})
    own = custom_specs(policy(acme_x=FILE, acme_y=FILE))

    assert as_above(own["acme-x"], above).severity is Severity.HIGH
    assert as_above(own["acme-y"], above) is own["acme-y"]


def test_registry_stays_a_registry() -> None:
    """What is derived from it can be used in its place."""
    assert isinstance(with_custom(PROGRAM, policy(acme_x=FILE)), Registry)
