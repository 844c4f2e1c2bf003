"""Rules for branches: rulesets of the repository and of what is above it, and classic protection.

Rulesets can be read by every reader, classic rules by who has ``administration: read`` only. As rules
only add to each other, what the rulesets demand is certain even where the others can not be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.json_nodes import Node
from bot.model.errors import PermissionMissing
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
    stacked,
)
from bot.model.verdicts import Reason, Unknown
from bot.selections import Selection
from bot.spec import fact

ADMINISTRATION = "administration: read"

_ACTOR = (
    "actor { __typename ... on App { slug } ... on Team { combinedSlug } ... on User { login } }"  # of a rule
)
_RULESET_ACTOR = "actor { __typename ... on App { slug } ... on Team { combinedSlug } }"

RULESETS = Selection(
    "rulesets(includeParents: true, first: $rulesets) { totalCount pageInfo { hasNextPage } nodes { "
    "name target enforcement "
    "source { __typename ... on Repository { nameWithOwner } ... on Organization { login } } "
    "conditions { refName { include exclude } } "
    "bypassActors(first: 20) { totalCount nodes { bypassMode organizationAdmin deployKey repositoryRoleName "
    f"{_RULESET_ACTOR} }} }} "
    "rules(first: 50) { totalCount nodes { type parameters { "
    "... on PullRequestParameters { requiredApprovingReviewCount requireCodeOwnerReview "
    "dismissStaleReviewsOnPush requireLastPushApproval requiredReviewThreadResolution allowedMergeMethods } "
    "... on RequiredStatusChecksParameters { strictRequiredStatusChecksPolicy "
    "requiredStatusChecks { context integrationId } } "
    "... on WorkflowsParameters { workflows { path repositoryId } } } } } } }"
)

VIEWED = Selection(
    "defaultBranchRef { refUpdateRule { allowsForcePushes allowsDeletions requiredApprovingReviewCount "
    "requiresCodeOwnerReviews requiresConversationResolution requiresLinearHistory requiresSignatures "
    "requiredStatusCheckContexts } }"
)

CLASSIC_RULES = Selection(
    "branchProtectionRules(first: $protections) { totalCount pageInfo { hasNextPage } nodes { "
    "databaseId pattern isAdminEnforced requiresApprovingReviews requiredApprovingReviewCount "
    "requiresCodeOwnerReviews dismissesStaleReviews requireLastPushApproval requiresConversationResolution "
    "allowsForcePushes allowsDeletions requiresStatusChecks requiresStrictStatusChecks "
    "requiredStatusChecks { context app { databaseId } } "
    "requiresCommitSignatures requiresLinearHistory lockBranch "
    f"bypassPullRequestAllowances(first: 10) {{ totalCount nodes {{ {_ACTOR} }} }} "
    f"bypassForcePushAllowances(first: 10) {{ totalCount nodes {{ {_ACTOR} }} }} }} }}"
)


@fact(
    "rulesets",
    permission="metadata: read",
    cost="one connection of the scan, and two per ruleset",
    graph={"rulesets": RULESETS, "viewed": VIEWED},
)
def rulesets(answer: Node) -> Rulesets:
    """Rulesets for branches, in force or not; those of organisation and enterprise where they apply."""
    connection = answer["rulesets"]
    found: list[Ruleset] = []
    unread = Unknown(Reason.LIMIT, "there are more rulesets than are read") if connection.more else None
    for node in connection["nodes"].items():
        try:
            if not node.null and (node["target"].plain() or "") in ("BRANCH", "branch"):
                found.append(_ruleset(node))
                if node["rules"].more:
                    unread = Unknown(Reason.LIMIT, "a ruleset has more rules than are read")
        except PermissionMissing as error:
            # One that belongs to the enterprise may be hidden; the others hold all the same.
            unread = Unknown(Reason.PERMISSION, f"a ruleset can not be read: {error}", error.permission)
    return Rulesets(tuple(found), unread, _viewed(answer))


def _ruleset(node: Node) -> Ruleset:
    names = node["conditions"].optional("refName")
    rules = node["rules"].nodes()
    said = node["enforcement"].text().lower()
    return Ruleset(
        name=node["name"].text(),
        source=_source(node["source"]),
        enforcement=Enforcement(said) if said in list(Enforcement) else Enforcement.DISABLED,
        include=names["include"].texts() if names else (),
        exclude=names["exclude"].texts() if names else (),
        requirements=stacked(_demand(rule) for rule in rules),
        rules=len(rules),
        bypass=_bypass(node),
        above=node["source"]["__typename"].text() != "Repository",
    )


def _source(node: Node) -> str:
    key = {"Repository": "nameWithOwner", "Organization": "login"}.get(node["__typename"].text())
    return node[key].text() if key else "the enterprise"


def _demand(rule: Node) -> Requirements:
    """What one rule of a ruleset demands."""
    kind = rule["type"].text().upper()
    parameters = rule.optional("parameters")
    match kind:
        case "PULL_REQUEST" if parameters:
            return Requirements(
                pull_request=True,
                approvals=parameters["requiredApprovingReviewCount"].number(),
                code_owners=parameters["requireCodeOwnerReview"].flag(),
                stale_dismissed=parameters["dismissStaleReviewsOnPush"].flag(),
                last_push=parameters["requireLastPushApproval"].flag(),
                conversations=parameters["requiredReviewThreadResolution"].flag(),
                merge_methods=_methods(parameters),
            )
        case "REQUIRED_STATUS_CHECKS" if parameters:
            return Requirements(
                checks=tuple(_ruled_check(c) for c in parameters["requiredStatusChecks"].items()),
                strict=parameters["strictRequiredStatusChecksPolicy"].flag(),
            )
        case "WORKFLOWS" if parameters:
            return Requirements(
                workflows=tuple(
                    RequiredWorkflow(w["path"].text(), w["repositoryId"].number())
                    for w in parameters["workflows"].items()
                )
            )
    return _PLAIN.get(kind, Requirements(others=(kind.lower(),)))


_PLAIN = {
    "PULL_REQUEST": Requirements(pull_request=True),
    "MERGE_QUEUE": Requirements(queue=True),
    "NON_FAST_FORWARD": Requirements(no_force_push=True),
    "DELETION": Requirements(no_deletion=True),
    "REQUIRED_SIGNATURES": Requirements(signatures=True),
    "REQUIRED_LINEAR_HISTORY": Requirements(linear=True),
    "REQUIRED_REVIEW_THREAD_RESOLUTION": Requirements(conversations=True),
    "UPDATE": Requirements(locked=True),
    "LOCK_BRANCH": Requirements(locked=True),
}


def _methods(parameters: Node) -> tuple[str, ...] | None:
    listed = parameters.optional("allowedMergeMethods")
    methods = tuple(sorted({m.lower() for m in listed.texts()})) if listed else ()
    return methods if 0 < len(methods) < len(("merge", "rebase", "squash")) else None


def _ruled_check(node: Node) -> RequiredCheck:
    app = node.optional("integrationId")
    return RequiredCheck(node["context"].text(), app.number() if app else None)


def _bypass(node: Node) -> tuple[BypassActor, ...] | None:
    try:
        connection = node.optional("bypassActors")
        if connection is None:
            return None
        found = tuple(_actor(actor) for actor in connection.nodes())
        more = connection.more
    except PermissionMissing:
        return None
    return (*found, BypassActor("further actors")) if more else found


def _actor(node: Node) -> BypassActor:
    mode = node.optional("bypassMode")
    always = mode is None or mode.text().upper() != "PULL_REQUEST"
    role = node.optional("repositoryRoleName")
    if node["organizationAdmin"].flag():
        name = "owners of the organisation"
    elif node["deployKey"].flag():
        name = "deploy keys"
    elif role:
        name = ADMINISTRATORS if role.text().lower() == "admin" else f"role {role.text()}"
    else:
        name = _named(node)
    return BypassActor(name, always)


def _named(node: Node) -> str:
    """The name of an actor; Apps and teams that the installation may not see stay without one."""
    kinds = {"App": ("App", "slug"), "Team": ("team", "combinedSlug"), "User": ("user", "login")}
    try:
        actor = node.optional("actor")
        if actor is None:
            return "somebody whom GitHub does not name"
        kind, key = kinds[actor["__typename"].text()]
        return f"{kind} {actor[key].text()}"
    except (PermissionMissing, KeyError):
        return "somebody whom GitHub does not name"


def _viewed(answer: Node) -> Requirements | None:
    try:
        branch = answer.optional("viewed")
        rule = branch.optional("refUpdateRule") if branch else None
        if rule is None:
            return None
        approvals = rule.optional("requiredApprovingReviewCount")
        count = approvals.number() if approvals else 0
        owners = rule["requiresCodeOwnerReviews"].flag()
        contexts = rule.optional("requiredStatusCheckContexts")
        return Requirements(
            # Without an approval it is not told whether a pull request is needed.
            pull_request=count > 0 or owners,
            approvals=count,
            code_owners=owners,
            conversations=rule["requiresConversationResolution"].flag(),
            no_force_push=not rule["allowsForcePushes"].flag(),
            no_deletion=not rule["allowsDeletions"].flag(),
            checks=tuple(RequiredCheck(c.text()) for c in contexts.items() if not c.null) if contexts else (),
            signatures=rule["requiresSignatures"].flag(),
            linear=rule["requiresLinearHistory"].flag(),
        )
    except PermissionMissing:
        return None


@fact(
    "classic_rules",
    permission=ADMINISTRATION,
    cost="one connection of the scan, and two per rule",
    graph={"rules": CLASSIC_RULES},
)
def classic_rules(answer: Node) -> ClassicRules:
    """All classic branch protection rules, whether a branch matches them or not."""
    connection = answer["rules"]
    return ClassicRules(tuple(_classic(node) for node in connection.nodes()), connection.more)


def _classic(node: Node) -> ClassicRule:
    reviewed, checked = node["requiresApprovingReviews"].flag(), node["requiresStatusChecks"].flag()
    approvals, checks = node.optional("requiredApprovingReviewCount"), node.optional("requiredStatusChecks")
    number = node.optional("databaseId")
    # GitHub tells some settings as true where the one that they belong to is off.
    requirements = Requirements(
        pull_request=reviewed,
        approvals=approvals.number() if reviewed and approvals else 0,
        code_owners=reviewed and node["requiresCodeOwnerReviews"].flag(),
        stale_dismissed=reviewed and node["dismissesStaleReviews"].flag(),
        last_push=reviewed and node["requireLastPushApproval"].flag(),
        conversations=node["requiresConversationResolution"].flag(),
        no_force_push=not node["allowsForcePushes"].flag(),
        no_deletion=not node["allowsDeletions"].flag(),
        checks=tuple(_classic_check(c) for c in checks.items()) if checked and checks else (),
        strict=checked and node["requiresStrictStatusChecks"].flag(),
        signatures=node["requiresCommitSignatures"].flag(),
        linear=node["requiresLinearHistory"].flag(),
        locked=node["lockBranch"].flag(),
    )
    exempt = (
        *_exempt(node["bypassPullRequestAllowances"], Reach.PULL_REQUEST),
        *_exempt(node["bypassForcePushAllowances"], Reach.FORCE_PUSH),
    )
    return ClassicRule(
        pattern=node["pattern"].text(),
        created=number.number() if number else 0,
        requirements=requirements,
        admins=node["isAdminEnforced"].flag(),
        exempt=exempt,
    )


def _classic_check(node: Node) -> RequiredCheck:
    try:
        app = node.optional("app")
        number = app.optional("databaseId") if app else None
        return RequiredCheck(node["context"].text(), number.number() if number else None)
    except PermissionMissing:
        # Which App it must come from is hidden; that it must come is not.
        return RequiredCheck(node["context"].text())


def _exempt(connection: Node, reach: Reach) -> Iterator[BypassActor]:
    for node in connection.nodes():
        yield BypassActor(_named(node), reach=reach)
    if connection.more:
        yield BypassActor("further actors", reach=reach)


@fact(
    "merge_queue",
    permission="merge_queues: read",
    cost="nothing beside the scan",
    graph={"queue": Selection("mergeQueue { id }")},
)
def merge_queue(answer: Node) -> bool:
    """The default branch has a merge queue, by whichever kind of rule."""
    return answer.optional("queue") is not None and not answer["queue"].null


@fact("bypass_from_above", permission="organization_administration: read", cost="nothing")
def bypass_from_above(repository: Repository) -> bool:
    """GitHub tells who may bypass the rulesets of the repository's organisation.

    To know that takes no call: it does so exactly where the permission was granted.
    """
    return bool(repository.owner)


@fact("protection", permission="metadata: read", cost="nothing of its own")
def protection(
    rulesets: Rulesets,
    classic_rules: ClassicRules | Unknown,
    merge_queue: bool | Unknown,
    bypass_from_above: bool | Unknown,
    repository: Repository,
) -> Protection:
    """All rules together; without ``administration: read``, what is certain without the classic ones."""
    queue = None if isinstance(merge_queue, Unknown) else merge_queue
    # GitHub shows an empty list of actors to who may not see it.
    hidden = {False: isinstance(classic_rules, Unknown), True: isinstance(bypass_from_above, Unknown)}
    listed = tuple(replace(r, bypass=r.bypass or None) if hidden[r.above] else r for r in rulesets.listed)
    if isinstance(classic_rules, Unknown):
        return Protection(
            repository.default_branch,
            listed,
            None,
            classic_rules,
            queue,
            rulesets.viewed,
        )
    more = Unknown(Reason.LIMIT, "there are more classic rules than are read") if classic_rules.more else None
    return Protection(
        repository.default_branch,
        listed,
        classic_rules.listed,
        rulesets.unread or more,
        queue,
    )
