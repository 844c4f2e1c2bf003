"""Every error that crosses a module border, on one screen.

``PlumblineError``
    ``UserError``: a person can mend it; the text says what, where and how
        ``PolicyError``: the same, with a file, a line and a column
        ``SettingsError``: an operator's setting is missing or wrong
    ``Unreadable``: a fact could not be read; becomes the outcome *unknown*
        ``PermissionMissing``: the App was not granted what the call needs
        ``LimitReached``: GitHub asks to come back at a date; the work is put back until then
        ``Scarce``: what is left of a limit is kept for answers; the rest goes on without it
        ``Unavailable``: a passing fault; the work is tried again
        ``Malformed``: an answer or an input that is not what its contract says
    ``Gone``: the thing exists no more, or not for this installation
        ``InstallationGone``: uninstalled, or suspended
    ``Rejected``: GitHub refused the content of a request; the same request will fail again
        ``ReadOnly``: the repository was archived: nothing can be written, and nothing need be
    ``Ambiguous``: a write whose outcome is not known: look before writing again
    ``LeaseLost``: another worker owns this work now; stop without a trace
    ``LedgerUnavailable``: the ledger can not be read or written
"""

from __future__ import annotations

from datetime import datetime


class PlumblineError(Exception):
    """Root of all errors that Plumbline raises on purpose."""


class UserError(PlumblineError):
    """A person can mend this; the text says what is wrong, where, and how to mend it."""


class PolicyError(UserError):
    """A policy file is wrong at a place.

    Args:
        message: what is wrong and how to mend it, one sentence, no untrusted text unquoted.
        path: the file, relative to the repository's root.
        line: from 1; 1 when the file as a whole is meant.
        column: from 1.
    """

    def __init__(self, message: str, *, path: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{path}:{line}:{column}: {message}")
        self.message = message
        self.path = path
        self.line = line
        self.column = column


class SettingsError(UserError):
    """An operator's setting is missing or wrong; names the environment variable."""


class Unreadable(PlumblineError):
    """Something could not be read; whoever asked reports *unknown* with this reason."""


class PermissionMissing(Unreadable):
    """The installation was not granted what a call needs.

    Args:
        detail: what was asked for.
        permission: as GitHub names it (``administration: read``), or None when GitHub did not say.
    """

    def __init__(self, detail: str, *, permission: str | None = None) -> None:
        super().__init__(detail)
        self.permission = permission


class LimitReached(Unreadable):
    """GitHub asks to come back later.

    Args:
        until: the first moment at which the call may be made again, timezone-aware.
        resource: ``core``, ``graphql``, ``search``, ``secondary`` or ``content``.
    """

    def __init__(self, detail: str, *, until: datetime, resource: str = "core") -> None:
        super().__init__(detail)
        self.until = until
        self.resource = resource


class Scarce(Unreadable):
    """Little is left of this hour's calls, and that is kept for publishing and for people."""


class Unavailable(Unreadable):
    """A passing fault (connection, time-out, 5xx on a read): the same call may work later."""


class Malformed(Unreadable):
    """An answer or input that breaks its contract (HTML for JSON, missing keys, too large)."""


class Gone(PlumblineError):
    """The repository, issue or ref does not exist, or this installation may not see it."""


class InstallationGone(Gone):
    """The installation was deleted or suspended; park nothing, stop calling.

    Args:
        suspended: True when it may come back (un-suspended), False when uninstalled.
    """

    def __init__(self, detail: str, *, suspended: bool = False) -> None:
        super().__init__(detail)
        self.suspended = suspended


class Rejected(PlumblineError):
    """GitHub refused the content (400, 409, 410, 422): repeating the same request is useless.

    Args:
        status: the HTTP status.
    """

    def __init__(self, detail: str, *, status: int) -> None:
        super().__init__(detail)
        self.status = status


class ReadOnly(Rejected):
    """The repository is archived: writing ends here, without a complaint."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, status=403)


class Ambiguous(PlumblineError):
    """A write was sent and its outcome is unknown: look for the effect before writing again."""


class LeaseLost(PlumblineError):
    """This worker no longer owns the work it was doing; it must write nothing more."""


class LedgerUnavailable(PlumblineError):
    """Redis is away, hung, full or read-only; nothing was half-done."""
