"""Judge some repositories of an installation together, with documents that they share."""

from __future__ import annotations

from bot.engine.context import Context
from bot.engine.scanning import SHARD, judge_together
from bot.model.events import Lane
from bot.spec import Payload, Submission, job
from jobs.check_pull_request import CheckPullRequest
from jobs.scan_repository import ScanRepository


class ScanShard(Payload):
    """Which repositories, in the order of their ids."""

    repository_ids: tuple[int, ...]

    @property
    def key(self) -> str:
        """One look at the same repositories at a time."""
        ids = self.repository_ids
        return f"shard:{self.installation_id}:{ids[0] if ids else 0}:{len(ids)}"


def shards(installation_id: int, repository_ids: list[int]) -> list[Submission]:
    """All of them in shards, for the sweep lane."""
    ordered = sorted(repository_ids)
    return [
        Submission(
            ScanShard(installation_id=installation_id, repository_ids=tuple(ordered[start : start + SHARD])),
            Lane.SWEEP,
        )
        for start in range(0, len(ordered), SHARD)
    ]


@job("scan-shard", payload=ScanShard, timeout_s=900, lane=Lane.SWEEP)
def scan_shard(payload: ScanShard, context: Context) -> None:
    """Judge them together; after a failed attempt each alone, so that one can not hold back the others."""
    runtime = context.runtime
    installation = payload.installation_id
    wanted = set(payload.repository_ids)
    found = [r for r in runtime.store.repositories(installation) if r.id in wanted]
    alone = {r.id for r in found if context.claim.attempt > 1 or not r.node_id}
    pulls = judge_together(context, installation, [r for r in found if r.id not in alone])
    runtime.submit(
        [
            *(
                Submission(
                    ScanRepository(installation_id=installation, repository_id=id_, pull_requests=True),
                    Lane.SWEEP,
                )
                for id_ in sorted(alone)
            ),
            *(
                Submission(
                    CheckPullRequest(installation_id=installation, repository_id=id_, number=pull.number),
                    Lane.SWEEP,
                )
                for id_, waiting in pulls.items()
                for pull in waiting
            ),
        ]
    )
