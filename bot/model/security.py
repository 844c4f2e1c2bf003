"""Settings, alerts, keys and webhooks of a repository that guard it, as GitHub tells them.

Names and addresses in here come from outside and are untrusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model.verdicts import Severity


@dataclass(frozen=True, slots=True)
class WorkflowToken:
    """The rights of the token of workflows that do not say which they need.

    Args:
        writes: it may write to everything.
        approves: workflows may open and approve pull requests.
        organisation: the organisation's setting, which its repositories can not widen.
    """

    writes: bool
    approves: bool
    organisation: bool = False


@dataclass(frozen=True, slots=True)
class WorkflowState:
    """A workflow as GitHub Actions lists it, with its completed runs among the newest.

    Args:
        path: the file; GitHub's own workflows have made-up paths that begin with ``dynamic/``.
        state: ``active``, ``disabled_inactivity``, ``disabled_manually``, ``disabled_fork``, ``deleted``.
        succeeded, failed: of its runs on the default branch among the ones that were read.
        last_failure: when the newest failed run began; None without one.
    """

    name: str
    path: str
    state: str
    succeeded: int = 0
    failed: int = 0
    last_failure: datetime | None = None


@dataclass(frozen=True, slots=True)
class WorkflowStates:
    """The workflows of a repository, by path, and whether there are more."""

    listed: tuple[WorkflowState, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """An open alert on a dependency with a known vulnerability.

    Args:
        manifest: the file that names the dependency.
        patched: a version without the vulnerability is known.
    """

    number: int
    severity: Severity
    package: str
    advisory: str
    manifest: str
    created_at: datetime
    patched: bool


@dataclass(frozen=True, slots=True)
class Alerts:
    """Open alerts, at most a hundred.

    Args:
        enabled: GitHub looks for vulnerable dependencies at all.
        total: how many are open.
    """

    enabled: bool
    listed: tuple[Alert, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class SecretScanning:
    """Whether GitHub looks for secrets in what is pushed, and refuses pushes that hold some."""

    enabled: bool
    push_protection: bool


@dataclass(frozen=True, slots=True)
class CodeScanning:
    """The newest analysis of the code.

    Args:
        offered: False where GitHub offers it only with a product that the owner does not have.
        has_code: the repository has files in a programming language.
        last: when the newest analysis came in, of any branch; None when there is none.
        tool: which tool made it.
        error: what GitHub says went wrong with it; empty when nothing did.
    """

    offered: bool
    has_code: bool
    last: datetime | None = None
    tool: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class DeployKey:
    """A key that one machine reads the repository with, or writes to it."""

    title: str
    read_only: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeployKeys:
    """Deploy keys, and whether there are more."""

    listed: tuple[DeployKey, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """An active webhook.

    Args:
        host: of its address; the rest may hold a token and is not kept.
        https: the address is an ``https`` one.
        verified: GitHub verifies the certificate.
        secret: deliveries are signed with a secret.
    """

    id: int
    host: str
    https: bool
    verified: bool
    secret: bool


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Active webhooks, and whether there are more."""

    listed: tuple[Webhook, ...]
    more: bool = False
