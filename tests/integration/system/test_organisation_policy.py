"""The organisation's policy: found, kept, refreshed, and obeyed without a call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.engine.governing import kept_governing
from bot.engine.refreshing import ensure_organisation, refresh_organisation
from bot.model.attributes import Described
from bot.simulator.faults import Fault, FaultKind
from bot.testing.state import FakeRepository
from jobs.reconcile import Reconcile
from jobs.refresh_policy import RefreshPolicy
from tests.integration.system.test_commands import answer, say
from tests.integration.system.world import CONFIG, HEALTHY, POLICY, System

ORG = "plumbline.org.yml"


@pytest.fixture
def installation(system: System) -> int:
    """An organisation with the App."""
    return system.install()


@pytest.fixture
def home(system: System, installation: int) -> FakeRepository:
    """The organisation's ``.github`` repository, without a policy yet."""
    assert installation
    return system.create(".github", HEALTHY)


@pytest.fixture
def app(system: System, home: FakeRepository) -> FakeRepository:
    """A healthy public repository whose baseline is known."""
    assert home
    return system.create(files=HEALTHY)


def publish_of(system: System, repository: FakeRepository) -> str | None:
    """How loud policy wants a repository to be."""
    policy = kept_governing(system.runtime.registry, system.runtime.store, repository.id).policy
    return policy.publish.value if policy.publish else None


class TestInForce:
    """What the file says counts everywhere."""

    def test_a_pushed_policy_silences_all_and_is_taken_back(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        system.push(home, {ORG: "defaults: {publish: observe}\n"})
        quiet = system.push(app, {"a.txt": "a"})
        assert system.runs(app, quiet) == []

        system.push(home, {ORG: None})
        loud = system.push(app, {"a.txt": "b"})
        assert len(system.runs(app, loud)) == 1

    def test_an_event_costs_no_call_for_it(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        system.push(home, {ORG: "groups:\n- {name: tools, when: {topics: tool}, publish: observe}\n"})
        system.push(app, {"a.txt": "a"})
        since = system.mark()
        system.push(app, {"a.txt": "b"})

        asked = [entry.path for entry in system.calls(since=since)]
        assert asked
        assert not [path for path in asked if str(home.id) in path or "/orgs/" in path or ".github" in path]

    def test_a_change_looks_at_those_whom_it_concerns(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        other = system.create("other", HEALTHY)
        since = system.mark()
        system.push(home, {ORG: "groups:\n- {name: a, when: {names: app}, block: [licence]}\n"})

        documents = [str(entry.body) for entry in system.calls("POST", "/graphql", since=since)]
        assert any(app.node_id in document for document in documents)
        assert not any(other.node_id in document for document in documents)

    def test_the_private_repository_comes_first(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        system.push(home, {ORG: "defaults: {publish: observe}\n"})
        private = system.create(".github-private", {"README.md": "x"}, private=True)
        system.push(private, {ORG: "defaults: {publish: advise}\n"})

        assert publish_of(system, app) == "advise"
        kept = system.runtime.store.organisation(next(iter(system.fake.installations)))
        assert kept is not None
        assert (kept.full_name, kept.repository_id) == ("acme/.github-private", private.id)

    def test_groups_hold_by_topic_without_a_call_of_its_own(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        system.push(home, {ORG: "groups:\n- {name: tools, when: {topics: tool}, publish: observe}\n"})
        first = system.push(app, {"a.txt": "a"})
        assert len(system.runs(app, first)) == 1

        app.topics.append("tool")
        second = system.push(app, {"a.txt": "b"})
        assert system.runs(app, second) == []
        assert system.runtime.store.description(app.id) == Described(topics=("tool",), language="")

    def test_groups_hold_by_property_and_team(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        """Read for all at once when the policy is, and once for a repository that is new."""
        system.fake.set_properties(app, {"tier": "1"})
        system.fake.create_team("acme", "core", repositories={"app": "push"})
        system.push(
            home,
            {
                ORG: "groups:\n"
                "- {name: first, when: {properties: {tier: 1}}, publish: observe}\n"
                "- {name: core, when: {teams: core}, block: [licence]}\n"
            },
        )
        described = system.runtime.store.description(app.id)
        assert described is not None
        assert (described.teams, described.properties) == (("core",), {"tier": ("1",)})
        assert publish_of(system, app) == "observe"

        since = system.mark()
        new = system.create("new", HEALTHY)
        system.push(new, {"a.txt": "a"})
        # Whichever comes first, the look at all repositories or at this one, tells of it.
        asked = {entry.path for entry in system.calls("GET", "/properties/", since=since)}
        assert asked
        assert asked <= {"/orgs/acme/properties/values", f"/repositories/{new.id}/properties/values"}
        assert publish_of(system, new) is None

    def test_a_property_moves_a_repository_to_its_group_at_once(
        self, system: System, installation: int, home: FakeRepository, app: FakeRepository
    ) -> None:
        """One call, for that repository alone; a listing that is kept for a while does not undo it."""
        system.push(
            home, {ORG: "groups:\n- {name: first, when: {properties: {tier: 1}}, publish: observe}\n"}
        )
        since = system.mark()
        system.fake.set_properties(app, {"tier": "1"})
        system.pump()

        asked = [entry.path for entry in system.calls("GET", "/properties/", since=since)]
        assert asked == [f"/repositories/{app.id}/properties/values"]
        assert publish_of(system, app) == "observe"
        assert any(app.node_id in str(e.body) for e in system.calls("POST", "/graphql", since=since))

        refresh_organisation(system.runtime, installation, "acme")
        assert publish_of(system, app) == "observe"

        since = system.mark()
        system.fake.set_properties(app, {"colour": "red"})
        system.pump()
        assert system.calls("POST", "/graphql", since=since) == [], "it changes no group"

    def test_a_property_that_nobody_asks_for_costs_no_call(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        system.push(home, {ORG: "defaults: {publish: advise}\n"})
        since = system.mark()
        system.fake.set_properties(app, {"tier": "1"})
        system.fake.create_team("acme", "core", repositories={"app": "push"})
        system.pump()

        assert system.calls(since=since) == []

    def test_a_new_default_is_the_value_of_all_that_have_none(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        system.push(
            home, {ORG: "groups:\n- {name: first, when: {properties: {tier: 1}}, publish: observe}\n"}
        )
        system.fake.define_property("acme", "tier", required=True, default="1")
        system.pump()

        assert publish_of(system, app) == "observe"

    def test_a_team_moves_a_repository_to_its_group_at_once(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        """Not after the quarter of an hour for which a listing is kept."""
        system.push(home, {ORG: "groups:\n- {name: core, when: {teams: core}, publish: observe}\n"})
        system.fake.create_team("acme", "core", repositories={"app": "push"})
        system.pump()
        assert publish_of(system, app) == "observe"

        system.fake.give_team("acme", "core", app, "")
        system.pump()
        assert publish_of(system, app) is None

    def test_it_is_known_before_the_first_judging(self, system: System) -> None:
        """An installation begins with the policy, not with a report that nobody wanted."""
        system.fake.create_organisation("acme")
        system.fake.create_repository("acme", ".github", files={ORG: "defaults: {publish: observe}\n"})
        app = system.fake.create_repository("acme", "app", files={"README.md": "x"})
        system.install()

        assert system.runs(app, app.head or "") == []
        assert publish_of(system, app) == "observe"

    def test_without_a_sync_it_is_looked_for_once(self, system: System, installation: int) -> None:
        """As when an event comes before the installation's own."""
        system.runtime.store.save_installation(system.runtime.github.installation(installation))
        since = system.mark()
        for _ in range(2):
            ensure_organisation(system.runtime, installation, "acme")

        assert system.calls(since=since) == []
        assert system.runtime.store.organisation(installation) is not None


class TestLocks:
    """What a repository may not say."""

    def test_a_locked_key_keeps_its_value_and_the_change_is_told(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        system.push(home, {ORG: "lock: [checks.licence]\nenrol: all\n"})
        _, head = system.propose(app, {POLICY: "checks:\n  licence:\n    enabled: false\n"})

        run = system.run(app, head, CONFIG)
        assert (run.conclusion, run.title) == ("success", "The policy file is in order, 1 notice")
        assert f"locked by line 1 of acme/.github:{ORG}, so what line 3 of" in (run.summary or "")
        assert [(a["path"], a["start_line"], a["annotation_level"]) for a in run.annotations] == [
            (POLICY, 3, "notice")
        ]

        worse = system.push(app, {POLICY: "checks: {licence: {enabled: false}}\n", "LICENSE": None})
        assert "licence" in (system.run(app, worse).text or "")


class TestEnrolment:
    """Which repositories are looked after at all."""

    def test_an_excluded_repository_is_left_alone(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        system.push(home, {ORG: "enrol: {exclude: [{names: app}]}\n"})
        sha = system.push(app, {"LICENSE": None})
        _, head = system.propose(app, {"SECURITY.md": None})

        assert system.runs(app, sha) == []
        assert system.runs(app, head) == []
        assert system.issues(app) == []
        governing = kept_governing(system.runtime.registry, system.runtime.store, app.id)
        assert governing.selection.why == "Excluded by line 1: names is app."

    def test_a_merge_queue_of_an_excluded_repository_gets_its_answer(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        system.push(home, {ORG: "enrol: {exclude: [{names: app}]}\n"})
        number, _ = system.propose(app, {"a.txt": "a"})
        head = system.fake.add_to_merge_queue(app, number)
        system.pump()

        run = system.run(app, head)
        assert run.conclusion == "neutral"
        assert "leaves this repository alone" in (run.summary or "")

    def test_the_policy_itself_is_validated_where_nothing_else_is(
        self, system: System, home: FakeRepository
    ) -> None:
        system.push(home, {ORG: "enrol: {exclude: [{names: .github}]}\n"})
        _, head = system.propose(home, {ORG: "enrol: nobody\n"})

        assert system.runs(home, head) == []
        assert system.run(home, head, CONFIG).conclusion == "action_required"


class TestMistakes:
    """A file that can not be used."""

    def test_mistakes_are_told_on_the_commit_and_the_last_good_policy_stays(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        system.push(home, {ORG: "defaults: {publish: observe}\n"})
        broken = system.push(home, {ORG: "defaults: {publish: loud}\n"})

        run = system.run(home, broken, CONFIG)
        assert run.conclusion == "action_required"
        assert [(a["path"], a["start_line"]) for a in run.annotations] == [(ORG, 1)]
        assert publish_of(system, app) == "observe"
        assert system.runs(app, system.push(app, {"a.txt": "a"})) == []

    @pytest.mark.fault
    @pytest.mark.parametrize(
        ("line", "says"),
        [
            pytest.param("roll_up: rival/{0}", "a repository of this organisation", id="repository"),
            pytest.param(
                "groups: [{{name: x, when: {{teams: rival/{0}}}}}]", "without the organisation", id="team"
            ),
        ],
    )
    def test_kf5_a_policy_that_names_what_is_another_tenants_learns_nothing(
        self, system: System, installation: int, home: FakeRepository, line: str, says: str
    ) -> None:
        """Whether it is there, the answer is the same, and nobody is asked about it."""
        system.fake.create_organisation("rival")
        system.fake.create_repository("rival", "secret", private=True, files={"README.md": "x"})
        system.fake.create_team("rival", "secret")
        since = system.mark()

        told = []
        for name in ("secret", "nosuch"):
            sha = system.push(home, {ORG: f"{line.format(name)}\n"})
            run = system.run(home, sha, CONFIG)
            assert run.conclusion == "action_required"
            told.append([note["message"].replace(name, "NAME") for note in run.annotations])

        assert told[0] == told[1]
        assert says in told[0][0]
        assert system.calls(path="rival", since=since) == []
        kept = system.runtime.store.organisation(installation)
        assert kept is None or not kept.oid

    def test_mistakes_are_told_once(self, system: System, installation: int, home: FakeRepository) -> None:
        """However often it is looked at."""
        system.push(home, {ORG: "rings: 7\n"})
        system.submit(RefreshPolicy(installation_id=installation))
        system.submit(Reconcile())

        assert len(system.runs(home, home.head or "", CONFIG)) == 1

    def test_mistakes_in_a_proposal_are_told_there(self, system: System, home: FakeRepository) -> None:
        _, head = system.propose(home, {ORG: "roll_up: .github\n", POLICY: "block: 1\n"})

        summary = system.run(home, head, CONFIG).summary or ""
        assert f"{ORG}:1:10" in summary
        assert "that repository is public" in summary
        assert f"{POLICY}:1:8" in summary

    def test_a_good_proposal_is_told_too(self, system: System, home: FakeRepository) -> None:
        _, head = system.propose(home, {ORG: "enroll: all\n"})

        run = system.run(home, head, CONFIG)
        assert run.conclusion == "success"
        assert "`enroll` is called `enrol` now" in (run.summary or "")


QUIET = "defaults: {publish: observe}\n"
ALOUD = "defaults: {publish: advise}\n"
TAKEN_OVER = "the organisation's policy comes from another repository now"
ENDED = "the organisation has no policy any more, as its file was taken away"


class TestMoving:
    """Which repository's file counts, when one of them goes or comes."""

    @pytest.fixture
    def private(self, system: System, home: FakeRepository, app: FakeRepository) -> FakeRepository:
        """``.github-private`` with the file that counts; ``.github`` has another."""
        assert app
        system.push(home, {ORG: ALOUD})
        return system.create(".github-private", {ORG: QUIET}, private=True)

    def holder(self, system: System, installation: int) -> str:
        """The repository whose file is in force."""
        kept = system.runtime.store.organisation(installation)
        return kept.full_name if kept and kept.oid else ""

    def test_a_file_that_comes_first_takes_the_place_of_the_other(
        self,
        system: System,
        installation: int,
        home: FakeRepository,
        app: FakeRepository,
        private: FakeRepository,
    ) -> None:
        """A private page may name the public one; the other way round nobody is told."""
        assert self.holder(system, installation) == "acme/.github-private"
        assert publish_of(system, app) == "observe"
        run = system.run(private, private.head or "", CONFIG)
        assert (run.conclusion, run.title) == ("success", "This is the organisation's policy now")
        assert "`acme/.github`" in (run.summary or "")
        assert system.logged(TAKEN_OVER)

    @pytest.mark.parametrize("how", ["dropped", "deleted", "renamed", "access removed"])
    def test_the_public_file_takes_over_when_the_private_one_goes(
        self,
        system: System,
        installation: int,
        home: FakeRepository,
        app: FakeRepository,
        private: FakeRepository,
        how: str,
    ) -> None:
        """Whoever took it away meant that; and hears of it where others may read along."""
        if how == "dropped":
            system.push(private, {ORG: None})
        elif how == "deleted":
            system.fake.delete(private)
        elif how == "renamed":
            system.fake.rename(private, "policies")
        else:
            system.fake.select_repositories(installation, [".github", "app"])
        system.pump()

        assert self.holder(system, installation) == "acme/.github"
        assert publish_of(system, app) == "advise"
        run = system.run(home, home.head or "", CONFIG)
        assert run.title == "This is the organisation's policy now"
        assert ".github-private" not in (run.summary or "")
        assert system.logged(TAKEN_OVER)
        explained = kept_governing(system.runtime.registry, system.runtime.store, app.id).effective
        at = (home.head or "")[:10]
        assert [o.place for o in explained.origins("publish")] == [f"acme/.github:{ORG}:1@{at}"]

    def test_a_repository_that_is_called_so_from_now_on_takes_over(
        self, system: System, installation: int, home: FakeRepository, app: FakeRepository
    ) -> None:
        system.push(home, {ORG: ALOUD})
        policies = system.create("policies", {ORG: QUIET}, private=True)
        assert self.holder(system, installation) == "acme/.github"

        system.fake.rename(policies, ".github-private")
        system.pump()

        assert self.holder(system, installation) == "acme/.github-private"
        assert publish_of(system, app) == "observe"

    @pytest.mark.parametrize("how", ["dropped", "deleted", "renamed", "access removed"])
    def test_without_another_file_the_policy_ends(
        self, system: System, installation: int, home: FakeRepository, app: FakeRepository, how: str
    ) -> None:
        """Its keeper hears of it on the commit that took it away, the operator in the log."""
        system.push(home, {ORG: QUIET})
        if how == "dropped":
            system.push(home, {ORG: None})
        elif how == "deleted":
            system.fake.delete(home)
        elif how == "renamed":
            system.fake.rename(home, "old")
        else:
            system.fake.select_repositories(installation, ["app"])
        system.pump()

        assert self.holder(system, installation) == ""
        assert publish_of(system, app) is None
        assert system.logged(ENDED)
        if how in ("dropped", "renamed"):
            run = system.run(home, home.head or "", CONFIG)
            assert (run.conclusion, run.title) == ("neutral", "The organisation has no policy any more")

    def test_mistakes_in_what_takes_over_leave_the_last_good_one_in_force(
        self,
        system: System,
        installation: int,
        home: FakeRepository,
        app: FakeRepository,
        private: FakeRepository,
    ) -> None:
        """Until they are mended, and whoever asks is told."""
        system.push(home, {ORG: "defaults: {publish: loud}\n"})
        system.push(private, {ORG: None})

        assert self.holder(system, installation) == "acme/.github-private"
        assert publish_of(system, app) == "observe"
        assert system.run(home, home.head or "", CONFIG).conclusion == "action_required"
        assert system.logged("the organisation's policy has mistakes; the last good one stays in force")
        number = system.fake.open_issue(app, "A question")
        text = answer(system, app, say(system, app, number, "/plumbline config explain publish", "octocat"))
        assert "The newest version of the organisation's policy has errors" in text

        system.push(home, {ORG: ALOUD})
        assert self.holder(system, installation) == "acme/.github"
        assert publish_of(system, app) == "advise"

    def test_a_fault_takes_nothing_away(
        self,
        system: System,
        installation: int,
        home: FakeRepository,
        app: FakeRepository,
        private: FakeRepository,
    ) -> None:
        """What GitHub does not answer is not gone."""
        system.fault(Fault(FaultKind.ERROR, path=rf"/repositories/{private.id}\b", status=502))
        system.submit(RefreshPolicy(installation_id=installation))

        assert self.holder(system, installation) == "acme/.github-private"
        assert publish_of(system, app) == "observe"

    def test_a_proposal_says_which_file_will_count(
        self, system: System, home: FakeRepository, private: FakeRepository
    ) -> None:
        system.push(private, {ORG: f"{ALOUD}enrol: all\n"})
        _, second = system.propose(home, {ORG: QUIET})
        summary = system.run(home, second, CONFIG).summary or ""
        assert "comes first: this file does not count" in summary
        assert ".github-private" not in summary

        _, gone = system.propose(private, {ORG: None})
        assert "without this file" in (system.run(private, gone, CONFIG).summary or "")


class TestCommands:
    """What people are told of it, and may do under it."""

    def test_explains_where_a_value_comes_from_and_who_may_change_it(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        sha = system.push(
            home, {ORG: "lock: [block]\ngroups:\n- {name: a, when: {names: app}, lock: [publish]}\n"}
        )
        system.push(app, {POLICY: "block: [licence]\n"})
        number = system.fake.open_issue(app, "A question")

        text = answer(system, app, say(system, app, number, "/plumbline config explain block", "octocat"))
        assert f"blob/{sha}/{ORG}#L1" in text
        assert "locked by the organisation's policy" in text
        assert "whoever may push to acme/.github." in text
        assert f"line 1 of {POLICY} says of it does not count" in text

    def test_a_private_policy_is_not_told_line_by_line_in_public(
        self, system: System, app: FakeRepository
    ) -> None:
        private = system.create(".github-private", {"README.md": "x"}, private=True)
        system.push(private, {ORG: "groups:\n- {name: to-be-sold, when: {names: app}, block: [licence]}\n"})
        number = system.fake.open_issue(app, "A question")

        text = answer(system, app, say(system, app, number, "/plumbline config explain block", "octocat"))
        assert '`block` is `["licence"]`' in text
        assert "It comes from the organisation's policy." in text
        assert "to-be-sold" not in text
        assert ".github-private" not in text

    def test_an_exemption_needs_the_role_and_the_approval_that_it_says(
        self, system: System, home: FakeRepository, app: FakeRepository
    ) -> None:
        """The repository's own idea of the severity does not help."""
        system.push(home, {ORG: "exempt: {high: {who: admin, approval: true}}\n"})
        system.push(app, {POLICY: "checks: {licence: {severity: low}}\n", "LICENSE": None})
        for name, role in (("mia", "maintain"), ("ada", "admin"), ("bob", "admin")):
            system.fake.create_user(name)
            system.fake.set_collaborator(app, name, role)
        number = system.fake.open_issue(app, "A question")
        until = (system.clock.now() + timedelta(days=30)).date()
        line = f'/plumbline exempt licence reason="soon" until={until}'

        assert "you have the role maintain" in answer(system, app, say(system, app, number, line, "mia"))
        assert "not exempt yet" in answer(system, app, say(system, app, number, line, "ada"))
        assert "not exempt yet" in answer(system, app, say(system, app, number, line, "ada"))
        assert system.runtime.store.exemptions(app.id) == ()
        assert "is exempt until" in answer(system, app, say(system, app, number, line, "bob"))
        assert [e.check for e in system.runtime.store.exemptions(app.id)] == ["licence"]
