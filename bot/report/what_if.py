"""The check run ``plumbline/what-if``: what a change of the organisation's policy would bring.

It names findings of every repository, restricted ones too, so it is written to a private repository
or says in one sentence why it is not. Lists are cut before anything is written, and counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from bot.model.facts import Repository
from bot.model.reports import CheckRun, Conclusion
from bot.model.verdicts import Severity
from bot.report.budget import CHECK_RUN_TEXT, Page, shorten
from bot.report.fragments import NAME, SENTENCE, WEB, count, moment
from bot.report.inert import code, prose

NAME_OF_RUN = "plumbline/what-if"

MOST_ROWS = 40
"""Checks or groups in one table."""

MOST_LISTED = 200
"""Repositories or findings in one list."""

SECTION = 20_000
"""Bytes of one list, so that a long one leaves room for the others."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding that comes or goes, in one repository; ``summary`` where it was judged anew."""

    repository: Repository
    check: str
    severity: Severity
    summary: str = ""


@dataclass(frozen=True, slots=True)
class ExemptRule:
    """Who may exempt by command checks of these severities, in a few words of ours."""

    severities: tuple[Severity, ...]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Held:
    """An exemption that a command gave in one repository; ``until`` is its last day."""

    repository: Repository
    check: str
    until: date


@dataclass(slots=True)
class Tally:
    """What happens to a check, or to a group's repositories.

    Args:
        heavier, lighter: findings whose severity changes.
        uncollected: verdicts that nobody can foresee, as their facts were never read.
    """

    repositories: int = 0
    red: int = 0
    green: int = 0
    appear: int = 0
    vanish: int = 0
    heavier: int = 0
    lighter: int = 0
    other: int = 0
    uncollected: int = 0

    @property
    def nothing(self) -> bool:
        """There is nothing to tell."""
        return not (
            self.red
            or self.green
            or self.appear
            or self.vanish
            or self.heavier
            or self.lighter
            or self.other
            or self.uncollected
        )


@dataclass(slots=True)
class WhatIf:
    """What a policy would bring.

    Args:
        repositories: how many are looked after, before or after.
        concerned: for how many of them something about policy differs.
        groups, checks: by name; a repository counts for the first group that it is in then.
        red: repositories without a finding that get one; ``green``: the reverse.
        appear, vanish: findings.
        enrolled, left: repositories that are looked after from then on, or no more.
        locked, unlocked: key -> how many repositories.
        louder: (before, after) as policies spell it -> how many repositories.
        blocking: check -> in how many repositories its new fails would block, and did not.
        exempting: where who may exempt by command differs.
        held: exemptions that are in force and that the stricter of these rules would not let be given
            like that; they stay.
        freed: exemptions that wait for a second person and would need none.
        never: repositories that would be looked after and were never judged.
        unsure: selector's condition -> for how many repositories it is not known whether it holds.
    """

    repositories: int = 0
    concerned: int = 0
    groups: dict[str, Tally] = field(default_factory=dict)
    checks: dict[str, Tally] = field(default_factory=dict)
    red: list[Repository] = field(default_factory=list)
    green: list[Repository] = field(default_factory=list)
    appear: list[Finding] = field(default_factory=list)
    vanish: list[Finding] = field(default_factory=list)
    enrolled: list[Repository] = field(default_factory=list)
    left: list[Repository] = field(default_factory=list)
    locked: dict[str, int] = field(default_factory=dict)
    unlocked: dict[str, int] = field(default_factory=dict)
    louder: dict[tuple[str, str], int] = field(default_factory=dict)
    blocking: dict[str, int] = field(default_factory=dict)
    exempting: list[ExemptRule] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    freed: int = 0
    never: list[Repository] = field(default_factory=list)
    unsure: dict[str, int] = field(default_factory=dict)

    @property
    def uncollected(self) -> int:
        """Verdicts that nobody can foresee."""
        return sum(tally.uncollected for tally in self.checks.values())

    @property
    def nothing(self) -> bool:
        """The change brings nothing that we know of."""
        rules = (self.locked, self.unlocked, self.louder, self.blocking, self.exempting)
        return not any((self.enrolled, self.left, *rules)) and all(
            tally.nothing for tally in self.checks.values()
        )


def render_what_if(found: WhatIf, head_sha: str, *, policies: Sequence[str], at: datetime) -> CheckRun:
    """The check run; it never fails.

    Args:
        policies: blob ids of the file before and after, "" where there is none.
        at: when what is kept was looked at.
    """
    summary, text = _summary(found, at), _text(found)
    return CheckRun(
        name=NAME_OF_RUN,
        head_sha=head_sha,
        external_id=_external_id(head_sha, *policies, text, *_lines(found)),
        conclusion=Conclusion.SUCCESS if found.nothing else Conclusion.NEUTRAL,
        title=_title(found),
        summary=summary,
        text=text,
        completed_at=at,
    )


def render_no_what_if(head_sha: str, why: str, at: datetime) -> CheckRun:
    """The check run that says in one sentence why there is nothing to see.

    Args:
        why: ours, a whole sentence.
    """
    return CheckRun(
        name=NAME_OF_RUN,
        head_sha=head_sha,
        external_id=_external_id(head_sha, why),
        conclusion=Conclusion.NEUTRAL,
        title="Not foretold",
        summary=why,
        completed_at=at,
    )


def _external_id(*parts: str) -> str:
    joined = "\0".join(["what-if", *parts])
    return f"plumbline:1:{hashlib.sha256(joined.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"


def _title(found: WhatIf) -> str:
    if found.nothing:
        return "Nothing changes"
    parts = (
        (len(found.red), "turns red", "turn red", "repository", "repositories"),
        (len(found.green), "turns green", "turn green", "repository", "repositories"),
        (sum(t.appear for t in found.checks.values()), "appears", "appear", "finding", "findings"),
        (sum(t.vanish for t in found.checks.values()), "vanishes", "vanish", "finding", "findings"),
    )
    told = [
        f"{count(number, noun, nouns)} {one if number == 1 else many}"
        for number, one, many, noun, nouns in parts
        if number
    ]
    return ", ".join(told) or f"No finding comes or goes; {_beside(found)}"


def _beside(found: WhatIf) -> str:
    """What else changes, in a few words."""
    if found.enrolled or found.left:
        return f"{count(len(found.enrolled) + len(found.left), 'enrolment')} differ"
    if found.uncollected:
        return f"{count(found.uncollected, 'verdict')} not foreseen"
    if found.louder:
        return "how loud it gets differs"
    if found.locked or found.unlocked:
        return "locks differ"
    if found.exempting:
        return "who may exempt differs"
    return "weights or blocking differ"


def _lines(found: WhatIf) -> list[str]:
    """What the summary says but for times: for whom something differs, in what."""
    page = Page(CHECK_RUN_TEXT)
    _counts(page, found)
    _tables(page, found)
    return page.lines


def _summary(found: WhatIf, at: datetime) -> str:
    foot = (
        f"Foretold from what was kept on {moment(at)}; nothing was asked of GitHub for it. It comes into "
        "force when the change is on the default branch."
    )
    page = Page(CHECK_RUN_TEXT - len(foot) - 2)
    _counts(page, found)
    _tables(page, found)
    return "\n".join([*page.lines, foot])


def _counts(page: Page, found: WhatIf) -> None:
    repositories = count(found.repositories, "repository", "repositories")
    if found.nothing or not found.concerned:
        page.add(f"Of {repositories} none is judged otherwise under the proposed policy.", "")
    else:
        page.add(
            f"Something differs for {found.concerned:,} of {repositories}: "
            f"**{len(found.red):,} turn red, {len(found.green):,} turn green** "
            "(red: at least one finding).",
            "",
        )
    if found.uncollected or found.never:
        page.add(
            f"**Not foreseen:** {count(found.uncollected, 'verdict')} would be collected with the next look, "
            f"as what they need was never read; {count(len(found.never), 'repository', 'repositories')} that "
            "would be looked after were never judged.",
            "",
        )
    for condition, number in sorted(found.unsure.items()):
        page.add(
            f"**Not known:** whether {code(condition, limit=NAME)} holds, for "
            f"{count(number, 'repository', 'repositories')}; it is asked when the policy is in force, and "
            "until then counts as not holding.",
            "",
        )
    for (before, after), number in sorted(found.louder.items()):
        page.add(f"- publish: {count(number, 'repository', 'repositories')} from `{before}` to `{after}`")
    for check, number in sorted(found.blocking.items()):
        page.add(
            f"- {code(check, limit=NAME)} would block changes in "
            f"{count(number, 'repository', 'repositories')} where it does not now"
        )
    _exempting(page, found)
    for word, keys in (("gain", found.locked), ("lose", found.unlocked)):
        for key, number in sorted(keys.items())[:MOST_ROWS]:
            page.add(
                f"- {count(number, 'repository', 'repositories')} {word}{'s' if number == 1 else ''} the "
                f"lock of {code(key, limit=NAME)}"
            )
        if len(keys) > MOST_ROWS:
            page.add(f"- … and {len(keys) - MOST_ROWS} more locks")
    page.add("")


def _exempting(page: Page, found: WhatIf) -> None:
    for rule in found.exempting:
        severities = " and ".join(f"`{severity.label}`" for severity in rule.severities)
        page.add(
            f"- who may exempt checks of severity {severities} by command: {rule.after}, before {rule.before}"
        )
    if found.held:
        stay = "stays" if len(found.held) == 1 else "stay"
        page.add(
            f"- {count(len(found.held), 'exemption')} of the old rule {stay} in force to the last day: "
            "a stricter rule turns nobody red"
        )
    if found.freed:
        wait = "waits" if found.freed == 1 else "wait"
        page.add(
            f"- {count(found.freed, 'exemption')} that {wait} for a second person would need none: whoever "
            "asks again has it at once"
        )


def _tables(page: Page, found: WhatIf) -> None:
    _table(page, "By check", "Check", found.checks, groups=False)
    _table(page, "By group", "Group", found.groups, groups=True)


def _table(page: Page, heading: str, what: str, tallies: Mapping[str, Tally], *, groups: bool) -> None:
    rows = [(name, tally) for name, tally in tallies.items() if not tally.nothing]
    if not rows:
        return
    rows.sort(key=lambda row: (-row[1].appear - row[1].vanish, row[0]))
    shown, beyond = shorten(rows, MOST_ROWS)
    columns = ("Appear", "Vanish", "Heavier", "Lighter", "Seen otherwise", "Not foreseen")
    heads = (what, *(("Repositories", "Turn red", "Turn green") if groups else ()), *columns)
    page.add(f"### {heading}", "", f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}")
    for name, t in shown:
        own = (t.repositories, t.red, t.green) if groups else ()
        numbers = (*own, t.appear, t.vanish, t.heavier, t.lighter, t.other, t.uncollected)
        cells = " | ".join(f"{number:,}" for number in numbers)
        page.add(f"| {_in_cell(code(name, limit=100))} | {cells} |")
    page.add("", *([f"… and {beyond:,} more.", ""] if beyond else []))


def _text(found: WhatIf) -> str:
    page = Page(CHECK_RUN_TEXT)
    _list(page, "Turn red", found.red, _link)
    _list(page, "Turn green", found.green, _link)
    _list(page, "Findings that appear", sorted(found.appear, key=_worst), _finding)
    _list(page, "Findings that vanish", sorted(found.vanish, key=_worst), _finding)
    _list(page, "Looked after from then on", found.enrolled, _link)
    _list(page, "Left alone from then on", found.left, _link)
    _list(page, "Never judged so far", found.never, _link)
    _list(page, "Exempt by the old rule", sorted(found.held, key=_first_to_end), _held)
    return str(page)


def _list(page: Page, heading: str, items: Sequence[T], write: Callable[[T], str]) -> None:
    if not items:
        return
    section = Page(min(SECTION, page.left) - 1)
    if not section.add(f"### {heading}: {len(items):,}", ""):
        return
    shown, beyond = shorten(items, MOST_LISTED)
    rest = section.fill(
        shown, lambda item: [f"- {write(item)}"], lambda left: f"- … and {left + beyond:,} more"
    )
    if beyond and not rest:
        section.add(f"- … and {beyond:,} more")
    page.add(*section.lines, "")


def _worst(finding: Finding) -> tuple[int, str, str]:
    return -finding.severity, finding.repository.full_name, finding.check


def _finding(finding: Finding) -> str:
    said = f": {prose(finding.summary, limit=SENTENCE)}" if finding.summary else ""
    return f"{_link(finding.repository)}: {code(finding.check, limit=NAME)} ({finding.severity.label}){said}"


def _first_to_end(held: Held) -> tuple[date, str, str]:
    return held.until, held.repository.full_name, held.check


def _held(held: Held) -> str:
    return f"{_link(held.repository)}: {code(held.check, limit=NAME)} until {held.until.isoformat()}"


def _link(repository: Repository) -> str:
    name = code(repository.full_name, limit=NAME)
    return f"[{name}]({repository.html_url})" if WEB.fullmatch(repository.html_url) else name


def _in_cell(markdown: str) -> str:
    # A pipe would end the cell of a table, inside of code, too.
    return markdown.replace("\\|", "¦").replace("|", "¦")
