"""What there is to ask."""

from __future__ import annotations

from bot.engine.commands import Call, Reply, unknown
from bot.model.errors import UserError
from bot.model.people import Role
from bot.report.replies import command_help, command_list
from bot.spec import command


@command("help", who=Role.READ, usage="/plumbline help [command]", examples=["/plumbline help"])
def show_help(call: Call) -> Reply:
    """Say what can be asked, or explain one command."""
    call.accept("help", most=1)
    commands = call.registry.commands
    if not call.words:
        return Reply(command_list(commands.values()))
    found = commands.get(call.words[0].lower())
    if found is None:
        raise UserError(unknown("command", call.words[0], commands))
    return Reply(command_help(found))
