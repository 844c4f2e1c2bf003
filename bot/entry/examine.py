"""Judges one repository for a tool: a clone on disk, or a repository on GitHub by its name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bot.model.errors import LimitReached, SettingsError, UserError
from bot.model.reports import Report

if TYPE_CHECKING:
    from bot.adapters.github.personal import Access
    from bot.engine.evaluate import Facts
    from bot.ports import OwnerReader, RepoReader
    from bot.registry import Registry

FULL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
TOKEN_NAMES = ("GITHUB_TOKEN", "GH_TOKEN")

NO_TOKEN = (
    "reading {name} from GitHub needs a token: set GITHUB_TOKEN (or GH_TOKEN) to one that may read it "
    "(fine-grained: contents, metadata and pull requests, all read), or give the folder of a clone"
)

Tell = Callable[[str], None]
T = TypeVar("T")


def names_repository(target: str) -> bool:
    """Whether a command's argument means ``owner/name`` on GitHub: what is on disk goes first."""
    return not Path(target).exists() and FULL_NAME.fullmatch(target) is not None


def examine_clone(path: Path) -> Report:
    """Judge the commit that is checked out.

    Raises:
        UserError: there is no repository at ``path``, or its policy file is wrong.
        Unreadable: it is damaged.
    """
    from bot.adapters.git import open_clone

    with open_clone(path) as reader:
        repository = reader.repository()
        checkout = reader.checkout()
        commit, branch = checkout.commit, checkout.branch or ""
        if not commit and repository.default_branch and not repository.empty:
            commit, branch = reader.head(repository.default_branch), repository.default_branch
        return _judged(reader, commit, branch)


def examine_remote(full_name: str, env: Mapping[str, str] | None = None, tell: Tell | None = None) -> Report:
    """Judge the head of the default branch, as GitHub has it; nothing is written.

    Args:
        env: where settings and tokens are found; this process's environment when not given.
        tell: hears from time to time how far it is.

    Raises:
        UserError: no token is set, GitHub refuses it, or the policy file is wrong.
        LimitReached: GitHub asks to come back later; the text names the date.
        Gone: there is no such repository, or it may not be seen.
        Unreadable: GitHub does not answer as it should.
    """
    from bot.config.policy import DEFAULT
    from bot.engine.evaluate import declared_selections, needed_facts
    from bot.engine.governing import POLICY_FOLDER
    from bot.engine.reading import settle

    env = os.environ if env is None else env
    try:
        access = _access(full_name, env, tell or (lambda _text: None))
        known = access.repository(full_name)
        batch = access.batch([known])
        reader = batch.reader(known.id)
        registry = load_checks()
        batch.declare([POLICY_FOLDER, *declared_selections(registry, needed_facts(registry, DEFAULT))])
        repository = settle(batch, reader.repository)
        empty = repository.empty or not repository.default_branch
        commit = "" if empty else settle(batch, lambda: reader.head(repository.default_branch))
        return _judged(
            reader,
            commit,
            repository.default_branch,
            owner=access.owner(repository.owner),
            settle=lambda ask: settle(batch, ask),
        )
    except LimitReached as error:
        raise LimitReached(_dated(error), until=error.until, resource=error.resource) from error


def _access(full_name: str, env: Mapping[str, str], tell: Tell) -> Access:
    from bot.adapters.clock import SystemClock
    from bot.adapters.github.personal import by_app, by_token
    from bot.config.settings import from_environment
    from bot.entry.environment import with_stored

    settings = from_environment(env)
    token = next((env[name].strip() for name in TOKEN_NAMES if env.get(name, "").strip()), "")
    metrics = Requests(lambda sent: tell(f"Reading {full_name} from GitHub: {sent} requests"))
    clock = SystemClock()
    if token:
        return by_token(settings.github_url, token, clock=clock, metrics=metrics)
    # A token is for the GitHub that the environment names; stored keys are for their own.
    settings = with_stored(settings, env)
    if settings.app_id and settings.private_key:
        return by_app(settings, full_name, clock=clock, metrics=metrics)
    raise SettingsError(NO_TOKEN.format(name=full_name))


class Requests:
    """``Metrics`` of a command that has nobody to measure for, but a person who waits."""

    def __init__(self, heard: Callable[[int], None]) -> None:
        self._heard = heard
        self._sent = 0

    def count(self, name: str, amount: float = 1, **labels: str) -> None:  # noqa: ARG002
        """Tells how many requests were sent so far."""
        if name == "github_requests":
            self._sent += int(amount)
            self._heard(self._sent)

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Nothing."""

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Nothing."""


def load_checks() -> Registry:
    """The checks of this installation and the facts that they need."""
    from bot.registry import load

    return load(("bot.checks", "bot.facts"))


def _at_once(ask: Callable[[], T]) -> T:
    return ask()


def _judged(
    reader: RepoReader,
    commit: str,
    branch: str,
    *,
    owner: OwnerReader | None = None,
    settle: Callable[[Callable[[], Any]], Any] = _at_once,
) -> Report:
    """Judge a commit.

    Args:
        settle: runs a function until all that it wants has been read.
    """
    from bot.adapters.licences import Licences
    from bot.adapters.zizmor import Zizmor
    from bot.config.policy import DEFAULT
    from bot.engine.custom import custom_rules
    from bot.engine.evaluate import Collection, judge, needed_facts
    from bot.engine.governing import Governing, read_at
    from bot.engine.reading import facts_of
    from bot.engine.scanning import exempt, expired

    registry = load_checks()
    now = datetime.now(UTC)
    repository = settle(reader.repository)
    governing = settle(lambda: read_at(registry, reader, commit)) if commit else Governing(DEFAULT)
    if governing.errors:
        raise UserError("\n".join(str(error) for error in governing.errors))
    policy = governing.policy
    collecting = Collection(
        registry,
        needed_facts(registry, policy),
        {
            "reader": reader,
            "owner": owner,
            "auditor": Zizmor(),
            "licences": Licences(),
            "commit": commit,
            "branch": "" if repository.empty else repository.default_branch,
            "now": now,
            "custom_rules": custom_rules(policy),
            "properties": None,
        },
        tolerate=True,
    )
    facts: Facts = settle(lambda: facts_of(collecting))
    judgements, exempted = exempt(judge(registry, policy, facts, now), policy, now)
    return Report(
        repository=repository,
        commit=commit,
        branch=branch,
        judgements=judgements,
        changes=(),
        judged_at=now,
        exempted=exempted,
        expired=expired(judgements, policy, now),
    )


def _dated(error: LimitReached) -> str:
    left = max(1, round((error.until - datetime.now(UTC)).total_seconds() / 60))
    minutes = "1 minute" if left == 1 else f"{left} minutes"
    return f"GitHub asks to wait {minutes}, until {error.until:%Y-%m-%d %H:%M:%S} UTC ({error})"
