"""Settings of the organisation, asked once for all its repositories."""

from __future__ import annotations

from bot.json_nodes import Node
from bot.model.errors import PermissionMissing
from bot.model.organisation import ActionsPolicy, OrganisationOwners, OrganisationSettings
from bot.ports import OwnerReader
from bot.spec import fact

ADMINISTRATION = "organization_administration: read"
MEMBERS = "members: read"

MAX_OWNERS = 100
MAX_PATTERNS = 100


@fact("organisation_settings", permission=ADMINISTRATION, cost="one call per organisation")
def organisation_settings(owner: OwnerReader) -> OrganisationSettings | None:
    """What the organisation asks of its members; None for a person's account.

    Raises:
        PermissionMissing: GitHub tells no more than everybody may know.

    Source: https://docs.github.com/en/rest/orgs/orgs#get-an-organization
    """
    if not owner.organisation:
        return None
    told = _told(owner, "", ADMINISTRATION)
    two_factor, base = (
        told.optional("two_factor_requirement_enabled"),
        told.optional("default_repository_permission"),
    )
    if two_factor is None and base is None:
        # To others the answer is the same without these keys, or with null in their place.
        raise PermissionMissing(f"{owner.login} does not tell its settings", permission=ADMINISTRATION)
    return OrganisationSettings(
        two_factor.flag() if two_factor else None,
        base.text() if base else None,
    )


@fact("actions_policy", permission=ADMINISTRATION, cost="two or three calls per organisation")
def actions_policy(owner: OwnerReader) -> ActionsPolicy | None:
    """What GitHub Actions may do in all repositories; None for a person's account.

    Source: https://docs.github.com/en/rest/actions/permissions
    """
    if not owner.organisation:
        return None
    policy = _told(owner, "/actions/permissions", ADMINISTRATION)
    token = _told(owner, "/actions/permissions/workflow", ADMINISTRATION)
    allowed, pinned = policy.optional("allowed_actions"), policy.optional("sha_pinning_required")
    chosen = allowed.text() if allowed else ""
    return ActionsPolicy(
        repositories=policy["enabled_repositories"].text(),
        allowed=chosen,
        patterns=_patterns(owner) if chosen == "selected" else (),
        pinned=pinned.flag() if pinned else None,
        token_writes=token["default_workflow_permissions"].text() != "read",
        token_approves=token["can_approve_pull_request_reviews"].flag(),
    )


@fact("organisation_owners", permission=MEMBERS, cost="one call per organisation")
def organisation_owners(owner: OwnerReader) -> OrganisationOwners | None:
    """How many people own the organisation, without their names; None for a person's account.

    Source: https://docs.github.com/en/rest/orgs/members#list-organization-members
    """
    if not owner.organisation:
        return None
    told = owner.rest("/members?role=admin", items=MAX_OWNERS, permission=MEMBERS)
    if told is None:
        raise PermissionMissing(f"{owner.login} does not tell its owners", permission=MEMBERS)
    return OrganisationOwners(len(told["items"].items()), told["more"].flag())


def _patterns(owner: OwnerReader) -> tuple[str, ...]:
    selected = _told(owner, "/actions/permissions/selected-actions", ADMINISTRATION)
    patterns = selected.optional("patterns_allowed")
    return patterns.texts()[:MAX_PATTERNS] if patterns else ()


def _told(owner: OwnerReader, path: str, permission: str) -> Node:
    told = owner.rest(path, permission=permission)
    if told is None:
        # Whoever may see a setting is told it, whatever it is.
        raise PermissionMissing(f"{owner.login} does not tell {path or 'itself'}", permission=permission)
    return told
