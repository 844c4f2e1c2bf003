"""Which policy is in force."""

from __future__ import annotations

from bot.config.explain import explain_key
from bot.engine.commands import Call, Reply
from bot.engine.custom import for_everybody
from bot.model.errors import UserError
from bot.model.people import Role
from bot.report.replies import key_explained
from bot.spec import command


@command(
    "config",
    who=Role.READ,
    usage="/plumbline config explain <key>",
    examples=["/plumbline config explain publish", "/plumbline config explain checks.behind.max_behind"],
)
def config(call: Call) -> Reply:
    """Say which value of a policy key is in force, where it comes from, who may change it, what it means."""
    call.accept("config", most=2)
    if len(call.words) < 2 or call.words[0] != "explain":
        raise UserError("write `/plumbline config explain <key>`, for instance with the key `publish`")
    governing = call.look.governing()
    policy, checks = governing.policy, call.registry.checks
    if call.repository.public:
        checks = {spec.name: spec for spec in checks.values() if call.may_name(spec)}
        policy = for_everybody(policy, call.registry.checks)
    explained = explain_key(call.words[1], checks, policy, governing.effective, operator=call.publish)
    return Reply(
        key_explained(
            explained,
            html_url=call.repository.html_url,
            errors=len(governing.errors),
            owner_shown=call.look.owner_shown(),
            owner_newest=governing.organisation.newest,
        )
    )
