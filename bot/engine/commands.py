"""What a slash-command is given and what it answers; commands themselves are in ``handlers/commands``.

A command is a pure function from ``Call`` to ``Reply``: it reads through the call and says what shall
be done, ``bot.engine.commanding`` does it and posts the answer. To refuse, it raises ``UserError``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from typing import Protocol

from bot.config.cascade import Origin
from bot.config.custom_checks import is_custom
from bot.config.organisation import Exempting
from bot.config.settings import Publish
from bot.engine.governing import Governing
from bot.model.errors import UserError
from bot.model.facts import Repository
from bot.model.people import Role
from bot.model.reports import PublishedIssue
from bot.model.verdicts import Audience
from bot.ports import StoredExemption, StoredVerdict
from bot.registry import Registry
from bot.spec import CheckSpec, CommandSpec, Payload, Submission


class Look(Protocol):
    """What a command may look at, read when asked for."""

    def verdicts(self) -> Mapping[str, StoredVerdict]:
        """The repository's last verdicts by check; from SQL."""
        ...

    def exempt_until(self) -> Mapping[str, date]:
        """The last day of each exemption that is in force, by check; without a call to GitHub."""
        ...

    def governing(self) -> Governing:
        """The policy in force at the head of the default branch."""
        ...

    def owner_shown(self) -> bool:
        """Whoever reads the answer may know which line of the organisation's policy says what."""
        ...

    def exempting(self, check: CheckSpec) -> Exempting:
        """Who may exempt the check by command, as the organisation says; without a call to GitHub."""
        ...

    def lock(self, check: CheckSpec) -> Origin | None:
        """What keeps the check from being exempted; without a call to GitHub."""
        ...

    def wish(self, check: CheckSpec) -> StoredExemption | None:
        """An exemption that somebody asked for and that nobody has approved yet."""
        ...

    def wishes(self) -> tuple[StoredExemption, ...]:
        """All exemptions that somebody asked for and that a second person has to approve, also older ones."""
        ...

    def health_issue(self) -> PublishedIssue | None:
        """The repository's health issue of any state."""
        ...

    def roll_up(self) -> int | None:
        """The number of the organisation's page, if this repository holds it."""
        ...

    def owns(self) -> bool:
        """The author of the comment is an owner of the organisation now, or is the account itself.

        Raises UserError when GitHub does not tell.
        """
        ...

    def stopped(self) -> bool:
        """Nothing is written by itself here."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """A command as somebody gave it, after their right to it was checked.

    Args:
        installation_id: whose the repository is.
        number: of the issue or pull request under which it was given.
        head_sha: the commit that the pull request's head was then; None on an issue.
        words: what stands behind the command's name.
        options: ``name=value`` parts.
        actor_id, comment_id: whoever wrote it, and where.
        role: the author's, as GitHub said a moment ago.
        publish: how loud the operator lets it be, unless policy says otherwise.
        request: names this command for check runs that answer it.
        asked_at: when the comment was written, in whole seconds; None when that is not known.
    """

    registry: Registry
    repository: Repository
    installation_id: int
    number: int
    words: tuple[str, ...]
    options: Mapping[str, str]
    look: Look
    now: datetime
    role: Role = Role.NONE
    publish: Publish = Publish.ADVISE
    head_sha: str | None = None
    actor_id: int = 0
    comment_id: int = 0
    request: str = ""
    asked_at: datetime | None = None

    def accept(self, spec_name: str, *, most: int, options: Iterable[str] = ()) -> None:
        """Raises UserError when there are more words than ``most`` or other options than these."""
        usage = self.registry.commands[spec_name].usage
        if len(self.words) > most:
            raise UserError(f"`{self.words[most][:60]}` is one word too many; write `{usage}`")
        known = set(options)
        for name in self.options:
            if name not in known:
                raise UserError(f"`{name[:60]}=` is nothing that `{spec_name}` takes; write `{usage}`")

    def check(self, name: str) -> CheckSpec:
        """The check of that name. Raises UserError that names the nearest one."""
        found = self.registry.checks.get(name)
        if found is None:
            named = [spec.name for spec in self.registry.checks.values() if self.may_name(spec)]
            raise UserError(unknown("check", name, named))
        return found

    def owned_page(self, spec_name: str) -> None:
        """Raises UserError unless an owner of the organisation wrote this under the organisation's page."""
        if self.look.roll_up() != self.number:
            raise UserError(
                f"`{spec_name}` concerns the whole organisation, so it is given under the organisation's "
                "page (`roll_up` of its policy names where that is)"
            )
        if not self.look.owns():
            raise UserError(f"nothing was done: `{spec_name}` is for owners of the organisation")

    def may_show(self, check: CheckSpec) -> bool:
        """What the check says may stand where everybody can read it who reads the repository."""
        return not self.repository.public or check.audience is Audience.PUBLIC

    def may_name(self, check: CheckSpec) -> bool:
        """What the check is about may stand there: the program's checks are known to everybody."""
        return self.may_show(check) or not is_custom(check)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Args:
        text: Markdown; whatever came from outside was made inert.
        work: submitted before the answer is posted.
        exempt: an exemption to keep.
        wish: an exemption to keep until somebody approves it.
        unmute: lift the silence of the health issue.
        ratchet: checks whose baseline ends.
        stop: True stops all that is written by itself for this installation, False resumes it.
    """

    text: str
    work: tuple[Payload | Submission, ...] = field(default=())
    exempt: StoredExemption | None = None
    wish: StoredExemption | None = None
    unmute: bool = False
    ratchet: tuple[str, ...] = ()
    stop: bool | None = None


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """A sentence about a name that nothing has, with the nearest one."""
    names = sorted(known)
    near = get_close_matches(name.lower(), names, n=1) if len(name) <= 64 else []
    shown = name[:60] + ("…" if len(name) > 60 else "")
    if near:
        return f"there is no {kind} `{shown}`; did you mean `{near[0]}`?"
    listed = ", ".join(f"`{n}`" for n in names[:20]) + (f" and {len(names) - 20} more" if names[20:] else "")
    return f"there is no {kind} `{shown}`; there {'are' if len(names) > 1 else 'is'} {listed or 'none'}"


def allowed(spec: CommandSpec, role: Role, *, is_author: bool) -> bool:
    """The table of rights: the least role, or being the pull request's author where that is enough.

    Whoever has no role at all is refused everything, as an author who was removed a moment ago.
    """
    return role >= spec.who or (spec.or_author and is_author and role > Role.NONE)
