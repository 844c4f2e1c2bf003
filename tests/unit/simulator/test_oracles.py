"""Each oracle finds a journal that breaks its promise, and lets a good one pass."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator import oracles
from bot.simulator.journal import Entry, Limit

A, B, C = "a" * 40, "b" * 40, "c" * 40
HEALTH = "<!-- plumbline:health -->"


def entry(seq: int, kind: str = "request", **values: Any) -> Entry:
    return Entry(seq, kind, values.pop("at", float(seq)), **values)


def wrote(seq: int, method: str, path: str, body: object, *, repository_id: int = 7, **values: Any) -> Entry:
    arguments = {"applied": 201, "status": 201, "auth": "installation", "installation_id": 1, **values}
    return entry(
        seq,
        method=method,
        path=path,
        body=body,
        repository_id=repository_id,
        owner_installation_id=1,
        **arguments,
    )


def run(seq: int, sha: str = A, name: str = "plumbline/health", **values: Any) -> Entry:
    body = {"name": name, "head_sha": sha, "external_id": "e1", "conclusion": "success"}
    return wrote(seq, "POST", "/repos/o/r/check-runs", body, result={"id": seq}, **values)


def issue(seq: int, number: int, text: str = HEALTH, **values: Any) -> Entry:
    body = {"title": "t", "body": text}
    return wrote(seq, "POST", "/repos/o/r/issues", body, result={"number": number}, **values)


def edit(seq: int, number: int, **body: Any) -> Entry:
    return wrote(seq, "PATCH", f"/repos/o/r/issues/{number}", body, applied=200)


def event(seq: int, name: str, **detail: Any) -> Entry:
    return entry(seq, "event", repository_id=7, installation_id=1, detail={"event": name, **detail})


def push(seq: int, after: str, *, default: bool = True) -> Entry:
    return event(seq, "push", ref="refs/heads/main", after=after, default=default)


def test_v1_a_check_run_is_made_once() -> None:
    """The same commit, name and external id twice is one too many, also when the answer was lost."""
    good = [run(1), run(2, B), run(3, repository_id=8), run(4, name="plumbline/config"), run(5, applied=502)]
    assert oracles.duplicate_check_runs(good) == []

    (violation,) = oracles.duplicate_check_runs([*good, run(6, status=502)])

    assert violation.entries == (1, 6)
    assert "plumbline/health" in violation.text


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        pytest.param([issue(1, 1), issue(2, 2)], 1, id="two open at once"),
        pytest.param([issue(1, 1), issue(2, 2, repository_id=8)], 0, id="two repositories"),
        pytest.param([issue(1, 1), issue(2, 2, "<!-- plumbline:other -->")], 0, id="two markers"),
        pytest.param([issue(1, 1, "no marker"), issue(2, 2, "no marker")], 0, id="no marker"),
        pytest.param([issue(1, 1), edit(2, 1, state="closed"), issue(3, 2)], 0, id="closed by us before"),
        pytest.param(
            [issue(1, 1), event(2, "issues", action="closed", number=1), issue(3, 2)],
            0,
            id="closed by people",
        ),
        pytest.param(
            [issue(1, 1), edit(2, 1, state="closed"), issue(3, 2), edit(4, 1, state="open")], 1, id="reopened"
        ),
        pytest.param([issue(1, 1), edit(2, 1, body=HEALTH)], 0, id="edited"),
        pytest.param([issue(1, 1), event(2, "issues", action="labeled", number=1)], 0, id="labelled"),
    ],
)
def test_v1_one_issue_is_open(entries: list[Entry], found: int) -> None:
    """At most one open issue per marker and repository."""
    assert len(oracles.duplicate_issues(entries)) == found


def test_v1_a_comment_is_made_once() -> None:
    """The same marker twice below one issue."""

    def comment(seq: int, number: int, text: str) -> Entry:
        return wrote(seq, "POST", f"/repos/o/r/issues/{number}/comments", {"body": text})

    good = [comment(1, 1, HEALTH), comment(2, 2, HEALTH), comment(3, 1, "hello"), comment(4, 1, "hello")]
    assert oracles.duplicate_comments(good) == []
    assert [v.entries for v in oracles.duplicate_comments([*good, comment(5, 1, HEALTH)])] == [(1, 5)]


def test_v3_the_newest_commits_have_a_result() -> None:
    """Older commits and other branches need none; closed pull requests neither."""
    name = "plumbline/health"
    entries = [
        push(1, A),
        push(2, B),
        push(3, C, default=False),
        event(4, "pull_request", action="opened", number=3, head_sha=C),
        run(5, B),
    ]

    (violation,) = oracles.heads_without_result(entries, name)
    assert C in violation.text
    assert oracles.heads_without_result([*entries, run(6, C)], name) == []
    closed = event(6, "pull_request", action="closed", number=3, head_sha=C)
    assert oracles.heads_without_result([*entries, closed], name) == []
    assert len(oracles.heads_without_result([*entries, closed], "plumbline/config")) == 1
    assert oracles.heads_without_result([push(1, "0" * 40)], name) == []


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, None),
        ({"token_repository_ids": (7, 8)}, None),
        ({"token_repository_ids": (8,)}, "narrowed to other"),
        ({"owner_installation_id": 2}, "installation 1"),
        ({"auth": "unknown"}, "never minted"),
        ({"auth": "app"}, None),
        ({"repository_id": None}, None),
        ({"kind": "git", "owner_installation_id": None}, "installation 1"),
        ({"kind": "event", "auth": "unknown"}, None),
    ],
)
def test_v4_tokens_are_for_what_they_name(values: dict[str, Any], text: str | None) -> None:
    """Another tenant's token, or one narrowed to other repositories, is told even when refused."""
    call = {
        "kind": "request",
        "auth": "installation",
        "installation_id": 1,
        "repository_id": 7,
        "owner_installation_id": 1,
    } | values

    found = oracles.foreign_tokens([entry(1, **call)])

    assert [text in violation.text for violation in found] == ([True] if text else [])


def test_v4_work_under_way_can_not_know_that_its_repository_was_taken_away() -> None:
    """It may still read and be refused for a while; it may not write, and not go on."""
    call = {"auth": "installation", "installation_id": 1, "repository_id": 7, "path": "/repositories/7"}
    before = entry(1, at=100.0, owner_installation_id=1, **call)

    def judged(**values: Any) -> int:
        return len(oracles.foreign_tokens([before, entry(2, owner_installation_id=None, **call | values)]))

    assert judged(at=120.0) == 0
    assert judged(at=161.0) == 1
    assert judged(at=120.0, method="POST", applied=201) == 1
    assert judged(at=120.0, method="POST", applied=403) == 0


def test_v8_an_issue_never_goes_back() -> None:
    """The commit that an issue tells of follows the order of pushes."""
    pushes = [push(1, A), push(2, B)]
    forth = [issue(3, 1, f"{HEALTH} at {A}"), edit(4, 1, body=f"{HEALTH} at {B}")]
    assert oracles.stale_results([*pushes, *forth]) == []

    (violation,) = oracles.stale_results([*pushes, *forth, edit(5, 1, body=f"{HEALTH} at {A}")])

    assert violation.entries == (4, 5)
    again = [*pushes, push(3, A), *forth[1:], edit(5, 1, body=f"{HEALTH} at {A}")]
    assert oracles.stale_results(again) == []
    assert oracles.stale_results([*pushes, *forth, edit(5, 1, body="nothing"), edit(6, 1, title="t")]) == []
    assert oracles.stale_results([*pushes, issue(3, 1, f"a {B}"), edit(4, 1, body=f"a {A}")]) == []


@pytest.mark.parametrize(
    ("text", "commit"),
    [
        (f"uses {C}; judged [x](https://h/o/r/commit/{A})", A),
        (f"see {B} and {C}", B),
        ("nothing", None),
        ("f" * 64, None),
    ],
)
def test_the_judged_commit_is_the_last_that_is_linked(text: str, commit: str | None) -> None:
    """Findings may name other commits before it."""
    assert oracles.commit_in(text) == commit


@pytest.mark.parametrize(
    ("limit", "later", "found"),
    [
        pytest.param(Limit("core", 100), {}, 1, id="primary"),
        pytest.param(Limit("core", 40), {}, 0, id="after its time"),
        pytest.param(Limit("core", 5), {}, 0, id="reset in the past"),
        pytest.param(Limit("core", 100), {"at": 10.5}, 0, id="already on its way"),
        pytest.param(Limit("core", 100), {"path": "/graphql"}, 0, id="other resource"),
        pytest.param(Limit("core", 100), {"path": "/search/issues"}, 0, id="search"),
        pytest.param(Limit("core", 100), {"path": "/rate_limit"}, 0, id="free"),
        pytest.param(Limit("all", 100), {"path": "/graphql"}, 1, id="secondary"),
        pytest.param(Limit("all", 100), {"installation_id": 2}, 0, id="other installation"),
        pytest.param(Limit("all", 100), {"auth": "app"}, 0, id="the App itself"),
        pytest.param(Limit("content", 100), {}, 0, id="reading while content is blocked"),
        pytest.param(Limit("content", 100), {"method": "POST", "path": "/repos/o/r/issues"}, 1, id="content"),
    ],
)
def test_v10_nobody_calls_before_the_time(limit: Limit, later: dict[str, Any], found: int) -> None:
    """A limit answer at second 10 binds the installation until its time."""
    refused = entry(1, at=10.0, method="GET", path="/x", auth="installation", installation_id=1, limit=limit)
    call = {"at": 50.0, "method": "GET", "path": "/repos/o/r", "auth": "installation", "installation_id": 1}

    violations = oracles.calls_despite_limit([entry(2, **{**call, **later}), refused])

    assert [v.entries for v in violations] == [(1, 2)] * found


def test_v5_no_canary_is_published() -> None:
    """The name of the canary is told, not its value."""
    secrets = {"webhook secret": "hunter2"}
    assert oracles.published_secrets([run(1)], secrets) == []

    (violation,) = oracles.published_secrets([issue(1, 1, "it is hunter2")], secrets)

    assert "webhook secret" in violation.text
    assert "hunter2" not in violation.text


def test_everything_at_once() -> None:
    """Schema problems are violations too, and a good journal has none."""
    assert oracles.all_violations([push(1, A), run(2), issue(3, 1)]) == []
    bad = [run(1), run(2), issue(3, 1), issue(4, 2), entry(5, problems=("GET /x: no such operation",))]
    assert [violation.oracle for violation in oracles.all_violations(bad)] == ["V1", "V1", "schema"]
