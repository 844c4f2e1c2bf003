"""What commands that exempt checks share."""

from __future__ import annotations

from bot.config.organisation import Exempting
from bot.engine.commands import Call
from bot.model.errors import UserError
from bot.model.events import Lane
from bot.spec import CheckSpec, Payload, Submission
from jobs.check_pull_request import CheckPullRequest
from jobs.scan_repository import ScanRepository


def rule_of(call: Call, spec: CheckSpec) -> Exempting:
    """What the organisation says of exempting the check. Raises UserError when it forbids it here."""
    locked = call.look.lock(spec)
    if locked is not None:
        raise UserError(f"`{spec.name}` can not be exempted: {_said(call, locked.words)} locks it")
    rule = call.look.exempting(spec)
    said = _said(call, f"line {rule.line} of the organisation's policy")
    if rule.who is None:
        raise UserError(f"`{spec.name}` can not be exempted by command: {said} lets nobody do that")
    if call.role < rule.who:
        raise UserError(
            f"nothing was done: {said} lets people with the role {rule.who.label} or more exempt "
            f"`{spec.name}`; you have the role {call.role.label}"
        )
    return rule


def _said(call: Call, where: str) -> str:
    return where if call.look.owner_shown() else "the organisation's policy"


def look_again(call: Call) -> tuple[Payload | Submission, ...]:
    """The work that shows what an exemption changed."""
    scan = ScanRepository(
        installation_id=call.installation_id, repository_id=call.repository.id, request=call.request
    )
    if call.head_sha is None:
        return (Submission(scan, Lane.INTERACTIVE),)
    pull = CheckPullRequest(
        installation_id=call.installation_id,
        repository_id=call.repository.id,
        number=call.number,
        request=call.request,
    )
    return (Submission(pull, Lane.INTERACTIVE), Submission(scan, Lane.INTERACTIVE))
