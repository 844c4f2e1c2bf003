"""Commands: a call in, a reply out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.config.cascade import LayerKind, Origin
from bot.config.organisation import NOTHING_SAID, Exempting, OrganisationPolicy
from bot.config.organisation_file import read_organisation
from bot.config.policy_file import read_policy_file
from bot.engine.command_lines import split
from bot.engine.commands import Call, Reply, allowed, unknown
from bot.engine.governing import Governing, lay, own_layers
from bot.model.errors import UserError
from bot.model.facts import Repository, Visibility
from bot.model.people import Role
from bot.model.reports import PublishedIssue
from bot.model.verdicts import Audience
from bot.ports import StoredExemption, StoredVerdict
from bot.registry import load
from bot.spec import CheckSpec, Submission
from jobs.recheck_commit import RecheckCommit
from jobs.scan_repository import ScanRepository

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
TODAY = NOW.date()
HEAD = "a" * 40
PUBLIC = Repository(42, "acme/app", "main", visibility=Visibility.PUBLIC)
REGISTRY = load(plugins=False)


@dataclass
class Looked:
    """What a command sees."""

    known: dict[str, StoredVerdict] = field(default_factory=dict)
    issue: PublishedIssue | None = None
    policy: bytes = b""
    organisation: OrganisationPolicy = NOTHING_SAID
    shown: bool = True
    wished: StoredExemption | None = None
    page: int | None = 5
    owner: bool = True
    halted: bool = False

    def verdicts(self) -> Mapping[str, StoredVerdict]:
        return self.known

    def exempt_until(self) -> Mapping[str, date]:
        return {}

    def governing(self) -> Governing:
        own = own_layers(read_policy_file(self.policy, REGISTRY.checks), HEAD)
        return lay(REGISTRY, self.organisation, PUBLIC, None, own)

    def owner_shown(self) -> bool:
        return self.shown

    def exempting(self, check: CheckSpec) -> Exempting:
        return self.organisation.exempting(check.severity)

    def lock(self, check: CheckSpec) -> Origin | None:
        return self.governing().effective.lock_of(f"exemptions.{check.name}", LayerKind.COMMAND)

    def wishes(self) -> tuple[StoredExemption, ...]:
        return (self.wished,) if self.wished else ()

    def wish(self, check: CheckSpec) -> StoredExemption | None:
        return self.wished

    def health_issue(self) -> PublishedIssue | None:
        return self.issue

    def roll_up(self) -> int | None:
        return self.page

    def owns(self) -> bool:
        return self.owner

    def stopped(self) -> bool:
        return self.halted


def verdict(check: str, summary: str = "seen") -> StoredVerdict:
    return StoredVerdict(check, "fail", 3, summary, (), 1, HEAD, NOW, NOW, "fail")


def give(line: str, look: Looked | None = None, **changes: Any) -> Reply:
    """What the command of a line answers."""
    command = split(line)
    call = Call(
        registry=REGISTRY,
        repository=PUBLIC,
        installation_id=1,
        number=5,
        words=command.words,
        options=command.options,
        look=look or Looked(),
        now=NOW,
        role=Role.MAINTAIN,
        actor_id=9,
        comment_id=77,
        request="comment:77:1",
    )
    reply = REGISTRY.commands[command.name].function(replace(call, **changes))
    assert isinstance(reply, Reply)
    return reply


def keys(reply: Reply) -> list[str]:
    """The keys of the work that a reply asks for."""
    return [REGISTRY.work(item).key for item in reply.work]


@pytest.mark.parametrize("name", REGISTRY.commands)
def test_examples_are_what_they_say(name: str) -> None:
    """Each can be given as it stands, and gives that command."""
    spec = REGISTRY.commands[name]
    issue = PublishedIssue(3, "t", "b", "closed", "not_planned")

    assert spec.examples
    assert spec.doc.title.endswith(".")
    for example in spec.examples:
        now = NOW if "until" not in example else datetime(2027, 1, 1, tzinfo=UTC)
        assert split(example).name == name
        look = Looked({"licence": verdict("licence")}, issue=issue, halted=name == "resume")
        if name == "approve":
            # An id is made of what it names.
            wished = StoredExemption("licence", "later", date(2026, 4, 1), 8, 76, NOW)
            look, example = Looked(wished=wished), f"/plumbline approve exemption {wished.id}"
        assert give(example, look, now=now).text


@pytest.mark.parametrize("name", REGISTRY.commands)
def test_refuses_what_a_command_does_not_take(name: str) -> None:
    """With how it is written."""
    for line in (f"/plumbline {name} {'licence ' * 30}", f"/plumbline {name} other=1"):
        with pytest.raises(UserError, match=r"too many|nothing that") as caught:
            give(line)
        assert REGISTRY.commands[name].usage in str(caught.value)


@pytest.mark.fault
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("help", Role.READ),
        ("explain", Role.READ),
        ("health", Role.READ),
        ("config", Role.READ),
        ("recheck", Role.TRIAGE),
        ("exempt", Role.MAINTAIN),
        ("unmute", Role.MAINTAIN),
        ("ratchet", Role.MAINTAIN),
        ("stop", Role.ADMIN),
        ("resume", Role.ADMIN),
        ("approve", Role.MAINTAIN),
    ],
)
def test_kf1_the_table_of_rights(name: str, least: Role, role: Role) -> None:
    """Every cell; an author may recheck with any role, but not with none."""
    spec = REGISTRY.commands[name]

    assert allowed(spec, role, is_author=False) is (role >= least)
    assert allowed(spec, role, is_author=True) is (role >= least or (name == "recheck" and role > Role.NONE))


def test_every_command_has_its_row_in_the_table_of_rights() -> None:
    """Whoever adds a command says above who may give it."""
    assert set(REGISTRY.commands) == {
        "help", "explain", "health", "config", "recheck", "exempt", "unmute", "ratchet", "stop",
        "resume", "approve",
    }  # fmt: skip
    changing = {"recheck", "exempt", "unmute", "ratchet", "stop", "resume", "approve"}
    assert {s.name for s in REGISTRY.commands.values() if s.changes} == changing


class TestReading:
    """help, health, explain, config."""

    def test_help_lists_all_and_explains_one(self) -> None:
        assert all(f"`{spec.usage}`" in give("/plumbline").text for spec in REGISTRY.commands.values())
        assert "For people with the role triage or more" in give("/plumbline help Recheck").text
        with pytest.raises(UserError, match="did you mean `recheck`"):
            give("/plumbline help rechek")

    def test_health_shows_what_is_stored_of_what_was_named(self) -> None:
        look = Looked({name: verdict(name) for name in ("licence", "behind", "no-longer-there")})

        assert "`behind`" in give("/plumbline health", look).text
        assert "no-longer-there" not in give("/plumbline health", look).text
        named = give("/plumbline health licence security-policy licence", look).text
        assert "`behind`" not in named
        assert named.count("| `licence` |") == 1
        assert "no verdict to show here for `security-policy`" in named
        assert "has not been judged yet" in give("/plumbline health").text

    @pytest.mark.parametrize("visibility", Visibility)
    def test_restricted_verdicts_stay_where_they_may_be_read(
        self, visibility: Visibility, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """On a public repository neither health nor explain says what was seen."""
        hidden = replace(REGISTRY.checks["licence"], audience=Audience.RESTRICTED)
        registry = replace(REGISTRY, checks={**REGISTRY.checks, "licence": hidden})
        look = Looked({"licence": verdict("licence", "the key AKIA")})
        place = {"registry": registry, "repository": replace(PUBLIC, visibility=visibility)}

        for line in ("/plumbline health", "/plumbline health licence", "/plumbline explain licence"):
            assert ("AKIA" in give(line, look, **place).text) is (visibility is not Visibility.PUBLIC)

    def test_explain_wants_a_check(self) -> None:
        assert "**Fix:**" in give("/plumbline explain licence").text
        for line, message in (
            ("/plumbline explain", "name a check"),
            ("/plumbline explain license", "did you mean `licence`"),
        ):
            with pytest.raises(UserError, match=message):
                give(line)

    def test_config_explains_a_key(self) -> None:
        look = Looked(policy=b"# ours\nfail_closed: false\n")

        assert "plumbline.yml#L2" not in give("/plumbline config explain fail_closed", look).text
        assert "`.github/plumbline.yml:2`" in give("/plumbline config explain fail_closed", look).text
        assert "No policy says so: this is the default" in give("/plumbline config explain publish").text
        for line in ("/plumbline config", "/plumbline config explain", "/plumbline config show publish"):
            with pytest.raises(UserError, match="config explain <key>"):
                give(line)


class TestChanging:
    """recheck, exempt, unmute."""

    def test_recheck_means_the_head_that_was_seen(self) -> None:
        assert keys(give("/plumbline recheck", head_sha=HEAD)) == [f"recheck:42:{HEAD}:comment:77:1"]
        assert keys(give("/plumbline recheck")) == ["scan:42"]

    def test_recheck_names_the_answer_that_shall_tell_what_came_out(self) -> None:
        (item,) = give("/plumbline recheck").work
        assert isinstance(item, Submission)
        assert isinstance(item.payload, ScanRepository)
        assert item.payload.tell == ("comment:77:1",)
        (again,) = give("/plumbline recheck", head_sha=HEAD).work
        assert isinstance(again, RecheckCommit)
        assert (again.request, again.number) == ("comment:77:1", 5)

    def test_exempt_keeps_the_reason_the_day_and_the_person(self) -> None:
        reply = give('/plumbline exempt licence reason=" not  yet " until=2026-06-30', head_sha=HEAD)

        assert reply.exempt is not None
        assert (reply.exempt.check, reply.exempt.reason, reply.exempt.until) == (
            "licence",
            "not yet",
            date(2026, 6, 30),
        )
        assert (reply.exempt.actor_id, reply.exempt.comment_id, reply.exempt.created_at) == (9, 77, NOW)
        assert keys(reply) == ["pull:42:5", "scan:42"]
        assert all(isinstance(item, Submission) for item in reply.work)
        assert keys(give("/plumbline exempt licence reason=x until=2026-06-30")) == ["scan:42"]

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            pytest.param("", "name a check", id="nothing"),
            pytest.param("license reason=x until=2026-06-30", "did you mean `licence`", id="check"),
            pytest.param("licence until=2026-06-30", "why this may wait", id="no reason"),
            pytest.param('licence reason="..." until=2026-06-30', "why this may wait", id="dots"),
            pytest.param(f"licence reason={'x' * 501} until=2026-06-30", "1 to 500", id="long reason"),
            pytest.param("licence reason=x", "until=2026-04-13", id="no day"),
            pytest.param("licence reason=x until=soon", "until=YYYY-MM-DD", id="no date"),
            pytest.param("licence reason=x until=2026-02-30", "until=YYYY-MM-DD", id="no such day"),
            pytest.param("licence reason=x until=20260630", "until=YYYY-MM-DD", id="another form"),
            pytest.param(f"licence reason=x until={TODAY - timedelta(1)}", "is over", id="yesterday"),
            pytest.param(f"licence reason=x until={TODAY + timedelta(367)}", "a year away", id="too far"),
        ],
    )
    def test_exempt_says_what_is_missing(self, line: str, message: str) -> None:
        with pytest.raises(UserError, match=message):
            give(f"/plumbline exempt {line}")

    @pytest.mark.parametrize("days", [0, 366])
    def test_exempt_allows_today_and_a_year(self, days: int) -> None:
        reply = give(f"/plumbline exempt licence reason=x until={TODAY + timedelta(days)}")
        assert reply.exempt is not None

    def test_unmute_only_what_was_muted(self) -> None:
        muted = PublishedIssue(3, "t", "b", "closed", "not_planned")

        reply = give("/plumbline unmute", Looked(issue=muted))
        assert (reply.unmute, keys(reply)) == (True, ["scan:42"])
        for issue, message in (
            (None, "no health issue"),
            (replace(muted, state="open", state_reason=None), "is open"),
            (replace(muted, state_reason="completed"), "not closed as not planned"),
        ):
            with pytest.raises(UserError, match=message):
                give("/plumbline unmute", Looked(issue=issue))


class TestApprove:
    """A second person, by the id of what waits."""

    WISH = StoredExemption("licence", "first", date(2026, 4, 1), 8, 76, NOW - timedelta(days=7))

    def give(self, look: Looked | None = None, **changes: Any) -> Reply:
        return give(
            f"/plumbline approve exemption {self.WISH.id.upper()}",
            look or Looked(wished=self.WISH),
            **changes,
        )

    def test_what_was_asked_for_begins_and_keeps_its_owner(self) -> None:
        reply = self.give()

        assert reply.exempt == replace(self.WISH, created_at=NOW)
        assert keys(reply) == ["scan:42"]

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            pytest.param({"reason": "another"}, "no exemption with the id", id="another reason"),
            pytest.param({"until": date(2027, 1, 1)}, "no exemption with the id", id="another day"),
        ],
    )
    def test_the_id_is_bound_to_what_was_asked(self, changes: dict[str, Any], message: str) -> None:
        with pytest.raises(UserError, match=message):
            self.give(Looked(wished=replace(self.WISH, **changes)))

    def test_refuses_the_same_person_late_ones_and_those_without_the_right(self) -> None:
        with pytest.raises(UserError, match="a second person"):
            self.give(actor_id=8)
        with pytest.raises(UserError, match="within 7 days"):
            self.give(now=NOW + timedelta(seconds=1))
        rule = read_organisation(b"exempt: {high: admin}", REGISTRY.checks, where="acme/.github", commit=HEAD)
        with pytest.raises(UserError, match="with the role admin or more"):
            self.give(Looked(wished=self.WISH, organisation=rule))
        assert self.give(Looked(wished=self.WISH, organisation=rule), role=Role.ADMIN).exempt
        for line in ("/plumbline approve", "/plumbline approve plan 1", "/plumbline approve exemption"):
            with pytest.raises(UserError, match="approve exemption <id>"):
                give(line)


class TestStop:
    """The switch that stops everything."""

    @pytest.mark.parametrize(("line", "halted"), [("/plumbline stop", False), ("/plumbline resume", True)])
    def test_is_for_owners_on_the_organisations_page(self, line: str, halted: bool) -> None:
        assert give(line, Looked(halted=halted)).stop is not halted
        for look, message in (
            (Looked(halted=halted, page=None), "under the organisation's page"),
            (Looked(halted=halted, page=6), "under the organisation's page"),
            (Looked(halted=halted, owner=False), "for owners of the organisation"),
            (Looked(halted=not halted), "already|nothing is stopped"),
        ):
            with pytest.raises(UserError, match=message):
                give(line, look)


class TestRatchet:
    """What stood here before speaks."""

    KNOWN = staticmethod(lambda **changes: replace(verdict("licence"), baseline=("a",), **changes))

    def test_named_checks_or_all_that_have_judged(self) -> None:
        look = Looked({n: verdict(n) for n in ("licence", "behind", "no-longer-there")})

        one = give("/plumbline ratchet licence licence", look)
        assert (one.ratchet, keys(one)) == (("licence",), ["scan:42"])
        assert "baseline of `licence` has ended" in one.text
        everything = give("/plumbline ratchet", look)
        assert everything.ratchet == ("licence", "behind")
        assert "of every check" in everything.text

    def test_only_what_could_be_seen(self) -> None:
        """The comment's second is the measure, as GitHub tells no less."""
        look = Looked(
            {
                "licence": self.KNOWN(baseline_at=NOW + timedelta(seconds=1)),
                "behind": replace(verdict("behind"), baseline_at=NOW + timedelta(microseconds=9)),
            }
        )
        some = give("/plumbline ratchet", look, asked_at=NOW)
        assert some.ratchet == ("behind",)
        assert "`licence` became visible after the comment" in some.text
        with pytest.raises(UserError, match="look at it and write the command again"):
            give("/plumbline ratchet licence", look, asked_at=NOW)

    def test_nothing_to_end(self) -> None:
        with pytest.raises(UserError, match="have not judged this repository yet"):
            give("/plumbline ratchet licence")

    def test_a_restricted_check_is_not_named_in_public(self) -> None:
        hidden = replace(REGISTRY.checks["licence"], audience=Audience.RESTRICTED)
        registry = replace(REGISTRY, checks={**REGISTRY.checks, "licence": hidden})
        reply = give("/plumbline ratchet licence", Looked({"licence": self.KNOWN()}), registry=registry)

        assert reply.ratchet == ("licence",)
        assert "licence" not in reply.text


@pytest.mark.parametrize(
    ("name", "known", "message"),
    [
        pytest.param("rechek", ["recheck", "help"], "did you mean `recheck`?", id="near"),
        pytest.param("x", ["a"], "there is `a`", id="one"),
        pytest.param("x", ["b", "a"], "there are `a`, `b`", id="several"),
        pytest.param("x", [f"n{i:02}" for i in range(23)], "and 3 more", id="many"),
        pytest.param("y" * 9000, [], "…`; there is none", id="long"),
    ],
)
def test_unknown_names_are_told_with_the_nearest(name: str, known: list[str], message: str) -> None:
    """Short, whatever was written."""
    assert message in unknown("thing", name, known)
    assert len(unknown("thing", name, known)) < 400


class TestWhoMayExempt:
    """What the organisation says of it."""

    LINE = '/plumbline exempt licence reason="soon" until=2026-04-01'

    @staticmethod
    def organisation(text: str) -> OrganisationPolicy:
        return read_organisation(text.encode(), REGISTRY.checks, where="acme/.github", commit=HEAD)

    def wished(self, **changes: Any) -> StoredExemption:
        made = StoredExemption("licence", "first", date(2026, 4, 1), 8, 76, NOW - timedelta(days=7))
        return replace(made, **changes)

    @pytest.mark.parametrize(
        ("text", "role", "says"),
        [
            pytest.param("", Role.MAINTAIN, "", id="nothing said"),
            pytest.param("exempt: {critical: nobody}", Role.MAINTAIN, "", id="a severity above"),
            pytest.param("exempt: {high: admin}", Role.ADMIN, "", id="the role"),
            pytest.param(
                "exempt: {high: admin}",
                Role.MAINTAIN,
                "line 1 of the organisation's policy lets people with the role admin or more exempt "
                "`licence`; you have the role maintain",
                id="a lesser role",
            ),
            pytest.param("exempt: {low: nobody}", Role.ADMIN, "lets nobody do that", id="nobody"),
            pytest.param(
                "lock: [checks.licence]",
                Role.ADMIN,
                "line 1 of acme/.github:plumbline.org.yml locks it",
                id="a locked check",
            ),
            pytest.param("lock: [exemptions]", Role.MAINTAIN, "", id="exemptions of files are locked"),
        ],
    )
    def test_a_role_that_is_enough(self, text: str, role: Role, says: str) -> None:
        look = Looked(organisation=self.organisation(text))
        if not says:
            assert give(self.LINE, look, role=role).exempt is not None
            return
        with pytest.raises(UserError) as caught:
            give(self.LINE, look, role=role)
        assert says in str(caught.value)

    def test_lines_of_a_private_policy_are_not_told_in_public(self) -> None:
        look = Looked(organisation=self.organisation("\n\nlock: [checks.licence]"), shown=False)
        with pytest.raises(UserError, match="the organisation's policy locks it"):
            give(self.LINE, look)

    def test_a_second_person_approves(self) -> None:
        """The reason of the first one counts."""
        rule = self.organisation("exempt: {high: {who: maintain, approval: true}}")

        first = give(self.LINE, Looked(organisation=rule))
        assert (first.exempt, first.work) == (None, ())
        assert first.wish is not None
        assert "not exempt yet" in first.text

        second = give(self.LINE, Looked(organisation=rule, wished=self.wished()))
        assert second.wish is None
        assert second.exempt is not None
        assert (second.exempt.reason, second.exempt.actor_id) == ("first", 8)

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"actor_id": 9}, id="the same person"),
            pytest.param({"until": date(2026, 4, 2)}, id="another day"),
            pytest.param({"created_at": NOW - timedelta(days=7, seconds=1)}, id="too long ago"),
        ],
    )
    def test_what_approves_nothing_is_a_wish_of_its_own(self, changes: dict[str, Any]) -> None:
        rule = self.organisation("exempt: {high: {who: maintain, approval: true}}")
        reply = give(self.LINE, Looked(organisation=rule, wished=self.wished(**changes)))

        assert reply.exempt is None
        assert reply.wish is not None
