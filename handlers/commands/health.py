"""How the repository stands."""

from __future__ import annotations

from bot.engine.commands import Call, Reply
from bot.model.people import Role
from bot.report.replies import health_table
from bot.spec import command


@command(
    "health",
    who=Role.READ,
    usage="/plumbline health [check ...]",
    examples=["/plumbline health", "/plumbline health licence security-policy"],
)
def show_health(call: Call) -> Reply:
    """Show the last verdict of every check, or of those that are named."""
    call.accept("health", most=20)
    wanted = [call.check(word) for word in call.words] or list(call.registry.checks.values())
    shown = [spec for spec in wanted if call.may_show(spec)]
    verdicts = call.look.verdicts()
    rows = [(spec, verdicts[spec.name]) for spec in dict.fromkeys(shown) if spec.name in verdicts]
    silent = [] if not call.words else [s.name for s in wanted if s not in shown or s.name not in verdicts]
    return Reply(health_table(rows, silent=silent, exempt=call.look.exempt_until()))
