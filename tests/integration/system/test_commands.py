"""Slash-commands, from the comment to the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from bot.adapters.store.audit import AuditEvent
from bot.adapters.store.sql import SqlStore
from bot.engine.command_lines import find
from bot.engine.commanding import COMMANDS_PER_HOUR, Asked, run_commands, tell
from bot.engine.context import Context
from bot.model.verdicts import Audience
from bot.model.work import Claim
from bot.ports import COMMAND_EFFECT, RESULT_EFFECT, StoredEffect
from bot.registry import Registry, load
from bot.report.replies import marker_of
from bot.simulator.faults import Fault, FaultKind
from bot.testing.state import Comment, FakeRepository
from tests.integration.system.world import HEALTH, HEALTHY, POLICY, AllowAll, System

JUDGED = ("licence", "security-policy", "behind")
"""The checks that are switched on, so that others can be added without a change here."""

RIGHTS = ("", "read", "triage", "write", "maintain", "admin")

TABLE = {
    "help": "read",
    "health": "read",
    "explain licence": "read",
    "config explain publish": "read",
    "recheck": "triage",
    'exempt licence reason="r" until={today}': "maintain",
    "unmute": "maintain",
    "ratchet licence": "maintain",
    "approve exemption 0a1b2c3d4e": "maintain",
}
"""Command -> the least role that may give it."""


@pytest.fixture
def app(system: System, registry: Registry) -> FakeRepository:
    """A healthy public repository whose baseline is known, and people with every role in it."""
    system.install()
    for role in RIGHTS[1:]:
        system.fake.create_user(role)
    checks = "".join(f"  {name}: {{enabled: {str(name in JUDGED).lower()}}}\n" for name in registry.checks)
    repository = system.create(files={**HEALTHY, POLICY: f"checks:\n{checks}"})
    for role in RIGHTS[1:]:
        system.fake.set_collaborator(repository, role, role)
    return repository


@pytest.fixture
def pull(system: System, app: FakeRepository) -> int:
    """A pull request that takes the licence away, by the person ``read``."""
    number, _ = system.propose(app, {"LICENSE": None}, actor="read")
    system.later(60)
    return number


def say(system: System, repository: FakeRepository, number: int, body: str, actor: str = "admin") -> int:
    """A comment, what follows from it done."""
    comment = system.fake.comment(repository, number, body, actor=actor)
    system.pump()
    return comment


def answers(system: System, repository: FakeRepository, comment: int) -> list[Comment]:
    """Our answers to a comment."""
    return [
        c
        for c in repository.comments.values()
        if c.user is system.fake.app.account and marker_of(c.body) == ("reply", str(comment))
    ]


def answer(system: System, repository: FakeRepository, comment: int) -> str:
    """The only answer to a comment, without its marker."""
    (found,) = answers(system, repository, comment)
    return found.body.partition("\n")[2]


def reactions(repository: FakeRepository, comment: int) -> list[str]:
    return [r.content for r in repository.comments[comment].reactions]


def audited(system: System, action: str) -> list[AuditEvent]:
    store = system.runtime.store
    assert isinstance(store, SqlStore)
    installation = next(iter(system.fake.installations))
    return [e for e in store.audit_events(installation) if e.action == action]


class TestAnswers:
    """What people get."""

    def test_a_command_is_seen_at_once_and_answered_once(self, system: System, app: FakeRepository) -> None:
        number = system.fake.open_issue(app, "A question", actor="read")
        comment = say(system, app, number, "Hello\n\n/plumbline help\n", actor="read")

        assert reactions(app, comment) == ["eyes"]
        assert "`/plumbline recheck`" in answer(system, app, comment)
        kept = system.runtime.store.effect(app.id, COMMAND_EFFECT, str(comment))
        assert kept is not None
        assert kept.note["issue"] == number, "the own page leads there"

    def test_health_shows_stored_verdicts_without_a_call_for_them(
        self, system: System, app: FakeRepository
    ) -> None:
        number = system.fake.open_issue(app, "A question")
        since = system.mark()

        comment = say(system, app, number, "/plumbline health licence security-policy", actor="read")

        assert "2 of 2 checks pass" in answer(system, app, comment)
        assert system.calls("GET", "/git/", since=since) == []

    def test_explain_tells_the_last_verdict(self, system: System, app: FakeRepository) -> None:
        number = system.fake.open_issue(app, "A question")
        comment = say(system, app, number, "/plumbline explain licence", actor="read")

        text = answer(system, app, comment)
        assert "**Why:**" in text
        assert "**Here:** ✓ pass since" in text

    def test_config_explain_names_file_line_and_commit(self, system: System, app: FakeRepository) -> None:
        sha = system.push(app, {POLICY: "version: 1\nblock: [licence]\n"})
        number = system.fake.open_issue(app, "A question")

        comment = say(system, app, number, "/plumbline config explain block", actor="read")

        text = answer(system, app, comment)
        assert '`block` is `["licence"]`' in text
        assert f"blob/{sha}/{POLICY}#L2" in text

    def test_config_explain_of_a_broken_file_tells_the_last_good_one(
        self, system: System, app: FakeRepository
    ) -> None:
        good = system.push(app, {POLICY: "block: [licence]\n"})
        system.push(app, {POLICY: "block: [nothing]\n"})
        number = system.fake.open_issue(app, "A question")

        comment = say(system, app, number, "/plumbline config explain block", actor="read")

        text = answer(system, app, comment)
        assert f"blob/{good}/{POLICY}#L1" in text
        assert "has errors" in text

    def test_unknown_commands_and_checks_are_answered_with_the_nearest(
        self, system: System, app: FakeRepository
    ) -> None:
        number = system.fake.open_issue(app, "A question")
        comment = say(
            system, app, number, "/plumbline rechek\n/plumbline explain license\n/plumbline health x y"
        )

        text = answer(system, app, comment)
        assert "There is no command `rechek`; did you mean `recheck`?" in text
        assert "There is no check `license`; did you mean `licence`?" in text
        assert "There is no check `x`; there are" in text

    def test_a_command_that_can_not_be_split_says_why(self, system: System, app: FakeRepository) -> None:
        number = system.fake.open_issue(app, "A question")
        comment = say(system, app, number, '/plumbline exempt licence reason="not yet')

        assert answer(system, app, comment) == (
            "The quotation mark behind `reason=` is not closed: put one at the end of the text."
        )

    def test_a_command_that_crashes_harms_no_other(
        self, system: System, app: FakeRepository, registry: Registry
    ) -> None:
        """A plug-in's fault is told without its words, and the rest of the comment is done."""

        def crash(_: object) -> object:
            raise RuntimeError("a secret")

        number = system.fake.open_issue(app, "A question")
        system.simulator.hooks.pause()
        comment = system.fake.comment(app, number, "/plumbline health\n/plumbline help")
        faulty = replace(registry.commands["health"], function=crash)
        commands = {**registry.commands, "health": faulty}
        runtime = replace(system.runtime, registry=replace(registry, commands=commands))
        lines = tuple((line.number, line.digest) for line in find("/plumbline health\n/plumbline help"))
        installation = next(iter(system.fake.installations))
        author = system.fake.account("octocat").id

        run_commands(
            Context(runtime, Claim("work", "by-hand", 1, 1), AllowAll()),
            Asked(installation, app.id, number, comment, author, pull_request=False, lines=lines),
        )

        text = answer(system, app, comment)
        assert "failed inside of Plumbline" in text
        assert "a secret" not in text
        assert "| Write | to |" in text
        system.simulator.hooks.resume()
        system.pump()
        assert answer(system, app, comment) == text

    def test_recheck_makes_a_new_run_on_a_pull_request(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        head = app.issues[pull].pull.head_sha if app.issues[pull].pull else ""
        before = len(system.runs(app, head))

        comment = say(system, app, pull, "/plumbline recheck", actor="triage")

        assert len(system.runs(app, head)) == before + 1
        assert f"`{head[:10]}` was judged again" in answer(system, app, comment)

    def test_recheck_on_an_issue_judges_the_default_branch(self, system: System, app: FakeRepository) -> None:
        number = system.fake.open_issue(app, "A question")
        before = len(system.runs(app, app.head or ""))

        say(system, app, number, "/plumbline recheck")

        assert len(system.runs(app, app.head or "")) == before + 1

    def test_what_is_done_and_refused_is_said_as_it_was_read(
        self, system: System, app: FakeRepository, pull: int, golden: Callable[[str, str], None]
    ) -> None:
        """The answers that are made where the command is carried out."""
        told: list[str] = []

        def note(number: int, body: str, actor: str = "admin") -> None:
            said = answer(system, app, say(system, app, number, body, actor=actor))
            told.append(f"# {actor}: {body.splitlines()[0]}\n\n{said}\n")

        question = system.fake.open_issue(app, "A question")
        day = system.clock.now().date()
        for command in ("recheck", f'exempt licence reason="r" until={day}', "unmute"):
            note(question, f"/plumbline {command}", actor="read")
        note(question, "/plumbline recheck")
        note(pull, "/plumbline recheck")
        note(question, "/plumbline unmute")
        for command in ("rechek", "exempt", "exempt licence", 'exempt licence reason="r"', "help me please"):
            note(question, f"/plumbline {command}")
        system.push(app, {"LICENSE": None})
        issue = system.issue(app)
        note(question, "/plumbline unmute")
        system.fake.close_issue(app, issue.number)
        note(question, "/plumbline unmute")
        issue.state_reason = "not_planned"
        note(question, "/plumbline unmute")
        system.before("POST", "/reactions", lambda: system.fake.push(app, "topic", {"late.txt": "late"}))
        note(pull, "/plumbline recheck")
        system.fault(Fault(FaultKind.EMPTY_OBJECT, path=r"/permission$"))
        note(question, "/plumbline unmute", actor="maintain")

        text = re.sub(r"\d{4}-\d\d-\d\d", "DATE", "\n".join(told))
        text = re.sub(r"http://127\.0\.0\.1:\d+(/acme/app/runs/)\d+", r"https://github.com\1NUMBER", text)
        golden("refusals.md", re.sub(r"`[0-9a-f]{10}`", "`COMMIT`", text))


class TestRestricted:
    """What a logged-out reader could not see for themselves."""

    TITLE = "key of the old build machine"

    @pytest.fixture(scope="class")
    @staticmethod
    def registry(registry: Registry) -> Registry:
        """With a restricted check."""
        checks = {**registry.checks, "deploy-keys": load().checks["deploy-keys"]}
        assert checks["deploy-keys"].audience == Audience.RESTRICTED
        return replace(registry, checks=MappingProxyType(checks))

    @pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
    def test_a_restricted_verdict_is_told_where_nobody_else_can_read_it(
        self, system: System, private: bool
    ) -> None:
        """On a public repository not even that there is one, beyond what the documentation says."""
        system.install()
        repository = system.create(files=HEALTHY, private=private)
        system.fake.add_deploy_key(repository, self.TITLE, read_only=False)
        system.fake.create_user("admin")
        system.fake.set_collaborator(repository, "admin", "admin")
        system.submit_scan(repository)
        assert system.runtime.store.verdicts(repository.id)["deploy-keys"].outcome == "fail"
        number = system.fake.open_issue(repository, "A question")

        comment = say(
            system,
            repository,
            number,
            "/plumbline health\n/plumbline explain deploy-keys\n/plumbline recheck",
        )

        health, explained, again = answer(system, repository, comment).split("### ")[1:]
        assert ("deploy-keys" in health) is private
        assert ("not shown where everybody can read it" in explained) is not private
        assert ("1 may write" in explained) is private
        assert ("was judged again: **success**, all" in again) is not private
        assert any(self.TITLE in page for page in system.pages()) is private


def while_it_is_judged(system: System, act: Callable[[], Any]) -> None:
    """Do something after a pull request's judging took its generation."""
    proposal = r"pullRequest\(number: \d+\) \{ state"
    system.before("GET", "/pulls$", lambda: system.before("POST", "/graphql$", act, body=proposal))


class TestResults:
    """The answer to ``recheck`` says what came out, whatever happens on the way, and stays one comment."""

    def test_a_pull_requests_answer_says_what_came_out(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        details = app.issues[pull].pull
        assert details is not None

        comment = say(system, app, pull, "/plumbline recheck", actor="triage")

        run = system.runs(app, details.head_sha)[-1]
        assert answer(system, app, comment) == (
            f"`{details.head_sha[:10]}` was judged again: **neutral**, 1 new finding.\n"
            f"The check run [`plumbline/health`]({system.simulator.base_url}/acme/app/runs/{run.id}) "
            "shows it all."
        )

    def test_an_issues_answer_says_what_the_default_branch_is_like(
        self, system: System, app: FakeRepository
    ) -> None:
        number = system.fake.open_issue(app, "A question")

        comment = say(system, app, number, "/plumbline recheck")

        run = system.runs(app, app.head or "")[-1]
        text = answer(system, app, comment)
        assert "was judged again: **success**, all 3 checks pass." in text
        assert "\n3 of 3 checks pass. The check run" in text
        assert f"/runs/{run.id})" in text

    def test_other_answers_of_the_comment_stay(self, system: System, app: FakeRepository, pull: int) -> None:
        """Under the lines as they were written."""
        comment = say(system, app, pull, "/plumbline rechek\n/plumbline recheck")

        text = answer(system, app, comment)
        assert "### `/plumbline rechek`\n\nThere is no command" in text
        assert "### `/plumbline recheck`\n\n`" in text
        assert "was judged again" in text

    def test_people_who_ask_together_are_all_told(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        """Equal work that waits is merged; the wishes are not lost."""
        system.simulator.hooks.pause()
        comments = [
            system.fake.comment(app, pull, "/plumbline recheck", actor=actor)
            for actor in ("admin", "maintain", "triage")
        ]
        system.simulator.hooks.resume()
        system.pump()

        assert all("was judged again" in answer(system, app, comment) for comment in comments)

    @pytest.mark.fault
    @pytest.mark.parametrize("applied", [False, True], ids=["lost", "answer lost"])
    def test_an_edit_that_is_cut_off_is_made_again(
        self, system: System, app: FakeRepository, pull: int, applied: bool
    ) -> None:
        """As when a worker is killed after publishing: the work is done again and finds its check run."""
        details = app.issues[pull].pull
        assert details is not None
        before = len(system.runs(app, details.head_sha))
        system.fault(
            Fault(FaultKind.CUT, method="PATCH", path=r"/issues/comments/\d+$", applied=applied, nth=(1,))
        )

        comment = say(system, app, pull, "/plumbline recheck")
        system.settle()

        assert "was judged again" in answer(system, app, comment)
        assert len(system.runs(app, details.head_sha)) == before + 1

    @pytest.mark.fault
    def test_a_result_that_comes_before_the_answer_is_shown(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        """Another worker may be quicker than the one that answers."""
        installation = next(iter(system.fake.installations))
        context = Context(system.runtime, Claim("work", "by-hand", 1, 1), AllowAll())
        system.simulator.hooks.pause()
        comment = system.fake.comment(app, pull, "/plumbline help", actor="admin")

        def come_first() -> None:
            tell(context, installation, app.id, f"comment:{comment}:1", "Came first.")

        system.before("POST", r"/issues/\d+/comments$", come_first)
        system.simulator.hooks.resume()
        system.pump()

        assert answer(system, app, comment) == "Came first."

    @pytest.mark.fault
    def test_a_result_that_was_kept_before_a_kill_is_shown_by_the_next_attempt(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        """The answer is posted and its worker dies before it looks for results."""
        comment = say(system, app, pull, "/plumbline help")
        kept = StoredEffect(0, "", {"text": "Came meanwhile."})
        system.runtime.store.save_effect(app.id, RESULT_EFFECT, f"comment:{comment}:1", kept)
        lines = tuple((line.number, line.digest) for line in find("/plumbline help"))
        installation = next(iter(system.fake.installations))
        asked = Asked(
            installation,
            app.id,
            pull,
            comment,
            system.fake.account("admin").id,
            pull_request=True,
            lines=lines,
        )
        context = Context(system.runtime, Claim("work", "by-hand", 1, 2), AllowAll())

        run_commands(context, asked)
        system.pump()
        since = system.mark()
        run_commands(context, asked)

        assert answer(system, app, comment) == "Came meanwhile."
        assert system.calls(since=since) == []

    @pytest.mark.fault
    def test_a_deleted_answer_is_not_posted_again(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        def delete() -> None:
            (ours,) = (c for c in app.comments.values() if marker_of(c.body))
            system.fake.delete_comment(app, ours.id)

        system.before("GET", "/pulls$", delete)

        comment = say(system, app, pull, "/plumbline recheck")
        system.settle()

        assert answers(system, app, comment) == []

    @pytest.mark.fault
    def test_an_older_judging_says_that_a_newer_one_stands(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        ledger = system.runtime.ledger

        def overtake() -> None:
            assert ledger.claim_publication(app.id, f"pull:{pull}", ledger.next_generation(app.id))

        while_it_is_judged(system, overtake)

        comment = say(system, app, pull, "/plumbline recheck")

        assert "A judging that began later was quicker" in answer(system, app, comment)

    def test_a_pull_request_that_was_closed_meanwhile_is_told(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        system.before("GET", "/pulls$", lambda: system.fake.close_pull_request(app, pull))

        comment = say(system, app, pull, "/plumbline recheck")

        assert answer(system, app, comment).startswith("Nothing was published, because ")

    @pytest.mark.fault
    def test_a_repository_that_was_archived_meanwhile_harms_nothing(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        """Nobody can edit there any more, so the answer stays as it is."""
        while_it_is_judged(system, lambda: system.fake.archive(app))

        comment = say(system, app, pull, "/plumbline recheck")

        assert "is being judged again" in answer(system, app, comment)
        assert system.runtime.ledger.stats().parked == 0

    @pytest.mark.fault
    def test_what_can_not_be_judged_is_told_in_the_end(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        """After some attempts; not at the first, as most faults pass."""
        broken = Fault(FaultKind.ERROR, method="POST", path="/graphql$", status=502)
        system.before("GET", "/pulls$", lambda: system.fault(broken))

        comment = say(system, app, pull, "/plumbline recheck")
        assert "is being judged again" in answer(system, app, comment)
        system.settle(within_s=48 * 3600)

        assert answer(system, app, comment).startswith("This could not be judged: ")


class TestExempting:
    """An exemption from asking to lapsing."""

    def test_an_exemption_silences_until_its_day_is_over(self, system: System, app: FakeRepository) -> None:
        worse = system.push(app, {"LICENSE": None})
        assert system.run(app, worse).conclusion == "neutral"
        issue = system.issue(app)
        until = (system.clock.now() + timedelta(days=3)).date()

        comment = say(
            system, app, issue.number, f'/plumbline exempt licence reason="being chosen" until={until}'
        )

        assert f"`licence` is exempt until {until}" in answer(system, app, comment)
        newest = system.runs(app, worse)[-1]
        assert newest.conclusion == "success"
        assert f"being chosen (until {until})" in (newest.text or "")
        assert system.issue(app).state == "closed"
        (event,) = audited(system, "command.exempt")
        assert event.detail["check"] == "licence"
        assert event.actor == str(system.fake.account("admin").id)

        system.later(4 * 24 * 3600)
        lapsed = system.push(app, {"a.txt": "a"})

        assert f"(expired on {until})" in (system.run(app, lapsed).text or "")
        assert "no licence" in (system.run(app, lapsed).text or "")
        assert system.issue(app).state == "open"

    def test_an_exemption_under_a_pull_request_judges_that_again(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        details = app.issues[pull].pull
        assert details is not None
        until = system.clock.now().date()

        say(system, app, pull, f'/plumbline exempt licence reason="moved" until={until}')

        assert [r.title for r in system.runs(app, details.head_sha)][-1] == "Nothing new"

    def test_the_button_posts_the_command_which_commands_nothing(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        details = app.issues[pull].pull
        assert details is not None
        run = system.run(app, details.head_sha)
        assert [action["identifier"] for action in run.actions] == ["recheck", "exempt"]

        for _ in range(2):
            system.fake.press_button(run.id, "exempt", actor="write")
            system.pump()

        (offer,) = [c for c in app.comments.values() if marker_of(c.body) == ("offer", details.head_sha)]
        assert "\n/plumbline exempt licence reason=" in offer.body
        assert audited(system, "command.exempt") == []


class TestMuting:
    """A health issue that was closed as not planned."""

    def test_unmute_lets_the_issue_reopen_and_mute_again(self, system: System, app: FakeRepository) -> None:
        system.push(app, {"LICENSE": None})
        issue = system.issue(app)
        system.fake.close_issue(app, issue.number, reason="not_planned")
        system.push(app, {"SECURITY.md": None})
        assert issue.state == "closed"

        comment = say(system, app, issue.number, "/plumbline unmute", actor="maintain")

        assert "speaks again" in answer(system, app, comment)
        assert system.issue(app).state == "open"

        system.fake.close_issue(app, issue.number, reason="not_planned")
        system.push(app, {"b.txt": "b"})
        assert issue.state == "closed"

    def test_unmute_without_findings_waits_for_the_next_one(
        self, system: System, app: FakeRepository
    ) -> None:
        system.push(app, {"LICENSE": None})
        issue = system.issue(app)
        system.fake.close_issue(app, issue.number, reason="not_planned")
        system.push(app, HEALTHY)
        say(system, app, issue.number, "/plumbline unmute")
        assert issue.state == "closed"

        system.later(24 * 3600)
        system.push(app, {"LICENSE": None})
        assert issue.state == "open"

    def test_unmute_says_when_there_is_nothing_to_unmute(self, system: System, app: FakeRepository) -> None:
        number = system.fake.open_issue(app, "A question")
        none = say(system, app, number, "/plumbline unmute")
        system.push(app, {"LICENSE": None})
        issue = system.issue(app)
        open_ = say(system, app, number, "/plumbline unmute")
        system.fake.close_issue(app, issue.number)
        done = say(system, app, number, "/plumbline unmute")

        assert "has no health issue" in answer(system, app, none)
        assert "is open and not muted" in answer(system, app, open_)
        assert "was not closed as not planned" in answer(system, app, done)


@pytest.mark.fault
class TestRights:
    """KF1: the table of rights, every cell."""

    @pytest.mark.parametrize("command", TABLE)
    def test_kf1_exactly_who_may(self, system: System, app: FakeRepository, command: str) -> None:
        """Nobody beneath the role, everybody from it on; whoever was removed a second ago is nobody."""
        system.fake.privatize(app)
        system.pump()
        number = system.fake.open_issue(app, "A question")
        least = RIGHTS.index(TABLE[command])
        line = f"/plumbline {command.format(today=system.clock.now().date())}"
        for rank, role in enumerate(RIGHTS):
            actor = role or "read"
            comment = system.fake.comment(app, number, line, actor=actor)
            if not role:
                system.fake.set_collaborator(app, actor, "")
            system.pump()
            system.fake.set_collaborator(app, actor, actor)

            refused = "Nothing was done: `" in answer(system, app, comment)
            assert refused is (rank < least), (role, answer(system, app, comment))

    @pytest.mark.parametrize("command", TABLE)
    def test_kf1_an_outsider_reads_a_public_repository_and_no_more(
        self, system: System, app: FakeRepository, command: str
    ) -> None:
        system.fake.create_user("stranger")
        number = system.fake.open_issue(app, "A question")
        line = f"/plumbline {command.format(today=system.clock.now().date())}"

        text = answer(system, app, say(system, app, number, line, actor="stranger"))

        assert ("you have the role read" in text) is (TABLE[command] != "read")

    def test_kf1_an_outside_collaborator_has_the_role_that_was_given(
        self, system: System, app: FakeRepository
    ) -> None:
        system.fake.create_user("outside")
        system.fake.set_collaborator(app, "outside", "triage")
        number = system.fake.open_issue(app, "A question")

        comment = say(system, app, number, "/plumbline recheck\n/plumbline unmute", actor="outside")

        text = answer(system, app, comment)
        assert "was judged again" in text
        assert "`unmute` is for people with the role maintain or admin; you have the role triage" in text

    def test_kf1_the_author_may_recheck_their_own_pull_request_only(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        issue = system.fake.open_issue(app, "A question", actor="read")

        own = say(system, app, pull, "/plumbline recheck", actor="read")
        other = say(system, app, issue, "/plumbline recheck", actor="read")

        assert "was judged again" in answer(system, app, own)
        assert "Nothing was done" in answer(system, app, other)

    def test_kf1_a_role_that_can_not_be_read_is_none(self, system: System, app: FakeRepository) -> None:
        number = system.fake.open_issue(app, "A question")
        system.fault(Fault(FaultKind.EMPTY_OBJECT, path=r"/permission$"))

        comment = say(system, app, number, "/plumbline recheck")

        assert "Nothing was done" in answer(system, app, comment)

    def test_kf1_every_command_has_its_row(self) -> None:
        """Those of the organisation's owners are tried in ``test_stopping``."""
        assert {line.split()[0] for line in TABLE} == set(load().commands) - {"stop", "resume"}

    def test_kf1_refusals_are_on_record(self, system: System, app: FakeRepository) -> None:
        number = system.fake.open_issue(app, "A question")
        say(system, app, number, "/plumbline unmute", actor="read")

        (event,) = audited(system, "command.unmute")
        assert event.detail["outcome"] == "refused"
        assert event.actor == str(system.fake.account("read").id)


@pytest.mark.fault
class TestConsent:
    """KF3 and what else may change between asking and doing."""

    @pytest.mark.parametrize("command", ["recheck", 'exempt licence reason="r" until=2099-01-01', "unmute"])
    def test_kf3_a_push_between_comment_and_run_is_refused(
        self, system: System, app: FakeRepository, pull: int, command: str
    ) -> None:
        """The webhook does not say which head was meant, so an unclear one is refused."""
        day = system.clock.now().date()
        with_day = command.replace("2099-01-01", str(day))
        if command == "unmute":
            system.push(app, {"LICENSE": None})
            system.fake.close_issue(app, system.issue(app).number, reason="not_planned")
            system.pump()
        system.simulator.hooks.pause()
        comment = system.fake.comment(app, pull, f"/plumbline {with_day}", actor="admin")
        system.clock.advance(5)
        system.fake.push(app, "topic", {"evil.txt": "evil"})
        system.simulator.hooks.resume()
        system.pump()

        assert "commits may have come" in answer(system, app, comment)
        assert system.runtime.store.exemptions(app.id) == ()

    def test_kf3_a_push_between_looking_and_doing_is_refused(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        day = system.clock.now().date()
        system.before("POST", "/reactions", lambda: system.fake.push(app, "topic", {"evil.txt": "evil"}))

        comment = say(system, app, pull, f'/plumbline exempt licence reason="r" until={day}')

        assert "commits may have come" in answer(system, app, comment)
        assert system.runtime.store.exemptions(app.id) == ()

    def test_kf3_other_comments_meanwhile_do_not_stop_a_command(
        self, system: System, app: FakeRepository, pull: int
    ) -> None:
        """We had seen this very head there before, so it is the one that was meant."""
        system.simulator.hooks.pause()
        comment = system.fake.comment(app, pull, "/plumbline recheck", actor="admin")
        system.clock.advance(5)
        system.fake.comment(app, pull, "Thank you", actor="read")
        system.simulator.hooks.resume()
        system.pump()

        assert "was judged again" in answer(system, app, comment)

    def test_a_changed_comment_commands_nothing(self, system: System, app: FakeRepository) -> None:
        """Neither the old text nor the new one is done."""
        number = system.fake.open_issue(app, "A question")
        system.simulator.hooks.pause()
        comment = system.fake.comment(app, number, "/plumbline unmute", actor="admin")
        system.fake.change_comment(app, comment, "/plumbline recheck", actor="admin")
        system.simulator.hooks.resume()
        system.pump()

        assert "the comment was changed" in answer(system, app, comment)
        assert audited(system, "command.recheck") == []

    def test_an_edit_never_commands(self, system: System, app: FakeRepository) -> None:
        number = system.fake.open_issue(app, "A question")
        comment = say(system, app, number, "Hello")
        since = system.mark()

        system.fake.change_comment(app, comment, "/plumbline recheck", actor="admin")
        system.pump()

        assert system.calls(since=since) == []

    def test_a_deleted_comment_is_left_alone(self, system: System, app: FakeRepository) -> None:
        number = system.fake.open_issue(app, "A question")
        system.simulator.hooks.pause()
        comment = system.fake.comment(app, number, "/plumbline recheck", actor="admin")
        system.fake.delete_comment(app, comment)
        system.simulator.hooks.resume()
        system.pump()

        assert answers(system, app, comment) == []


@pytest.mark.fault
class TestAbuse:
    """KF4, KF5, KF8, and things done twice."""

    def test_kf4_of_500_commands_five_are_done(self, system: System, app: FakeRepository) -> None:
        number = system.fake.open_issue(app, "A question")
        comment = say(system, app, number, "/plumbline help\n" * 500)

        text = answer(system, app, comment)
        assert text.count("### `/plumbline help`") == 5
        assert "Only the first 5 commands of a comment are done; 495 more were left alone." in text

    def test_kf4_bots_and_our_own_answers_command_nothing(self, system: System, app: FakeRepository) -> None:
        system.fake.create_user("helper[bot]", "Bot")
        system.fake.set_collaborator(app, "helper[bot]", "admin")
        number = system.fake.open_issue(app, "A question")
        since = system.mark()

        say(system, app, number, "/plumbline recheck", actor="helper[bot]")
        say(system, app, number, "/plumbline recheck", actor=system.fake.app.account.login)

        assert system.calls(since=since) == []

    def test_kf5_names_of_other_tenants_tell_nothing(self, system: System, app: FakeRepository) -> None:
        """The answer is the same whether they exist or not, and nobody is asked about them."""
        system.fake.create_organisation("rival")
        system.fake.create_repository("rival", "secret", private=True, files={"README.md": "x"})
        number = system.fake.open_issue(app, "A question")
        since = system.mark()
        asked = ("health", "explain", "config explain", "recheck")
        lines = "\n".join(f"/plumbline {command} {{0}}" for command in asked)

        there = answer(system, app, say(system, app, number, lines.format("rival/secret")))
        absent = answer(system, app, say(system, app, number, lines.format("rival/nosuch")))

        assert there.replace("secret", "nosuch") == absent
        assert system.calls(path="rival", since=since) == []

    @pytest.mark.slow
    def test_kf8_a_flood_is_cut_with_one_notice(self, system: System, app: FakeRepository) -> None:
        """1000 commands by one person in an hour; another person is still heard."""
        number = system.fake.open_issue(app, "A question")
        system.simulator.hooks.pause()
        flood = [system.fake.comment(app, number, "/plumbline help", actor="read") for _ in range(1000)]
        other = system.fake.comment(app, number, "/plumbline help", actor="write")
        system.simulator.hooks.resume()
        system.pump()

        told = [answer(system, app, c) for c in flood if answers(system, app, c)]
        notices = [text for text in told if "one person may give" in text]
        assert (len(told), len(notices)) == (COMMANDS_PER_HOUR + 1, 1)
        assert "| Write | to |" in answer(system, app, other)
        assert len(system.calls("POST", "/comments$")) == COMMANDS_PER_HOUR + 2

        system.later(3600)
        assert "| Write | to |" in answer(
            system, app, say(system, app, number, "/plumbline help", actor="read")
        )

    def test_a_second_delivery_does_nothing(self, system: System, app: FakeRepository) -> None:
        number = system.fake.open_issue(app, "A question")
        comment = say(system, app, number, "/plumbline recheck")
        runs = len(system.runs(app, app.head or "", HEALTH))
        created = next(
            d
            for d in reversed(system.fake.deliveries)
            if d.event == "issue_comment" and d.action == "created"
        )
        first = next(
            d
            for d in system.fake.deliveries
            if d.event == "issue_comment" and d.payload["comment"]["id"] == comment
        )
        assert created is not first
        since = system.mark()
        system.redis.flushall()
        system.undelivered = {d.guid for d in system.fake.deliveries}

        system.fake.redeliver(first.id)
        system.pump()

        assert system.calls("POST", since=since) == []
        assert len(answers(system, app, comment)) == 1
        assert len(system.runs(app, app.head or "", HEALTH)) == runs

    def test_a_lost_answer_to_posting_makes_no_second_comment(
        self, system: System, app: FakeRepository
    ) -> None:
        number = system.fake.open_issue(app, "A question")
        system.fault(
            Fault(FaultKind.CUT, method="POST", path=r"/issues/\d+/comments$", applied=True, nth=(1,))
        )
        comment = say(system, app, number, "/plumbline help")
        system.settle()

        assert len(answers(system, app, comment)) == 1

    def test_a_reaction_that_fails_harms_nothing(self, system: System, app: FakeRepository) -> None:
        number = system.fake.open_issue(app, "A question")
        system.fault(Fault(FaultKind.ERROR, method="POST", path="/reactions$", status=502))

        comment = say(system, app, number, "/plumbline help")

        assert "| Write | to |" in answer(system, app, comment)
