"""What the journal keeps, and the effects that it tells."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bot.simulator.journal import (
    Entry,
    Journal,
    Limit,
    check_runs,
    digest,
    effects,
    issues,
    limit_of,
    read_journal,
)
from bot.testing.http import Response


def test_entries_survive_the_process(tmp_path: Path) -> None:
    """Every entry is in the file when ``append`` returns, and reads back as it was."""
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append("request", at=1.5, method="POST", body={"a": 1}, limit=Limit("all", 3.0))
    journal.append("git", at=2.5, token_repository_ids=(1, 2), problems=("odd",), status=200)

    assert read_journal(tmp_path / "journal.jsonl") == journal.entries()
    journal.close()
    journal.append("act", at=3.0)
    assert [entry.seq for entry in journal.entries(since=1)] == [2, 3]
    assert [entry.kind for entry in journal.entries(kind="git")] == ["git"]


def test_a_line_cut_by_a_crash_is_left_out(tmp_path: Path) -> None:
    """The lines before it are good."""
    path = tmp_path / "journal.jsonl"
    path.write_text('{"seq":1,"kind":"act","at":1}\n{"seq":2,"ki')
    assert read_journal(path) == [Entry(1, "act", 1)]


def test_waits_for_an_entry() -> None:
    """The entry may be there already, may come, or may never come."""
    journal = Journal()
    journal.append("act")
    found = journal.wait_for(lambda entry: entry.kind == "act", timeout_s=0)
    assert found is not None

    timer = threading.Timer(0.05, lambda: journal.append("git"))
    timer.start()
    found = journal.wait_for(lambda entry: entry.kind == "git", timeout_s=5, since=1)
    timer.join()
    assert found is not None
    assert found.seq == 2
    assert journal.wait_for(lambda entry: entry.kind == "event", timeout_s=0.01) is None


def test_a_digest_tells_nothing() -> None:
    """Short, repeatable, of text or bytes."""
    assert digest("secret") == digest(b"secret") != digest("other")
    assert len(digest("secret")) == 16


@pytest.mark.parametrize(
    ("headers", "until"),
    [
        ({"Retry-After": "5", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99"}, 15),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99"}, 99),
        ({"X-RateLimit-Remaining": "0"}, 70),
    ],
)
def test_retry_after_wins_over_the_reset(headers: dict[str, str], until: float) -> None:
    """The order that GitHub's documentation asks clients to keep."""
    limit = limit_of(Response(403, headers), 10)
    assert limit is not None
    assert limit.until == until


def write(
    seq: int, method: str, path: str, body: object, result: dict[str, object], **values: object
) -> Entry:
    applied = {"POST": 201, "PATCH": 200}[method]
    arguments = {"applied": applied, "applied_at": float(seq), "repository_id": 7, **values}
    return Entry(seq, "request", float(seq), method=method, path=path, body=body, result=result, **arguments)


def test_effects_are_what_people_see_in_the_end() -> None:
    """Created check runs and issues, with the last thing written to each."""
    entries = [
        write(
            1, "POST", "/repos/a/b/check-runs", {"name": "n", "head_sha": "s", "external_id": "e"}, {"id": 5}
        ),
        write(2, "PATCH", "/repositories/7/check-runs/5", {"conclusion": "success"}, {"id": 5}),
        write(3, "PATCH", "/repos/a/b/check-runs/99", {"conclusion": "failure"}, {"id": 99}),
        write(4, "POST", "/repos/a/b/issues", {"title": "t", "body": "b", "labels": ["l"]}, {"number": 3}),
        write(5, "POST", "/repos/a/b/issues/3/comments", {"body": "c"}, {"id": 8}),
        write(6, "PATCH", "/repos/a/b/issues/3", {"body": "d", "state": "closed"}, {"number": 3}),
        write(7, "POST", "/repos/a/b/issues", {"title": "x"}, {}, applied=502),
        write(8, "POST", "/repos/a/b/labels", [], {}),
    ]

    (run,), (issue,) = effects(entries)

    assert (run.id, run.name, run.external_id, run.conclusion) == (5, "n", "e", "success")
    assert (issue.number, issue.title, issue.body, issue.labels, issue.open) == (3, "t", "d", ("l",), False)


def test_people_close_and_reopen_issues() -> None:
    """Events count as well as our own writes."""
    made = write(1, "POST", "/repos/a/b/issues", {"title": "t"}, {"number": 3})

    def event(seq: int, action: str, number: int = 3) -> Entry:
        detail = {"event": "issues", "action": action, "number": number}
        return Entry(seq, "event", float(seq), repository_id=7, detail=detail)

    assert issues([made, event(2, "closed")])[0].open is False
    assert issues([made, event(2, "closed"), event(3, "reopened")])[0].open is True
    assert issues([made, event(2, "labeled"), event(3, "closed", 4)])[0].open is True


def test_order_is_that_of_taking_effect() -> None:
    """A write that was carried out early and answered late counts as early."""
    made = write(1, "POST", "/repos/a/b/check-runs", {"name": "n", "head_sha": "s"}, {"id": 5})
    late = write(2, "PATCH", "/repos/a/b/check-runs/5", {"conclusion": "success"}, {}, applied_at=9.0)
    early = write(3, "PATCH", "/repos/a/b/check-runs/5", {"conclusion": "failure"}, {}, applied_at=5.0)

    assert check_runs([made, late, early])[0].conclusion == "success"
