"""An empty Redis means: look at everything again."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bot.engine.context import Runtime
from bot.spec import Payload

logger = logging.getLogger(__name__)


def watch_epoch(runtime: Runtime, rebuild: Sequence[Payload]) -> bool:
    """Queue ``rebuild`` when the ledger was born just now; returns whether it was.

    Open work lived in Redis alone; what it was is found again by looking at every repository and
    at GitHub's delivery log. The first start of a new deployment comes the same way.
    """
    epoch, born = runtime.ledger.epoch()
    if born:
        logger.warning("the ledger is new or was lost: looking at everything", extra={"epoch": epoch})
        runtime.submit(rebuild)
    return born
