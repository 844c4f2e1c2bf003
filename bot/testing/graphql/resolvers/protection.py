"""What a ref tells of the classic rule that covers it."""

from __future__ import annotations

from typing import Any

from bot.testing.graphql.declaring import Asked, field, represent
from bot.testing.graphql.sources import Ref
from bot.testing.routing import parse_needs
from bot.testing.settings import BranchProtection, protection_of

_ADMINISTRATION = parse_needs("administration=read")

represent(BranchProtection, "BranchProtectionRule")


def _rule(source: Ref) -> BranchProtection | None:
    prefix = "refs/heads/"
    if not source.full_name.startswith(prefix):
        return None
    return protection_of(source.repository, source.full_name.removeprefix(prefix))


@field("Ref", "branchProtectionRule")
def branch_protection_rule(source: Ref, asked: Asked) -> BranchProtection | None:
    """The rule itself; null, without an error, for who does not administer the repository."""
    administers = asked.may(_ADMINISTRATION, source.repository, restricted=True)
    return _rule(source) if administers else None


@field("Ref", "refUpdateRule")
def ref_update_rule(source: Ref, _asked: Asked) -> dict[str, Any] | None:
    """What everybody who reads the repository may know of it."""
    rule = _rule(source)
    if rule is None:
        return None
    checks = rule.required_checks
    return {
        "allowsDeletions": rule.allow_deletions,
        "allowsForcePushes": rule.allow_force_pushes,
        "blocksCreations": False,
        "pattern": rule.pattern,
        "requiredApprovingReviewCount": rule.required_approvals,
        "requiredStatusCheckContexts": None if checks is None else list(checks),
        "requiresCodeOwnerReviews": rule.code_owner_reviews,
        "requiresConversationResolution": rule.conversation_resolution,
        "requiresLinearHistory": rule.linear_history,
        "requiresSignatures": rule.signatures,
        "viewerAllowedToDismissReviews": False,
        "viewerCanPush": False,
    }


@field("BranchProtectionRule", "id")
def rule_id(source: BranchProtection, _asked: Asked) -> str:
    """The global id."""
    return source.node_id
