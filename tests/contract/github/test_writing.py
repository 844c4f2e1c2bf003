"""Writing: check runs with annotations in portions, issues, labels; the guard before each write."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.model.errors import Ambiguous, Gone, LeaseLost, Malformed, PermissionMissing, Rejected
from bot.model.reports import Annotation, Button, CheckRun, Conclusion
from tests.contract.github.scripted import APP, APP_ANSWER, REPOSITORY, SHA, Desk, Reply, Seen, issue

RUNS = f"/commits/{SHA}/check-runs"


def remark(i: int = 1, path: str = "a.py", **changes: Any) -> Annotation:
    return Annotation(
        path, **{"start_line": i, "end_line": i, "level": "warning", "message": f"m{i}", **changes}
    )


def run(*annotations: Annotation, **changes: Any) -> CheckRun:
    return CheckRun(
        **{
            "name": "plumbline/health",
            "head_sha": SHA,
            "external_id": "digest",
            "conclusion": Conclusion.NEUTRAL,
            "title": "Two findings",
            "summary": "Look below",
            "annotations": annotations,
            **changes,
        }
    )


def published(id_: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "name": "plumbline/health",
        "head_sha": SHA,
        "external_id": "digest",
        "status": "completed",
        "conclusion": "neutral",
        "output": {"annotations_count": 0},
        "app": {"id": APP},
        **changes,
    }


class Strict:
    """Answers check-run writes as GitHub does: one bad annotation, and the whole request is 422."""

    def __init__(self, desk: Desk, *, bad: set[str] = frozenset(), refuse_all: bool = False) -> None:  # type: ignore[assignment]
        self.stored: list[str] = []
        self.creates = 0
        self.summary = ""
        self._bad = bad
        self._refuse_all = refuse_all
        desk.server.on_repository("POST", "/check-runs", self.answer)
        desk.server.on_repository("PATCH", "/check-runs/5", self.answer)

    def answer(self, seen: Seen) -> Reply:
        sent = seen.body["output"].get("annotations", [])
        if self._refuse_all or len(sent) > 50 or any(a["message"] in self._bad for a in sent):
            error = {"resource": "CheckRun", "field": "annotations", "code": "invalid"}
            return Reply(422, {"message": "Validation Failed", "errors": [error]})
        self.stored += [a["message"] for a in sent]
        self.creates += seen.method == "POST"
        self.summary = seen.body["output"]["summary"]
        return Reply(201 if seen.method == "POST" else 200, published(5))


def test_a_check_run_is_one_completed_post(desk: Desk) -> None:
    """Status, conclusion, output, buttons and times in one request."""
    Strict(desk)
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    buttons = (Button("Re-check", "Judge again", "recheck"),)

    id_ = desk.writer().create_check_run(
        run(remark(), buttons=buttons, text="more", details_url="https://x/", started_at=at, completed_at=at)
    )

    [sent] = desk.server.sent("POST")
    assert id_ == 5
    assert sent.body == {
        "name": "plumbline/health",
        "head_sha": SHA,
        "external_id": "digest",
        "details_url": "https://x/",
        "started_at": "2026-01-02T03:04:05Z",
        "status": "completed",
        "conclusion": "neutral",
        "completed_at": "2026-01-02T03:04:05Z",
        "actions": [{"label": "Re-check", "description": "Judge again", "identifier": "recheck"}],
        "output": {
            "title": "Two findings",
            "summary": "Look below",
            "text": "more",
            "annotations": [
                {
                    "path": "a.py",
                    "start_line": 1,
                    "end_line": 1,
                    "annotation_level": "warning",
                    "message": "m1",
                }
            ],
        },
    }


def test_a_run_in_progress_has_no_conclusion(desk: Desk) -> None:
    """Giving a conclusion would complete it."""
    Strict(desk)

    desk.writer().create_check_run(run(conclusion=None))

    body = desk.server.sent("POST")[0].body
    assert body["status"] == "in_progress"
    assert "conclusion" not in body


@pytest.mark.fault
def test_kd9_five_hundred_findings_go_in_portions(desk: Desk) -> None:
    """Fifty with the create, the rest appended; none twice, none missing."""
    github = Strict(desk)
    everything = run(*(remark(i) for i in range(1, 501)))
    writer = desk.writer()

    id_ = writer.create_check_run(everything)
    writer.update_check_run(id_, everything, annotations_from=50)

    assert github.stored == [f"m{i}" for i in range(1, 501)]
    assert len(desk.server.sent("PATCH")) == 9
    assert desk.guard.asked == 10
    assert writer.refused_annotations == 0


@pytest.mark.fault
def test_kd9_one_bad_annotation_hides_no_other(desk: Desk) -> None:
    """Created without, appended in halves; the count is told in summary, metric and attribute."""
    github = Strict(desk, bad={"m7"})
    writer = desk.writer()

    assert writer.create_check_run(run(*(remark(i) for i in range(1, 51)))) == 5

    assert sorted(github.stored, key=lambda m: int(m[1:])) == [f"m{i}" for i in range(1, 51) if i != 7]
    assert github.creates == 1
    assert writer.refused_annotations == 1
    assert desk.counts.counted["github_annotations_refused"] == 1
    assert github.summary == "Look below\n\n1 annotation could not be shown."
    assert len(desk.server.sent("PATCH")) < 20


@pytest.mark.fault
def test_kd9_a_bad_annotation_in_a_later_portion(desk: Desk) -> None:
    """The update itself still sets the conclusion."""
    github = Strict(desk, bad={"m60", "m120"})
    everything = run(*(remark(i) for i in range(1, 131)))
    writer = desk.writer()

    id_ = writer.create_check_run(everything)
    writer.update_check_run(id_, everything, annotations_from=50)

    assert len(github.stored) == 128
    assert writer.refused_annotations == 2
    assert github.summary.endswith("2 annotations could not be shown.")


@pytest.mark.fault
def test_kd9_three_bad_ones_among_many(desk: Desk) -> None:
    """Each is found, the rest is shown."""
    github = Strict(desk, bad={"m3", "m77", "m78"})
    everything = run(*(remark(i) for i in range(1, 131)))
    writer = desk.writer()

    id_ = writer.create_check_run(everything)
    writer.update_check_run(id_, everything, annotations_from=50)

    assert len(set(github.stored)) == len(github.stored) == 127
    assert writer.refused_annotations == 3
    assert github.summary.endswith("3 annotations could not be shown.")


@pytest.mark.fault
def test_kd9_when_all_are_bad_the_search_ends(desk: Desk) -> None:
    """Looking for the good ones is bounded; the run itself is shown."""
    github = Strict(desk, bad={f"m{i}" for i in range(1, 51)})
    writer = desk.writer()

    writer.create_check_run(run(*(remark(i) for i in range(1, 51))))

    assert github.stored == []
    assert writer.refused_annotations == 50
    assert len(desk.server.sent("PATCH")) < 80


def test_a_check_run_refused_for_another_reason(desk: Desk) -> None:
    """Without annotations it is refused as well: that is the caller's to know."""
    Strict(desk, refuse_all=True)

    with pytest.raises(Rejected, match=r"CheckRun\.annotations: invalid") as caught:
        desk.writer().create_check_run(run(remark()))
    assert caught.value.status == 422


@pytest.mark.fault
@pytest.mark.parametrize(
    "path", ["../etc/passwd", "a/../b", "/abs", "a\nb", "a\x1bb", "", "a//b", ".", "\ud800"]
)
def test_kd9_paths_that_no_file_can_have_are_not_sent(desk: Desk, path: str) -> None:
    """The others of the request would be lost with them."""
    github = Strict(desk)
    writer = desk.writer()

    writer.create_check_run(run(remark(1, path), remark(2)))

    assert github.stored == ["m2"]
    assert writer.refused_annotations == 1
    assert "1 annotation could not be shown" in github.summary


@pytest.mark.fault
def test_kd9_lines_levels_and_lengths_are_mended(desk: Desk) -> None:
    """Line 0, an end before the start, an unknown level, 100 kB of message."""
    Strict(desk)
    desk.writer().create_check_run(
        run(
            remark(0, "./a.py", end_line=-3, level="loud", message="ü" * 50_000, title="t" * 300),
            remark(9, end_line=3, level="failure", message="\x00"),
        )
    )

    first, second = desk.server.sent("POST")[0].body["output"]["annotations"]
    assert (first["path"], first["start_line"], first["end_line"]) == ("a.py", 1, 1)
    assert first["annotation_level"] == "warning"
    assert len(first["message"].encode()) <= 64 * 1024
    assert len(first["title"]) == 255
    assert (second["start_line"], second["end_line"], second["annotation_level"]) == (9, 9, "failure")
    assert second["message"] == "See the summary."


def test_texts_survive_json(desk: Desk) -> None:
    """A lone surrogate or a NUL would make GitHub refuse the whole request."""
    Strict(desk)

    desk.writer().create_check_run(run(title="a\ud800b", summary="x\x00y\nz"))

    output = desk.server.sent("POST")[0].body["output"]
    assert (output["title"], output["summary"]) == ("a?b", "xy\nz")


def test_a_patch_that_is_lost_is_ambiguous(desk: Desk) -> None:
    """Its annotations may have been appended, so it is not sent again."""
    desk.server.on_repository("PATCH", "/check-runs/5", Reply(502, {}))

    with pytest.raises(Ambiguous):
        desk.writer().update_check_run(5, run(remark()), annotations_from=0)
    assert len(desk.server.sent("PATCH")) == 1


@pytest.mark.parametrize(
    "write",
    [
        lambda w: w.create_check_run(run()),
        lambda w: w.update_check_run(5, run(), annotations_from=0),
        lambda w: w.create_issue("t", "b", []),
        lambda w: w.update_issue(1, body="b"),
        lambda w: w.ensure_label("plumbline", "0e8a16", "d"),
    ],
    ids=["create run", "update run", "create issue", "update issue", "label"],
)
def test_the_guard_stops_every_write(desk: Desk, write: Any) -> None:
    """A worker that lost its lease sends nothing."""
    desk.guard.error = LeaseLost("another worker owns it")

    with pytest.raises(LeaseLost):
        write(desk.writer())
    assert not desk.server.sent("POST")
    assert not desk.server.sent("PATCH")


def test_our_check_runs_are_found(desk: Desk) -> None:
    """Newest first; other Apps' and other names' are left out even if the filters were lost."""
    mine, older = published(9), published(7, conclusion=None, status="in_progress", external_id=None)
    others = [published(8, app={"id": 1}), published(6, name="lint"), published(9)]
    data = {"total_count": 5, "check_runs": [older, mine, *others]}
    desk.server.on_repository("GET", RUNS, Reply(200, data))

    found = desk.writer().check_runs(SHA, "plumbline/health")

    assert [(r.id, r.status, r.conclusion, r.external_id) for r in found] == [
        (9, "completed", "neutral", "digest"),
        (7, "in_progress", None, ""),
    ]
    assert desk.server.sent("GET")[0].query == {
        "check_name": "plumbline/health",
        "app_id": str(APP),
        "filter": "all",
        "per_page": "100",
    }


def test_13_our_issues_are_found_page_by_page(desk: Desk) -> None:
    """Pull requests, other authors and other labels are left out even if the filters were lost."""
    desk.server.on("GET", "/app", Reply(200, APP_ANSWER))
    base = f"{desk.server.url}/repositories/{REPOSITORY}/issues"
    first = [
        issue(9, state="closed", state_reason="not_planned", closed_by={"login": "alice"}, locked=True),
        issue(8, pull_request={"url": "x"}),
        issue(7, user={"login": "mallory"}),
        issue(6, labels=["bug"]),
    ]
    second = [issue(9), issue(3, body=None, labels=["plumbline"])]

    def page(seen: Seen) -> Reply:
        if seen.query.get("page") == "2":
            return Reply(200, second)
        return Reply(200, first, {"Link": f'<{base}?page=2>; rel="next"'})

    desk.server.on_repository("GET", "/issues", page)

    nine, three = desk.writer().issues("plumbline")

    assert (nine.number, nine.labels) == (9, ("plumbline",))
    assert (three.number, three.body, three.state_reason) == (3, "", None)
    assert desk.server.sent("GET", "/issues")[0].query == {
        "creator": "plumbline[bot]",
        "labels": "plumbline",
        "state": "all",
        "sort": "created",
        "direction": "desc",
        "per_page": "100",
    }
    desk.writer().issues("plumbline")
    assert len(desk.server.sent("GET", "/app")) == 1


def test_an_issue_tells_who_closed_it(desk: Desk) -> None:
    """A person who closes the health issue has spoken."""
    closed = issue(9, state="closed", state_reason="not_planned", closed_by={"login": "alice"}, locked=True)
    desk.server.on_repository("GET", "/issues/9", Reply(200, closed))

    found = desk.writer().issue(9)

    assert (found.state, found.state_reason, found.closed_by, found.locked) == (
        "closed",
        "not_planned",
        "alice",
        True,
    )


@pytest.mark.parametrize("status", [404, 410])
def test_an_issue_that_was_deleted(desk: Desk, status: int) -> None:
    """GitHub says 410."""
    desk.server.on_repository("GET", "/issues/9", Reply(status, {"message": "This issue was deleted"}))
    desk.server.on_repository("PATCH", "/issues/9", Reply(status, {"message": "This issue was deleted"}))

    with pytest.raises(Gone):
        desk.writer().issue(9)
    with pytest.raises(Gone):
        desk.writer().update_issue(9, body="b")


def test_an_issue_under_another_number(desk: Desk) -> None:
    """Something else answered."""
    desk.server.on_repository("GET", "/issues/9", Reply(200, issue(4)))

    with pytest.raises(Gone):
        desk.writer().issue(9)


def test_issues_switched_off(desk: Desk) -> None:
    """410 on the collection: the repository is there, and it is not "no issues" either."""
    desk.server.on("GET", "/app", Reply(200, APP_ANSWER))
    off = Reply(410, {"message": "Issues are disabled for this repo"})
    desk.server.on_repository("GET", "/issues", off)
    desk.server.on_repository("POST", "/issues", off)

    for call in (
        lambda: desk.writer().issues("plumbline"),
        lambda: desk.writer().create_issue("t", "b", []),
    ):
        with pytest.raises(Rejected, match="Issues are disabled") as caught:
            call()
        assert caught.value.status == 410


def test_creating_an_issue(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Labels that GitHub silently dropped are noticed."""
    desk.server.on_repository("POST", "/issues", Reply(201, issue(12)), Reply(201, issue(13, labels=[])))
    writer = desk.writer()

    assert writer.create_issue("T\x00", "B", ["plumbline"]) == 12
    assert caplog.records == []
    assert writer.create_issue("T", "B", ["plumbline"]) == 13
    assert "left labels" in caplog.text
    assert desk.server.sent("POST")[0].body == {"title": "T", "body": "B", "labels": ["plumbline"]}


def test_an_issue_whose_labels_are_not_told_was_still_made(desk: Desk) -> None:
    """The number is known, so nothing is ambiguous."""
    desk.server.on_repository("POST", "/issues", Reply(201, {"number": 12}))

    assert desk.writer().create_issue("T", "B", ["plumbline"]) == 12


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        pytest.param(403, "Repository was archived so is read-only.", Rejected, id="archived"),
        pytest.param(403, "Resource not accessible by integration", PermissionMissing, id="no permission"),
        pytest.param(404, "Not Found", Gone, id="gone"),
        pytest.param(409, "Git Repository is empty.", Rejected, id="empty"),
        pytest.param(422, "Validation Failed", Rejected, id="content"),
        pytest.param(400, "Problems parsing JSON", Rejected, id="JSON"),
    ],
)
def test_refused_writes(desk: Desk, status: int, message: str, error: type[Exception]) -> None:
    """Each refusal has its own meaning."""
    desk.grow_old()
    desk.server.on_repository("POST", "/issues", Reply(status, {"message": message}))

    with pytest.raises(error, match=message.partition(" ")[0]):
        desk.writer().create_issue("t", "b", [])
    assert len(desk.server.sent("POST")) == 1


def test_a_rejection_names_the_fields(desk: Desk) -> None:
    """What GitHub complained about, for the log."""
    errors = [
        {"resource": "Issue", "field": "body", "code": "custom", "message": "body is too long"},
        "and more",
        7,
    ]
    data = {"message": "Validation Failed", "errors": errors}
    desk.server.on_repository("POST", "/issues", Reply(422, data))

    with pytest.raises(Rejected, match=r"Validation Failed \(Issue.body: body is too long; and more\)"):
        desk.writer().create_issue("t", "b", [])


def test_updates_send_only_what_changes(desk: Desk) -> None:
    """PATCH replaces what it names."""
    desk.server.on_repository("PATCH", "/issues/3", Reply(200, issue(3)))
    writer = desk.writer()

    writer.update_issue(3, title="T", state="closed", state_reason="completed")
    writer.update_issue(3)

    assert [r.body for r in desk.server.sent("PATCH")] == [
        {"title": "T", "state": "closed", "state_reason": "completed"}
    ]


def test_labels_are_made_once(desk: Desk) -> None:
    """Looked for first; one that somebody else made meanwhile is as good."""
    label = {"name": "plumb line/x", "color": "0e8a16"}
    missing = Reply(404, {"message": "Not Found"})
    desk.server.on_repository("GET", "/labels/plumb%20line%2Fx", missing, missing, Reply(200, label))
    twice = {"message": "Validation Failed", "errors": [{"resource": "Label", "code": "already_exists"}]}
    desk.server.on_repository("POST", "/labels", Reply(201, label), Reply(422, twice))
    writer = desk.writer()

    for _ in range(3):
        writer.ensure_label("plumb line/x", "#0e8a16", "d" * 200)

    assert len(desk.server.sent("POST")) == 2
    assert desk.server.sent("POST")[0].body == {
        "name": "plumb line/x",
        "color": "0e8a16",
        "description": "d" * 100,
    }


def test_a_label_that_is_refused(desk: Desk) -> None:
    """Another 422 is the caller's to know."""
    wrong = {
        "message": "Validation Failed",
        "errors": [{"resource": "Label", "field": "color", "code": "invalid"}],
    }
    desk.server.on_repository("POST", "/labels", Reply(422, wrong))

    with pytest.raises(Rejected, match=r"Label\.color: invalid"):
        desk.writer().ensure_label("x", "red", "")


def test_a_list_in_the_wrong_shape(desk: Desk) -> None:
    """No check runs is an empty list, not a missing one."""
    desk.server.on_repository("GET", RUNS, Reply(200, {"total_count": 0}))

    with pytest.raises(Malformed):
        desk.writer().check_runs(SHA, "x")
