"""Every audit of the auditor that is installed reaches one check, or is left alone for a reason."""

import re
import subprocess
from importlib.metadata import version

import pytest

from bot.adapters.zizmor import find_program
from bot.checks.ci.audits import LEFT_ALONE, TAKEN, audits_of
from bot.config.policy import Policy
from bot.engine.evaluate import judge
from bot.model.verdicts import Outcome, Severity
from bot.registry import load
from tests.unit.checks.ci.conftest import NOW

REGISTRY = load(plugins=False)
WORKFLOW = "on: push\njobs: {a: {runs-on: x, steps: [{run: ls}]}}\n"
ALONE = {"dangerous-triggers"}
"""Heard only together with a checkout of the proposal."""


def audits_of_the_auditor(folder) -> set[str]:
    """The names that it logs when it plans its audits, of those that it leaves out, too."""
    file = folder / ".github" / "workflows" / "w.yml"
    file.parent.mkdir(parents=True)
    file.write_text(WORKFLOW)
    command = [
        find_program(),
        "--offline",
        "--no-config",
        "--persona=auditor",
        "--no-exit-codes",
        "-vv",
        file,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return set(re.findall(r"(?:scheduling|skipping) ([a-z-]+)(?: on |: )", done.stderr))


def test_every_audit_has_its_place(tmp_path):
    """A new version of the auditor that brings an audit fails here, until somebody decides."""
    known = audits_of_the_auditor(tmp_path)

    assert len(known) > 35
    assert known == TAKEN.keys() | LEFT_ALONE.keys(), version("zizmor")
    assert not TAKEN.keys() & LEFT_ALONE.keys()


def test_every_audit_goes_to_a_check_that_exists():
    """By its name, and one of this family."""
    assert {REGISTRY.checks[name].family for name in TAKEN.values()} == {"ci"}
    assert audits_of("dangerous-trigger") == {"dangerous-triggers"}


@pytest.mark.parametrize(
    ("name", "feature", "expected"),
    [
        *((audit, "a feature", check) for audit, check in TAKEN.items() if audit not in ALONE),
        ("template-injection", "github.event.issue.title", "dangerous-trigger"),
        ("untrusted-checkout", "github.head_ref", "dangerous-trigger"),
        ("write-all-token", "permissions: write-all", "token-permissions"),
        *((audit, "a feature", None) for audit in (*LEFT_ALONE, *ALONE)),
    ],
)
def test_a_finding_fails_one_check(audit, finding, public, name, feature, expected):
    """Never two, so that nothing is told twice."""
    facts = {"workflow_audit": audit(finding(name, feature, severity=Severity.HIGH)), "repository": public}

    judged = judge(REGISTRY, Policy(), facts, NOW)

    assert {j.check for j in judged if j.outcome is Outcome.FAIL} == ({expected} if expected else set())
