"""A report as JUnit XML, for the test pages of CI services: one suite for each category.

A check that passes is a passed case, a fail a failure, a crash an error. What does not apply, what
could not be judged and what is exempt is skipped, with the reason: a skipped case fails no build.

Sources: what Apache Ant's ``XMLJUnitResultFormatter`` writes; the schema ``junit-10.xsd`` of Jenkins'
xUnit plugin, which refuses a file with anything that it does not name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from xml.sax.saxutils import escape, quoteattr

from bot.model.reports import Exempted, Report
from bot.model.verdicts import Evidence, Judgement, Outcome
from bot.report.inert import cut
from bot.report.inert import visible as shown
from bot.report.view import for_readers

_LINE = 1_000
_MOST_PLACES = 100
_EXEMPTED = "exempted"


def as_junit(report: Report, *, redact: bool = False) -> str:
    """The document.

    Args:
        redact: as for ``bot.report.document.as_json``.
    """
    report = for_readers(report) if redact else report
    judgements = report.judgements
    families: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        families.setdefault(judgement.family or "other", []).append(judgement)
    at = report.judged_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suites = [line for name, group in sorted(families.items()) for line in _suite(name, group, at)]
    if report.exempted:
        suites += _exempted(report.exempted, at)
    total = _numbers(judgements, len(report.exempted))
    name = _attribute(f"Health of {report.repository.full_name}")
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites name={name} {total}>",
            *suites,
            "</testsuites>",
            "",
        ]
    )


def _suite(name: str, judgements: Sequence[Judgement], at: str) -> Iterable[str]:
    yield f'  <testsuite name={_attribute(name)} {_counts(judgements)} time="0" timestamp="{at}">'
    for judgement in judgements:
        opening = f'    <testcase name={_attribute(judgement.check)} classname={_class(name)} time="0"'
        inner = _inner(judgement)
        yield f"{opening}/>" if inner is None else f"{opening}>\n      {inner}\n    </testcase>"
    yield "  </testsuite>"


def _exempted(exempted: Sequence[Exempted], at: str) -> Iterable[str]:
    number = len(exempted)
    yield (
        f'  <testsuite name="{_EXEMPTED}" tests="{number}" failures="0" errors="0" skipped="{number}" '
        f'time="0" timestamp="{at}">'
    )
    for e in exempted:
        yield (
            f'    <testcase name={_attribute(e.check)} classname={_class(_EXEMPTED)} time="0">\n'
            f"      <skipped message={_attribute(f'exempted: {e.reason}')}/>\n    </testcase>"
        )
    yield "  </testsuite>"


def _numbers(judgements: Sequence[Judgement], exempted: int) -> str:
    """Those that the outermost element may have, too."""
    failed = sum(j.outcome is Outcome.FAIL for j in judgements)
    errors = sum(j.outcome is Outcome.ERROR for j in judgements)
    return f'tests="{len(judgements) + exempted}" failures="{failed}" errors="{errors}"'


def _counts(judgements: Sequence[Judgement]) -> str:
    skipped = sum(j.outcome in (Outcome.UNKNOWN, Outcome.NOT_APPLICABLE) for j in judgements)
    return f'{_numbers(judgements, 0)} skipped="{skipped}"'


def _inner(judgement: Judgement) -> str | None:
    """What stands in a case; None for a pass."""
    said = _attribute(judgement.verdict.summary)
    match judgement.outcome:
        case Outcome.PASS:
            return None
        case Outcome.FAIL:
            kind = quoteattr(judgement.severity.label)
            return f"<failure message={said} type={kind}>{escape(_details(judgement))}</failure>"
        case Outcome.ERROR:
            return f'<error message={said} type="error"/>'
        case _:
            reason = judgement.verdict.reason
            why = f"{judgement.outcome.value}{f' ({reason.value})' if reason else ''}"
            return f"<skipped message={_attribute(f'{why}: {judgement.verdict.summary}')}/>"


def _details(judgement: Judgement) -> str:
    """One line for each observation, then why it matters and how to mend it."""
    evidence = judgement.verdict.evidence
    lines = [_observation(e) for e in evidence[:_MOST_PLACES]]
    if len(evidence) > _MOST_PLACES:
        lines.append(f"… and {len(evidence) - _MOST_PLACES:,} more")
    parts = (("Why", judgement.why), ("Fix", judgement.fix), ("Source", judgement.source))
    lines += [f"{word}: {_line(said.replace('``', '`'))}" for word, said in parts if said]
    return "\n".join(lines)


def _observation(evidence: Evidence) -> str:
    place = evidence.place
    said = _line(evidence.text)
    if place is None:
        return said
    at = place.path or place.branch or place.setting or ""
    line = f":{place.line}" if place.path and place.line else ""
    return f"{_line(at)}{line}: {said}" if at else said


def _class(name: str) -> str:
    return _attribute(f"plumbline.{name}")


def _attribute(text: str) -> str:
    return quoteattr(_line(text))


def _line(text: str) -> str:
    """One line of characters that XML may hold: those that do not show are made visible."""
    kept, rest = cut(" ".join(text.split()), _LINE)
    return shown(kept) + rest
