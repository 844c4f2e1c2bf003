"""Settings of an organisation that hold for all its repositories and members."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrganisationSettings:
    """What an organisation asks of its members, and lets them do; None where GitHub does not tell.

    Args:
        two_factor: who belongs to it must sign in with a second factor.
        base_permission: what every member may do in every repository: ``none``, ``read``, ``write``
            or ``admin``.
    """

    two_factor: bool | None
    base_permission: str | None


@dataclass(frozen=True, slots=True)
class ActionsPolicy:
    """What GitHub Actions may do in the repositories of an organisation.

    Args:
        repositories: which may use it: ``all``, ``selected`` or ``none``.
        allowed: whose actions: ``all``, ``local_only`` (the organisation's own) or ``selected``; empty
            where no repository uses any.
        patterns: of the actions that are selected beside those of GitHub and of verified creators.
        pinned: actions must be named by a full commit id; None when GitHub does not tell.
        token_writes: the token of a workflow that does not say may write.
        token_approves: workflows may approve pull requests.
    """

    repositories: str
    allowed: str
    patterns: tuple[str, ...] = ()
    pinned: bool | None = None
    token_writes: bool = False
    token_approves: bool = False


@dataclass(frozen=True, slots=True)
class OrganisationOwners:
    """How many people own an organisation, and whether there are more than were counted."""

    number: int
    more: bool = False
