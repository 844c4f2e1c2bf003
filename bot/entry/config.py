"""``plumbline config``: policy files checked, their schema, and what each key is set to."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.entry.tables import printable, show, show_json

if TYPE_CHECKING:
    from bot.config.explain import Explained
    from bot.config.policy import Policy
    from bot.config.settings import Publish
    from bot.spec import CheckSpec

VALUE_SHOWN = 40
"""Characters of a value in the table of all keys; one key is shown whole."""

PUBLISH_VARIABLE = "PLUMBLINE_PUBLISH"
DEFAULT_LAYER = "default"
OPERATOR_LAYER = f"operator ({PUBLISH_VARIABLE})"
FILE_LAYER = "repository file"


@click.group("config")
def config() -> None:
    """Check policy files and explain their keys."""


@config.command("validate")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON list of all mistakes.")
def validate(files: tuple[Path, ...], as_json: bool) -> None:
    """Say all that is wrong with policy FILES, each mistake with its line and column.

    Without FILES it is .github/plumbline.yml of the repository around the current folder.

    Exit code: 0 when they are good, 1 when one is not.
    """
    if not files:
        found = policy_file()
        if found is None:
            click.echo("[]" if as_json else "there is no policy file here: the defaults are in force")
            return
        files = (found,)
    checks = _checks()
    results = [_read(file, checks) for file in files]
    if as_json:
        show_json([mistake for result in results for mistake in result.mistakes])
    else:
        for result in results:
            for line in result.lines():
                click.echo(printable(line))
    if any(result.mistakes for result in results):
        sys.exit(1)


@config.command("schema")
def schema() -> None:
    """Print the JSON Schema of policy files, for editors."""
    from bot.config.policy_file import policy_schema

    click.echo(json.dumps(policy_schema(_checks()), indent=2))


@config.command("explain")
@click.argument("key", required=False)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The policy file; that of the repository around the current folder when not given.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
def explain(key: str | None, file: Path | None, as_json: bool) -> None:
    """Say which value of KEY is in force, where it is said and what it means; without KEY, of all keys."""
    from bot.config.explain import every_key, explain_key
    from bot.config.policy import DEFAULT

    checks, operator = _checks(), _operator()
    file = file or policy_file()
    read = _read(file, checks) if file else None
    if read and read.mistakes:
        raise click.ClickException("\n".join(read.lines()))
    policy, data = (read.policy or DEFAULT, read.data) if read else (DEFAULT, b"")
    name = str(read.file) if read else ""
    keys = [key] if key is not None else every_key(checks)
    found = [explain_key(k, checks, policy, data, operator=operator) for k in keys]
    if as_json:
        show_json([_plain(e, name) for e in found])
    elif key is not None:
        _tell(found[0], name)
    else:
        rows = [(e.key, _short(e.value), _where(e, name), e.about) for e in found]
        show(("key", "value", "said by", "meaning"), rows)


def policy_file(start: Path | None = None) -> Path | None:
    """The policy file of the repository around a folder; None when there is none."""
    from bot.config.policy import POLICY_PATH

    start = (start or Path()).absolute()
    root = next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), start)
    found = root / POLICY_PATH
    if not found.is_file():
        return None
    return found.relative_to(start) if found.is_relative_to(start) else found


@dataclass(frozen=True, slots=True)
class _Read:
    """A policy file as it was read: either a policy or mistakes."""

    file: Path
    data: bytes
    policy: Policy | None
    mistakes: tuple[Mapping[str, object], ...]

    def lines(self) -> list[str]:
        """What to say of it."""
        if self.policy is None:
            return [f"{m['path']}:{m['line']}:{m['column']}: {m['message']}" for m in self.mistakes]
        today = datetime.now(UTC).date()
        ended = [
            f"{self.file}: the exemption of {e.check} expired on {e.until}; remove it or name a later day"
            for e in self.policy.exemptions
            if e.until < today and self.policy.lapsed(e.check, today) is e
        ]
        return [f"{self.file}: good", *ended]


def _read(file: Path, checks: Mapping[str, CheckSpec]) -> _Read:
    from bot.config.policy_file import SIZE_LIMIT, PolicyErrors, read_policy
    from bot.model.errors import UserError

    try:
        with file.open("rb") as opened:
            data = opened.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise UserError(f"{str(file)!r} can not be read: {error.strerror}") from error
    try:
        return _Read(file, data, read_policy(data, checks, path=str(file)), ())
    except PolicyErrors as problem:
        mistakes = tuple(
            {"path": e.path, "line": e.line, "column": e.column, "message": e.message} for e in problem.errors
        )
        return _Read(file, data, None, mistakes)


def _tell(found: Explained, file: str) -> None:
    click.echo(found.about)
    click.echo("")
    click.echo(f"in force  {printable(found.value)}")
    click.echo(f"said by   {printable(_where(found, file))}")
    click.echo(f"default   {printable(found.default)}")


def _short(text: str) -> str:
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}…"


def _where(found: Explained, file: str) -> str:
    layer = _layer(found)
    return f"{file}:{found.line}" if layer == FILE_LAYER else layer


def _layer(found: Explained) -> str:
    if found.line is not None:
        return FILE_LAYER
    if found.key == "publish" and os.environ.get(PUBLISH_VARIABLE, "").strip():
        return OPERATOR_LAYER
    return DEFAULT_LAYER


def _plain(found: Explained, file: str) -> Mapping[str, object]:
    layer = _layer(found)
    return {
        "key": found.key,
        "value": json.loads(found.value),
        "default": json.loads(found.default),
        "layer": layer,
        "file": file if layer == FILE_LAYER else None,
        "line": found.line,
        "about": found.about,
    }


def _checks() -> Mapping[str, CheckSpec]:
    from bot.registry import load

    return load(("bot.checks", "bot.facts")).checks


def _operator() -> Publish:
    from bot.config.settings import from_environment

    return from_environment(os.environ).publish
