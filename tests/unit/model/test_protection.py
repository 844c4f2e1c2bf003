"""Rules stack as GitHub stacks them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.protection import (
    ADMINISTRATORS,
    BypassActor,
    ClassicRule,
    Enforcement,
    Protection,
    Reach,
    RequiredCheck,
    Requirements,
    Ruleset,
    stacked,
)
from bot.model.verdicts import Reason, Unknown

NOT_GRANTED = Unknown(Reason.PERMISSION, "not granted", "administration: read")
REVIEWED = Requirements(pull_request=True, approvals=1)
KEPT = Requirements(no_force_push=True, no_deletion=True)


def ruleset(
    *include: str, exclude: tuple[str, ...] = (), requirements: Requirements = REVIEWED, **more: object
) -> Ruleset:
    return replace(
        Ruleset("r", "acme", Enforcement.ACTIVE, include, exclude, requirements),
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("include", "exclude", "branch", "expected"),
    [
        pytest.param(("~DEFAULT_BRANCH",), (), "main", True, id="the default branch"),
        pytest.param(("~DEFAULT_BRANCH",), (), "other", False, id="another one"),
        pytest.param(("~ALL",), (), "other", True, id="all"),
        pytest.param(("refs/heads/main",), (), "main", True, id="by name"),
        pytest.param(("main",), (), "main", False, id="not the full name"),
        pytest.param(("refs/heads/release/**/*",), (), "release/1/x", True, id="at any depth"),
        pytest.param(("refs/heads/release/*",), (), "release/1/x", False, id="one folder only"),
        pytest.param(("refs/tags/main", "refs/heads/m*"), (), "main", True, id="one of two"),
        pytest.param(("~ALL",), ("~DEFAULT_BRANCH",), "main", False, id="the default branch excluded"),
        pytest.param(("~ALL",), ("refs/heads/ma*",), "main", False, id="excluded by pattern"),
        pytest.param(("~ALL",), ("refs/heads/x",), "main", True, id="another one excluded"),
        pytest.param((), (), "main", False, id="nothing included"),
    ],
)
def test_a_ruleset_reaches_what_it_includes_and_does_not_exclude(include, exclude, branch, expected) -> None:
    """By the full name of the branch."""
    assert ruleset(*include, exclude=exclude).reaches(branch, "main") is expected


@pytest.mark.parametrize(
    ("enforcement", "expected"),
    [(Enforcement.ACTIVE, True), (Enforcement.EVALUATE, False), (Enforcement.DISABLED, False)],
)
def test_only_active_rulesets_count(enforcement: Enforcement, expected: bool) -> None:
    """The others demand nothing; nor does one without rules."""
    rules = Protection("main", (ruleset("~ALL", enforcement=enforcement),))
    empty = Protection("main", (ruleset("~ALL", enforcement=enforcement, rules=0),))

    assert rules.default.protected is expected
    assert rules.default.requirements.pull_request is expected
    assert not empty.default.protected


def test_the_strictest_of_each_demand_counts() -> None:
    """Of rulesets and the classic rule together."""
    mine = RequiredCheck("test", 7)
    protection = Protection(
        "main",
        (
            ruleset("~ALL", requirements=Requirements(pull_request=True, approvals=2, checks=(mine,))),
            ruleset("~ALL", requirements=Requirements(merge_methods=("merge", "squash"), others=("b",))),
        ),
        (
            ClassicRule(
                "main",
                1,
                Requirements(
                    approvals=1,
                    code_owners=True,
                    no_force_push=True,
                    checks=(mine, RequiredCheck("lint")),
                    merge_methods=("squash",),
                    others=("a",),
                ),
            ),
        ),
    )
    found = protection.default

    assert found.requirements == Requirements(
        pull_request=True,
        approvals=2,
        code_owners=True,
        no_force_push=True,
        checks=(mine, RequiredCheck("lint")),
        merge_methods=("squash",),
        others=("a", "b"),
    )
    assert [s.name for s in found.sources] == [
        "ruleset r of acme",
        "ruleset r of acme",
        "classic rule for main",
    ]


def test_one_classic_rule_counts() -> None:
    """The one for the very name before patterns, and the oldest of those; they do not add up."""
    wide, older = ClassicRule("*", 1, REVIEWED), ClassicRule("ma*", 2, KEPT)
    exact = ClassicRule("main", 3, Requirements(signatures=True))
    protection = Protection("main", classic=(older, exact, wide))

    assert protection.of("main").requirements == Requirements(signatures=True)
    assert protection.of("mad").requirements == REVIEWED
    assert protection.classic_rules("main") == (exact, wide, older)
    assert not protection.of("a/b").protected


def test_what_every_reader_sees_stands_in_for_classic_rules() -> None:
    """Only where these were not read, and for the default branch."""
    seen = Protection("main", classic=None, unread=NOT_GRANTED, viewed=KEPT)

    assert seen.of("main").requirements == KEPT
    assert seen.of("main").unread == NOT_GRANTED
    assert not seen.of("other").protected
    assert not replace(seen, classic=()).of("main").protected


def test_a_merge_queue_that_no_rule_tells_of_counts() -> None:
    """It belongs to a classic rule, which does not tell of it."""
    assert Protection("main", queue=True).of("main").requirements.queue
    assert not Protection("main", queue=True).of("other").requirements.queue
    assert not Protection("main", queue=None).of("main").requirements.queue
    one = Protection("main", (ruleset("~ALL", requirements=Requirements(queue=True)),), queue=True)
    assert len(one.default.sources) == 1


ADMIN, TEAM = BypassActor(ADMINISTRATORS), BypassActor("team core")


@pytest.mark.parametrize(
    ("rulesets", "classic", "expected"),
    [
        pytest.param([ruleset("~ALL")], (), [], id="nobody"),
        pytest.param([ruleset("~ALL", bypass=(TEAM,))], (), ["team core"], id="a team"),
        pytest.param([ruleset("~ALL", bypass=None)], (), [], id="not told"),
        pytest.param(
            [ruleset("~ALL", bypass=(replace(TEAM, always=False),))], (), [], id="in pull requests only"
        ),
        pytest.param(
            [ruleset("~ALL", bypass=(TEAM,)), ruleset("~ALL")], (), [], id="another ruleset demands the same"
        ),
        pytest.param(
            [ruleset("~ALL", bypass=(TEAM,)), ruleset("~ALL", requirements=KEPT)],
            (),
            ["team core"],
            id="another one demands something else",
        ),
        pytest.param(
            [ruleset("~ALL", bypass=(TEAM,)), ruleset("~ALL", bypass=(ADMIN,))],
            (),
            [],
            id="each is held by the other",
        ),
        pytest.param([], (ClassicRule("main", 1, KEPT),), [ADMINISTRATORS], id="a classic rule without them"),
        pytest.param([], (ClassicRule("main", 1, KEPT, admins=True),), [], id="a classic rule with them"),
        pytest.param(
            [ruleset("~ALL", requirements=KEPT)],
            (ClassicRule("main", 1, KEPT),),
            [],
            id="a ruleset holds administrators to the same",
        ),
        pytest.param(
            [],
            (ClassicRule("main", 1, KEPT, True, (replace(TEAM, reach=Reach.PULL_REQUEST),)),),
            [],
            id="exempt from what is not demanded",
        ),
        pytest.param(
            [],
            (ClassicRule("main", 1, KEPT, True, (replace(TEAM, reach=Reach.FORCE_PUSH),)),),
            ["team core"],
            id="may force-push",
        ),
        pytest.param(
            [ruleset("~ALL")],
            (ClassicRule("main", 1, REVIEWED, True, (replace(TEAM, reach=Reach.PULL_REQUEST),)),),
            [],
            id="exempt from what a ruleset demands too",
        ),
    ],
)
def test_a_bypass_counts_where_nothing_else_holds(rulesets, classic, expected) -> None:
    """Who may set one rule aside is still bound by the others."""
    found = Protection("main", tuple(rulesets), classic).default.bypasses()

    assert [actor.name for _, actor in found] == expected


REQUIREMENTS = st.builds(
    Requirements,
    pull_request=st.booleans(),
    approvals=st.integers(0, 3),
    no_force_push=st.booleans(),
    checks=st.lists(st.builds(RequiredCheck, st.sampled_from("ab")), max_size=3).map(tuple),
    merge_methods=st.none() | st.lists(st.sampled_from(["merge", "squash"]), unique=True).map(tuple),
    others=st.lists(st.sampled_from("xy"), max_size=3).map(tuple),
)


@given(REQUIREMENTS, REQUIREMENTS, REQUIREMENTS)
def test_stacking_only_adds(one: Requirements, two: Requirements, three: Requirements) -> None:
    """Whatever comes on top, what was demanded is demanded still; the order does not matter."""
    both = stacked([one, two])

    assert both.cover(one)
    assert both.cover(two)
    assert stacked([both, three]).cover(both)
    assert both.cover(stacked([two, one]))
    assert stacked([two, one]).cover(both)
