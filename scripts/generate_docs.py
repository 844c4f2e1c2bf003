"""Writes the reference pages under docs/reference from the code: ``make docs``.

``--check`` writes nothing and fails when a page is not what the code says.
"""

from __future__ import annotations

import difflib
import inspect
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from bot import registry
from bot.config.policy import POLICY_PATH
from bot.config.policy_file import CHECK_KEYS, EXEMPTION_KEYS, KEYS, policy_schema
from bot.engine.evaluate import file_fed
from bot.entry.cli import cli
from bot.model.verdicts import Audience
from bot.registry import Registry
from bot.report.document import SCHEMA
from bot.report.replies import who
from bot.spec import CheckSpec, CommandSpec, FactSpec, Section

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"

INTRODUCTION = f"""# Checks

Written by `make docs` from the checks themselves; changes by hand are overwritten.

A check says one of five things. **pass** and **fail** are answers; **not-applicable** means that the
question does not arise; **unknown** means that the answer could not be read, with the permission that
would help where one would; **error** means that the check itself is broken, which harms no other check.

Options go under `checks:` in `{POLICY_PATH}`, where every check also takes `enabled: false` and
`severity:` (`info`, `low`, `medium`, `high`, `critical`).
"""


POLICY = f"""# The policy file

Written by `make docs` from the keys themselves; changes by hand are overwritten.

`{POLICY_PATH}` on the default branch of a repository says what Plumbline does there. Every key may be left
out. The [guide](../guide/policy.md) has examples; [plumbline.schema.json](plumbline.schema.json) is the same
for editors, and a running Plumbline serves it at `/schema/plumbline.json`. `plumbline config validate` says
what is wrong with a file, `plumbline config explain` what is in force.
"""

CLI = """# The command line

Written by `make docs` from the commands themselves; changes by hand are overwritten.
`plumbline COMMAND --help` says the same, `plumbline --debug COMMAND` shows where an error came from, and
`plumbline completion` makes a shell complete commands.
"""

COMMANDS = """# Slash-commands

Written by `make docs` from the commands themselves; changes by hand are overwritten. How commands are
written, and what becomes of them, says the [guide](../guide/commands.md).
"""


def pages(found: Registry) -> dict[str, str]:
    """File name -> text of every reference page."""
    return {
        "checks.md": checks_page(found),
        "commands.md": commands_page(found),
        "policy.md": policy_page(found),
        "cli.md": cli_page(),
        "report.schema.json": _json(SCHEMA),
        "plumbline.schema.json": _json(policy_schema(found.checks)),
    }


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=False) + "\n"


def commands_page(found: Registry) -> str:
    """The page of all slash-commands, by name."""
    return "\n".join([COMMANDS, *(line for spec in found.commands.values() for line in _command(spec))])


def _command(spec: CommandSpec) -> list[str]:
    examples = "\n".join(spec.examples)
    bound = (
        "It changes something: on a pull request it is refused when commits may have come since the comment."
        if spec.changes
        else "It changes nothing."
    )
    return [
        f"## {spec.name}",
        "",
        f"`{spec.usage}`",
        "",
        f"{spec.doc.title} {bound}",
        "",
        f"- **Who may:** {who(spec)}",
        "",
        f"```text\n{examples}\n```",
        "",
    ]


def checks_page(found: Registry) -> str:
    """The page of all checks, by their numbers in the catalogue."""
    specs = sorted(found.checks.values(), key=lambda spec: (spec.number, spec.name))
    return "\n".join([INTRODUCTION, *_overview(specs), *(line for s in specs for line in _check(found, s))])


def _overview(specs: Iterable[CheckSpec]) -> list[str]:
    rows = [
        f"| [{spec.name}](#{spec.name}) | {spec.family} | {spec.severity.label} | {_cell(spec.doc.title)} |"
        for spec in specs
    ]
    return [
        "| check | family | severity | what holds when it passes |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
    ]


def _check(found: Registry, spec: CheckSpec) -> list[str]:
    public = "everybody who can read the repository"
    restricted = "on a public repository nobody but those who run Plumbline"
    needs = facts_of(found, spec)
    permissions = sorted({part for fact in needs for part in fact.permission.split(", ")})
    lines = [
        f"## {spec.name}",
        "",
        spec.doc.title,
        "",
        f"- **Why:** {spec.doc.why}",
        f"- **Fix:** {spec.doc.fix}",
        f"- **Source:** {_source(spec.doc.source)}",
        f"- **Severity:** {spec.severity.label}; family {spec.family}, number {spec.number}, "
        f"rule version {spec.rule_version}",
        f"- **Shown to:** {public if spec.audience is Audience.PUBLIC else restricted}",
        "- **Judged on pull requests:** "
        + ("yes, at the merge base and at the head" if file_fed(found, spec) else "no, only on branches"),
        f"- **Permissions:** {', '.join(f'`{p}`' for p in permissions)}",
        *(f"- **Reads** `{fact.name}`: {fact.cost}" for fact in needs),
        "",
    ]
    if spec.config is not None:
        lines += _options(spec.name, spec.config)
    return lines


def facts_of(found: Registry, spec: CheckSpec) -> list[FactSpec]:
    """The facts that a check asks for and those that they need, each once, by name."""
    names: set[str] = set()
    waiting = list(spec.needs)
    while waiting:
        name = waiting.pop()
        if name in found.facts and name not in names:
            names.add(name)
            waiting += found.facts[name].needs
    return [found.facts[name] for name in sorted(names)]


def _options(name: str, config: type[Section]) -> list[str]:
    properties: dict[str, Any] = config.model_json_schema(mode="validation").get("properties", {})
    if not properties:
        return []
    rows = [
        f"| `{option}` | {_kind(said)} | `{json.dumps(said.get('default'))}` | "
        f"{_cell(said.get('description', ''))} |"
        for option, said in properties.items()
    ]
    example = [
        "```yaml",
        "checks:",
        f"  {name}:",
        *(f"    {option}: {json.dumps(said.get('default'))}" for option, said in properties.items()),
        "```",
    ]
    return ["| option | type | default | meaning |", "| --- | --- | --- | --- |", *rows, "", *example, ""]


def _kind(said: dict[str, Any]) -> str:
    """A type and its limits in words: ``integer, 0 to 1000``."""
    kind = str(said.get("type", "value"))
    if kind == "array":
        kind = f"list of {said.get('items', {}).get('type', 'value')}s"
    low, high = said.get("minimum"), said.get("maximum")
    if low is not None and high is not None:
        return f"{kind}, {low:,} to {high:,}"
    if low is not None:
        return f"{kind}, at least {low:,}"
    most = said.get("maxItems", said.get("maxLength"))
    return f"{kind}, at most {most:,}" if most is not None else kind


def policy_page(found: Registry) -> str:
    """The page of all keys of a policy file."""
    schema: dict[str, Any] = policy_schema(found.checks)["properties"]
    lines = [POLICY]
    for key in KEYS:
        lines += [f"## {key.name}", "", key.about, "", f"Value: {_value(schema[key.name])}.", ""]
        if key.name == "checks":
            lines += _check_keys(found)
        if key.name == "exemptions":
            lines += [
                f"Every entry has {', '.join(f'`{name}`' for name in EXEMPTION_KEYS)}. `until` is the last "
                "day on which the check is silent, written YYYY-MM-DD; after it the check speaks again, and "
                "the report says that the exemption has expired.",
                "",
            ]
    return "\n".join(lines)


def _check_keys(found: Registry) -> list[str]:
    lines = [
        "Below the name of a check:",
        "",
        "| key | value | meaning |",
        "| --- | --- | --- |",
        *(f"| `{key}` | {_value(said)} | {_cell(said['description'])} |" for key, said in CHECK_KEYS.items()),
        "",
        "and its own options:",
        "",
        "| key | value | default | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for spec in found.checks.values():
        schema = spec.config.model_json_schema(mode="validation") if spec.config is not None else {}
        properties: dict[str, Any] = schema.get("properties", {})
        lines += [
            f"| `checks.{spec.name}.{option}` | {_kind(said)} | `{_cell(json.dumps(said.get('default')))}` | "
            f"{_cell(said.get('description', ''))} |"
            for option, said in properties.items()
        ]
    return [*lines, ""]


def _value(said: dict[str, Any]) -> str:
    """What a part of the schema allows, in words."""
    if "const" in said:
        return f"`{said['const']}`"
    if "enum" in said:
        # A value with a colon would have to be quoted; the mapping beside it says the same.
        shown = [f"`{value}`" for value in said["enum"] if ":" not in value]
        return ", ".join(shown) if len(shown) <= 6 else "the name of a check"
    if "anyOf" in said:
        return " or ".join(_value(part) for part in said["anyOf"])
    kinds = said["type"] if isinstance(said["type"], list) else [said["type"]]
    kind = next(k for k in kinds if k != "null")
    if kind == "array":
        return f"a list; an entry is {_value(said['items'])}"
    if kind == "object" and "issues" in said.get("properties", {}):
        return "`{issues: all}`"
    return {"boolean": "`true` or `false`", "object": "a mapping"}.get(kind, kind)


def cli_page() -> str:
    """The page of the command line, every command with its help."""
    return "\n".join([CLI, *_program(cli, click.Context(cli, info_name="plumbline"))])


def _program(command: click.Command, context: click.Context) -> list[str]:
    lines = [f"## {context.command_path}", ""]
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        lines += [" ".join(paragraph.split()), ""]
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines += ["```", usage, "```", ""]
    options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    if options:
        lines += ["| option | meaning |", "| --- | --- |", *(_option(o, context) for o in options), ""]
    if command.epilog:
        lines += [command.epilog, ""]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                lines += _program(below, click.Context(below, info_name=name, parent=context))
    return lines


def _option(option: click.Option, context: click.Context) -> str:
    names, about = option.get_help_record(context) or (option.opts[0], "")
    return f"| `{_cell(names)}` | {_cell(about)} |"


def _source(said: str) -> str:
    return f"<{said}>" if said.startswith("https://") and " " not in said else said


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them with what is there."""
    wanted = pages(registry.load(plugins=False))
    if "--check" not in arguments:
        REFERENCE.mkdir(parents=True, exist_ok=True)
        for name, text in wanted.items():
            (REFERENCE / name).write_text(text, encoding="utf-8")
        return 0
    stale = False
    for name, text in wanted.items():
        path = REFERENCE / name
        known = path.read_text(encoding="utf-8") if path.exists() else ""
        if known != text:
            stale = True
            diff = difflib.unified_diff(
                known.splitlines(), text.splitlines(), str(path), "from the code", lineterm=""
            )
            print("\n".join(diff))
    if stale:
        print("docs/reference is not what the code says; run `make docs` and commit the result")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
