"""Steps of workflows that checks of policy ask about."""

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts.custom_workflows import MAX_BYTES, MAX_FILES, custom_workflows
from bot.model.custom_checks import WorkflowRule, WorkflowSeen, WorkflowsSeen, digest
from bot.registry import load

COMMIT = "c" * 40
SHA = "8" * 40
CI = f"""\
on: [push, pull_request]
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4.2
      - name: Lint
        run: |
          make setup
          make lint
      - uses: acme/scan@{SHA} # v2.1.0
  b:
    uses: acme/ci/.github/workflows/test.yml@v3
"""


def lines(reader, rule) -> list[tuple[str, int]]:
    found = custom_workflows(reader, COMMIT, (rule,))[digest(rule)]
    return [(f.path.rpartition("/")[2], f.line) for f in found.files]


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (WorkflowRule("actions/checkout"), 6),
        (WorkflowRule("Actions/Checkout"), 6),
        (WorkflowRule("actions/checkout", "4"), 6),
        (WorkflowRule("actions/checkout", "4.2"), 6),
        (WorkflowRule("actions/checkout", "4.20"), 0),
        (WorkflowRule("actions/checkout", "5"), 0),
        (WorkflowRule("actions/check"), 0),
        (WorkflowRule("acme/scan", "2"), 11),
        (WorkflowRule("acme/scan", "1"), 0),
        (WorkflowRule("acme/scan", SHA), 0),
        (WorkflowRule("acme/ci/.github/workflows/test.yml", "3"), 13),
        (WorkflowRule(run="make lint"), 8),
        (WorkflowRule(run="make test"), 0),
    ],
)
def test_finds_a_step_by_what_it_uses_or_runs(reader, rule, line):
    """A version counts as far as the rule says it; what is pinned tells its version beside it."""
    reader.files = {".github/workflows/ci.yml": CI.encode()}

    assert lines(reader, rule) == [("ci.yml", line)]


@pytest.mark.parametrize(
    ("on", "counts"),
    [
        ("push", True),
        ("[release, push]", True),
        ("{push: {branches: [main]}}", True),
        ("{workflow_dispatch: }", False),
        ("release", False),
    ],
)
def test_counts_workflows_by_their_triggers(reader, on, counts):
    """Written in any of the three ways."""
    reader.files = {".github/workflows/ci.yml": f"on: {on}\njobs: {{a: {{steps: []}}}}\n".encode()}

    assert bool(lines(reader, WorkflowRule(run="x", on=("push", "schedule")))) is counts


def test_counts_workflows_by_their_names(reader):
    """Others are not even read."""
    reader.files = {".github/workflows/ci.yml": CI.encode(), ".github/workflows/docs.yml": b"{"}

    assert lines(reader, WorkflowRule(run="make", files="ci*.yml")) == [("ci.yml", 8)]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"jobs: {}",
        b"on: push\njobs: []",
        b"on: push\n# " + b"x" * MAX_BYTES,
        b"\xff\x00",
        b"a: &a [*a]",
    ],
)
def test_tells_what_can_not_be_read(reader, text):
    """It may hold the step."""
    reader.files = {".github/workflows/ci.yml": text}
    rule = WorkflowRule(run="x")
    (found,) = custom_workflows(reader, COMMIT, (rule,))[digest(rule)].files

    assert found.unread


def test_strange_steps_are_none(reader):
    """Whatever stands in their place."""
    steps = b"[1, [], {uses: []}, {run: }, {uses: x}]"
    strange = b"on: {push: }\njobs: {a: [], b: {steps: {}}, c: {steps: " + steps + b"}, d: }"
    reader.files = {".github/workflows/ci.yml": strange}

    assert lines(reader, WorkflowRule(run="make")) == [("ci.yml", 0)]


def test_no_more_than_so_many(reader):
    """With a sign that there are more; and nothing at all without a rule."""
    reader.files = {f".github/workflows/{n:03}.yml": CI.encode() for n in range(MAX_FILES + 1)}
    rule = WorkflowRule(run="make")
    found = custom_workflows(reader, COMMIT, (rule,))[digest(rule)]

    assert (len(found.files), found.more) == (MAX_FILES, True)
    reader.calls.clear()
    assert custom_workflows(reader, COMMIT, ()) == {}
    assert reader.calls == []


def test_are_kept_and_come_back():
    """As they were."""
    facts = {"custom_workflows": {"d": WorkflowsSeen((WorkflowSeen("a", 3, "u"),), True)}}

    assert thaw(load(plugins=False), freeze(facts)) == facts
