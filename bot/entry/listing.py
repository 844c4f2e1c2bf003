"""``plumbline list``: what this installation consists of, plug-ins included."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.entry.tables import show, show_json

if TYPE_CHECKING:
    from bot.registry import Registry
    from bot.spec import CheckSpec

AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON list.")


@click.group("list")
def list_() -> None:
    """List what this installation consists of, plug-ins included."""


@list_.command("checks")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A policy file, of a repository or an organisation, whose own checks are listed, too.",
)
@AS_JSON
def checks(policy: Path | None, as_json: bool) -> None:
    """Checks: what is judged, and how much a fail matters."""
    items = [
        {
            "name": spec.name,
            "family": spec.family,
            "severity": spec.severity.label,
            "scope": spec.scope.value,
            "audience": spec.audience.value,
            "title": spec.doc.title,
            "why": spec.doc.why,
            "fix": spec.doc.fix,
            "source": spec.doc.source,
            "facts": list(spec.needs),
            "options": sorted(spec.config.model_fields) if spec.config else [],
            "rule_version": spec.rule_version,
            "module": spec.module,
        }
        for spec in _checks(policy)
    ]
    _print(items, ("name", "family", "severity", "audience", "title"), as_json=as_json)


@list_.command("commands")
@AS_JSON
def commands(as_json: bool) -> None:
    """Slash-commands: who may give them, and what they do."""
    items = [
        {
            "name": spec.name,
            "who": spec.who.name.lower(),
            "or_author": spec.or_author,
            "changes": spec.changes,
            "usage": spec.usage,
            "examples": list(spec.examples),
            "does": spec.doc.title,
            "module": spec.module,
        }
        for spec in _registry().commands.values()
    ]
    _print(items, ("name", "who", "usage", "does"), as_json=as_json)


@list_.command("handlers")
@AS_JSON
def handlers(as_json: bool) -> None:
    """Event handlers: what is done when GitHub tells of something."""
    items = [
        {
            "event": spec.event,
            "actions": list(spec.actions),
            "name": spec.name,
            "lane": spec.lane.value,
            "does": _first_line(spec.function),
            "module": spec.module,
        }
        for spec in _registry().handlers
    ]
    _print(items, ("event", "actions", "name", "lane", "does"), as_json=as_json)


@list_.command("jobs")
@AS_JSON
def jobs(as_json: bool) -> None:
    """Jobs: the work that handlers and the clock ask for."""
    items = [
        {
            "name": spec.name,
            "lane": spec.lane.value,
            "timeout_s": spec.timeout_s,
            "every_s": spec.every_s,
            "does": _first_line(spec.function),
            "payload": sorted(spec.payload.model_fields),
            "module": spec.module,
        }
        for spec in _registry().jobs.values()
    ]
    _print(items, ("name", "lane", "timeout_s", "every_s", "does"), as_json=as_json)


@list_.command("facts")
@AS_JSON
def facts(as_json: bool) -> None:
    """Facts: what checks can ask for, and what reading it costs."""
    items = [
        {
            "name": spec.name,
            "permission": spec.permission,
            "source": spec.source.name.lower(),
            "cost": spec.cost,
            "file_fed": spec.file_fed,
            "of_owner": spec.owner or "owner" in spec.needs,
            "graph": {key: selection.text for key, selection in spec.graph.items()},
            "keep_s": spec.keep_s,
            "does": _first_line(spec.function),
            "needs": list(spec.needs),
            "module": spec.module,
        }
        for spec in _registry().facts.values()
    ]
    _print(items, ("name", "permission", "cost", "does"), as_json=as_json)


def _print(items: Sequence[Mapping[str, Any]], columns: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        show_json(items)
    else:
        headings = [column.replace("_s", " (s)") for column in columns]
        show(headings, [[_cell(item[column]) for column in columns] for item in items])


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) or "all" if isinstance(value, list) else str(value)


def _first_line(function: Callable[..., Any]) -> str:
    text = (inspect.getdoc(function) or "").partition("\n\n")[0]
    return " ".join(text.split())


def _checks(policy: Path | None) -> list[CheckSpec]:
    """Those of the program, and those that a policy file defines, by name."""
    known = dict(_registry().checks)
    if policy is not None:
        from bot.config.custom_checks import spec_of
        from bot.entry.config import definitions

        known |= {custom.name: spec_of(custom) for custom in definitions(policy, known)}
    return [known[name] for name in sorted(known)]


def _registry() -> Registry:
    from bot.registry import load

    return load()
