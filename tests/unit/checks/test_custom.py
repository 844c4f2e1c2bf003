"""How checks judge that policy defines."""

from __future__ import annotations

from typing import Any

import pytest

from bot.checks.custom import judge_rule, needs_of
from bot.model.custom_checks import (
    FileRule,
    FileSeen,
    FilesSeen,
    Must,
    PropertyRule,
    Rule,
    SettingRule,
    TemplateRule,
    TemplateSeen,
    Texts,
    WorkflowRule,
    WorkflowSeen,
    WorkflowsSeen,
    digest,
)
from bot.model.facts import About, EntryKind, Repository
from bot.model.verdicts import Outcome, Reason, Verdict

HERE = Repository(1, "acme/tool", "main")


def judged(rule: Rule, answer: Any, repository: Repository = HERE) -> Verdict:
    """With what the one fact answers that the rule needs beside the repository."""
    fact = needs_of(rule)[0]
    by_rule = fact in ("custom_files", "custom_templates", "custom_workflows")
    facts = {fact: {digest(rule): answer} if by_rule else answer}
    return judge_rule(rule, **({"repository": repository} | facts if by_rule else facts))


def file(path: str = "a", **said: Any) -> FileSeen:
    return FileSeen(path, EntryKind.FILE, **said)


GOOD, LACKING, HOLDING, UNREAD = (
    file(),
    file(missing=("x",)),
    file(unwanted=(("y", 7),)),
    file(unread="too large"),
)
THERE = FileRule(("a",))
ABSENT = FileRule(("a",), must=Must.NOT_EXIST)
MATCH = FileRule(("a*",), False, Must.MATCH, Texts("x"))
ANY = FileRule(("a", "b"), True, Must.MATCH, Texts("x"))


@pytest.mark.parametrize(
    ("rule", "seen", "outcome", "summary"),
    [
        pytest.param(THERE, FilesSeen((GOOD,)), "pass", "a is there", id="there"),
        pytest.param(THERE, FilesSeen(), "fail", "there is no a", id="not there"),
        pytest.param(
            FileRule(("a", "b"), True), FilesSeen(), "fail", "there is no a, b", id="none of several"
        ),
        pytest.param(ABSENT, FilesSeen(), "pass", "there is no a", id="absent"),
        pytest.param(ABSENT, FilesSeen((GOOD,)), "fail", "a should not be there", id="not absent"),
        pytest.param(MATCH, FilesSeen((GOOD,)), "pass", "a is as it should be", id="as it should be"),
        pytest.param(MATCH, FilesSeen(), "fail", "there is no a*", id="nothing to look into"),
        pytest.param(
            MATCH, FilesSeen((GOOD, LACKING)), "fail", "a is not as policy wants it", id="one of two"
        ),
        pytest.param(MATCH, FilesSeen((LACKING, HOLDING)), "fail", "2 files are not as", id="two of two"),
        pytest.param(MATCH, FilesSeen((LACKING, UNREAD)), "fail", "a is not as", id="bad beside unread"),
        pytest.param(
            MATCH, FilesSeen((GOOD, UNREAD)), "unknown", "could not be looked into: too large", id="unread"
        ),
        pytest.param(MATCH, FilesSeen((GOOD,), more=True), "unknown", "more files fit a*", id="more"),
        pytest.param(ANY, FilesSeen((LACKING, GOOD)), "pass", "a is as it should be", id="any is enough"),
        pytest.param(ANY, FilesSeen((UNREAD, GOOD)), "pass", "a is as it should be", id="any beside unread"),
        pytest.param(
            ANY, FilesSeen((LACKING, UNREAD)), "unknown", "could not be looked into", id="any may be"
        ),
        pytest.param(ANY, FilesSeen((LACKING,)), "fail", "a is not as policy wants it", id="none of any"),
    ],
)
def test_judges_files(rule: FileRule, seen: FilesSeen, outcome: str, summary: str) -> None:
    """What is not known never decides."""
    verdict = judged(rule, seen)

    assert verdict.outcome == outcome
    assert summary in verdict.summary


def test_shows_where_it_is() -> None:
    """The line of what should not be there; keys do not move with lines."""
    verdict = judged(MATCH, FilesSeen((LACKING, HOLDING)))

    assert [
        (e.text, e.place and e.place.path, e.place and e.place.line, e.key) for e in verdict.evidence
    ] == [
        ("a lacks `x`", "a", None, "missing:a:x"),
        ("a holds `y`", "a", 7, "unwanted:a:y"),
    ]


TEMPLATE = TemplateRule("a", "t/a")


@pytest.mark.parametrize(
    ("seen", "outcome", "summary"),
    [
        (TemplateSeen("1", "1"), "pass", "a is the owner's t/a"),
        (TemplateSeen("1", "2"), "fail", "a is not the owner's t/a"),
        (TemplateSeen("1", "1", plain=False), "fail", "a is not the owner's t/a"),
        (TemplateSeen("1"), "fail", "a is missing"),
        (TemplateSeen("", "2"), "unknown", "the owner's .github repository has no t/a"),
    ],
)
def test_judges_templates(seen: TemplateSeen, outcome: str, summary: str) -> None:
    """A template that is not there is nobody's fault below."""
    verdict = judged(TEMPLATE, seen)

    assert (verdict.outcome, verdict.summary.startswith(summary)) == (outcome, True)


HAS, LACKS, BROKEN = WorkflowSeen("ci.yml", 3), WorkflowSeen("x.yml"), WorkflowSeen("y.yml", unread="no YAML")
ONE = WorkflowRule(run="lint", on=("push",))
EVERY = WorkflowRule("acme/scan", "2", every=True)


@pytest.mark.parametrize(
    ("rule", "files", "more", "outcome", "summary"),
    [
        pytest.param(ONE, (LACKS, HAS), False, "pass", "ci.yml has step that runs `lint`", id="one"),
        pytest.param(ONE, (BROKEN, HAS), True, "pass", "ci.yml has", id="one is enough"),
        pytest.param(
            ONE, (LACKS,), False, "fail", "no workflow on push has step that runs `lint`", id="none"
        ),
        pytest.param(ONE, (), False, "fail", "no workflow on push", id="no workflow"),
        pytest.param(ONE, (LACKS, BROKEN), False, "unknown", "y.yml could not be read: no YAML", id="unread"),
        pytest.param(ONE, (LACKS,), True, "unknown", "more workflows", id="more"),
        pytest.param(EVERY, (HAS, HAS), False, "pass", "2 workflows with step with acme/scan@v2", id="all"),
        pytest.param(EVERY, (HAS, LACKS, BROKEN), True, "fail", "1 workflow lacks step with", id="not all"),
        pytest.param(EVERY, (HAS, BROKEN), False, "unknown", "could not be read", id="perhaps all"),
        pytest.param(EVERY, (HAS,), True, "unknown", "more workflows", id="more for all"),
        pytest.param(EVERY, (), False, "not-applicable", "there is no workflow", id="all of none"),
    ],
)
def test_judges_workflows(
    rule: WorkflowRule, files: tuple[WorkflowSeen, ...], more: bool, outcome: str, summary: str
) -> None:
    """One, or all of them."""
    verdict = judged(rule, WorkflowsSeen(files, more))

    assert verdict.outcome == outcome
    assert summary in verdict.summary


ABOUT = About("A tool", "", ("CLI", "python"), language="Python")


@pytest.mark.parametrize(
    ("rule", "fact", "outcome", "summary"),
    [
        (SettingRule("description", filled=True), ABOUT, "pass", "description is `A tool`"),
        (SettingRule("homepage", filled=True), ABOUT, "fail", "homepage is not set"),
        (SettingRule("homepage", filled=False), ABOUT, "pass", "homepage is empty"),
        (SettingRule("description", filled=False), ABOUT, "fail", "description should not be set"),
        (SettingRule("topics", ("cli",), ("go",)), ABOUT, "pass", "topics: `CLI` and `python`"),
        (SettingRule("topics", ("go", "a")), ABOUT, "fail", "topics lack `go` and `a`"),
        (SettingRule("topics", (), ("cli",)), ABOUT, "fail", "topics should not have `cli`"),
        (SettingRule("topics", filled=True), About("", "", ()), "fail", "topics is not set"),
        (SettingRule("language", ("Go", "python")), ABOUT, "pass", "language is `Python`"),
        (
            SettingRule("language", ("Go", "C")),
            ABOUT,
            "fail",
            "language is `Python` and should be `Go` or `C`",
        ),
        (
            SettingRule("visibility", (), ("private",)),
            HERE,
            "fail",
            "visibility is `private`, which it should not",
        ),
        (SettingRule("default_branch", ("main",)), HERE, "pass", "default_branch is `main`"),
        (SettingRule("has_issues", (False,)), HERE, "fail", "has_issues is true and should be false"),
        (SettingRule("auto_merge", (True,)), {"autoMergeAllowed": True}, "pass", "auto_merge is true"),
        (
            SettingRule("default_branch", ("x",)),
            Repository(0, "a/b", "main"),
            "fail",
            "is `main` and should be `x`",
        ),
        (
            SettingRule("archived", (False,)),
            Repository(0, "a/b", "main"),
            "unknown",
            "a clone does not tell it",
        ),
        (PropertyRule("tier", ("1", "2")), {"Tier": ("2",)}, "pass", "custom property tier is `2`"),
        (PropertyRule("tier", ("A",)), {"tier": ("b", "a")}, "pass", "tier is `b` and `a`"),
        (PropertyRule("tier", ("1",)), {"tier": ("3",)}, "fail", "tier is `3` and should be `1`"),
        (PropertyRule("tier", ("1",)), {}, "fail", "tier has no value and should be `1`"),
        (PropertyRule("tier", filled=True), {"tier": ()}, "fail", "custom property tier is not set"),
        (PropertyRule("tier", filled=False), {}, "pass", "tier has no value"),
    ],
)
def test_judges_settings_and_properties(rule: Rule, fact: Any, outcome: str, summary: str) -> None:
    """Letters of either case are the same; the place is the setting."""
    verdict = judged(rule, fact)

    assert (verdict.outcome, summary in verdict.summary) == (outcome, True), verdict.summary
    assert all(e.place and e.place.setting and e.key for e in verdict.evidence)


@pytest.mark.parametrize("rule", [THERE, TEMPLATE, ONE], ids=lambda rule: type(rule).__name__)
def test_an_empty_repository_has_nothing_to_judge(rule: Rule) -> None:
    """Its settings have."""
    empty = Repository(1, "acme/tool", "main", empty=True)

    assert judged(rule, None, empty).outcome is Outcome.NOT_APPLICABLE
    assert judged(SettingRule("fork", (False,)), empty).outcome is Outcome.PASS


def test_a_rule_that_was_not_asked_about_is_unknown() -> None:
    """As when kept facts are judged under a newer policy."""
    verdict = judge_rule(THERE, repository=HERE, custom_files={})

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.FAULT)
