"""Put a command under a pull request for somebody to copy, because they pressed the button *Exempt*."""

from __future__ import annotations

from datetime import timedelta

from bot.engine.commanding import PULL_EFFECT
from bot.engine.context import Context
from bot.engine.scanning import target
from bot.model.events import Lane
from bot.report.replies import marker_of, render_offer
from bot.spec import Payload, job

OFFERED = timedelta(days=30)
"""How long the exemption of a prefilled command lasts."""


class OfferExemption(Payload):
    """The commit whose check run has the button that was pressed."""

    repository_id: int
    head_sha: str

    @property
    def key(self) -> str:
        """One comment for each commit, however often the button is pressed."""
        return f"offer:{self.repository_id}:{self.head_sha}"


@job("offer-exemption", payload=OfferExemption, timeout_s=120, lane=Lane.INTERACTIVE)
def offer_exemption(payload: OfferExemption, context: Context) -> None:
    """Post the command under the pull requests with that head; done already, nothing is posted.

    The comment is ours, so it commands nothing: a person with the right copies it.
    """
    runtime = context.runtime
    until = (runtime.clock.now() + OFFERED).date()
    with (
        runtime.github.reader(payload.installation_id, payload.repository_id) as reader,
        runtime.github.writer(payload.installation_id, payload.repository_id, context.guard) as writer,
    ):
        at = target(runtime, payload.installation_id, payload.repository_id, reader)
        pulls, _ = reader.open_pull_requests(limit=100)
        for pull in pulls:
            if pull.head_sha != payload.head_sha:
                continue
            ours = writer.our_comments(pull.number, since=pull.created_at)
            if any(marker_of(comment.body) == ("offer", payload.head_sha) for comment in ours):
                continue
            known = runtime.store.effect(at.repository.id, PULL_EFFECT, str(pull.number))
            checks = known.note["new"] if known and known.digest == payload.head_sha else []
            writer.create_comment(pull.number, render_offer(payload.head_sha, checks, until))
            runtime.metrics.count("effects_total", kind="comment")
