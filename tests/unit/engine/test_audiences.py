"""What is restricted leaves no trace in what a logged-out reader can see: no text, count, score or cause."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config.policy import Exemption, Policy
from bot.engine import delta, scoring
from bot.engine.commands import Call
from bot.engine.custom import with_custom
from bot.engine.scanning import exempt, expired
from bot.entry.check import print_table
from bot.model.custom_checks import CustomCheck, PropertyRule
from bot.model.errors import UserError
from bot.model.facts import Repository, Visibility
from bot.model.reports import Report
from bot.model.scores import Score
from bot.model.verdicts import (
    Audience,
    Evidence,
    Judgement,
    Outcome,
    Place,
    Reason,
    Severity,
    Verdict,
    failed,
    not_applicable,
    passed,
)
from bot.ports import Sample, StoredOutcome, StoredVerdict
from bot.registry import load
from bot.report.badge import as_svg, endpoint
from bot.report.check_run import exemptible, render_check_run
from bot.report.document import as_json
from bot.report.health_issue import render_health_issue
from bot.report.html import charts, repository_page
from bot.report.junit import as_junit
from bot.report.markdown import as_markdown
from bot.report.replies import render_offer
from bot.report.roll_up import About, Member, render_roll_up, sum_up
from bot.report.sarif import as_sarif
from bot.report.view import for_readers
from bot.spec import CheckSpec
from tests.unit.handlers.test_commands import Looked

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
CANARY = "CANARY"
TIER = CustomCheck(
    "acme-tier",
    *(f"{CANARY} {what}" for what in ("title", "why", "fix")),
    Severity.HIGH,
    PropertyRule("tier", (CANARY,)),
    Audience.RESTRICTED,
)
REGISTRY = with_custom(load(plugins=False), Policy(custom={TIER.name: TIER}))
RESTRICTED = [
    REGISTRY.checks[TIER.name],
    *[s for s in REGISTRY.checks.values() if s.audience is Audience.RESTRICTED][:6],
]
PUBLIC = [s for s in REGISTRY.checks.values() if s.audience is Audience.PUBLIC][:4]
SPECS = {spec.name: spec for spec in (*RESTRICTED, *PUBLIC)}
OPEN = Repository(42, "acme/app", "main", Visibility.PUBLIC, html_url="https://github.com/acme/app")


def verdicts(word: str) -> st.SearchStrategy[Verdict]:
    """Any verdict, with a word in each of its texts."""
    seen = [Evidence(word, Place(path=f"{word}.yml", line=n), key=f"{word}{n}") for n in (1, 2)]
    return st.sampled_from(
        [
            passed(word, seen[0]),
            failed(word, *seen[:1]),
            failed(word, *seen),
            not_applicable(word),
            Verdict(Outcome.UNKNOWN, word, tuple(seen), Reason.PERMISSION, f"{word}: read"),
            Verdict(Outcome.UNKNOWN, word, (), Reason.LIMIT),
            Verdict(Outcome.ERROR, word),
        ]
    )


@dataclass(frozen=True)
class Side:
    """What is known of some checks, at two looks, and which of them are exempt."""

    looks: tuple[Mapping[str, Verdict | None], Mapping[str, Verdict | None]]
    severities: Mapping[str, Severity]
    exemptions: tuple[Exemption, ...]


def sides(specs: list[CheckSpec], word: str) -> st.SearchStrategy[Side]:
    """A check that is None was not asked for at that look."""
    look = st.fixed_dictionaries({s.name: st.none() | verdicts(word) for s in specs})
    weights = st.fixed_dictionaries({s.name: st.sampled_from(Severity) for s in specs})
    until = st.sampled_from([NOW.date() - timedelta(days=1), NOW.date()])
    exemptions = st.lists(
        st.builds(Exemption, st.sampled_from([s.name for s in specs]), st.just(word), until), max_size=2
    )
    return st.builds(Side, st.tuples(look, look), weights, exemptions.map(tuple))


def judged(look: Mapping[str, Verdict | None], severities: Mapping[str, Severity]) -> tuple[Judgement, ...]:
    made = []
    for name, verdict in look.items():
        spec = SPECS[name]
        if verdict is not None:
            word = CANARY if spec.audience is Audience.RESTRICTED else "open"
            texts = {"title": word, "why": word, "fix": word, "source": word, "family": spec.family}
            made.append(Judgement(name, verdict, severities[name], spec.audience, **texts, file_fed=True))
    return tuple(made)


def public_output(public: Side, restricted: Side, repository: Repository = OPEN) -> str:
    """All that is written where everybody can read, and what people are answered there."""
    looks = [{**a, **b} for a, b in zip(public.looks, restricted.looks, strict=True)]
    severities = {**public.severities, **restricted.severities}
    policy = Policy(exemptions=(*public.exemptions, *restricted.exemptions))
    then, now = (judged(look, severities) for look in looks)
    yesterday = NOW - timedelta(days=1)
    first = delta.circumstances(then, policy, yesterday.date())
    before = {v.check: v for v in delta.to_store({}, then, "a" * 40, yesterday, first)}
    names = scoring.public_checks(REGISTRY)
    beside = delta.circumstances(now, policy, NOW.date(), pull_request=7, public=names)
    after = delta.to_store(before, now, "b" * 40, NOW, beside)
    shown, exempted = exempt(now, policy, NOW)
    samples = [scoring.sample(REGISTRY, before.values(), yesterday.date())]
    known = scoring.Known(
        before.values(), after, delta.causes(before, now, "b" * 40, beside, REGISTRY.checks), samples
    )
    scored = scoring.scored(REGISTRY, repository, known, NOW.date())
    report = Report(
        repository,
        "b" * 40,
        "main",
        shown,
        delta.since_last(before, shown, "b" * 40, beside),
        NOW,
        exempted=exempted,
        expired=expired(shown, policy, NOW),
        scored=scored,
    )
    run = render_check_run(report, block=frozenset(SPECS), fail_closed=True, request="")
    issue = render_health_issue(report, first_seen={v.check: v.since for v in after})
    parts: list[Any] = [run, issue, *exports(report), as_svg(scored.score), endpoint(scored.score)]
    parts += [render_offer("b" * 40, exemptible(report), date(2026, 4, 1))]
    parts += answers({v.check: v for v in after}, repository)
    return "\n".join(str(part) for part in parts)


def exports(report: Report) -> list[str]:
    """What ``plumbline check`` writes of what readers of the repository may see."""
    documents = [as_json(report, redact=True), as_sarif(report, version="1", redact=True)]
    with mock.patch.object(charts, "available", return_value=False):
        page = repository_page(report, public=report.repository.public)
    with redirect_stdout(io.StringIO()) as table:
        print_table(for_readers(report))
    texts = [as_junit(report, redact=True), as_markdown(report, redact=True), page, table.getvalue()]
    return [*texts, *map(json.dumps, documents)]


FILE = f"""\
block: [acme-tier]
exemptions: [{{check: {RESTRICTED[1].name}, reason: {CANARY}, until: 2999-01-01}}]
custom_checks:
  acme-tier:
    {{title: {CANARY}, why: {CANARY}, fix: {CANARY}, severity: high, property: {{name: {CANARY}, set: true}}}}
""".encode()
"""Such a policy may come from a repository that few can read."""


def answers(known: dict[str, StoredVerdict], repository: Repository) -> list[str]:
    """What commands say, asked for everything, for each check, for the policy and for what is nowhere."""
    keys = ("exemptions", "custom_checks", "custom_checks.acme-tier", "checks", "checks.acme-tier", "block")
    asked: list[tuple[str, tuple[str, ...]]] = [("health", ()), ("explain", (f"x-{TIER.name}",))]
    asked += [(name, (check,)) for check in SPECS for name in ("health", "explain")]
    asked += [("config", ("explain", key)) for key in keys]
    return [_answer(name, Call(REGISTRY, repository, 7, 5, w, {}, _looked(known), NOW)) for name, w in asked]


def _looked(known: dict[str, StoredVerdict]) -> Looked:
    return Looked(known=known, policy=FILE)


def _answer(command: str, call: Call) -> str:
    try:
        return str(REGISTRY.commands[command].function(call).text)
    except UserError as error:
        return str(error)


@settings(max_examples=100, deadline=None)
@given(sides(PUBLIC, "open"), sides(RESTRICTED, CANARY), sides(RESTRICTED, "OTHER"))
def test_public_output_is_the_same_whatever_is_restricted(public: Side, one: Side, other: Side) -> None:
    """Neither words nor outcomes, weights or exemptions of restricted verdicts change a letter."""
    output = public_output(public, one)

    assert CANARY not in output
    assert f"x-{TIER.name}" in output, "who asks for a name knows it"
    assert f"`{TIER.name}`?" not in output, "and is told no other"
    assert output == public_output(public, other)


@pytest.mark.parametrize("visibility", [Visibility.PRIVATE, Visibility.INTERNAL])
def test_where_readers_may_see_it_all_it_is_shown(visibility: Visibility) -> None:
    """The property above is not kept by showing nothing."""
    look: Any = {s.name: failed(CANARY) for s in RESTRICTED}
    side = Side((look, look), {s.name: Severity.HIGH for s in RESTRICTED}, ())
    empty = Side(({}, {}), {}, ())
    closed = Repository(42, "acme/app", "main", visibility, html_url="https://github.com/acme/app")

    assert CANARY in public_output(empty, side, closed)


def test_the_roll_up_counts_what_is_restricted() -> None:
    """It is written where that may be read."""
    name = RESTRICTED[0].name
    outcome = _outcome(name)
    found = sum_up([(Member(OPEN, "public"), [outcome])], {name: About("security")}, NOW)

    assert f"`{name}` fails in 1 repository" in render_roll_up(7, found, {name: About("security")}, NOW).body


def test_the_public_trend_is_of_public_checks() -> None:
    """A sample keeps both, so that a repository that is made public shows no other past."""
    both = Sample(NOW.date(), Score(1, 4, 4, 4), Score(1, 1, 1, 1))
    known = scoring.Known((), (), {}, [both])
    later = (NOW + timedelta(days=1)).date()
    closed = Repository(42, "acme/app", "main", Visibility.PRIVATE)

    assert [p.value for p in scoring.scored(REGISTRY, OPEN, known, later).trend] == [100]
    assert [p.value for p in scoring.scored(REGISTRY, closed, known, later).trend] == [25]


def _outcome(check: str) -> Any:
    return StoredOutcome(check, "fail", 3, NOW, NOW, "fail", "", "", "commit", None, None, "")
