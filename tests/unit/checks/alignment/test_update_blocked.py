"""Check 56 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.checks.alignment.update_blocked import Config, update_blocked
from bot.model.facts import Comparison, Drift, Drifts, OpenPullRequests, PullRequest, Repository
from bot.model.protection import BypassActor, Enforcement, Requirements, Ruleset, Rulesets
from bot.model.verdicts import Outcome, Place, Reason, Verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")
NO_RULES = Rulesets(())


def pull(number: int = 7, **changes: object) -> PullRequest:
    made = PullRequest(number, "open", False, "t", "main", "m", "work", "h", 1, "someone", NOW, NOW)
    return replace(made, **{"cross_repository": False, "maintainer_can_modify": False, **changes})


def fork(number: int = 7, **changes: object) -> PullRequest:
    return pull(number, **{"head_repository_id": 2, "cross_repository": True, **changes})


def ruleset(requirements: Requirements, **changes: object) -> Rulesets:
    made = Ruleset("all", "acme/tool", Enforcement.ACTIVE, ("~ALL",), (), requirements)
    return Rulesets((replace(made, **changes),))


LOCKED = Requirements(locked=True)


def judged(
    *pulls: PullRequest,
    behind: int | None = 3,
    more: bool = False,
    rulesets: Rulesets = NO_RULES,
    **options: object,
) -> Verdict:
    compared = Comparison("m", "h", 1, behind or 0, "b", NOW)
    measured = tuple(Drift(p.head_branch, "main", compared, p.number) for p in pulls if behind is not None)
    drifts = Drifts("main", measured, 0 if measured else len(pulls))
    return update_blocked(OpenPullRequests(pulls, more), drifts, rulesets, REPOSITORY, Config(**options))


@pytest.mark.parametrize(
    ("found", "rulesets", "expected"),
    [
        pytest.param(fork(), NO_RULES, "its author does not let maintainers edit it", id="a closed fork"),
        pytest.param(fork(maintainer_can_modify=True), NO_RULES, None, id="an open fork"),
        pytest.param(
            fork(head_repository_id=None),
            NO_RULES,
            "the fork that it comes from was deleted, or can not be seen",
            id="no fork",
        ),
        pytest.param(
            fork(head_repository_id=None, maintainer_can_modify=True),
            NO_RULES,
            None,
            id="an open private fork",
        ),
        pytest.param(pull(), NO_RULES, None, id="its own branch"),
        pytest.param(pull(), ruleset(LOCKED), "the ruleset all locks work", id="locked"),
        pytest.param(
            pull(),
            ruleset(Requirements(pull_request=True)),
            "the ruleset all lets only pull requests change work",
            id="pull requests only",
        ),
        pytest.param(pull(), ruleset(Requirements(signatures=True)), None, id="another rule"),
        pytest.param(pull(), ruleset(LOCKED, enforcement=Enforcement.EVALUATE), None, id="tried out"),
        pytest.param(pull(), ruleset(LOCKED, include=("~DEFAULT_BRANCH",)), None, id="another branch"),
        pytest.param(pull(), ruleset(LOCKED, bypass=(BypassActor("x"),)), None, id="somebody is exempt"),
        pytest.param(
            pull(),
            ruleset(LOCKED, bypass=(BypassActor("x", always=False),)),
            "the ruleset all locks work",
            id="but not from this",
        ),
        pytest.param(fork(maintainer_can_modify=True), ruleset(LOCKED), None, id="rules end at the fork"),
    ],
)
def test_judges_who_can_update(found, rulesets, expected):
    """Forks by their author's will, branches by rulesets."""
    verdict = judged(found, rulesets=rulesets)
    texts = [f"#7 (work) is 3 commits behind: {expected}"] if expected else []

    assert [e.text for e in verdict.evidence] == texts
    assert verdict.outcome is (Outcome.FAIL if expected else Outcome.PASS)


def test_what_is_up_to_date_needs_no_update():
    """The limit itself counts as behind."""
    assert judged(fork(), behind=0).outcome is Outcome.PASS
    assert judged(fork(), behind=5, min_behind=5).outcome is Outcome.FAIL
    assert judged(fork(), behind=4, min_behind=5).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("change", "option"),
    [({"draft": True}, "drafts"), ({"bot": True}, "bots"), ({"base_branch": "next"}, None)],
)
def test_some_do_not_count(change, option):
    """Unless policy says so; what goes elsewhere was not compared."""
    assert judged(fork(**change)).summary == "no open pull request is behind"
    if option:
        assert judged(fork(**change), **{option: True}).outcome is Outcome.FAIL


def test_names_each():
    """With its branch and number."""
    verdict = judged(fork(8), pull(9), fork(10))

    assert verdict.summary == "2 pull requests behind main can not be updated by who maintains the repository"
    assert [(e.key, e.place) for e in verdict.evidence] == [
        ("pull:8", Place(branch="work")),
        ("pull:10", Place(branch="work")),
    ]


@pytest.mark.parametrize(
    "verdict",
    [
        pytest.param(judged(fork(maintainer_can_modify=None)), id="not told"),
        pytest.param(judged(pull(), behind=None), id="not compared"),
        pytest.param(judged(pull(), more=True), id="not listed"),
    ],
)
def test_what_is_not_known_is_no_pass(verdict):
    """Nor is it a fail."""
    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.LIMIT)


def test_nothing_to_judge():
    """Read-only, or a clone."""
    archived = update_blocked(
        OpenPullRequests((fork(),)),
        Drifts("main", ()),
        NO_RULES,
        replace(REPOSITORY, archived=True),
        Config(),
    )
    clone = update_blocked(
        OpenPullRequests((), known=False), Drifts("main", ()), NO_RULES, REPOSITORY, Config()
    )

    assert archived.outcome is Outcome.NOT_APPLICABLE
    assert (clone.outcome, clone.reason) == (Outcome.UNKNOWN, Reason.PERMISSION)
