"""Check 9 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.community.standard_file_drift import Config, standard_file_drift
from bot.model.facts import Repository
from bot.model.standard_files import FileCopy, StandardFiles
from bot.model.verdicts import Outcome, Place, Reason, Severity, Verdict

REPOSITORY = Repository(1, "acme/tool", "main")
SAME = FileCopy("all", ".editorconfig", "a", "a")
CHANGED = FileCopy("all", "ruff.toml", "a", "b")
MISSING = FileCopy("all", "LICENSE", "a")
LINE_ENDS = FileCopy("all", "Makefile", "a", "b", line_ends_only=True)


def judged(*copies: FileCopy, complete: bool = True, **options: object) -> Verdict:
    found = StandardFiles(copies, ("all",), complete)
    return standard_file_drift(found, REPOSITORY, Config(**options))


@pytest.mark.parametrize(
    ("copy", "options", "expected"),
    [
        pytest.param(SAME, {}, Outcome.PASS, id="the same"),
        pytest.param(CHANGED, {}, Outcome.FAIL, id="changed"),
        pytest.param(MISSING, {}, Outcome.FAIL, id="missing"),
        pytest.param(replace(SAME, plain=False), {}, Outcome.FAIL, id="a link"),
        pytest.param(LINE_ENDS, {}, Outcome.FAIL, id="line ends"),
        pytest.param(LINE_ENDS, {"line_ends": False}, Outcome.PASS, id="line ends do not matter"),
        pytest.param(CHANGED, {"line_ends": False}, Outcome.FAIL, id="more than line ends"),
        pytest.param(MISSING, {"optional": ("LIC*",)}, Outcome.PASS, id="may be missing"),
        pytest.param(CHANGED, {"optional": ("ruff*",)}, Outcome.FAIL, id="but not changed"),
        pytest.param(CHANGED, {"ignore": ("ruff*",)}, Outcome.NOT_APPLICABLE, id="may differ"),
        pytest.param(CHANGED, {"profiles": ("python",)}, Outcome.NOT_APPLICABLE, id="another profile"),
        pytest.param(CHANGED, {"profiles": ()}, Outcome.NOT_APPLICABLE, id="no profile"),
    ],
)
def test_judges_a_file(copy, options, expected):
    """By its blob id, unless policy says otherwise."""
    assert judged(copy, **options).outcome is expected


def test_names_each_file():
    """What is not there is no place; line ends weigh little."""
    verdict = judged(SAME, CHANGED, MISSING, LINE_ENDS, replace(SAME, path="x", plain=False))

    assert verdict.summary == "4 of 5 standard files are missing or changed"
    assert [(e.text, e.place, e.severity) for e in verdict.evidence] == [
        ("LICENSE is missing", None, None),
        ("Makefile differs from the template of all in its line ends", Place(path="Makefile"), Severity.LOW),
        ("ruff.toml differs from the template of all", Place(path="ruff.toml"), None),
        ("x is no plain file", Place(path="x"), None),
    ]
    assert verdict.evidence[0].key == "file:LICENSE"


def test_the_later_profile_wins():
    """One for all, and one for some that replaces a file of it."""
    special = replace(CHANGED, profile="python", template="b")

    assert judged(CHANGED, special, profiles=("all", "python")).outcome is Outcome.PASS
    assert judged(CHANGED, special, profiles=("python", "all")).outcome is Outcome.FAIL


def test_templates_that_were_not_read_may_differ():
    """What differs for certain is told all the same."""
    verdict = judged(SAME, complete=False)

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.LIMIT)
    assert judged(CHANGED, complete=False).outcome is Outcome.FAIL


@pytest.mark.parametrize("change", [{"empty": True}, {"archived": True}, {"fork": True}])
def test_nothing_to_judge(change):
    """No commit, nothing changes any more, or files of somebody else."""
    changed, found = replace(REPOSITORY, **change), StandardFiles((CHANGED,), ("all",))

    assert standard_file_drift(found, changed, Config()).outcome is Outcome.NOT_APPLICABLE
    fork = standard_file_drift(found, replace(REPOSITORY, fork=True), Config(forks=True))
    assert fork.outcome is Outcome.FAIL
