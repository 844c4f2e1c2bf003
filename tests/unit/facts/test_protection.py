"""Rules are read as GitHub tells them; what it does not tell is said."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts import protection as facts
from bot.json_nodes import Node, Refused
from bot.model.errors import Malformed, PermissionMissing
from bot.model.facts import Repository
from bot.model.protection import (
    ADMINISTRATORS,
    BypassActor,
    ClassicRule,
    ClassicRules,
    Enforcement,
    Protection,
    Reach,
    RequiredCheck,
    RequiredWorkflow,
    Requirements,
    Ruleset,
    Rulesets,
)
from bot.model.verdicts import Reason, Unknown
from bot.registry import load

REPOSITORY = Repository(1, "acme/tool", "main")
FORBIDDEN = Refused("Resource not accessible by integration", permission=True)
NOT_GRANTED = Unknown(Reason.PERMISSION, "not granted", "administration: read")


def page(*nodes: Any, more: bool = False) -> dict[str, Any]:
    return {"totalCount": len(nodes) + more, "pageInfo": {"hasNextPage": more}, "nodes": list(nodes)}


def actor(**more: Any) -> dict[str, Any]:
    return {
        "bypassMode": "ALWAYS",
        "organizationAdmin": False,
        "deployKey": False,
        "repositoryRoleName": None,
        "actor": None,
        **more,
    }


def ruleset(*rules: Any, **more: Any) -> dict[str, Any]:
    return {
        "name": "main rules",
        "target": "BRANCH",
        "enforcement": "ACTIVE",
        "source": {"__typename": "Organization", "login": "acme"},
        "conditions": {"refName": {"include": ["~DEFAULT_BRANCH"], "exclude": ["refs/heads/x"]}},
        "bypassActors": page(),
        "rules": page(*rules),
        **more,
    }


def rule(kind: str, **parameters: Any) -> dict[str, Any]:
    return {"type": kind, "parameters": parameters or None}


PULL_REQUEST = rule(
    "PULL_REQUEST",
    requiredApprovingReviewCount=2,
    requireCodeOwnerReview=True,
    dismissStaleReviewsOnPush=False,
    requireLastPushApproval=True,
    requiredReviewThreadResolution=False,
    allowedMergeMethods=["SQUASH", "REBASE"],
)
CLASSIC: dict[str, Any] = {
    "databaseId": 4,
    "pattern": "main",
    "isAdminEnforced": False,
    "requiresApprovingReviews": True,
    "requiredApprovingReviewCount": 1,
    "requiresCodeOwnerReviews": True,
    "dismissesStaleReviews": True,
    "requireLastPushApproval": False,
    "requiresConversationResolution": True,
    "allowsForcePushes": False,
    "allowsDeletions": True,
    "requiresStatusChecks": True,
    "requiresStrictStatusChecks": True,
    "requiredStatusChecks": [
        {"context": "test", "app": {"databaseId": 15368}},
        {"context": "lint", "app": None},
        {"context": "scan", "app": FORBIDDEN},
    ],
    "requiresCommitSignatures": True,
    "requiresLinearHistory": False,
    "lockBranch": False,
    "bypassPullRequestAllowances": page({"actor": {"__typename": "User", "login": "ann"}}),
    "bypassForcePushAllowances": page({"actor": FORBIDDEN}, more=True),
}


def read_rulesets(*nodes: Any, more: bool = False, viewed: Any = None) -> Rulesets:
    return facts.rulesets(
        Node({"rulesets": page(*nodes, more=more), "viewed": viewed}, "r", "metadata: read")
    )


def read_classic(**more: Any) -> ClassicRules:
    return facts.classic_rules(Node({"rules": page({**CLASSIC, **more})}, "r", "administration: read"))


def test_a_ruleset_is_read_whole() -> None:
    """With whose it is, what it includes, what it demands and who may set it aside."""
    found = read_rulesets(
        ruleset(
            PULL_REQUEST,
            rule(
                "REQUIRED_STATUS_CHECKS",
                strictRequiredStatusChecksPolicy=True,
                requiredStatusChecks=[
                    {"context": "test", "integrationId": 15368},
                    {"context": "lint", "integrationId": None},
                ],
            ),
            rule("WORKFLOWS", workflows=[{"path": ".github/workflows/ci.yml", "repositoryId": 9}]),
            *(rule(kind) for kind in ("MERGE_QUEUE", "NON_FAST_FORWARD", "DELETION", "REQUIRED_SIGNATURES")),
            *(rule(kind) for kind in ("REQUIRED_LINEAR_HISTORY", "UPDATE", "SOMETHING_NEW", "CREATION")),
            bypassActors=page(
                actor(organizationAdmin=True),
                actor(repositoryRoleName="admin", bypassMode="PULL_REQUEST"),
                actor(repositoryRoleName="maintain"),
                actor(deployKey=True),
                actor(actor={"__typename": "Team", "combinedSlug": "acme/core"}),
                actor(actor={"__typename": "App", "slug": "renovate"}, bypassMode="EXEMPT"),
                actor(actor=FORBIDDEN),
                more=True,
            ),
        )
    )

    assert found.unread is None
    assert found.listed == (
        Ruleset(
            "main rules",
            "acme",
            Enforcement.ACTIVE,
            ("~DEFAULT_BRANCH",),
            ("refs/heads/x",),
            Requirements(
                pull_request=True,
                approvals=2,
                code_owners=True,
                last_push=True,
                merge_methods=("rebase", "squash"),
                checks=(RequiredCheck("test", 15368), RequiredCheck("lint")),
                strict=True,
                workflows=(RequiredWorkflow(".github/workflows/ci.yml", 9),),
                queue=True,
                no_force_push=True,
                no_deletion=True,
                signatures=True,
                linear=True,
                locked=True,
                others=("creation", "something_new"),
            ),
            rules=11,
            bypass=(
                BypassActor("owners of the organisation"),
                BypassActor(ADMINISTRATORS, always=False),
                BypassActor("role maintain"),
                BypassActor("deploy keys"),
                BypassActor("team acme/core"),
                BypassActor("App renovate"),
                BypassActor("somebody whom GitHub does not name"),
                BypassActor("further actors"),
            ),
            above=True,
        ),
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"target": "TAG"}, None, id="for tags"),
        pytest.param({"target": None}, None, id="for something else"),
        pytest.param({"enforcement": "EVALUATE"}, Enforcement.EVALUATE, id="evaluated"),
        pytest.param({"enforcement": "DISABLED"}, Enforcement.DISABLED, id="disabled"),
        pytest.param({"enforcement": "SOME_DAY"}, Enforcement.DISABLED, id="not known to be in force"),
    ],
)
def test_only_rulesets_for_branches_are_kept(change: Any, expected: Enforcement | None) -> None:
    """Whether they are in force or not."""
    found = read_rulesets(ruleset(**change)).listed

    assert [r.enforcement for r in found] == ([expected] if expected else [])


def test_all_merge_methods_are_no_demand() -> None:
    """GitHub lists all three where none was taken away."""
    every = deepcopy(PULL_REQUEST)
    every["parameters"]["allowedMergeMethods"] = ["MERGE", "SQUASH", "REBASE"]

    assert read_rulesets(ruleset(every)).listed[0].requirements.merge_methods is None


@pytest.mark.parametrize("told", [None, FORBIDDEN])
def test_hidden_bypass_actors_are_not_taken_for_none(told: Any) -> None:
    """GitHub tells them to who may change the ruleset."""
    assert read_rulesets(ruleset(rule("DELETION"), bypassActors=told)).listed[0].bypass is None


def test_a_hidden_ruleset_does_not_hide_the_others() -> None:
    """What the others demand is certain all the same."""
    found = read_rulesets(ruleset(rule("DELETION")), FORBIDDEN, ruleset(source=FORBIDDEN))

    assert [r.requirements.no_deletion for r in found.listed] == [True]
    assert found.unread is not None
    assert found.unread.reason is Reason.PERMISSION


def test_more_than_is_read_is_said() -> None:
    """More rulesets, or more rules."""
    assert read_rulesets(more=True).unread == Unknown(Reason.LIMIT, "there are more rulesets than are read")
    long = read_rulesets(ruleset(rules=page(rule("DELETION"), more=True)))
    assert long.unread == Unknown(Reason.LIMIT, "a ruleset has more rules than are read")


def test_rules_that_are_not_told_are_a_fault() -> None:
    """Never a ruleset that demands nothing."""
    with pytest.raises(Malformed):
        read_rulesets(ruleset(rules=None))


def test_a_refusal_of_all_rulesets_is_passed_on() -> None:
    """So that the fact is unknown."""
    with pytest.raises(PermissionMissing):
        facts.rulesets(Node({"rulesets": FORBIDDEN, "viewed": None}, "r", "metadata: read"))


def test_what_every_reader_sees_of_a_classic_rule() -> None:
    """Nothing where there is no rule, no branch, or a refusal."""
    seen = {
        "allowsForcePushes": False,
        "allowsDeletions": True,
        "requiredApprovingReviewCount": 1,
        "requiresCodeOwnerReviews": False,
        "requiresConversationResolution": False,
        "requiresLinearHistory": False,
        "requiresSignatures": True,
        "requiredStatusCheckContexts": ["test"],
    }

    assert read_rulesets(viewed={"refUpdateRule": seen}).viewed == Requirements(
        pull_request=True,
        approvals=1,
        no_force_push=True,
        signatures=True,
        checks=(RequiredCheck("test"),),
    )
    assert [read_rulesets(viewed=v).viewed for v in (None, {"refUpdateRule": None}, FORBIDDEN)] == [None] * 3
    assert read_rulesets(viewed={"refUpdateRule": FORBIDDEN}).viewed is None


def test_a_classic_rule_is_read_whole() -> None:
    """With everybody who is exempt from a part of it."""
    assert read_classic() == ClassicRules(
        (
            ClassicRule(
                "main",
                4,
                Requirements(
                    pull_request=True,
                    approvals=1,
                    code_owners=True,
                    stale_dismissed=True,
                    conversations=True,
                    no_force_push=True,
                    checks=(RequiredCheck("test", 15368), RequiredCheck("lint"), RequiredCheck("scan")),
                    strict=True,
                    signatures=True,
                ),
                admins=False,
                exempt=(
                    BypassActor("user ann", reach=Reach.PULL_REQUEST),
                    BypassActor("somebody whom GitHub does not name", reach=Reach.FORCE_PUSH),
                    BypassActor("further actors", reach=Reach.FORCE_PUSH),
                ),
            ),
        )
    )


def test_what_belongs_to_a_setting_that_is_off_does_not_count() -> None:
    """GitHub tells strict as true where no check is required."""
    found = read_classic(
        requiresStatusChecks=False, requiredStatusChecks=None, requiresApprovingReviews=False
    )
    demands = found.listed[0].requirements

    assert (demands.strict, demands.checks, demands.pull_request) == (False, (), False)
    assert (demands.approvals, demands.code_owners, demands.stale_dismissed) == (0, False, False)


def test_refused_classic_rules_are_passed_on() -> None:
    """An installation without the permission."""
    with pytest.raises(PermissionMissing, match="not accessible") as told:
        facts.classic_rules(Node({"rules": FORBIDDEN}, "r", "administration: read"))

    assert told.value.permission == "administration: read"


@pytest.mark.parametrize(("told", "expected"), [(None, False), ({"id": "MQ"}, True)])
def test_a_merge_queue_is_seen(told: Any, expected: bool) -> None:
    """Of the default branch."""
    assert facts.merge_queue(Node({"queue": told}, "r")) is expected

    with pytest.raises(PermissionMissing):
        facts.merge_queue(Node({"queue": FORBIDDEN}, "r"))


def test_all_rules_come_together() -> None:
    """Classic ones, rulesets and the queue."""
    listed = read_rulesets(ruleset(rule("DELETION"))).listed
    found = facts.protection(Rulesets(listed), read_classic(), True, True, REPOSITORY)

    assert found == Protection("main", listed, read_classic().listed, None, True)


def test_without_classic_rules_the_rest_is_known() -> None:
    """And that there may be more; an empty list of actors may be a hidden one."""
    known = Rulesets(read_rulesets(ruleset(rule("DELETION"))).listed, viewed=Requirements(linear=True))
    found = facts.protection(known, NOT_GRANTED, NOT_GRANTED, NOT_GRANTED, REPOSITORY)

    assert (found.classic, found.unread, found.queue) == (None, NOT_GRANTED, None)
    assert found.default.requirements == Requirements(no_deletion=True, linear=True)
    assert found.rulesets[0].bypass is None


OWN = {"source": {"__typename": "Repository", "nameWithOwner": "acme/tool"}}
TEAM = {"bypassActors": page(actor(actor={"__typename": "Team", "combinedSlug": "acme/core"}))}


@pytest.mark.parametrize(
    ("change", "classic", "above", "expected"),
    [
        pytest.param({}, ClassicRules(()), NOT_GRANTED, None, id="of the organisation, not to be seen"),
        pytest.param({}, NOT_GRANTED, True, (), id="of the organisation, to be seen"),
        pytest.param(OWN, ClassicRules(()), NOT_GRANTED, (), id="of the repository, to be seen"),
        pytest.param(OWN, NOT_GRANTED, True, None, id="of the repository, not to be seen"),
        pytest.param(
            TEAM, NOT_GRANTED, NOT_GRANTED, (BypassActor("team acme/core"),), id="seen all the same"
        ),
    ],
)
def test_an_empty_list_of_actors_counts_where_it_can_be_seen(change, classic, above, expected) -> None:
    """GitHub shows it to who may not see it, too."""
    listed = read_rulesets(ruleset(rule("DELETION"), **change)).listed
    found = facts.protection(Rulesets(listed), classic, False, above, REPOSITORY)

    assert found.rulesets[0].bypass == expected
    assert found.default.sources[0].above is (change is not OWN)


def test_more_classic_rules_than_are_read_are_said() -> None:
    """After what is said of rulesets."""
    limit = Unknown(Reason.LIMIT, "there are more rulesets than are read")
    more = facts.protection(Rulesets(()), ClassicRules((), more=True), False, True, REPOSITORY)
    both = facts.protection(Rulesets((), limit), ClassicRules((), more=True), False, True, REPOSITORY)

    assert more.unread == Unknown(Reason.LIMIT, "there are more classic rules than are read")
    assert both.unread == limit


def test_facts_can_be_kept() -> None:
    """They come back as they were."""
    rulesets = read_rulesets(
        ruleset(PULL_REQUEST, rule("WORKFLOWS", workflows=[{"path": "a", "repositoryId": 9}]))
    )
    classic = read_classic()
    values = {
        "rulesets": rulesets,
        "classic_rules": classic,
        "protection": facts.protection(rulesets, NOT_GRANTED, True, True, REPOSITORY),
    }

    assert thaw(load(plugins=False), freeze(values)) == values
