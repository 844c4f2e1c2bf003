"""Check 12: GitHub can read every line of CODEOWNERS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bot.model.facts import Codeowners, CodeownersProblem, Repository
from bot.model.verdicts import Evidence, Place, Severity, Verdict, counted, failed, not_applicable, passed
from bot.spec import check


@check("codeowners-valid", family="ownership", severity=Severity.HIGH, number=12)
def codeowners_valid(codeowners: Codeowners | None, repository: Repository) -> Verdict:
    """Every line of the CODEOWNERS file in force is one that GitHub can read.

    Whether the owners exist and may write to the repository is not looked at here.

    Why: GitHub skips a line that it can not read without a word, and then nobody is asked to review
    what it was meant to protect.
    Fix: mend the listed lines; GitHub shows the same when you open the file on its page.
    Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners#codeowners-syntax
    """
    if repository.archived:
        return not_applicable("the repository is archived: nothing will be reviewed")
    if codeowners is None:
        return not_applicable("there is no CODEOWNERS file")
    if codeowners.oversized:
        return failed(
            f"{codeowners.path} is larger than the 3 MB that GitHub reads",
            Evidence("GitHub reads none of it", Place(path=codeowners.path), key="oversized"),
        )
    ignored = [_ignored(path, codeowners.path) for path in codeowners.ignored]
    if codeowners.skipped:
        return failed(
            f"GitHub skips {counted(codeowners.skipped, 'line')} of {codeowners.path}",
            *_evidence(codeowners.path, codeowners.problems),
            *ignored,
        )
    if ignored:
        return failed(f"only {codeowners.path} counts; there are others", *ignored)
    return passed(f"{counted(codeowners.rules, 'rule')} in {codeowners.path}")


def _evidence(path: str, problems: tuple[CodeownersProblem, ...]) -> Iterator[Evidence]:
    seen: Counter[str] = Counter()
    for problem in problems:
        name = f"{problem.kind}|{problem.text}"
        seen[name] += 1
        yield Evidence(
            f"{problem.kind.lower()} {problem.text} (column {problem.column}): {problem.message}",
            Place(path=path, line=problem.line),
            key=f"{name}#{seen[name]}",
        )


def _ignored(path: str, in_force: str) -> Evidence:
    # It may be a copy, or forgotten; it does no harm beyond misleading its readers.
    text = f"this file is ignored: {in_force} is in force"
    return Evidence(text, Place(path=path), key=f"ignored:{path}", severity=Severity.LOW)
