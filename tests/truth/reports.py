"""What the rendered reports of a planned organisation must tell, part by part, as rows of plain text.

``tests.integration.truth.shown`` reads the same parts from the pages. Numbers come from
``standing``; what is written here is how many rows a list has, in which order, and what is in a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tests.truth.catalogue import catalogue
from tests.truth.oracle import FAIL, NOT_APPLICABLE, PASS, UNKNOWN
from tests.truth.plans import Plan
from tests.truth.policy import Wait
from tests.truth.standing import (
    SEVERITIES,
    WEIGHT,
    Line,
    Lines,
    Member,
    Standing,
    Sum,
    by_severity,
    families,
    moved,
    seen_by_readers,
    sum_of,
)

Row = tuple[str, ...]
Facts = dict[str, list[Row]]

MOST = 25
"""Rows of the roll-up's lists."""

BECAUSE = {
    "permission": "a permission that is not granted",
    "limit": "a limit that was reached",
    "fault": "a fault",
}
POINTS = {
    "reading": "by what could be read for the first time",
    "outside": "by settings, branches or the passing of time",
    "time": "by the passing of time",
    "commit": "by commits",
}


def number(n: int) -> str:
    """With commas between thousands."""
    return f"{n:,}"


def cut(rows: Iterable[Row], most: int) -> list[Row]:
    """The first rows, and how many more there are."""
    every = list(rows)
    return [*every[:most], *([("more", number(len(every) - most))] if len(every) > most else [])]


def cell(text: str) -> str:
    """A pipe would end a cell of Markdown, so another letter stands for it."""
    return text.replace("|", "¦")


def standing_row(total: Sum, *, capped: bool = True) -> Row:
    """Score, grade, coverage, exempted checks."""
    exempted = number(total.exempted) if total.exempted else ""
    if total.score is None:
        return ("not judged", "", str(total.coverage), exempted)
    return (str(total.score), total.grade(capped=capped) or "", str(total.coverage), exempted)


def without_backticks(text: str) -> str:
    """Names stand between them in the reference and between code tags on pages."""
    return text.replace("`", "")


# The organisation


def roll_up(found: Standing, order: Iterable[str], earlier: Standing | None = None) -> Facts:
    """The page in the private repository.

    Args:
        order: names of the policy's groups.
        earlier: how it stood on a day before.
    """
    facts: Facts = {
        "score": [standing_row(found.sum, capped=False)],
        "headline": [_headline(found)],
        "trend": [_trend(earlier, found)] if earlier else [],
        "best": [_best(found)] if found.fixes else [],
        "fixes": cut(
            ((check, number(where), f"{float(points):.1f}") for check, points, where in found.fixes), 10
        ),
        "regressions": cut(map(_regression, found.regressions), MOST),
        "groups": [
            ("Group", "Repositories", "Score", *found.columns),
            *(_group(cell(name), members, found.columns) for name, members in found.groups(order)),
        ],
        "organisation": [_passing(found.itself), *map(_itself, by_severity(found.itself.values()))],
        "teams": cut((_team(name, members) for name, members in found.teams), MOST),
        "help": [_help(found)] if found.permissions else [],
        "reasons": [
            (BECAUSE[why], number(checks), number(where))
            for why, (_, checks, where) in sorted(found.reasons.items())
        ],
        "permissions": [
            (said, number(checks), number(where)) for said, (_, checks, where) in found.permissions.items()
        ],
        "exemptions": [(number(len(found.exemptions)),)],
        "ending": cut((_ending(member, line) for member, line in found.ending), MOST),
        "lowest": [_low(m) for m in found.lowest[:MOST] if m.sum.worst],
    }
    facts["organisation"] = [row for row in facts["organisation"] if row]
    return facts


def _headline(found: Standing) -> Row:
    named = ", ".join(f"{number(found.findings[s])} {s}" for s in SEVERITIES if found.findings[s])
    return number(len(found.members)), number(found.findings.total()), named


def _trend(earlier: Standing, found: Standing) -> Row:
    first, last = earlier.sum.score or 0, found.sum.score or 0
    days = (found.today - earlier.today).days
    over = f"over {days} day{'s' if days != 1 else ''}"
    bars = earlier.sum.bar[0] + found.sum.bar[0]
    if first == last:
        return bars, f"{last}, unchanged {over}"
    return bars, f"{'up' if last > first else 'down'} from {first} to {last} {over}"


def _best(found: Standing) -> Row:
    check, _, where = found.fixes[0]
    after = found.mended(check).score
    return check, number(where), str(found.sum.score), str(after), without_backticks(catalogue()[check].fix)


def _regression(item: tuple[Member, Line]) -> Row:
    member, line = item
    return _full(member), line.check, line.severity, line.since.isoformat()


def _full(member: Member) -> str:
    return f"acme/{member.plan.name}"


def _group(name: str, members: list[Member], columns: list[str]) -> Row:
    by = families(line for member in members for line in member.lines.values())
    total = sum_of(line for member in members for line in member.lines.values())
    return name, number(len(members)), total.bar, *(by.get(column, Sum()).bar for column in columns)


def _passing(itself: Lines) -> Row:
    passing = sum(line.told is PASS for line in itself.values())
    return str(passing), str(len(itself))


def _itself(line: Line) -> Row:
    """Empty for what is in order."""
    if line.told in (PASS, NOT_APPLICABLE):
        return ()
    return line.check, line.severity, line.told.value, line.permission


def _team(name: str, members: list[Member]) -> Row:
    total = sum_of(line for member in members for line in member.lines.values())
    counts = (number(sum(member.findings[s] for member in members)) for s in SEVERITIES)
    return name, number(len(members)), total.bar, *counts


def _help(found: Standing) -> Row:
    permission, (weight, checks, where) = next(iter(found.permissions.items()))
    after = Sum(answered=found.sum.answered + weight, asked=found.sum.asked).coverage
    return permission, number(checks), number(where), str(found.sum.coverage), str(after)


def _ending(member: Member, line: Line) -> Row:
    assert line.wait
    reason = cell(without_backticks(line.wait.reason))
    return line.wait.until.isoformat(), _full(member), line.check, reason


def _low(member: Member) -> Row:
    return _full(member), member.sum.bar, member.sum.grade() or "", f"{member.sum.coverage} %"


def organisation_page(found: Standing, order: Iterable[str]) -> Facts:
    """The page that ``plumbline report --format html`` writes."""
    plain = roll_up(found, order)

    def barless(rows: list[Row]) -> list[Row]:
        return [tuple(text.lstrip("▁▂▃▄▅▆▇█ ") for text in row) for row in rows]

    groups = [("Group", "Repositories", "All", *found.columns)]
    groups += barless(
        [_group(name, members, found.columns) for name, members in found.groups(order)],
    )
    return {
        "score": [standing_row(found.sum, capped=False)[:3]],
        "headline": [
            (
                number(found.findings.total()),
                ", ".join(f"{s} {number(found.findings[s])}" for s in SEVERITIES if found.findings[s]),
            )
        ],
        "judged": [_headline(found)[:1]],
        "critical": [_critical(found)] if found.findings["critical"] else [],
        "best": plain["best"],
        "help": plain["help"],
        "groups": groups,
        "regressions": [(s, repo, check, day) for repo, check, s, day in plain["regressions"]],
        "fixes": cut(
            (
                (
                    check,
                    number(where),
                    f"{float(points):.1f}",
                    without_backticks(catalogue()[check].fix),
                )
                for check, points, where in found.fixes
            ),
            15,
        ),
        "itself": [
            (line.told.value, line.check, line.severity, line.permission or "–")
            for line in sorted(by_severity(found.itself.values()), key=lambda line: line.told is PASS)
        ],
        "teams": barless([(row[0], *(x if x != "0" else "·" for x in row[1:])) for row in plain["teams"]]),
        "reasons": plain["reasons"],
        "permissions": plain["permissions"],
        "exemptions": plain["exemptions"],
        "ending": [
            (str(line.wait.until), _full(member), line.check, without_backticks(line.wait.reason))
            for member, line in found.ending[:MOST]
            if line.wait
        ]
        + ([("more", number(len(found.ending) - MOST))] if len(found.ending) > MOST else []),
        "repositories": [_repository(member) for member in found.worst_first],
        "chart of categories": [
            (f"{family} {total.score}",)
            for family, total in families(line for _, line in found.lines).items()
            if total.score is not None
        ],
        "chart of scores": [(f"{n} {where}",) for where, n in _bins(found)],
    }


def _critical(found: Standing) -> Row:
    hit = [member for member in found.worst_first if member.findings["critical"]]
    return number(found.findings["critical"]), number(len(hit)), _full(hit[0])


def _repository(member: Member) -> Row:
    total = member.sum
    counts = (str(member.findings[s] or "·") for s in SEVERITIES[:4])
    score = "–" if total.score is None else str(total.score)
    return (
        _full(member),
        score,
        total.grade() or "–",
        f"{total.coverage} %",
        *counts,
        str(member.unread or "·"),
        member.group,
    )


def _bins(found: Standing) -> list[tuple[str, int]]:
    """Repositories by tens of their score; a hundred is with the nineties."""
    counts = dict.fromkeys(range(0, 100, 10), 0)
    for member in found.members:
        if member.sum.score is not None:
            counts[min(90, member.sum.score // 10 * 10)] += 1
    none = sum(member.sum.score is None for member in found.members)
    named = [(f"from {least}", n) for least, n in counts.items() if n]
    return [*named, *([("without a score", none)] if none else [])]


# One repository


def _reason(wait: Wait, word: str) -> str:
    return f"{without_backticks(wait.reason)} ({word} {wait.until.isoformat()})"


def _common(lines: Lines) -> Facts:
    """What issue, check run and page tell alike."""
    asked = [line for line in lines.values() if line.wait is None]
    return {
        "findings": sorted((line.check, line.severity) for line in asked if line.told is FAIL),
        "unread": sorted(
            (line.check, line.reason, line.permission) for line in asked if line.told is UNKNOWN
        ),
        "exempted": [
            (line.check, _reason(line.wait, "until"))
            for line in sorted(lines.values(), key=lambda x: x.check)
            if line.wait
        ],
        "expired": [
            (line.check, _reason(line.lapsed, "expired on"))
            for line in sorted(lines.values(), key=lambda x: x.check)
            if line.lapsed
        ],
    }


def _counts(lines: Lines) -> tuple[int, int, int, int]:
    """How many pass, pass or fail, do not apply, could not be judged."""
    told = [line.told for line in lines.values() if line.wait is None]
    passing = told.count(PASS)
    return passing, passing + told.count(FAIL), told.count(NOT_APPLICABLE), told.count(UNKNOWN)


def _moved(lines: Lines) -> list[Row]:
    if not any(line.before for line in lines.values()):
        return []
    return [(f"{points:+d}".replace("-", "−"), POINTS[cause]) for cause, points in moved(lines)]


def _changed(lines: Lines) -> list[Row]:
    """What is new, newly visible and fixed; what got worse or better is not planned."""
    rows = []
    for line in lines.values():
        if line.wait or line.before is None or line.told is UNKNOWN:
            continue
        before = line.before.stands
        if line.told is FAIL and before is not FAIL:
            rows.append(("Newly visible" if before is None else "New", line.check, line.severity))
        elif line.told is not FAIL and before is FAIL:
            rows.append(("Fixed", line.check, line.severity))
    return sorted(rows)


def health_issue(plan: Plan, every: Lines, *, loud: bool) -> Facts:
    """The issue in the repository; nothing where there is none.

    Args:
        loud: findings that stood there before speak, too.
    """
    lines = seen_by_readers(plan, every)
    facts = _common(lines)
    passing, judged, _, unread = _counts(lines)
    scores = families(lines.values())
    graded: list[Row] = [
        (name, str(s.score), s.grade() or "") for name, s in scores.items() if s.score is not None
    ]
    worst = next((s for s in SEVERITIES if any(row[1] == s for row in facts["findings"])), "")
    good = [line.check for line in by_severity(x for x in lines.values() if x.told is PASS and not x.wait)]
    first = not any(line.before for line in lines.values())
    return facts | {
        "score": [standing_row(sum_of(lines.values()))],
        "moved": _moved(lines),
        "changed": _changed(lines),
        "categories": graded if len(graded) > 1 else [],
        "headline": [(str(len(facts["findings"])), worst, str(passing), str(judged), str(unread))],
        "where": [("Findings" if loud else "Findings that stood here before",)] if first else [],
        "in order": [(str(len(good)), *good[:20])] if good else [],
    }


def check_run(plan: Plan, every: Lines) -> Facts:
    """The check run on the head of the default branch."""
    lines = seen_by_readers(plan, every)
    facts = _common(lines)
    passing, judged, beside, unread = _counts(lines)
    facts |= {
        "score": [standing_row(sum_of(lines.values()))],
        "moved": _moved(lines),
        "changed": _changed(lines),
        "headline": [(str(passing), str(judged), str(beside or ""), str(unread or ""))],
        "all": sorted(
            (line.told.value, line.check, line.severity) for line in lines.values() if line.wait is None
        ),
    }
    if not any(line.before for line in lines.values()):
        findings = len(facts["findings"])
        said = f"{findings} finding{'s' if findings != 1 else ''} in the first report"
        if not findings:
            said = "No findings" if unread else f"All {passing} checks pass"
        facts["title"] = [(f"{said}, {unread} not judged" if unread else said,)]
        facts["conclusion"] = [("neutral" if unread else "success",)]
    return facts


def repository_page(plan: Plan, every: Lines, *, public: bool) -> Facts:
    """The page that ``plumbline check --format html`` writes: nothing earlier is known to it.

    Args:
        public: it is published, so it holds what everybody may see.
    """
    lines = {check: line for check, line in every.items() if line.public or not public}
    now = {check: line for check, line in lines.items() if line.wait is None}
    facts = _common(lines)
    total = sum_of(now.values())
    failing = by_severity(line for line in now.values() if line.told is FAIL)
    return facts | {
        "score": [standing_row(total)[:3]],
        "capped": [_capped(total)] if _capped(total) else [],
        "numbers": [(str(len(failing)), str(len(facts["unread"])), str(len(now)))],
        "steps": [(line.check, line.severity) for line in failing[:3]],
        "gains": [(line.check, _gain(total, line)) for line in failing[:3]],
        "by severity": [
            (severity, str(n))
            for severity in SEVERITIES
            if (n := sum(line.severity == severity for line in failing))
        ],
        "categories": [
            (
                name,
                "–" if s.score is None else str(s.score),
                s.grade() or "–",
                f"{s.coverage} %",
            )
            for name, s in families(now.values()).items()
        ],
        "all": [(line.told.value, line.check, line.severity) for line in by_severity(now.values())],
    }


def _capped(total: Sum) -> Row:
    """The sentence below a grade that a finding keeps down."""
    if total.grade() == total.grade(capped=False):
        return ()
    what = "a critical check" if total.worst == "critical" else "a check of high severity"
    return (f"{total.grade()} at best while {what} fails.",)


def _gain(total: Sum, line: Line) -> str:
    """Points that mending a finding alone brings."""
    whole = WEIGHT[line.full]
    heavier = total.judged + whole - WEIGHT[line.severity]
    after = replace(total, passing=total.passing + whole, judged=heavier).score or 0
    points = after - (total.score or 0)
    return f"+{points} point{'s' if points != 1 else ''}" if points > 0 else ""
