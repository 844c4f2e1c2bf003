"""``plumbline new``: a check, a command, a handler or a fact, with its test, that works as it is."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from types import MappingProxyType

import click

from bot.model.errors import UserError
from bot.model.verdicts import Scope

LONGEST = 30
"""Characters of a name, so that what is written keeps to the length of a line."""

FAMILIES = (
    *("community", "ownership", "protection", "ci", "dependencies", "release", "staleness", "alignment"),
    "organisation",
)

SCOPES = tuple(scope.value for scope in Scope)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of plug-in.

    Args:
        folder: where it lies in the project's own tree; ``$family`` is filled in.
        tests: where its test lies there.
        after: what is left to do in the project's own tree, for people.
    """

    folder: str
    tests: str
    after: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "check": Kind(
            "bot/checks/$family",
            "tests/unit/checks/$family",
            "`make docs` writes its page below docs/reference/checks and the schema of policies",
        ),
        "command": Kind(
            "handlers/commands",
            "tests/unit/handlers/commands",
            "`make docs` writes it into the reference; /plumbline help names it",
        ),
        "handler": Kind(
            "handlers/events",
            "tests/unit/handlers",
            "the event must stand under default_events in app.yml, and in the App's settings on GitHub",
        ),
        "fact": Kind(
            "bot/facts",
            "tests/unit/facts",
            "a check gets it by naming it as a parameter; app.yml must grant its permission",
        ),
    }
)


@click.command("new")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("name")
@click.option(
    "--family",
    default=FAMILIES[0],
    show_default=True,
    help=f"Of a check: {', '.join(FAMILIES)}, or your own.",
)
@click.option(
    "--scope",
    type=click.Choice(SCOPES),
    help="Of a check: whether it judges each repository, or the organisation once. The latter by itself for "
    "the family organisation.",
)
@click.option("--event", default="release", show_default=True, help="Of a handler: the event of GitHub.")
@click.option(
    "--package",
    help="Write into this importable package of a plug-in of yours, and not into Plumbline itself.",
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The folder to write into; the current one when not given.",
)
def new(
    kind: str, name: str, family: str, scope: str | None, event: str, package: str | None, root: Path
) -> None:
    """Write a new plug-in of KIND called NAME, with its test.

    What is written works at once: it passes ruff, mypy and its test. Change it into what you need.

    In a clone of Plumbline the files go where their kind lies; elsewhere name your --package.
    """
    chosen = Scope(scope) if scope else scope_of(family)
    made = write(kind, name, family=family, scope=chosen, event=event, package=package, root=root)
    for path in made.paths:
        click.echo(f"wrote {path.relative_to(root.resolve()) if root == Path() else path}")
    click.echo(f"test  python -m pytest {made.paths[-1]}")
    click.echo(f"next  {made.after}")


@dataclass(frozen=True, slots=True)
class Made:
    """What was written: the module first, its test last; and what is left to do."""

    paths: tuple[Path, ...]
    after: str


def scope_of(family: str) -> Scope:
    """What the checks of a family judge where nobody says."""
    return Scope.ORGANISATION if family == Scope.ORGANISATION else Scope.REPOSITORY


def write(
    kind: str, name: str, *, family: str, scope: Scope, event: str, package: str | None, root: Path
) -> Made:
    """Write a plug-in and its test below ``root``.

    Raises:
        UserError: the name is none, is taken, or there is no place to write to. Nothing is written
            then.
    """
    root = root.resolve()
    function = _identifier(name)
    _refuse_bad(family, "--family", "a lower-case word such as community")
    _refuse_bad(event, "--event", "the name of a GitHub event such as release")
    _refuse_taken(kind, name, function, event)
    module, test = _places(kind, function, family, package, root)
    packages = _packages(module.parent, root) if package else []
    for path in (module, test):
        if path.exists():
            raise UserError(f"{path} is there already; choose another name or remove it")
    filled = {
        "name": name.replace("_", "-"),
        "function": function,
        "family": family,
        "event": event,
        "module": ".".join(module.relative_to(root).with_suffix("").parts),
    }
    ours = frozenset({package.partition(".")[0]}) if package else frozenset({"bot", "handlers", "jobs"})
    template = f"{scope}_{kind}" if (kind, scope) == ("check", Scope.ORGANISATION) else kind
    _fill(f"{template}.py.tmpl", module, filled, ours)
    _fill(f"{template}_test.py.tmpl", test, filled, ours)
    for init in packages:
        init.write_text('"""Plug-ins of ours for Plumbline."""\n', encoding="utf-8")
    after = KINDS[kind].after
    if package:
        top = package.partition(".")[0]
        after = (
            f'[project.entry-points."plumbline.plugins"] in your pyproject.toml: {top} = "{package}"; '
            "then install your package beside Plumbline"
        )
    return Made((module, *packages, test), after)


def _identifier(name: str) -> str:
    function = name.replace("-", "_")
    plain = function.isascii() and function.isidentifier() and function == function.lower()
    if not plain or keyword.iskeyword(function) or function.startswith("_") or len(function) > LONGEST:
        raise UserError(
            f"{name[:60]!r} is no name for a plug-in; it should be lower-case words joined by hyphens, "
            "such as branch-drift"
        )
    return function


def _refuse_bad(text: str, option: str, wanted: str) -> None:
    if not (text.isascii() and text.replace("-", "_").isidentifier() and text == text.lower()):
        raise UserError(f"{option} {text[:60]!r} should be {wanted}")


def _refuse_taken(kind: str, name: str, function: str, event: str) -> None:
    from bot.registry import load

    registry = load()
    kebab = name.replace("_", "-")
    found = {
        "check": registry.checks.get(kebab),
        "command": registry.commands.get(kebab),
        "fact": registry.facts.get(function),
        "handler": next((h for h in registry.handlers if (h.event, h.name) == (event, kebab)), None),
    }[kind]
    if found is not None:
        raise UserError(f"there is a {kind} {kebab!r} already, in {found.module}; choose another name")


def _places(kind: str, function: str, family: str, package: str | None, root: Path) -> tuple[Path, Path]:
    if package is not None:
        if not all(part.isidentifier() for part in package.split(".")):
            raise UserError(f"--package {package[:60]!r} should be an importable name such as acme_checks")
        folder = root.joinpath(*package.split("."))
        return folder / f"{function}.py", root / "tests" / f"test_{function}.py"
    if not (root / "bot" / "checks" / "__init__.py").is_file():
        raise UserError(
            f"{root} is no clone of Plumbline; go there, or name a package of your own with --package"
        )
    folder_text, tests_text = (
        Template(text).substitute(family=family.replace("-", "_"))
        for text in (KINDS[kind].folder, KINDS[kind].tests)
    )
    folder = root / folder_text
    if not (folder / "__init__.py").is_file():
        raise UserError(f"there is no package {folder_text}; --family should be one of {', '.join(FAMILIES)}")
    return folder / f"{function}.py", root / tests_text / f"test_{function}.py"


def _packages(folder: Path, root: Path) -> list[Path]:
    """The ``__init__.py`` that are missing from a folder up to the root."""
    missing = []
    while folder != root:
        if not (folder / "__init__.py").exists():
            missing.append(folder / "__init__.py")
        folder = folder.parent
    return missing


def _fill(template: str, path: Path, values: Mapping[str, str], ours: frozenset[str]) -> None:
    text = resources.files("bot.entry").joinpath("scaffold", template).read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(arranged(Template(text).substitute(values), ours), encoding="utf-8")


def arranged(source: str, ours: frozenset[str]) -> str:
    """Source whose imports are in the order that isort wants.

    Args:
        source: its imports stand on one line each, or in brackets over several.
        ours: top-level packages of the project that the source is written for.
    """
    imports = re.findall(r"^(?:from|import) (?:[^(\n]*\([^)]*\)|[^\n]*)$", source, re.MULTILINE)
    sections: dict[int, list[str]] = {}
    for statement in imports:
        top = statement.split()[1].partition(".")[0]
        rank = 0 if top == "__future__" else 1 if top in sys.stdlib_module_names else 3 if top in ours else 2
        sections.setdefault(rank, []).append(statement)
    for section in sections.values():
        section.sort(key=lambda statement: (statement.startswith("from "), statement.split()[1]))
    block = "\n\n".join("\n".join(sections[rank]) for rank in sorted(sections))
    start = source.index(imports[0])
    end = source.index(imports[-1]) + len(imports[-1])
    return source[:start] + block + source[end:]
