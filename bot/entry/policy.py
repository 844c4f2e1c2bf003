"""``plumbline policy``: tries a policy on imaginary repositories, offline."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import click

from bot.entry.tables import printable, show, show_json

if TYPE_CHECKING:
    from bot.config.organisation import OrganisationPolicy
    from bot.config.policy import PolicyFile
    from bot.config.policy_tests import Expected, PolicyTest, PolicyTests
    from bot.engine.governing import Governing
    from bot.model.verdicts import Judgement
    from bot.registry import Registry

A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
WHY_SHOWN = 200


class NotTried(click.ClickException):
    """Nothing could be tried; the exit code is 2."""

    exit_code = 2


@click.group("policy")
def policy() -> None:
    """Try policies before they are in force."""


@policy.command("test")
@click.argument("files", nargs=-1, type=A_FILE)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    type=A_FILE,
    help="The policy to try, in place of what FILES name; one of an organisation and one of a repository.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "junit"]),
    default="table",
    show_default=True,
    help="How to print: for people, for programs, for test pages.",
)
def test(files: tuple[Path, ...], policies: tuple[Path, ...], form: str) -> None:
    """Judge the imaginary repositories of FILES by a policy and compare with what is expected.

    Without FILES it is plumbline.tests.yml of this folder, or of its folder .github. The policy is what the
    file names under policy, or else plumbline.org.yml and .github/plumbline.yml around it.

    Nothing is read but these files; what an imaginary repository does not say is unknown.

    Exit code: 0 when all is as expected, 1 when something is not, 2 when a file has mistakes.
    """
    found = files or _beside()
    registry = _registry()
    results = [result for file in found for result in _tried(registry, file, policies)]
    _PRINT[form](results)
    if not all(result.good for result in results):
        sys.exit(1)


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of one expectation; ``said`` is the check's summary."""

    file: Path
    test: PolicyTest
    expected: Expected
    outcome: str
    said: str

    @property
    def good(self) -> bool:
        """It is as expected."""
        return self.outcome == self.expected.outcome and self.expected.says.casefold() in self.said.casefold()

    @property
    def wanted(self) -> str:
        """What was expected, for a person."""
        says = f", saying {self.expected.says!r}" if self.expected.says else ""
        return f"{self.expected.outcome}{says}"


def _beside() -> tuple[Path, ...]:
    from bot.config.policy_tests import TESTS_NAME

    found = tuple(p for p in (Path(TESTS_NAME), Path(".github") / TESTS_NAME) if p.is_file())
    if not found:
        raise NotTried(f"there is no {TESTS_NAME} here: name a file of tests, or write one (see the guide)")
    return found


def _tried(registry: Registry, file: Path, policies: Sequence[Path]) -> list[Result]:
    tests = _tests(file)
    above, own, own_path = _policies(registry, file, policies or _named(file, tests))
    laid = [(test, _lay(registry, test, above, own, own_path)) for test in tests.tests]
    _refuse_unknown(registry, file, laid)
    return [result for test, governing in laid for result in _judged(registry, file, test, governing)]


def _tests(file: Path) -> PolicyTests:
    from bot.config.policy_file import PolicyErrors
    from bot.config.policy_tests import read_tests

    try:
        return read_tests(_bytes(file), path=str(file))
    except PolicyErrors as problem:
        raise _mistakes(str(error) for error in problem.errors) from problem


def _named(file: Path, tests: PolicyTests) -> list[Path]:
    """The policies that a file of tests means."""
    from bot.config.organisation import ORGANISATION_PATH
    from bot.config.policy import POLICY_PATH

    folder = file.parent
    if tests.policies:
        named = [folder / name for name in tests.policies]
        missing = [path for path in named if not path.is_file()]
        if missing:
            raise _mistakes(f"{file}: there is no policy {str(path)!r}" for path in missing)
        return named
    known = (folder / ORGANISATION_PATH, folder / POLICY_PATH, folder / Path(POLICY_PATH).name)
    found = [path for path in known if path.is_file()]
    if not found:
        raise NotTried(f"there is no policy beside {str(file)!r}: name one under `policy`, or with --policy")
    return found


def _policies(
    registry: Registry, file: Path, paths: Sequence[Path]
) -> tuple[OrganisationPolicy | None, PolicyFile | None, str]:
    """The organisation's policy, the repository's, and where the latter lies; at most one of each."""
    from bot.config.organisation import ORGANISATION_PATH
    from bot.config.organisation_file import read_organisation
    from bot.config.policy_file import PolicyErrors, Strangers, read_policy_file

    of_owner = [path for path in paths if path.name == ORGANISATION_PATH]
    of_repository = [path for path in paths if path.name != ORGANISATION_PATH]
    if len(of_owner) > 1 or len(of_repository) > 1:
        raise NotTried(
            f"{str(file)!r}: of several policies one is the organisation's, and one the repository's"
        )
    try:
        above = own = None
        for path in of_owner:
            above = read_organisation(_bytes(path), registry.checks, path=str(path))
        names = [custom.name for custom in above.custom] if above else []
        strangers = Strangers.REFUSE if above else Strangers.UNLESS_NEAR
        for path in of_repository:
            own = read_policy_file(
                _bytes(path), registry.checks, path=str(path), above=names, strangers=strangers
            )
    except PolicyErrors as problem:
        raise _mistakes(str(error) for error in problem.errors) from problem
    return above, own, "".join(map(str, of_repository))


def _lay(
    registry: Registry,
    test: PolicyTest,
    above: OrganisationPolicy | None,
    own: PolicyFile | None,
    own_path: str,
) -> Governing:
    from bot.config.cascade import Layer, LayerKind
    from bot.config.organisation import NOTHING_SAID
    from bot.engine.governing import lay
    from bot.entry.imaginary import ImaginaryReader

    layers = [Layer(LayerKind.REPOSITORY, own.says, file=own_path)] if own else []
    repository = ImaginaryReader(test).repository()
    return lay(registry, above or NOTHING_SAID, repository, test.attributes.described, layers)


def _refuse_unknown(registry: Registry, file: Path, laid: Iterable[tuple[PolicyTest, Governing]]) -> None:
    """A misspelt check would be off for ever, as expected."""
    from bot.config.policy_file import unknown
    from bot.engine.custom import with_custom

    everywhere = {c.name for _, governing in laid for c in governing.organisation.custom}
    wrong = []
    for test, governing in laid:
        known = {*with_custom(registry, governing.policy).checks, *everywhere}
        for expected in test.expected:
            if expected.check not in known:
                at = f"{file}:{expected.mark.line}:{expected.mark.column}"
                wrong.append(f"{at}: expect: {unknown('check', expected.check, known)}")
    if wrong:
        raise _mistakes(wrong)


def _judged(registry: Registry, file: Path, test: PolicyTest, governing: Governing) -> list[Result]:
    judged = _judge(registry, test, governing) if governing.enrolled else {}
    results = []
    for expected in test.expected:
        judgement = judged.get(expected.check)
        if judgement is None:
            why = (
                "policy leaves the check out" if governing.enrolled else "policy leaves the repository alone"
            )
            results.append(Result(file, test, expected, "off", why))
        else:
            evidence = "; ".join(e.text for e in judgement.verdict.evidence[:3])
            said = f"{judgement.verdict.summary} ({evidence})" if evidence else judgement.verdict.summary
            results.append(Result(file, test, expected, judgement.outcome.value, said))
    return results


def _judge(registry: Registry, test: PolicyTest, governing: Governing) -> dict[str, Judgement]:
    """The checks that something is expected of, and no others: reading for the rest would take its time."""
    from dataclasses import replace

    from bot.adapters.licences import Licences
    from bot.adapters.zizmor import Zizmor
    from bot.engine.custom import custom_rules, with_custom
    from bot.engine.evaluate import collect, judge, needed_facts
    from bot.entry.imaginary import COMMIT, ImaginaryReader

    policy = governing.policy
    wanted = {expected.check for expected in test.expected}
    known = with_custom(registry, policy).checks
    asked = replace(registry, checks={name: spec for name, spec in known.items() if name in wanted})
    policy = replace(policy, custom={name: c for name, c in policy.custom.items() if name in wanted})
    now = datetime.now(UTC)
    reader = ImaginaryReader(test)
    repository = reader.repository()
    facts = collect(
        asked,
        needed_facts(asked, policy),
        reader=reader,
        auditor=Zizmor(),
        licences=Licences(),
        commit="" if repository.empty else COMMIT,
        branch="" if repository.empty else repository.default_branch,
        now=now,
        tolerate=True,
        custom_rules=custom_rules(policy),
        properties=test.properties,
    )
    return {judgement.check: judgement for judgement in judge(asked, policy, facts, now)}


def _bytes(path: Path) -> bytes:
    from bot.config.policy_file import SIZE_LIMIT

    try:
        with path.open("rb") as opened:
            return opened.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise NotTried(printable(f"{str(path)!r} can not be read: {error.strerror}")) from error


def _mistakes(lines: Iterable[str]) -> NotTried:
    return NotTried("\n".join(printable(line) for line in lines))


def _registry() -> Registry:
    from bot.registry import load

    return load(("bot.checks", "bot.facts"))


# How results are printed


def _table(results: Sequence[Result]) -> None:
    rows = [
        (
            "ok" if r.good else "WRONG",
            r.test.name,
            r.expected.check,
            r.wanted,
            r.outcome,
            r.said[:WHY_SHOWN],
        )
        for r in results
    ]
    show(("", "test", "check", "expected", "found", "what it says"), rows, empty="there is no test")
    for r in results:
        if not r.good:
            mark = r.expected.mark
            where = f"{r.file}:{mark.line}:{mark.column}"
            text = f"{where}: {r.expected.check} says {r.outcome} where {r.wanted} is expected: {r.said}"
            click.echo(printable(text))
    wrong = sum(not r.good for r in results)
    click.echo(f"{len(results) - wrong} of {len(results)} as expected")


def _json(results: Sequence[Result]) -> None:
    show_json(
        [
            {
                "file": str(r.file),
                "line": r.expected.mark.line,
                "test": r.test.name,
                "check": r.expected.check,
                "expected": r.expected.outcome,
                "says": r.expected.says,
                "found": r.outcome,
                "said": r.said,
                "ok": r.good,
            }
            for r in results
        ]
    )


def _junit(results: Sequence[Result]) -> None:
    """One suite for each test, one case for each check; as ``bot.report.junit`` does it."""
    from itertools import groupby

    wrong = sum(not r.good for r in results)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="Tests of policy" tests="{len(results)}" failures="{wrong}">')
    for (file, name), group in groupby(results, key=lambda r: (r.file, r.test.name)):
        cases = list(group)
        failures = sum(not r.good for r in cases)
        suite = _attribute(f"{file}: {name}")
        lines.append(f'  <testsuite name={suite} tests="{len(cases)}" failures="{failures}">')
        for r in cases:
            case = f"<testcase name={_attribute(r.expected.check)} classname={_attribute(name)}"
            text = _attribute(f"{r.outcome} where {r.wanted} is expected: {r.said}")
            lines.append(f"    {case}/>" if r.good else f"    {case}><failure message={text}/></testcase>")
        lines.append("  </testsuite>")
    click.echo("\n".join([*lines, "</testsuites>"]))


def _attribute(text: str) -> str:
    return quoteattr(printable(text))


_PRINT = {"table": _table, "json": _json, "junit": _junit}
