"""A repository, its collaborators, rules and properties."""

from __future__ import annotations

from bot.testing.authentication import token_covers
from bot.testing.routing import (
    NOT_ACCESSIBLE,
    Answer,
    Call,
    Refusal,
    in_repository,
    level_of,
    not_found,
)
from bot.testing.state import ROLES

_MERGE_SETTINGS = {
    "allow_merge_commit": True,
    "allow_squash_merge": True,
    "allow_rebase_merge": False,
    "allow_auto_merge": False,
    "allow_update_branch": True,
    "delete_branch_on_merge": False,
}


@in_repository("GET", "", "metadata=read")
def repository(call: Call) -> Answer:
    """The repository; merge settings only for a token that can write contents."""
    body = call.world.render.full_repository(call.repository)
    token = call.credentials.token
    if token is not None and token_covers(call.world, token, call.repository):
        write = level_of(token, "contents") >= 2
        if write:
            body |= _MERGE_SETTINGS
        body["permissions"] = {
            "admin": False,
            "maintain": False,
            "push": write,
            "triage": False,
            "pull": level_of(token, "contents") >= 1,
        }
    return Answer(200, body)


@in_repository("GET", "/collaborators/{login}/permission", "metadata=read")
def collaborator_permission(call: Call) -> Answer:
    """What somebody may do: the exact role and its legacy name."""
    token = call.credentials.token
    if token is None or not token_covers(call.world, token, call.repository):
        raise Refusal(403, NOT_ACCESSIBLE)
    account = call.world.accounts.get(call.params["login"].lower())
    if account is None or account.type == "Organization":
        raise Refusal(404, f"{call.params['login']} is not a user")
    role = call.world.role(call.repository, account)
    if not role:
        raise not_found()
    legacy = ROLES.get(role, "read")
    can = {
        "pull": True,
        "triage": role in ("triage", "write", "maintain", "admin"),
        "push": legacy in ("write", "admin"),
        "maintain": role in ("maintain", "admin"),
        "admin": role == "admin",
    }
    user = call.world.render.user(account) | {"role_name": role, "permissions": can}
    return Answer(200, {"permission": legacy, "role_name": role, "user": user})


@in_repository("GET", "/rulesets", "metadata=read")
def rulesets(call: Call) -> Answer:
    """The rulesets that a test has put there."""
    return call.page(call.repository.rulesets, dict)


@in_repository("GET", "/rules/branches/{branch+}", "metadata=read")
def branch_rules(call: Call) -> Answer:
    """The active rules for a branch; the fake has none."""
    return call.page([], dict)


@in_repository("GET", "/properties/values", "metadata=read")
def properties(call: Call) -> Answer:
    """Custom properties; the fake has none."""
    return call.page([], dict)


@in_repository("GET", "/branches/{branch+}/protection", "administration=read")
def protection(call: Call) -> Answer:
    """Classic protection; no branch of the fake has it."""
    if call.params["branch"] not in call.repository.branches:
        raise Refusal(404, "Branch not found")
    raise Refusal(404, "Branch not protected")
