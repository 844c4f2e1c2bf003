"""Check 41: the code is analysed for vulnerabilities."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from bot.model.facts import Repository
from bot.model.security import CodeScanning
from bot.model.verdicts import (
    Audience,
    Evidence,
    Place,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.code-scanning``."""

    max_age_days: int = Field(
        default=90, ge=1, le=3650, description="Days since the newest analysis of any tool."
    )


@check(
    "code-scanning",
    family="dependencies",
    severity=Severity.MEDIUM,
    audience=Audience.RESTRICTED,
    config=Config,
    number=41,
)
def judge_code_scanning(
    code_scanning: CodeScanning, repository: Repository, now: datetime, config: Config
) -> Verdict:
    """A tool analysed the code for vulnerabilities in the last three months.

    Any tool counts that hands its results to GitHub, in a workflow or by GitHub's default set-up.

    Why: faults such as an injection are found by tools in minutes, and by attackers too.
    Fix: under Settings, "Advanced Security", set up CodeQL analysis by default, or let your own
    tool upload its results as SARIF on a schedule.
    Source: https://docs.github.com/en/code-security/code-scanning/introduction-to-code-scanning/about-code-scanning
    """
    if repository.archived:
        return not_applicable("the repository is archived: its code does not change")
    if not code_scanning.has_code:
        return not_applicable("GitHub sees no programming language in it")
    if not code_scanning.offered:
        return not_applicable("GitHub sells it for repositories that are not public")
    place = Place(setting="Code scanning")
    if code_scanning.last is None:
        return failed("no analysis was ever made", Evidence("no results", place, key="none"))
    day = f"{code_scanning.last:%Y-%m-%d}"
    limit = timedelta(days=config.max_age_days)
    if now - code_scanning.last > limit:
        return failed(
            f"the newest analysis is older than {counted(config.max_age_days, 'day')}",
            Evidence(f"{code_scanning.tool} gave its last results on {day}", place, key="old"),
        )
    until = code_scanning.last + limit + timedelta(seconds=1)
    if code_scanning.error:
        text = f"{code_scanning.tool} on {day}: {code_scanning.error[:200]}"
        return failed("the newest analysis failed", Evidence(text, place, key="error"), valid_until=until)
    return passed(f"analysed by {code_scanning.tool} on {day}", valid_until=until)
