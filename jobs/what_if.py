"""Say what a proposed policy of the organisation would bring."""

from __future__ import annotations

from bot.engine.context import Context
from bot.engine.foretelling import foretell
from bot.model.events import Lane
from bot.spec import Payload, job


class WhatIf(Payload):
    """The pull request that proposes it."""

    repository_id: int
    number: int

    @property
    def key(self) -> str:
        """One at a time for a pull request; a newer push waits, and what it says replaces the older."""
        return f"what-if:{self.repository_id}:{self.number}"


@job("what-if", payload=WhatIf, timeout_s=900, lane=Lane.EVENT)
def what_if(payload: WhatIf, context: Context) -> None:
    """Judge every repository anew from what is kept, under the policy of base and head."""
    foretell(context, payload.installation_id, payload.repository_id, payload.number)
