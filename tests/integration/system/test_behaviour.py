"""What people see of Plumbline: check runs, the health issue, and when it stays silent."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from bot.report.health_issue import RECHECK_BOX
from bot.testing.state import FakeRepository
from tests.integration.system.world import CONFIG, HEALTHY, POLICY, STRANGERS, UNPINNED, System

ALL_ISSUES = "publish: {issues: all}\n"
TICKED = RECHECK_BOX.replace("[ ]", "[x]")


@pytest.fixture
def app(system: System) -> FakeRepository:
    """A healthy public repository whose baseline is known."""
    system.install()
    return system.create(files=HEALTHY)


class TestPushes:
    """The default branch."""

    def test_a_push_gets_one_completed_check_run(self, system: System, app: FakeRepository) -> None:
        sha = system.push(app, {"a.txt": "a"})

        run = system.run(app, sha)
        assert (run.status, run.conclusion, run.title) == ("completed", "success", "All 3 checks pass")
        assert [action["identifier"] for action in run.actions] == ["recheck"]
        assert system.issues(app) == []
        assert system.heads_without_result() == []

    def test_a_baseline_with_findings_is_silent(self, system: System) -> None:
        """What was wrong before we came is shown where it was asked for, and wakes nobody."""
        system.install()
        app = system.create()

        run = system.run(app, app.head or "")
        assert run.conclusion == "success"
        assert run.title == "2 findings in the first report"
        assert "no licence file" in (run.text or "")
        assert system.issues(app) == []

    def test_a_critical_finding_speaks_at_once(self, system: System) -> None:
        system.install()
        app = system.create(files={**HEALTHY, ".github/workflows/t.yml": STRANGERS})

        issue = system.issue(app)
        assert "dangerous-trigger" in (issue.body or "")
        assert [label.name for label in issue.labels] == ["plumbline"]

    def test_a_regression_opens_the_issue_and_the_fix_closes_it(
        self, system: System, app: FakeRepository
    ) -> None:
        worse = system.push(app, {"LICENSE": None})
        opened = system.issue(app)

        assert system.run(app, worse).conclusion == "neutral"
        assert system.run(app, worse).title == "1 new finding"
        assert opened.state == "open"
        assert "there is no licence file at the root" in (opened.body or "")

        system.push(app, HEALTHY)
        closed = system.issue(app)
        assert closed is opened
        assert (closed.state, closed.state_reason) == ("closed", "completed")
        assert "All is well" in (closed.body or "")

        system.push(app, {"LICENSE": None})
        assert system.issue(app).state == "open"

    def test_nothing_new_leaves_the_issue_alone(self, system: System, app: FakeRepository) -> None:
        system.push(app, {"LICENSE": None})
        since = system.mark()

        system.push(app, {"a.txt": "a"})

        assert system.calls("PATCH", "/issues/", since=since) == []

    def test_ten_pushes_to_one_branch_are_one_scan_of_the_newest(
        self, system: System, app: FakeRepository
    ) -> None:
        shas = [system.fake.push(app, "main", {"a.txt": str(n)}) for n in range(10)]
        system.pump()

        assert [len(system.runs(app, sha)) for sha in shas] == [0] * 9 + [1]

    def test_five_deliveries_of_one_guid_are_one_scan(self, system: System, app: FakeRepository) -> None:
        sha = system.push(app, {"a.txt": "a"})
        push = next(d for d in reversed(system.fake.deliveries) if d.event == "push")
        since = system.mark()

        for _ in range(4):
            system.fake.redeliver(push.id)
        system.pump()

        assert len([d for d in system.fake.deliveries if d.guid == push.guid]) == 5
        assert system.calls(since=since) == []
        assert len(system.runs(app, sha)) == 1

    def test_tags_other_branches_and_deleted_branches_are_no_work(
        self, system: System, app: FakeRepository
    ) -> None:
        system.push(app, {"a.txt": "a"}, branch="topic")
        since = system.mark()

        system.fake.delete_branch(app, "topic")
        system.pump()

        assert system.calls("POST", "/check-runs", since=since) == []

    def test_another_default_branch_is_judged(self, system: System, app: FakeRepository) -> None:
        sha = system.push(app, {"a.txt": "a"}, branch="trunk")
        system.fake.set_default_branch(app, "trunk")
        system.pump()

        assert system.run(app, sha).conclusion == "success"


class TestInstalling:
    """What happens without a push."""

    def test_an_installation_is_looked_at_whole(self, system: System) -> None:
        """Every repository, and every open pull request in it."""
        system.fake.create_organisation("acme")
        first = system.fake.create_repository("acme", "first", files=HEALTHY)
        second = system.fake.create_repository("acme", "second", files=HEALTHY)
        head = system.fake.push(second, "topic", {"LICENSE": None})
        system.fake.open_pull_request(second, "topic")
        system.install()

        assert system.run(first, first.head or "").conclusion == "success"
        assert system.run(second, second.head or "").conclusion == "success"
        assert system.run(second, head).title == "1 new finding"

    def test_an_added_repository_is_looked_at(self, system: System) -> None:
        system.fake.create_organisation("acme")
        app = system.fake.create_repository("acme", "app", files=HEALTHY)
        system.fake.create_repository("acme", "other", files=HEALTHY)
        installation = system.install(repositories=["other"])
        assert system.runs(app, app.head or "") == []

        system.fake.select_repositories(installation, ["app"])
        system.pump()

        assert system.run(app, app.head or "").conclusion == "success"

    def test_an_unsuspended_installation_is_looked_at(self, system: System, app: FakeRepository) -> None:
        (installation,) = system.fake.installations
        system.fake.suspend(installation)
        sha = system.push(app, {"a.txt": "a"})
        assert system.runs(app, sha) == []

        system.fake.unsuspend(installation)
        system.pump()

        assert system.run(app, sha).conclusion == "success"


class TestIssues:
    """Whose word counts in the health issue."""

    def test_publish_issues_all_opens_one_for_the_baseline(self, system: System) -> None:
        system.install()
        app = system.create(files={POLICY: ALL_ISSUES})

        body = system.issue(app).body or ""
        assert "licence" in body
        assert "security-policy" in body

    def test_publish_observe_writes_nothing_by_itself(self, system: System) -> None:
        """Verdicts are kept for the operator's own pages; the repository hears of none."""
        system.install()
        app = system.create(files={**HEALTHY, POLICY: "publish: observe\n"})

        sha = system.push(app, {"LICENSE": None, ".github/workflows/t.yml": STRANGERS})

        assert system.issues(app) == []
        assert system.runs(app, sha) == []
        assert system.runtime.store.verdicts(app.id)["licence"].outcome == "fail"

    def test_a_person_who_closes_it_has_spoken(self, system: System, app: FakeRepository) -> None:
        """It reopens for a new finding of high severity, not for a lesser one."""
        system.push(app, {"SECURITY.md": None})
        issue = system.issue(app)
        system.fake.close_issue(app, issue.number)
        system.pump()

        system.push(app, {".github/workflows/w.yml": UNPINNED})
        assert issue.state == "closed"

        system.push(app, {"LICENSE": None})
        assert system.issue(app).state == "open"
        assert len(system.issues(app)) == 1

    def test_closed_as_not_planned_it_stays_shut(self, system: System, app: FakeRepository) -> None:
        system.push(app, {"SECURITY.md": None})
        issue = system.issue(app)
        system.fake.close_issue(app, issue.number, reason="not_planned")
        system.pump()

        system.push(app, {"LICENSE": None, ".github/workflows/t.yml": STRANGERS})

        assert (issue.state, issue.state_reason) == ("closed", "not_planned")
        assert len(system.issues(app)) == 1

    def test_what_others_write_into_it_is_restored(self, system: System, app: FakeRepository) -> None:
        system.push(app, {"LICENSE": None})
        issue = system.issue(app)
        body = issue.body or ""
        system.fake.change_issue(app, issue.number, body=body + "\nand a remark")
        system.pump()

        system.push(app, {"a.txt": "a"})

        assert "remark" not in (issue.body or "")

    def test_the_recheck_box_looks_again_and_is_cleared(self, system: System, app: FakeRepository) -> None:
        sha = system.push(app, {"LICENSE": None})
        issue = system.issue(app)
        body = issue.body or ""

        system.fake.change_issue(app, issue.number, body=body.replace(RECHECK_BOX, TICKED))
        system.pump()

        assert len(system.runs(app, sha)) == 2
        assert RECHECK_BOX in (issue.body or "")

    def test_the_recheck_box_in_somebody_elses_issue_does_nothing(
        self, system: System, app: FakeRepository
    ) -> None:
        """A copied marker makes no issue ours, and no box in it a command."""
        sha = system.push(app, {"LICENSE": None})
        body = (system.issue(app).body or "").replace(RECHECK_BOX, TICKED)
        system.fake.create_user("mallory")
        number = system.fake.open_issue(app, "copy", body=body, actor="mallory")
        system.fake.change_issue(app, number, body=body + " ", actor="mallory")
        system.pump()

        system.push(app, HEALTHY)

        assert len(system.runs(app, sha)) == 1
        assert app.issues[number].state == "open"

    def test_a_deleted_issue_is_opened_anew_only_for_a_regression(
        self, system: System, app: FakeRepository
    ) -> None:
        system.push(app, {"LICENSE": None})
        system.fake.delete_issue(app, system.issue(app).number)
        system.pump()

        system.push(app, {"a.txt": "a"})
        assert system.issues(app) == []

        system.push(app, {"SECURITY.md": None})
        assert system.issue(app).state == "open"

    def test_an_issue_found_twice_becomes_one(self, system: System, app: FakeRepository) -> None:
        """An extra one, as a crash may leave it, is closed; the older stays."""
        system.push(app, {"LICENSE": None})
        first = system.issue(app)
        with system.fake.transaction():
            extra = system.fake.add_issue(
                app, system.fake.app.account, first.title, first.body, ["plumbline"]
            )
        system.runtime.store.drop_effect(app.id, "issue", "health")
        system.pump()

        system.push(app, {"a.txt": "a"})

        assert (first.state, extra.state) == ("open", "closed")


class TestWishes:
    """Buttons: each press makes one new run, and a repeated delivery of it none."""

    def test_rerun_of_the_check(self, system: System, app: FakeRepository) -> None:
        sha = system.push(app, {"a.txt": "a"})
        system.fake.rerequest_check_run(system.run(app, sha).id)
        system.pump()
        assert len(system.runs(app, sha)) == 2

        wish = next(d for d in reversed(system.fake.deliveries) if d.action == "rerequested")
        system.fake.redeliver(wish.id)
        system.pump()
        assert len(system.runs(app, sha)) == 2

        system.fake.rerequest_check_run(system.runs(app, sha)[-1].id)
        system.pump()
        assert len(system.runs(app, sha)) == 3

    def test_rerun_of_all_checks(self, system: System, app: FakeRepository) -> None:
        sha = system.push(app, {"a.txt": "a"})
        system.fake.rerequest_check_suite(sha, repository=app)
        system.pump()

        assert [run.status for run in system.runs(app, sha)] == ["completed", "completed"]

    def test_the_button_recheck(self, system: System, app: FakeRepository) -> None:
        """On a pull request's head, too."""
        _, head = system.propose(app, {"LICENSE": None})
        system.fake.press_button(system.run(app, head).id, "recheck")
        system.pump()

        assert [run.title for run in system.runs(app, head)] == ["1 new finding", "1 new finding"]

    def test_a_wish_for_history_does_nothing(self, system: System, app: FakeRepository) -> None:
        """The commit is no head of anything any more; the newest has its own run."""
        old = system.push(app, {"a.txt": "a"})
        new = system.push(app, {"a.txt": "b"})
        system.fake.rerequest_check_run(system.run(app, old).id)
        system.pump()

        assert len(system.runs(app, old)) == len(system.runs(app, new)) == 1

    def test_a_merge_group_is_answered(self, system: System, app: FakeRepository) -> None:
        """The queue stalls until it is."""
        number, _ = system.propose(app, {"LICENSE": None})
        group = system.fake.add_to_merge_queue(app, number)
        system.pump()

        run = system.run(app, group)
        assert (run.status, run.conclusion, run.title) == ("completed", "neutral", "1 new finding")
        assert "This merge group" in (run.summary or "")


class TestPullRequests:
    """What a proposal brings, compared with its merge base."""

    def test_shows_what_is_new_and_what_is_fixed(self, system: System) -> None:
        system.install()
        app = system.create(files={"SECURITY.md": HEALTHY["SECURITY.md"]})
        _, head = system.propose(app, {"LICENSE": HEALTHY["LICENSE"], "SECURITY.md": None})

        run = system.run(app, head)
        assert run.conclusion == "neutral"
        assert run.title == "1 new finding, 1 fixed"
        assert "behind" not in (run.text or ""), "branches are no business of a proposal"
        assert system.issues(app) == []

    def test_a_new_commit_is_judged(self, system: System, app: FakeRepository) -> None:
        _, first = system.propose(app, {"a.txt": "a"})
        second = system.push(app, {"LICENSE": None}, branch="topic")

        assert system.run(app, first).conclusion == "success"
        assert system.run(app, second).conclusion == "neutral"

    def test_a_draft_is_judged_as_well(self, system: System, app: FakeRepository) -> None:
        _, head = system.propose(app, {"LICENSE": None}, draft=True)

        assert system.run(app, head).title == "1 new finding"

    def test_a_closed_one_is_not_judged(self, system: System, app: FakeRepository) -> None:
        """Also when it was closed between the event and the work."""
        head = system.fake.push(app, "topic", {"LICENSE": None})
        number = system.fake.open_pull_request(app, "topic")
        system.fake.close_pull_request(app, number)
        system.pump()
        assert system.runs(app, head) == []

        system.fake.reopen_pull_request(app, number)
        system.pump()
        assert system.run(app, head).title == "1 new finding"

    def test_another_base_is_judged_anew(self, system: System, app: FakeRepository) -> None:
        """What is new depends on where it shall go."""
        system.push(app, {"LICENSE": None}, branch="stable")
        head = system.fake.push(app, "topic", {"a.txt": "a"}, parents=[app.branches["stable"]])
        number = system.fake.open_pull_request(app, "topic")
        system.pump()
        assert system.run(app, head).title == "1 new finding"

        system.fake.retarget_pull_request(app, number, "stable")
        system.pump()

        assert [run.title for run in system.runs(app, head)] == ["1 new finding", "Nothing new"]

    def test_another_title_is_no_work(self, system: System, app: FakeRepository) -> None:
        number, head = system.propose(app, {"a.txt": "a"})
        system.fake.change_issue(app, number, title="Another")
        system.pump()

        assert len(system.runs(app, head)) == 1

    def test_two_pull_requests_from_one_head_have_a_run_each(
        self, system: System, app: FakeRepository
    ) -> None:
        """They go into different branches, so each has its own answer."""
        system.push(app, {"SECURITY.md": None}, branch="stable")
        _, head = system.propose(app, {"LICENSE": None})
        system.fake.open_pull_request(app, "topic", "stable")
        system.pump()

        assert [run.title for run in system.runs(app, head)] == ["1 new finding", "1 new finding"]

    def test_a_pull_request_from_a_fork_is_judged_in_the_base(
        self, system: System, app: FakeRepository
    ) -> None:
        system.fake.create_user("mallory")
        fork = system.fake.fork(app, "mallory")
        head = system.fake.push(fork, "topic", {"LICENSE": None}, actor="mallory")
        system.fake.open_pull_request(app, "topic", head_repository=fork, actor="mallory")
        system.pump()

        assert system.run(app, head).title == "1 new finding"
        assert fork.check_runs == {}


class TestPolicy:
    """The file, its errors, and what it decides."""

    def test_a_broken_file_on_the_default_branch_is_told_at_its_place(
        self, system: System, app: FakeRepository
    ) -> None:
        """The last good policy stays in force, and each version of the file is told once."""
        system.push(app, {POLICY: "checks:\n  licence:\n    enabled: false\n"})
        broken = system.push(app, {POLICY: "checks:\n  licence:\n    enabled: 7\n", "LICENSE": None})

        run = system.run(app, broken, CONFIG)
        assert run.conclusion == "action_required"
        (note,) = run.annotations
        assert (note["path"], note["start_line"]) == (POLICY, 3)
        assert "Column 14" in note["message"]
        assert "should be true or false" in note["message"]
        assert f"{POLICY}:3:14" in (run.summary or "")
        assert system.run(app, broken).title == "All 2 checks pass", "licence is still switched off"

        later = system.push(app, {"a.txt": "a"})
        assert system.runs(app, later, CONFIG) == []

    def test_a_file_in_a_proposal_is_validated_and_not_obeyed(
        self, system: System, app: FakeRepository
    ) -> None:
        _, head = system.propose(app, {POLICY: "checks:\n  licence:\n    enabled: false\n", "LICENSE": None})

        assert system.run(app, head).title == "1 new finding"
        assert system.run(app, head, CONFIG).conclusion == "success"

        worse = system.push(app, {POLICY: "checks: [\n"}, branch="topic")
        assert system.run(app, worse, CONFIG).conclusion == "action_required"
        assert f"{POLICY}:1:" in (system.run(app, worse, CONFIG).summary or "")

    def test_a_proposal_that_leaves_the_file_alone_gets_no_config_run(
        self, system: System, app: FakeRepository
    ) -> None:
        _, head = system.propose(app, {"a.txt": "a"})

        assert system.runs(app, head, CONFIG) == []

    def test_an_exemption_keeps_a_check_silent_until_its_last_day(
        self, system: System, app: FakeRepository
    ) -> None:
        until = (system.clock.now() + timedelta(days=3)).date()
        exemption = f"{{check: licence, reason: lawyers are at it, until: {until.isoformat()}}}"
        system.push(app, {POLICY: f"exemptions: [{exemption}]\n"})
        sha = system.push(app, {"LICENSE": None})

        run = system.run(app, sha)
        assert run.conclusion == "success"
        assert "lawyers are at it" in (run.text or "")
        assert system.issues(app) == []

        system.clock.advance(5 * 86_400)
        late = system.push(app, {"a.txt": "a"})
        assert "licence" in (system.run(app, late).text or "")
        assert system.issue(app).state == "open"

    def test_block_makes_a_new_finding_a_failure(self, system: System, app: FakeRepository) -> None:
        system.push(app, {POLICY: "block: [licence]\n"})
        _, head = system.propose(app, {"LICENSE": None})
        _, other = system.propose(app, {"SECURITY.md": None}, branch="other")

        assert system.run(app, head).conclusion == "failure"
        assert "policy blocks on" in (system.run(app, head).summary or "")
        assert system.run(app, other).conclusion == "neutral"

    def test_a_severity_of_policy_decides_what_is_critical(self, system: System) -> None:
        system.install()
        app = system.create(files={POLICY: "checks:\n  licence: {severity: critical}\n"})

        assert "critical" in (system.issue(app).body or "")


class TestAudience:
    """Who may read what."""

    def test_a_private_repository_is_judged_by_its_own_rules(self, system: System) -> None:
        """Nobody outside can see it, so it needs neither licence nor security policy."""
        system.install()
        app = system.create(private=True)

        run = system.run(app, app.head or "")
        assert run.title == "1 check passes"
        assert "4 do not apply" in (run.summary or "")

    def test_a_published_repository_is_looked_at_at_once(self, system: System) -> None:
        system.install()
        app = system.create(private=True)
        before = len(system.runs(app, app.head or ""))
        system.fake.publicize(app)
        system.pump()

        runs = system.runs(app, app.head or "")
        assert len(runs) == before + 1
        assert "licence" in (runs[-1].text or "")


def test_two_installations_do_not_see_each_other(system: System) -> None:
    """Each is called with its own token; the oracle V4 sees to that."""
    system.install("acme")
    system.install("umbrella")
    mine = system.create("app", HEALTHY)
    other = system.create("app", {"README.md": "x"}, owner="umbrella")

    assert system.run(mine, mine.head or "").title == "All 3 checks pass"
    assert system.run(other, other.head or "").title == "2 findings in the first report"
    assert len({entry.installation_id for entry in system.calls("POST", "/check-runs")}) == 2


def test_unknown_events_and_pings_are_accepted_and_cause_nothing(system: System) -> None:
    system.install()
    since = system.mark()
    system.fake.ping()
    system.pump()

    assert system.calls(since=since) == []
    assert system.runtime.ledger.stats().parked == 0


def test_work_of_many_repositories_runs_at_once(system: System) -> None:
    """Twelve pushes to twelve repositories, delivered by eight threads: one run each."""
    system.install()
    apps = [system.create(f"app-{n}", HEALTHY) for n in range(6)]
    pushers = [threading.Thread(target=system.fake.push, args=(app, "main", {"a.txt": "a"})) for app in apps]
    for pusher in pushers:
        pusher.start()
    for pusher in pushers:
        pusher.join()
    system.pump()

    assert [len(system.runs(app, app.head or "")) for app in apps] == [1] * 6
