"""What templates use: filters, small judgements about how things look, the environment itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound

from bot.simulator.pages import rights
from bot.simulator.pages.markdown import Link, render
from bot.testing.fake import FakeGitHub
from bot.testing.state import Account, CheckRun, FakeRepository, Issue

HIGHLIGHT_LIMIT = 200_000
"""Characters; larger files are shown without colours."""

COLOURS = 8
"""Classes ``tint-0`` and on, in the style sheet."""

STANDINGS = {
    "read": "reader",
    "triage": "triager",
    "write": "writer",
    "maintain": "maintainer",
    "admin": "administrator",
}

_STATES = {
    "success": "success",
    "failure": "failure",
    "timed_out": "failure",
    "cancelled": "failure",
    "action_required": "failure",
    "neutral": "neutral",
    "skipped": "neutral",
}
_WORST = ("failure", "pending", "success", "neutral")


def age(when: datetime, now: datetime) -> str:
    """How long ago, in one unit."""
    seconds = max(0, int((now - when).total_seconds()))
    for unit, size in (
        ("year", 31_536_000),
        ("month", 2_592_000),
        ("day", 86_400),
        ("hour", 3600),
        ("minute", 60),
    ):
        count = seconds // size
        if count:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now" if seconds < 10 else f"{seconds} seconds ago"


def at(seconds: int) -> datetime:
    """A moment from epoch seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def state_of(run: CheckRun) -> str:
    """success, failure, neutral or pending."""
    return _STATES.get(run.conclusion or "", "neutral") if run.status == "completed" else "pending"


def combined(runs: Sequence[CheckRun]) -> str:
    """The state that stands for all runs of a commit; "" for none."""
    found = {state_of(run) for run in runs}
    return next((state for state in _WORST if state in found), "")


def runs_on(repository: FakeRepository, sha: str) -> list[CheckRun]:
    """The newest run of each name and App on a commit, by name."""
    newest = {
        (run.suite.app.slug, run.name): run
        for run in repository.check_runs.values()
        if run.suite.head_sha == sha
    }
    return sorted(newest.values(), key=lambda run: (run.name, run.id))


def health_issue(repository: FakeRepository, bot: Account) -> Issue | None:
    """The newest open issue of the bot."""
    ours = [i for i in repository.issues.values() if i.user is bot and i.state == "open" and not i.deleted]
    return max(ours, key=lambda issue: issue.number, default=None)


def health_run(repository: FakeRepository) -> CheckRun | None:
    """The newest run ``plumbline/health`` on the default branch's head."""
    head = repository.head
    runs = runs_on(repository, head) if head else []
    return next((run for run in runs if run.name == "plumbline/health"), None)


def worst_level(issue: Issue | None) -> str:
    """The severity that a health issue's first lines name; "" for none."""
    top = "\n".join((issue.body or "").splitlines()[:3]) if issue else ""
    return next(
        (w for w in ("critical", "high", "medium", "low", "info") if f"is {w}" in top or f"({w})" in top), ""
    )


def open_issues(repository: FakeRepository) -> list[Issue]:
    """Open issues without pull requests, newest first."""
    found = (i for i in repository.issues.values() if i.pull is None and not i.deleted and i.state == "open")
    return sorted(found, key=lambda issue: -issue.number)


def references(fake: FakeGitHub, repository: FakeRepository | None) -> Link:
    """Where mentions and numbers lead, seen from a repository."""

    def link(text: str) -> str | None:
        if text.startswith("@"):
            account = fake.accounts.get(text[1:].lower())
            return f"/{quote(account.login)}" if account else None
        issue = repository.issues.get(int(text[1:])) if repository else None
        if repository is None or issue is None or issue.deleted:
            return None
        return f"/{quote(repository.full_name)}/{'pull' if issue.pull else 'issues'}/{issue.number}"

    return link


def markdown(
    text: str | None,
    fake: FakeGitHub,
    repository: FakeRepository | None = None,
    box: Callable[[int, bool], Markup] | None = None,
    base: str = "",
    breaks: bool = False,
) -> Markup:
    """A text of somebody, rendered as on github.com."""
    return render(text or "", link=references(fake, repository), box=box, base=base, breaks=breaks)


def coloured(path: str, text: str) -> list[Markup]:
    """The lines of a file, without their ends, with the syntax marked by classes."""
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    try:
        lexer = (
            get_lexer_for_filename(path, stripnl=False, ensurenl=False)
            if len(text) < HIGHLIGHT_LIMIT
            else None
        )
    except ClassNotFound:
        lexer = None
    marked = highlight(
        "\n".join(lines), lexer or TextLexer(stripnl=False, ensurenl=False), _formatter()
    ).split("\n")
    if len(marked) == len(lines) + 1 and not marked[-1]:
        marked.pop()
    if len(marked) != len(lines):
        return [Markup("{}").format(line) for line in lines]
    return [Markup(line) for line in marked]  # noqa: S704 - pygments escapes what it shows


@lru_cache(maxsize=1)
def _formatter() -> HtmlFormatter:
    return HtmlFormatter(nowrap=True, classprefix="k-")


def tint(name: str) -> int:
    """A colour number for a name, always the same."""
    return hashlib.sha256(name.encode()).digest()[0] % COLOURS


def standing(fake: FakeGitHub, person: Account) -> str:
    """What somebody is, in a few words, judged by the first organisation and its repositories."""
    organisation = next((a for a in fake.accounts.values() if a.type == "Organization"), None)
    if organisation is None:
        return ""
    if organisation.owner is person:
        return f"owner of {organisation.login}"
    roles = [
        repository.collaborators.get(person.login.lower(), "")
        for repository in fake.repositories.values()
        if repository.owner is organisation and not repository.deleted
    ]
    named = [role for role in roles if role]
    return STANDINGS[max(set(named), key=named.count)] if named else "stranger"


def path_of(*parts: object) -> str:
    """An address below the root from its parts, each percent-encoded but for slashes."""
    return "/" + "/".join(quote(str(part), safe="/") for part in parts if str(part))


def size(count: int | None) -> str:
    """Bytes for people."""
    if count is None:
        return ""
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1000:,.0f} kB"


def plural(count: int, noun: str) -> str:
    """``1 commit``, ``2 commits``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def environment() -> Environment:
    """Templates that escape everything and refuse what is not defined."""
    made = Environment(
        loader=PackageLoader(__package__ or "", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"size": size, "tint": tint, "at": at}
    made.globals |= {
        "age": age,
        "combined": combined,
        "health_issue": health_issue,
        "health_run": health_run,
        "markdown": markdown,
        "meaning": rights.MEANING,
        "open_issues": open_issues,
        "path_of": path_of,
        "plural": plural,
        "runs_on": runs_on,
        "standing": standing,
        "state_of": state_of,
        "worst_level": worst_level,
    }
    return made
