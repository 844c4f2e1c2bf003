"""Check 23 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.protection.bypass import Config, bypass
from bot.model.facts import Repository
from bot.model.protection import (
    BypassActor,
    ClassicRule,
    Enforcement,
    Protection,
    Reach,
    Requirements,
    Ruleset,
)
from bot.model.verdicts import Outcome, Reason, Unknown

REPOSITORY = Repository(1, "acme/tool", "main")
NOT_GRANTED = Unknown(Reason.PERMISSION, "not granted", "administration: read")
DEMANDS = Requirements(pull_request=True, approvals=1, no_force_push=True)
TEAM = BypassActor("team acme/core")


def ruleset(*actors, requirements=DEMANDS):
    bypass = None if actors == (None,) else actors
    return Ruleset("r", "acme", Enforcement.ACTIVE, ("~ALL",), (), requirements, bypass=bypass)


CLASSIC = ClassicRule("main", 1, DEMANDS, admins=True)


@pytest.mark.parametrize(
    ("protection", "options", "expected"),
    [
        pytest.param(Protection("main", (ruleset(),)), {}, Outcome.PASS, id="nobody"),
        pytest.param(Protection("main", (ruleset(TEAM),)), {}, Outcome.FAIL, id="a team"),
        pytest.param(
            Protection("main", (ruleset(TEAM),)), {"allowed": [TEAM.name]}, Outcome.PASS, id="an allowed team"
        ),
        pytest.param(
            Protection("main", (ruleset(replace(TEAM, always=False)),)),
            {},
            Outcome.PASS,
            id="in pull requests only",
        ),
        pytest.param(Protection("main", classic=(CLASSIC,)), {}, Outcome.PASS, id="administrators included"),
        pytest.param(
            Protection("main", classic=(replace(CLASSIC, admins=False),)),
            {},
            Outcome.FAIL,
            id="administrators exempt",
        ),
        pytest.param(
            Protection("main", (ruleset(),), (replace(CLASSIC, admins=False),)),
            {},
            Outcome.PASS,
            id="a ruleset holds them",
        ),
        pytest.param(
            Protection("main", classic=(replace(CLASSIC, exempt=(replace(TEAM, reach=Reach.FORCE_PUSH),)),)),
            {},
            Outcome.FAIL,
            id="may force-push",
        ),
        pytest.param(Protection("main"), {}, Outcome.NOT_APPLICABLE, id="no rule"),
        pytest.param(Protection("main", (ruleset(None),)), {}, Outcome.UNKNOWN, id="actors not told"),
        pytest.param(
            Protection("main", (ruleset(None), ruleset(TEAM, requirements=Requirements(linear=True)))),
            {},
            Outcome.FAIL,
            id="not all actors told, and one can",
        ),
        pytest.param(Protection("main", (), None, NOT_GRANTED), {}, Outcome.UNKNOWN, id="nothing read"),
        pytest.param(
            Protection("main", (ruleset(None),), None, NOT_GRANTED), {}, Outcome.UNKNOWN, id="classic unread"
        ),
        pytest.param(
            Protection("main", (ruleset(TEAM),), None, NOT_GRANTED),
            {},
            Outcome.UNKNOWN,
            id="a classic rule could hold them",
        ),
        pytest.param(
            Protection("main", (ruleset(),), (), NOT_GRANTED), {}, Outcome.PASS, id="proven by rulesets"
        ),
        pytest.param(
            Protection("main", (ruleset(requirements=Requirements(linear=True)),), (), NOT_GRANTED),
            {},
            Outcome.UNKNOWN,
            id="rulesets demand too little to prove it",
        ),
    ],
)
def test_judges_who_can_set_rules_aside(protection, options, expected):
    """As far as nothing else holds them."""
    assert bypass(protection, REPOSITORY, Config(**options)).outcome is expected


@pytest.mark.parametrize(("above", "expected"), [(True, "organization_administration: read"), (False, None)])
def test_hidden_actors_name_what_would_show_them(above, expected):
    """Nothing that is only read shows those of the repository's own rulesets."""
    verdict = bypass(Protection("main", (replace(ruleset(None), above=above),)), REPOSITORY, Config())

    assert (verdict.outcome, verdict.reason, verdict.permission) == (
        Outcome.UNKNOWN,
        Reason.PERMISSION,
        expected,
    )
    assert verdict.summary == "GitHub does not tell who can bypass ruleset r of acme"


def test_evidence_names_actor_and_rule():
    """And what of the rule they can set aside."""
    exempt = replace(TEAM, reach=Reach.PULL_REQUEST)
    protection = Protection("main", (), (replace(CLASSIC, admins=False, exempt=(exempt,)),))
    verdict = bypass(protection, REPOSITORY, Config())

    assert verdict.summary == "2 actors can bypass the rules of main"
    assert [e.text for e in verdict.evidence] == [
        "administrators of the repository can bypass all of it: classic rule for main",
        "team acme/core can bypass its pull requests: classic rule for main",
    ]
    assert verdict.evidence[1].fingerprint == "classic rule for main|team acme/core|pull-request"
