"""What checks and commit statuses reported at the head of the default branch."""

from __future__ import annotations

from bot.json_nodes import Node
from bot.model.commits import CheckState, CommitChecks, ReportedCheck
from bot.model.errors import Malformed
from bot.selections import Selection
from bot.spec import fact

REPORTED = (
    "statusCheckRollup { state contexts(first: 100) { pageInfo { hasNextPage } nodes { __typename "
    "... on CheckRun { name status conclusion checkSuite { app { databaseId slug } } } "
    "... on StatusContext { context state } } } }"
)
"""All checks of one ``Commit``: one connection."""

HEAD_CHECKS = Selection(
    f"defaultBranchRef {{ target {{ ... on Commit {{ oid committedDate {REPORTED} }} }} }}"
)

PASSING = frozenset({"success", "neutral", "skipped"})
FAILING = frozenset({"failure", "error", "timed_out", "cancelled", "action_required", "startup_failure"})
"""What is in neither set has no result: it is to come, or ``stale``, which is said of what never came."""


@fact(
    "head_checks",
    permission="contents: read, checks: read, statuses: read",
    cost="two connections of the scan",
    graph={"branch": HEAD_CHECKS},
)
def head_checks(answer: Node) -> CommitChecks | None:
    """The checks of the default branch's newest commit; None when there is no commit."""
    branch = answer.optional("branch")
    return None if branch is None else commit_checks(branch["target"])


def commit_checks(commit: Node) -> CommitChecks:
    """A ``Commit`` with its ``oid``, ``committedDate`` and ``REPORTED``."""
    at = commit["committedDate"].moment()
    rollup = commit.optional("statusCheckRollup")
    if rollup is None:
        return CommitChecks(commit["oid"].oid(), at, None)
    contexts = rollup["contexts"]
    return CommitChecks(
        commit["oid"].oid(),
        at,
        check_state(rollup["state"]),
        tuple(_reported(node) for node in contexts.nodes()),
        contexts.more,
    )


def check_state(said: Node) -> CheckState:
    """GitHub's word for a result, whether of a check run, a status or a rollup of them."""
    word = said.text().lower()
    if word in PASSING:
        return CheckState.PASSED
    return CheckState.FAILED if word in FAILING else CheckState.PENDING


def _reported(node: Node) -> ReportedCheck:
    kind = node["__typename"].text()
    if kind == "StatusContext":
        state = node["state"]
        return ReportedCheck(node["context"].text(), None, "", state.text().lower(), check_state(state))
    if kind != "CheckRun":
        raise Malformed(f"a check of the kind {kind[:100]!r} is not known")
    app = node["checkSuite"].optional("app")
    said = node["status"] if node["conclusion"].null else node["conclusion"]
    number = app.optional("databaseId") if app else None
    return ReportedCheck(
        node["name"].text(),
        number.number() if number else None,
        app["slug"].text() if app else "",
        said.text().lower(),
        check_state(said),
    )
