"""``plumbline config``: policy files checked, their schemas, what each key is set to and who is selected."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.entry.tables import printable, show, show_json

if TYPE_CHECKING:
    from bot.config.cascade import Layer, Origin
    from bot.config.explain import Explained
    from bot.config.organisation import OrganisationPolicy
    from bot.config.policy import Notice, PolicyFile
    from bot.config.selection import Looked
    from bot.config.settings import Publish
    from bot.engine.governing import Governing
    from bot.model.attributes import Described
    from bot.model.custom_checks import CustomCheck
    from bot.model.facts import Repository
    from bot.registry import Registry
    from bot.spec import CheckSpec

VALUE_SHOWN = 40
"""Characters of a value in the table of all keys; one key is shown whole."""

PUBLISH_VARIABLE = "PLUMBLINE_PUBLISH"
FULL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("config")
def config() -> None:
    """Check policy files and explain their keys."""


@config.command("validate")
@click.argument("files", nargs=-1, type=A_FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON list of all mistakes.")
def validate(files: tuple[Path, ...], as_json: bool) -> None:
    """Say all that is wrong with policy FILES, each mistake with its line and column.

    A file named plumbline.org.yml is an organisation's. Without FILES it is .github/plumbline.yml of the
    repository around the current folder, and its plumbline.org.yml.

    Exit code: 0 when they are good, 1 when one is not.
    """
    if not files:
        files = tuple(f for f in (policy_file(), organisation_file()) if f is not None)
        if not files:
            click.echo("[]" if as_json else "there is no policy file here: the defaults are in force")
            return
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
@click.option("--organisation", is_flag=True, help="Of plumbline.org.yml, the organisation's file.")
def schema(organisation: bool) -> None:
    """Print the JSON Schema of policy files, for editors."""
    from bot.config.organisation_file import organisation_schema
    from bot.config.policy_file import policy_schema

    made = organisation_schema(_checks()) if organisation else policy_schema(_checks())
    click.echo(json.dumps(made, indent=2))


@config.command("explain")
@click.argument("key", required=False)
@click.option("--file", type=A_FILE, help="The policy file, in place of the one of the repository.")
@click.option(
    "--repository",
    default=".",
    help="A folder in a clone, or OWNER/NAME: as the database of this Plumbline has it.",
)
@click.option("--organisation", type=A_FILE, help="A plumbline.org.yml to lay below the repository's file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
def explain(
    key: str | None, file: Path | None, repository: str, organisation: Path | None, as_json: bool
) -> None:
    """Say which value of KEY is in force, where it is said and what it means; without KEY, of all keys."""
    from bot.config.explain import every_key, explain_key
    from bot.engine.custom import with_custom

    checks = _checks()
    above = _organisation(organisation, checks) if organisation else None
    if FULL_NAME.fullmatch(repository) and not Path(repository).exists():
        governing = _kept(repository, file, above)
    else:
        governing = _local(Path(repository), file, above, checks)
    checks = with_custom(_registry(), governing.policy).checks
    keys = [key] if key is not None else every_key(checks)
    operator, says = _operator()
    found = [
        explain_key(k, checks, governing.policy, governing.effective, operator=operator, operator_says=says)
        for k in keys
    ]
    if as_json:
        show_json([_plain(e) for e in found])
    elif key is not None:
        _tell(found[0])
        if not governing.organisation.newest:
            from bot.report.replies import OWNER_HELD

            click.echo(f"note      {OWNER_HELD}")
    else:
        rows = [(e.key, _short(e.value), _where(e.origins[-1]), e.about) for e in found]
        show(("key", "value", "said by", "meaning"), rows)


@config.command("selection")
@click.argument("repository", metavar="OWNER/NAME")
@click.option("--organisation", type=A_FILE, help="A plumbline.org.yml to try, in place of the one in force.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list of all conditions.")
def selection(repository: str, organisation: Path | None, as_json: bool) -> None:
    """Say why a repository is looked after or not, and in which groups of the organisation it is.

    What is known of the repository is read from the database of this Plumbline; nothing is asked of GitHub.
    """
    above = _organisation(organisation, _checks()) if organisation else None
    found = _kept(repository, None, above).selection
    looked = [*(("enrol", one) for one in found.enrol), *(("groups", one) for one in found.groups)]
    if as_json:
        show_json([row for part, one in looked for row in _conditions(part, one)])
        return
    click.echo(f"{repository} is {'enrolled' if found.enrolled else 'not enrolled'}. {printable(found.why)}")
    names = [one.name for one in found.groups if one.holds]
    click.echo(f"groups: {printable(', '.join(names)) or 'none'}")
    if looked:
        click.echo("")
        headings = ("part", "line", "condition", "wanted", "found", "holds")
        rows = [
            [str(row[name]) for name in headings] for part, one in looked for row in _conditions(part, one)
        ]
        show(headings, rows)


def _conditions(part: str, looked: Looked) -> list[dict[str, object]]:
    words = {True: "yes", False: "no", None: "not known"}
    return [
        {
            "part": f"{part}: {looked.name}",
            "line": looked.line,
            "condition": condition.what,
            "wanted": condition.wanted,
            "found": condition.found,
            "holds": words[condition.holds],
        }
        for condition in looked.conditions
    ]


def policy_file(start: Path | None = None) -> Path | None:
    """The policy file of the repository around a folder; None when there is none."""
    from bot.config.policy import POLICY_PATH

    return _file_of_root(start, POLICY_PATH)


def organisation_file(start: Path | None = None) -> Path | None:
    """The organisation's file in the repository around a folder; None when there is none."""
    from bot.config.organisation import ORGANISATION_PATH

    return _file_of_root(start, ORGANISATION_PATH)


def _file_of_root(start: Path | None, path: str) -> Path | None:
    start = (start or Path()).absolute()
    found = _root(start) / path
    if not found.is_file():
        return None
    return found.relative_to(start) if found.is_relative_to(start) else found


def _root(start: Path) -> Path:
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), start)


@dataclass(frozen=True, slots=True)
class _Read:
    """A policy file as it was read: either what it says or mistakes."""

    file: Path
    said: PolicyFile | OrganisationPolicy | None
    mistakes: tuple[Mapping[str, object], ...]

    def lines(self) -> list[str]:
        """What to say of it."""
        if self.said is None:
            return [f"{m['path']}:{m['line']}:{m['column']}: {m['message']}" for m in self.mistakes]
        notices: Sequence[Notice] = self.said.notices
        return [f"{self.file}: good", *(str(notice) for notice in notices), *self._expired()]

    def _expired(self) -> list[str]:
        from bot.config.policy import PolicyFile

        if not isinstance(self.said, PolicyFile):
            return []
        policy, today = self.said.policy, datetime.now(UTC).date()
        return [
            f"{self.file}: the exemption of {e.check} expired on {e.until}; remove it or name a later day"
            for e in policy.exemptions
            if e.until < today and policy.lapsed(e.check, today) is e
        ]


def _read(file: Path, checks: Mapping[str, CheckSpec]) -> _Read:
    from bot.config.organisation import ORGANISATION_PATH
    from bot.config.organisation_file import read_organisation
    from bot.config.policy_file import SIZE_LIMIT, PolicyErrors, Strangers, read_policy_file
    from bot.model.errors import UserError

    try:
        with file.open("rb") as opened:
            data = opened.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise UserError(f"{str(file)!r} can not be read: {error.strerror}") from error
    try:
        if file.name == ORGANISATION_PATH:
            return _Read(file, read_organisation(data, checks, path=str(file)), ())
        # What the organisation defines is not known here, but a name like ours is a mistake.
        strangers = Strangers.UNLESS_NEAR
        return _Read(file, read_policy_file(data, checks, path=str(file), strangers=strangers), ())
    except PolicyErrors as problem:
        mistakes = tuple(
            {"path": e.path, "line": e.line, "column": e.column, "message": e.message} for e in problem.errors
        )
        return _Read(file, None, mistakes)


def _good(file: Path, checks: Mapping[str, CheckSpec]) -> PolicyFile | OrganisationPolicy:
    read = _read(file, checks)
    if read.said is None:
        raise click.ClickException("\n".join(printable(line) for line in read.lines()))
    return read.said


def definitions(file: Path, checks: Mapping[str, CheckSpec]) -> tuple[CustomCheck, ...]:
    """The checks that a policy file defines; those of all groups when it is an organisation's."""
    from bot.config.policy import PolicyFile

    said = _good(file, checks)
    return tuple(said.policy.custom.values()) if isinstance(said, PolicyFile) else said.custom


def _organisation(file: Path, checks: Mapping[str, CheckSpec]) -> OrganisationPolicy:
    from bot.config.organisation import ORGANISATION_PATH, OrganisationPolicy

    if file.name != ORGANISATION_PATH:
        raise click.BadParameter(f"the file must be named {ORGANISATION_PATH}", param_hint="--organisation")
    said = _good(file, checks)
    assert isinstance(said, OrganisationPolicy)
    return said


def _local(
    place: Path, file: Path | None, above: OrganisationPolicy | None, checks: Mapping[str, CheckSpec]
) -> Governing:
    """What is in force by files on disk; a clone knows its name and nothing else that selects it."""
    from bot.config.organisation import NOTHING_SAID
    from bot.config.policy import DEFAULT, PolicyFile
    from bot.engine.governing import lay
    from bot.model.facts import Repository

    if not place.is_dir():
        raise click.BadParameter("name a folder, or a repository as OWNER/NAME", param_hint="--repository")
    file = file or policy_file(place)
    said = _good(file, checks) if file else PolicyFile(DEFAULT)
    if not isinstance(said, PolicyFile):
        raise click.BadParameter("this is an organisation's file; use --organisation", param_hint="--file")
    known = Repository(0, f"local/{_root(place.absolute()).name}", "")
    return lay(_registry(), above or NOTHING_SAID, known, None, _own(said, file))


def _kept(full_name: str, file: Path | None, above: OrganisationPolicy | None) -> Governing:
    """What is in force by the database of this Plumbline, with other files in place of its own.

    Raises:
        UserError: it knows no repository of that name.
    """
    from bot.adapters.store import open_store
    from bot.config.policy import PolicyFile
    from bot.config.settings import from_environment
    from bot.engine.governing import kept_file, kept_organisation, lay, own_layers
    from bot.entry.environment import prepare_home
    from bot.model.errors import UserError

    registry, store = _registry(), open_store(prepare_home(from_environment(os.environ)))
    try:
        found: tuple[int, Repository] | None = None
        for installation in store.installations():
            repository = store.repository_named(installation.id, full_name)
            found = (installation.id, repository) if repository else found
        if found is None:
            raise UserError(
                f"the database knows no repository {full_name[:140]!r}; is the App installed on it, and does "
                "DATABASE_URL or PLUMBLINE_HOME name the database of that Plumbline?"
            )
        installation_id, known = found
        described: Described | None = store.description(known.id)
        organisation = above or kept_organisation(registry, store, installation_id)
        if file is None:
            own = own_layers(*kept_file(registry, store, known.id), store.exemptions(known.id))
        else:
            said = _good(file, registry.checks)
            own = _own(said, file) if isinstance(said, PolicyFile) else []
        return lay(registry, organisation, known, described, own)
    finally:
        store.close()


def _own(said: PolicyFile, file: Path | None) -> list[Layer]:
    from bot.config.cascade import Layer, LayerKind

    return [Layer(LayerKind.REPOSITORY, said.says, file=str(file or ""))]


def _tell(found: Explained) -> None:
    click.echo(found.about)
    click.echo("")
    click.echo(f"in force  {printable(found.value)}")
    for origin in found.origins:
        click.echo(f"said by   {printable(_where(origin))}")
    click.echo(f"default   {printable(found.default)}")
    if found.lock is not None:
        click.echo(f"locked    {printable(_where(found.lock))}")
    click.echo(f"changed   by {printable(found.who)}")
    for refused in found.refused:
        click.echo(f"note      {printable(refused.why)}")


def _short(text: str) -> str:
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}…"


def _where(origin: Origin) -> str:
    from bot.config.cascade import LayerKind

    if origin.kind is LayerKind.OPERATOR:
        return f"operator ({origin.name})"
    if origin.kind is LayerKind.GROUP:
        return f"{origin.place} (group {origin.name})"
    return origin.place


def _plain(found: Explained) -> Mapping[str, object]:
    from bot.config.cascade import LayerKind

    origin = found.origins[-1]
    names = {
        LayerKind.OPERATOR: f"operator ({origin.name})",
        LayerKind.GROUP: f"group {origin.name}",
        LayerKind.REPOSITORY: "repository file",
    }
    return {
        "key": found.key,
        "value": json.loads(found.value),
        "default": json.loads(found.default),
        "layer": names.get(origin.kind, origin.kind.value),
        "file": origin.file or None,
        "line": origin.line or None,
        "commit": origin.commit or None,
        "locked_by": found.lock.place if found.lock else None,
        "changed_by": found.who,
        "notices": [refused.why for refused in found.refused],
        "about": found.about,
    }


def _registry() -> Registry:
    from bot.registry import load

    return load(("bot.checks", "bot.facts"))


def _checks() -> Mapping[str, CheckSpec]:
    return _registry().checks


def _operator() -> tuple[Publish, bool]:
    """How loud the operator lets it be, and whether they said so."""
    from bot.config.settings import from_environment

    says = bool(os.environ.get(PUBLISH_VARIABLE, "").strip())
    return from_environment(os.environ).publish, says
