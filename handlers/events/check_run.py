"""Someone pressed a button on a check run of ours."""

from __future__ import annotations

from bot.model.events import Event, Lane
from bot.spec import on
from handlers.payloads import sha, text
from jobs.offer_exemption import OfferExemption
from jobs.recheck_commit import RecheckCommit


@on("check_run", actions=("rerequested",), lane=Lane.INTERACTIVE)
def rerun_check(event: Event) -> list[RecheckCommit]:
    """``Re-run``: GitHub resets the suite but not the run, so a new run is made."""
    return recheck(event, sha(event.payload, "check_run", "head_sha"))


@on("check_run", actions=("requested_action",), lane=Lane.INTERACTIVE)
def press_check_button(event: Event) -> list[RecheckCommit] | list[OfferExemption]:
    """The buttons ``Re-check`` and ``Exempt``; other identifiers are not ours."""
    head = sha(event.payload, "check_run", "head_sha")
    pressed = text(event.payload, "requested_action", "identifier")
    if pressed == "recheck":
        return recheck(event, head)
    installation, repository = event.installation_id, event.repository_id
    if pressed != "exempt" or event.sender_is_bot or not installation or not repository or not head:
        return []
    return [OfferExemption(installation_id=installation, repository_id=repository, head_sha=head)]


def recheck(event: Event, head: str) -> list[RecheckCommit]:
    """The work for a wish to check a commit again; none when the payload lacks an id."""
    installation, repository = event.installation_id, event.repository_id
    if not installation or not repository or not head:
        return []
    return [
        RecheckCommit(
            installation_id=installation, repository_id=repository, head_sha=head, request=event.delivery
        )
    ]
