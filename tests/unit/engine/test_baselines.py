"""The baseline of a check: what does not speak, how it shrinks, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.policy import CheckPolicy, Policy
from bot.engine.delta import (
    WORSENING,
    Circumstances,
    beyond,
    circumstances,
    since_last,
    speaks,
    stood,
    to_store,
)
from bot.model.reports import Change, ChangeKind
from bot.model.scores import Cause
from bot.model.verdicts import (
    Audience,
    Evidence,
    Judgement,
    Outcome,
    Reason,
    Severity,
    Verdict,
    failed,
    passed,
    unknown,
)
from bot.ports import StoredVerdict

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RATCHETED = Circumstances(ended={"licence": Cause.RATCHET})
OFF = Circumstances(ended={"licence": Cause.POLICY})
EXEMPT = Circumstances(exempt={"licence": (date(2026, 2, 1), "later")})
PLAIN = Circumstances()


def seen(*names: str) -> Verdict:
    return failed("f", *(Evidence(name, key=name) for name in names))


def judged(verdict: Verdict, rule: int = 1, check: str = "licence") -> Judgement:
    return Judgement(check, verdict, Severity.HIGH, Audience.PUBLIC, rule_version=rule, file_fed=True)


@dataclass
class World:
    """One check of a repository, looked at again and again."""

    kept: dict[str, StoredVerdict] = field(default_factory=dict)
    looks: int = 0

    def look(self, verdict: Verdict | None, now: Circumstances = PLAIN, rule: int = 1) -> Change | None:
        """None: policy has switched it off. Another check has been reported on all the time."""
        self.looks += 1
        judgements = [judged(passed("p"), check="other")]
        judgements += [judged(verdict, rule)] if verdict else []
        commit = f"commit-{self.looks}"
        told = [j for j in judgements if j.check not in now.exempt]
        changes = {c.check: c for c in since_last(self.kept, told, commit, now)}
        stored = to_store(self.kept, judgements, commit, NOW + timedelta(days=self.looks), now)
        self.kept = self.kept | {v.check: v for v in stored}
        return changes.get("licence")

    @property
    def baseline(self) -> set[str]:
        return set(self.kept["licence"].baseline) if "licence" in self.kept else set()

    def silent(self, verdict: Verdict) -> bool:
        """Nothing of it is beyond the baseline."""
        return not beyond([judged(verdict)], stood(self.kept.values()))


def test_what_stands_at_the_first_look_is_the_baseline() -> None:
    """Also a finding without observations; a pass has an empty one."""
    world, bare, fine = World(), World(), World()

    assert (change := world.look(seen("a", "b"))) is not None
    assert change.kind is ChangeKind.BASELINE
    assert world.baseline == {"a", "b"}
    bare.look(failed("f"))
    assert bare.baseline == {""}
    assert bare.silent(failed("f"))
    fine.look(passed("p"))
    assert fine.baseline == set()
    assert not fine.silent(failed("f"))


def test_what_is_mended_leaves_it_and_speaks_when_it_comes_back() -> None:
    """The ratchet; whatever happens in between."""
    world = World()
    world.look(seen("a", "b"))
    world.look(seen("b"))
    assert world.baseline == {"b"}
    change = world.look(seen("a", "b"))

    assert change is not None
    assert (change.kind, [e.key for e in change.new_evidence]) == (ChangeKind.WORSE, ["a"])
    assert world.baseline == {"b"}
    assert not world.silent(seen("a", "b"))
    world.look(passed("p"))
    assert world.baseline == set()
    assert not world.silent(seen("b"))


def test_a_regression_goes_on_speaking() -> None:
    """Also in looks that change nothing, as when the issue could not be written at first."""
    world = World()
    world.look(seen("a"))
    world.look(seen("a", "b"))
    change = world.look(seen("a", "b"))

    assert change is not None
    assert change.kind is ChangeKind.SAME
    judgement = judged(seen("a", "b"))
    assert speaks([change], [judgement], stood(world.kept.values()))
    assert not speaks([change], [judged(seen("a"))], stood(world.kept.values()))
    assert not speaks([change], [judgement]), "when nothing is known of a baseline"


def test_a_new_rule_and_a_new_permission_join_it() -> None:
    """Newly visible; what spoke before goes on."""
    world = World()
    world.look(seen("a"))
    world.look(seen("a", "spoke"))
    change = world.look(seen("a", "spoke", "c"), rule=2)
    assert change is not None
    assert change.kind is ChangeKind.VISIBLE
    assert world.baseline == {"a", "c"}

    hidden = World()
    hidden.look(unknown("u", Reason.PERMISSION, permission="administration: read"))
    change = hidden.look(seen("a"))
    assert change is not None
    assert (change.kind, hidden.baseline) == (ChangeKind.VISIBLE, {"a"})


def test_switched_on_again_only_what_spoke_goes_on_speaking() -> None:
    """The rest is newly visible."""
    world = World()
    world.look(seen("a"))
    world.look(seen("a", "spoke"))
    world.look(None)
    change = world.look(seen("a", "spoke", "later"))

    assert change is not None
    assert change.kind is ChangeKind.VISIBLE
    assert world.baseline == {"a", "later"}


def test_the_end_of_an_exemption_ends_it() -> None:
    """Whoever asked for silence until a day has asked to hear of it then."""
    world = World()
    world.look(seen("a"))
    assert world.look(seen("a", "b"), EXEMPT) is None
    change = world.look(seen("a", "b"))

    assert change is not None
    assert (change.kind, change.cause) == (ChangeKind.NEW, Cause.EXEMPTION)
    assert world.baseline == set()


@pytest.mark.parametrize(("now", "cause"), [(RATCHETED, Cause.RATCHET), (OFF, Cause.POLICY)])
def test_ended_everything_speaks_once_as_new_and_then_for_good(now: Circumstances, cause: Cause) -> None:
    """Also what another rule finds later."""
    world = World()
    world.look(seen("a"))
    first = world.look(seen("a"), now)
    again = world.look(seen("a"), now)
    assert first is not None
    assert again is not None
    assert (first.kind, first.cause, [e.key for e in first.new_evidence]) == (ChangeKind.NEW, cause, ["a"])
    assert again.kind is ChangeKind.SAME
    assert (world.baseline, world.silent(seen("a"))) == (set(), False)
    world.look(seen("a", "b"), now, rule=2)
    assert not world.silent(seen("b"))


def test_ended_where_something_spoke_already_the_rest_is_worse() -> None:
    """The finding was there; there is more of it now."""
    world = World()
    world.look(seen("a"))
    world.look(seen("a", "b"))
    change = world.look(seen("a", "b"), RATCHETED)

    assert change is not None
    assert (change.kind, [e.key for e in change.new_evidence]) == (ChangeKind.WORSE, ["a"])


def test_policy_and_people_end_it() -> None:
    """Who ratcheted goes before policy; what is off can not be on by a command."""
    policy = Policy(baseline=False, checks={"readme": CheckPolicy(baseline=True)})
    judgements = [judged(passed("p"), check=name) for name in ("licence", "readme", "behind")]
    now = circumstances(judgements, policy, NOW.date(), ratcheted={"behind"})

    assert now.ended == {"licence": Cause.POLICY, "behind": Cause.RATCHET}


def test_the_moment_of_its_newest_part_is_kept() -> None:
    """So that a person ends what they could see."""
    world = World()
    world.look(seen("a"))
    first = world.kept["licence"].baseline_at
    world.look(seen("a"))
    assert world.kept["licence"].baseline_at == first == NOW + timedelta(days=1)
    world.look(seen("a", "b"), rule=2)
    assert world.kept["licence"].baseline_at == NOW + timedelta(days=3)


events = st.lists(
    st.tuples(
        st.one_of(
            st.sets(st.sampled_from("abcd"), max_size=4).map(sorted).map(tuple),
            st.sampled_from(["unknown", "error"]),
        ),
        st.booleans(),
    ),
    max_size=14,
)


@given(events)
def test_whatever_happens_it_only_shrinks_and_what_was_mended_never_comes_back_silently(
    seen_then: list[tuple[tuple[str, ...] | str, bool]],
) -> None:
    """Against a model: sets of names, over any order of looks, with a ratchet anywhere.

    The same rule looks all the time; what can not be read changes nothing.
    """
    world, model, mended, ended, known = World(), set[str](), set[str](), False, False
    for what, ratchet in seen_then:
        ended = ended or ratchet
        now = RATCHETED if ended else PLAIN
        if isinstance(what, str):
            verdict = unknown("u", Reason.LIMIT) if what == "unknown" else Verdict(Outcome.ERROR, "crashed")
            world.look(verdict, now)
            continue
        verdict = seen(*what) if what else passed("p")
        before = world.baseline
        change = world.look(verdict, now)
        assert change is not None
        if not known:
            model, known = set(what), True
        mended |= model - set(what)
        model = set() if ended else model & set(what)

        assert world.baseline == model
        assert not (world.baseline & mended)
        back = set(what) & mended
        if back:
            assert not world.silent(verdict)
        if before and ended and before & set(what):
            assert change.kind in WORSENING
        assert world.silent(verdict) is (set(what) <= model)


def test_what_is_kept_as_off_has_none() -> None:
    """It says nothing, so there is nothing to keep silent."""
    world = World()
    world.look(seen("a"))
    world.look(None)

    assert world.kept["licence"].off
    assert "licence" not in stood(world.kept.values())
    assert stood([replace(world.kept["licence"], off=False)]) == {"licence": {"a"}}
