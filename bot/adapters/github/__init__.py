"""GitHub's REST API through PyGithub's Requester, with its traps repaired.

``build`` is the way in; ``docs/decisions/0003-pygithub-requester.md`` says why it looks like this.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from bot.adapters.github.app import GitHubApp
from bot.adapters.github.sealing import RedisCache, SealedCache, Sealer
from bot.adapters.github.tokens import REPORT_PERMISSIONS, AppIdentity, Tokens
from bot.adapters.github.transport import Bounds, Pauses, Transport
from bot.config.settings import Settings
from bot.ports import Clock, Metrics

__all__ = ["REPORT_PERMISSIONS", "Bounds", "GitHubApp", "Pauses", "RedisCache", "SealedCache", "build"]


def build(
    settings: Settings,
    *,
    ledger: Pauses,
    clock: Clock,
    metrics: Metrics,
    cache: SealedCache | None = None,
    permissions: Mapping[str, str] = REPORT_PERMISSIONS,
    bounds: Bounds | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> GitHubApp:
    """Build the adapter of one process; it sends nothing yet.

    Args:
        ledger: keeps pauses for all workers.
        cache: shares tokens between processes, sealed with ``settings.secret_keys``; without
            keys or cache each process mints its own.
        permissions: what installation tokens ask for, narrowed to what was granted.
        sleep: waits before a read is repeated and for fresh tokens; seconds.

    Raises:
        SettingsError: the private key is not an RSA key in PEM.
    """
    transport = Transport(
        settings.github_url, pauses=ledger, clock=clock, metrics=metrics, bounds=bounds, sleep=sleep
    )
    identity = AppIdentity(settings.app_id, settings.private_key, transport, clock)
    tokens = Tokens(
        identity,
        clock=clock,
        metrics=metrics,
        cache=cache,
        sealer=Sealer(settings.secret_keys) if settings.secret_keys else None,
        wanted=permissions,
    )
    return GitHubApp(identity, tokens, transport, clock=clock, metrics=metrics, sleep=sleep)
