"""Check 50: branches that are meant to hold the same work do not go different ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

from bot.model.alignment import STANDING, BranchPair, BranchPairs
from bot.model.facts import Repository
from bot.model.verdicts import (
    Evidence,
    Outcome,
    Place,
    Reason,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.long-lived-divergence``."""

    pairs: tuple[Annotated[str, Field(pattern=r"^\S+?\.\.\.\S+$", max_length=600)], ...] = Field(
        default=(),
        max_length=20,
        description="Pairs of branches as `main...develop`. Without any, the default branch is held against "
        "branches that are known by their names, such as `develop`, `staging` and `production`.",
    )
    max_days: int = Field(
        default=30, ge=0, description="Days that two branches may both have commits of their own."
    )
    min_commits: int = Field(
        default=1, ge=1, description="With fewer commits than this on either side they are aligned."
    )


@check("long-lived-divergence", family="alignment", severity=Severity.HIGH, config=Config, number=50)
def long_lived_divergence(
    branch_pairs: BranchPairs, repository: Repository, now: datetime, config: Config
) -> Verdict:
    """No two branches that belong together have each had commits of their own for a month.

    That one is ahead of the other is how work flows; that each is ahead of the other means that a fix
    or a merge was made on one side only. Of pairs that policy names, both branches must be protected,
    or known by their names: others are not compared.

    Why: what was mended on one side is still broken on the other, and every later merge conflicts.
    Fix: merge the branch that work comes from into the other one, and bring back what was committed to
    that one directly.
    Source: https://nvie.com/posts/a-successful-git-branching-model/
    """
    if repository.empty or not branch_pairs.default:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: its branches are kept as they are")
    chosen = _declared(branch_pairs, config) if config.pairs else _customary(branch_pairs)
    diverged = [pair for pair in chosen if _diverged(pair, config)]
    ends = {pair: _ends(pair, config) for pair in diverged}
    late = [pair for pair, end in ends.items() if end is not None and now >= end]
    until = min((end for end in ends.values() if end is not None and now < end), default=None)
    if late:
        late.sort(key=lambda p: (-min(p.comparison.ahead, p.comparison.behind), p.first, p.second))
        return failed(
            f"{len(late)} of {counted(len(chosen), 'pair')} of branches go different ways",
            *(_evidence(pair) for pair in late),
            valid_until=until,
        )
    missing = _missing(branch_pairs, chosen, config)
    if missing:
        return Verdict(
            Outcome.UNKNOWN,
            f"{counted(len(chosen), 'pair')} of branches aligned; not compared: {', '.join(missing)}",
            reason=Reason.LIMIT,
            valid_until=until,
        )
    if not chosen:
        return not_applicable(f"no branch is meant to go along with {branch_pairs.default}")
    return passed(f"{counted(len(chosen), 'pair')} of branches aligned", valid_until=until)


def _customary(pairs: BranchPairs) -> list[BranchPair]:
    return [
        pair
        for pair in pairs.measured
        # Without a common commit it is another thing kept in the same place.
        if pair.first == pairs.default and pair.second in STANDING and pair.comparison.merge_base
    ]


def _declared(pairs: BranchPairs, config: Config) -> list[BranchPair]:
    wanted = {frozenset(pair.split("...", 1)) for pair in config.pairs}
    return [pair for pair in pairs.measured if frozenset((pair.first, pair.second)) in wanted]


def _missing(pairs: BranchPairs, chosen: list[BranchPair], config: Config) -> list[str]:
    """What should have been compared and was not."""
    if not config.pairs:
        left_out = [name for name in pairs.unmeasured if name in STANDING]
        return [*left_out, *(["branches that were not listed"] if pairs.more and not chosen else [])]
    known = {frozenset((pair.first, pair.second)) for pair in chosen}
    return [pair for pair in config.pairs if frozenset(pair.split("...", 1)) not in known]


def _diverged(pair: BranchPair, config: Config) -> bool:
    return min(pair.comparison.ahead, pair.comparison.behind) >= config.min_commits


def _ends(pair: BranchPair, config: Config) -> datetime | None:
    """When it has gone on for too long; at once without a common commit, never when its date is not known."""
    compared = pair.comparison
    if compared.merge_base is None:
        return datetime.min.replace(tzinfo=UTC)
    if compared.merge_base_at is None:
        return None
    # The limit itself is still fine, so the first moment after it is meant.
    return compared.merge_base_at + timedelta(days=config.max_days, seconds=1)


def _evidence(pair: BranchPair) -> Evidence:
    compared = pair.comparison
    since = f", last in common on {compared.merge_base_at:%Y-%m-%d}" if compared.merge_base_at else ""
    if compared.merge_base is None:
        since = "; they have no commit in common"
    return Evidence(
        f"{pair.second} has {counted(compared.ahead, 'commit')} that {pair.first} lacks, and lacks "
        f"{compared.behind} of its{since}",
        Place(branch=pair.second),
        key=f"pair:{pair.first}...{pair.second}",
    )
