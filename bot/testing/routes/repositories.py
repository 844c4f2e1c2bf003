"""A repository, and what somebody may do in it."""

from __future__ import annotations

from dataclasses import asdict

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
from bot.testing.settings_render import security_and_analysis
from bot.testing.state import ROLES


@in_repository("GET", "", "metadata=read")
def repository(call: Call) -> Answer:
    """The repository; merge settings for who can write contents, security for who administers."""
    body = call.world.render.full_repository(call.repository)
    token = call.credentials.token
    if token is not None and token_covers(call.world, token, call.repository):
        write = level_of(token, "contents") >= 2
        if write:
            body |= asdict(call.repository.merging)
        if level_of(token, "administration") >= 1:
            body["security_and_analysis"] = security_and_analysis(call.repository)
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
