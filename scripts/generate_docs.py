"""Writes the reference pages under docs/reference from the code: ``make docs``.

The examples of checks are recorded from their tests first (``tests/examples.py``) and kept in
examples.json; ``--kept-examples`` takes what is kept. ``--check`` writes and records nothing and
fails when a page is not what the code says.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from bot import registry
from bot.checks.ci.audits import LEFT_ALONE, TAKEN
from bot.config.custom_checks import NAME_SCHEMA, RULES, TEXT_KEYS
from bot.config.manifest import Manifest, read_manifest
from bot.config.organisation import ORGANISATION_PATH, ORGANISATION_REPOSITORIES, RINGS
from bot.config.organisation_file import (
    EXEMPTING,
    GROUP_KEYS,
    ORGANISATION_KEYS,
    POLICY_KEYS,
    RENAMES,
    WHEN_KEYS,
    organisation_schema,
)
from bot.config.policy import POLICY_PATH
from bot.config.policy_file import CHECK_KEYS, CUSTOM_CHECKS, EXEMPTION_KEYS, KEYS, policy_schema
from bot.config.variables import VARIABLES
from bot.engine.evaluate import file_fed
from bot.engine.permissions import facts_of, lacks, permissions_of
from bot.entry.cli import cli
from bot.model.custom_checks import SETTINGS as RULE_SETTINGS
from bot.model.metrics import MEANINGS
from bot.model.verdicts import Audience, Scope, Severity
from bot.registry import Registry
from bot.report.document import SCHEMA
from bot.report.organisation_document import SCHEMA as ORGANISATION_SCHEMA
from bot.report.replies import who
from bot.spec import CheckSpec, CommandSpec, FactSpec, HandlerSpec, JobSpec, Section, parse_doc

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
EXAMPLES = "examples.json"
RECORDING_S = 120

INTRODUCTION = f"""# Checks

Written by `make docs` from the checks themselves; changes by hand are overwritten.

A check says one of five things. **pass** and **fail** are answers; **not-applicable** means that the
question does not arise; **unknown** means that the answer could not be read, with the
[permission](permissions.md) that would help where one would; **error** means that the check itself is
broken, which harms no other check.

Options go under `checks:` in `{POLICY_PATH}`, where every check also takes `enabled: false` and
`severity:` (`info`, `low`, `medium`, `high`, `critical`). Every check has a page of its own with why it
matters, how to mend it, its options, and examples of what it says.
"""

FAMILIES = {
    "alignment": "Branches and pull requests that lie behind, conflict or diverge",
    "ci": "Workflows: whether they are safe, and whether they pass",
    "community": "What a repository tells people who come to it",
    "dependencies": "Updates, alerts, keys and what receives events",
    "organisation": "Settings of the organisation, judged once for all its repositories",
    "ownership": "Who answers for what, and who may do what",
    "protection": "Rules for branches",
    "release": "Releases and what they hold",
    "staleness": "What nobody has touched for long",
}
"""What a family asks after, for the headings of the index."""

PERMISSIONS = """# Permissions

Written by `make docs` from `app.yml` and the facts that checks read; changes by hand are overwritten.

An App may do what its registration asks for and the owner of each installation agreed to. A check that
lacks a permission is *unknown*, never red or green, and says which one it is. `plumbline doctor` tells for
each installation what is missing and which checks that would answer.

## What each permission is for

*Unknown without it* are the checks that can not judge when this permission alone is missing; *knows less*
are those that judge all the same.

| permission | asked for | why | checks unknown without it | checks that know less |
| --- | --- | --- | --- | --- |
"""

FACTS = """# Facts

Written by `make docs` from the facts themselves; changes by hand are overwritten.

A fact is what is read of a repository or its owner, once, for all checks that ask for it. One that can
not be read is *unknown*, and so is every check that can not do without. *Decided by files* means that a
fact can be read at any commit, so checks that need no others are judged on pull requests.
"""

JOBS = """# Jobs

Written by `make docs` from the jobs themselves; changes by hand are overwritten.

A job is what a worker does. Every one is safe to run twice. Equal work that waits is merged; the lane says
who waits least (`interactive`, then `event`, then `sweep`). `plumbline job NAME` queues one by hand.
"""

EVENTS = """# Events

Written by `make docs` from the handlers themselves; changes by hand are overwritten.

A handler turns an event of GitHub into work, and does nothing else. Events that are not here are ignored.
"""

SETTINGS = """# Environment variables

Written by `make docs` from `bot/config/variables.py`; changes by hand are overwritten. A wrong value ends
the process with a message that names the variable. How they go together says
[operating](../guide/operating.md#settings).

| variable | default | meaning |
| --- | --- | --- |
"""

METRICS = """# Metrics

Written by `make docs` from the code that counts; changes by hand are overwritten. Served for Prometheus at
`/metrics`; what to alert on says [operating](../guide/operating.md#what-to-watch). Histograms have `_bucket`,
`_sum` and `_count` after their names.

| metric | kind | labels | what it tells |
| --- | --- | --- | --- |
"""


POLICY = f"""# The policy file

Written by `make docs` from the keys themselves; changes by hand are overwritten.

`{POLICY_PATH}` on the default branch of a repository says what Plumbline does there. Every key may be left
out. The [guide](../guide/policy.md) has examples; [plumbline.schema.json](plumbline.schema.json) is the same
for editors, and a running Plumbline serves it at `/schema/plumbline.json`. `plumbline config validate` says
what is wrong with a file, `plumbline config explain` what is in force.
"""

ORGANISATION = f"""# The organisation's policy file

Written by `make docs` from the keys themselves; changes by hand are overwritten.

`{ORGANISATION_PATH}` in the root of the default branch of the owner's `{ORGANISATION_REPOSITORIES[0]}`
repository, or else of `{ORGANISATION_REPOSITORIES[1]}`, says what Plumbline does in all repositories. The App
must be installed on that repository. Every key may be left out. The [guide](../guide/policy.md) has examples;
[plumbline.org.schema.json](plumbline.org.schema.json) is the same for editors, and a running Plumbline serves
it at `/schema/plumbline.org.json`.
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


AUDITS = """# Audits of workflows

Written by `make docs` from `bot/checks/ci/audits.py`; changes by hand are overwritten.

Workflows are audited by [zizmor](https://docs.zizmor.sh/audits/), without network and without its own
settings. This is which check judges by which of its audits; a test holds that none is forgotten when a new
version brings one.

| audit | check |
| --- | --- |
"""


def pages(found: Registry, examples: Mapping[str, list[dict[str, Any]]]) -> dict[str, str]:
    """File name -> text of every reference page.

    Args:
        examples: check name -> what ``tests/examples.py`` recorded of it.
    """
    each = {
        f"checks/{s.name}.md": check_page(found, s, examples.get(s.name, [])) for s in found.checks.values()
    }
    return each | {
        "checks.md": checks_page(found),
        "permissions.md": permissions_page(found, read_manifest()),
        "facts.md": facts_page(found),
        "jobs.md": jobs_page(found),
        "events.md": events_page(found),
        "settings.md": settings_page(),
        "metrics.md": metrics_page(),
        "audits.md": audits_page(),
        "commands.md": commands_page(found),
        "policy.md": policy_page(found),
        "organisation.md": organisation_page(found),
        "cli.md": cli_page(),
        "report.schema.json": _json(SCHEMA),
        "report.org.schema.json": _json(ORGANISATION_SCHEMA),
        "plumbline.schema.json": _json(policy_schema(found.checks)),
        "plumbline.org.schema.json": _json(organisation_schema(found.checks)),
    }


def kept_examples() -> dict[str, list[dict[str, Any]]]:
    """What was recorded when the pages were last written; empty when nothing was."""
    path = REFERENCE / EXAMPLES
    found: dict[str, list[dict[str, Any]]] = (
        json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    )
    return found


def record_examples() -> dict[str, list[dict[str, Any]]]:
    """Run the tests of all checks and return what the checks said in those that passed.

    Raises:
        RuntimeError: the tests could not be run at all.
    """
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / EXAMPLES
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "PYTEST_"))
        }
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.examples"]
        done = subprocess.run(
            [*command, "tests/unit/checks"],
            cwd=ROOT,
            env=env | {"PLUMBLINE_EXAMPLES": str(path)},
            capture_output=True,
            text=True,
            timeout=RECORDING_S,
            check=False,
        )
        if not path.exists():
            raise RuntimeError(f"the tests of checks could not be run:\n{done.stdout}{done.stderr}")
        if done.returncode:
            print("tests of checks fail; what failed is no example", file=sys.stderr)
        found: dict[str, list[dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
    return found


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
    """The index of all checks by family, and in it by their numbers in the catalogue."""
    families: dict[str, list[CheckSpec]] = {}
    for spec in sorted(found.checks.values(), key=lambda spec: (spec.family, spec.number, spec.name)):
        families.setdefault(spec.family, []).append(spec)
    contents = ", ".join(f"[{family}](#{family}) ({len(specs)})" for family, specs in families.items())
    lines = [INTRODUCTION, f"{len(found.checks)} checks: {contents}.", ""]
    for family, specs in families.items():
        lines += [f"## {family}", ""]
        lines += [f"{FAMILIES[family]}.", ""] if family in FAMILIES else []
        lines += [*_overview(specs), ""]
    return "\n".join(lines)


def audits_page() -> str:
    """The page of the workflow auditor's audits, by name."""
    taken = [f"| `{audit}` | [{check}](checks/{check}.md) |" for audit, check in sorted(TAKEN.items())]
    left = [f"| `{audit}` | {_cell(why)} |" for audit, why in sorted(LEFT_ALONE.items())]
    return AUDITS + "\n".join([*taken, "", "| left alone | because |", "| --- | --- |", *left, ""])


def _overview(specs: Iterable[CheckSpec]) -> list[str]:
    rows = [
        f"| {_check_link(spec.name)} | {spec.severity.label} | {_cell(spec.doc.title)} |" for spec in specs
    ]
    return ["| check | severity | what holds when it passes |", "| --- | --- | --- |", *rows]


def check_page(found: Registry, spec: CheckSpec, examples: list[dict[str, Any]]) -> str:
    """The page of one check."""
    public = "everybody who can read the repository"
    restricted = "on a public repository nobody but those who run Plumbline"
    reads = facts_of(found, spec)
    permissions = permissions_of(found, spec)
    scope = (
        "every repository"
        if spec.scope is Scope.REPOSITORY
        else "the organisation, once for all repositories"
    )
    lines = [
        f"# {spec.name}",
        "",
        "Written by `make docs` from the check and its tests; changes by hand are overwritten. "
        "[All checks](../checks.md)",
        "",
        spec.doc.title,
        "",
        f"- **Severity:** {spec.severity.label}",
        f"- **Family:** [{spec.family}](../checks.md#{spec.family}), number {spec.number}, "
        f"rule version {spec.rule_version}",
        f"- **Judges:** {scope}",
        "- **On pull requests:** "
        + ("yes, at the merge base and at the head" if file_fed(found, spec) else "no, only on branches"),
        *(
            [f"- **Told under:** [{spec.follows}]({spec.follows}.md), where that fails too"]
            if spec.follows
            else []
        ),
        f"- **Shown to:** {public if spec.audience is Audience.PUBLIC else restricted}",
        f"- **Permissions:** {_named(permissions.needed)}",
        *([f"- **Knows less without:** {_named(permissions.helpful)}"] if permissions.helpful else []),
        f"- **Source:** {_source(spec.doc.source)}",
        *_code(spec),
        "",
        "## Why",
        "",
        spec.doc.why,
        "",
        "## Fix",
        "",
        spec.doc.fix,
        "",
        "## What it reads",
        "",
        *(f"- [{fact.name}](../facts.md#{fact.name}): {fact.cost}" for fact in reads),
        "",
    ]
    if spec.config is not None and spec.config.model_fields:
        lines += ["## Options", "", *_options(spec.name, spec.config)]
    if examples:
        lines += ["## Examples", "", "What it said in its own tests.", ""]
        lines += [line for example in examples for line in _example(spec.name, example)]
    return "\n".join(lines)


def _code(spec: CheckSpec) -> list[str]:
    """Links to the check and to its tests, as far as they lie in this repository."""
    code = Path(*spec.module.split(".")).with_suffix(".py")
    tests = Path("tests", "unit", "checks", code.parent.name, f"test_{code.name}")
    named = [(label, path) for label, path in (("code", code), ("tests", tests)) if (ROOT / path).exists()]
    links = ", ".join(f"[its {label}](../../../{path.as_posix()})" for label, path in named)
    return [f"- **Written in:** {links}"] if links else []


def _example(name: str, example: Mapping[str, Any]) -> list[str]:
    lines = [f"**{example['outcome']}**: {_inline(example['when'])}", ""]
    if example.get("options"):
        said = [f"    {option}: {json.dumps(value)}" for option, value in example["options"].items()]
        lines += ["```yaml", "checks:", f"  {name}:", *said, "```", ""]
    evidence = [f"- {text}" for text in example.get("evidence", ())]
    return [*lines, "```text", example["summary"], *evidence, "```", ""]


def _inline(text: str) -> str:
    """Names of test cases as prose: nothing in them formats."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|" else letter for letter in text)


def _check_link(name: str) -> str:
    return f"[{name}](checks/{name}.md)"


def _named(permissions: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(permissions)) or "none"


def permissions_page(found: Registry, manifest: Manifest) -> str:
    """Which checks become unknown without a permission, and what each check needs."""
    checks = list(found.checks.values())
    of = {spec.name: permissions_of(found, spec) for spec in checks}
    read = {part for p in of.values() for part in (*p.needed, *p.helpful)}
    levels = {part.partition(": ")[::2] for part in read} | set(manifest.permissions.items())
    rows = []
    for name, level in sorted(levels):
        wanted = f"{name}: {level}"
        # Without it, with everything else: what was asked for, and what any check reads beside.
        without = {other: "admin" for other, _ in levels if other != name}
        unknown = [part.alone for part in lacks(found, checks, without) if part.permission == wanted]
        less = sorted(spec.name for spec in checks if wanted in of[spec.name].helpful)
        said = manifest.permissions.get(name)
        rows.append(
            f"| `{wanted}` | {'yes' if said else 'no'} | {_cell(manifest.reasons.get(name, ''))} | "
            f"{_check_links(sorted({c for part in unknown for c in part}))} | {_check_links(less)} |"
        )
    lines = [
        PERMISSIONS + "\n".join(rows),
        "",
        "Every App has `metadata: read`; nothing is unknown for want of it.",
        "",
        "## What each check needs",
        "",
        "| check | needs | knows less without |",
        "| --- | --- | --- |",
        *(
            f"| {_check_link(name)} | {_named(p.needed)} | {_named(p.helpful) if p.helpful else ''} |"
            for name, p in of.items()
        ),
        "",
    ]
    return "\n".join(lines)


def _check_links(names: Iterable[str]) -> str:
    return ", ".join(_check_link(name) for name in names)


def facts_page(found: Registry) -> str:
    """The page of all facts, by name."""
    return "\n".join([FACTS, *(line for spec in found.facts.values() for line in _fact(found, spec))])


def _fact(found: Registry, spec: FactSpec) -> list[str]:
    users = [check.name for check in found.checks.values() if spec in facts_of(found, check)]
    built_on = [f"[{need}](#{need})" for need in spec.needs if need in found.facts]
    asked = [selection.text for _, selection in sorted(spec.graph.items())]
    of = "the organisation" if spec.owner or "owner" in spec.needs else "the repository"
    return [
        f"## {spec.name}",
        "",
        parse_doc(spec.function.__doc__ or "").title,
        "",
        f"- **Permissions:** {_named(part.strip() for part in spec.permission.split(','))}",
        f"- **Source:** {spec.source.value}{'; git, of a clone' if spec.file_fed else ''}",
        f"- **Costs:** {spec.cost}",
        f"- **Of:** {of}; {'decided by files' if spec.file_fed else 'not decided by files'}",
        *([f"- **Built on:** {', '.join(built_on)}"] if built_on else []),
        f"- **For:** {_check_links(users) or 'other facts and reports'}",
        *(["", "Asked of GraphQL:", "", "```graphql", *asked, "```"] if asked else []),
        "",
    ]


def jobs_page(found: Registry) -> str:
    """The page of all jobs, by name."""
    return "\n".join([JOBS, *(line for spec in found.jobs.values() for line in _job(spec))])


def _job(spec: JobSpec) -> list[str]:
    fields = [f"`{name}`" for name in spec.payload.model_fields if name != "installation_id"]
    every = f"every {_seconds(spec.every_s)}, by the clock" if spec.every_s else "when something asks for it"
    return [
        f"## {spec.name}",
        "",
        parse_doc(spec.function.__doc__ or "").title,
        "",
        f"- **Lane:** {spec.lane.value}",
        f"- **When:** {every}",
        f"- **At most:** {_seconds(spec.timeout_s)}",
        f"- **Told:** {', '.join(fields) or 'nothing but the installation'}",
        f"- **Merged by:** {parse_doc(vars(spec.payload)['key'].__doc__ or '').title}",
        "",
    ]


def _seconds(number: int) -> str:
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if number >= size and number % size == 0:
            return f"{number // size} {unit}{'s' if number > size else ''}"
    return f"{number} s"


def events_page(found: Registry) -> str:
    """The page of all handlers, by event."""
    events: dict[str, list[HandlerSpec]] = {}
    for spec in sorted(found.handlers, key=lambda handler: (handler.event, handler.name)):
        events.setdefault(spec.event, []).append(spec)
    lines = [EVENTS]
    for event, specs in events.items():
        lines += [
            f"## {event}",
            "",
            "| handler | actions | lane | what it does |",
            "| --- | --- | --- | --- |",
        ]
        lines += [
            f"| `{spec.name}` | {', '.join(f'`{a}`' for a in spec.actions) or 'all'} | {spec.lane.value} | "
            f"{_cell(parse_doc(spec.function.__doc__ or '').title)} |"
            for spec in specs
        ]
        lines.append("")
    return "\n".join(lines)


def settings_page() -> str:
    """The page of all environment variables."""
    rows = [
        f"| `{v.name}` | {_default(v.default)} | {_cell(v.about)}{' Secret.' if v.secret else ''} |"
        for v in VARIABLES
    ]
    return SETTINGS + "\n".join([*rows, ""])


def _default(text: str) -> str:
    return text if not text or "`" in text else f"`{text}`"


def metrics_page() -> str:
    """The page of all metrics, by name."""
    rows = []
    for name, (kind, labels) in sorted(metrics_in_code().items()):
        shown = ", ".join(f"`{label}`" for label in labels)
        about = _cell(MEANINGS.get(name.removeprefix("plumbline_"), ""))
        rows.append(f"| `{name}` | {kind} | {shown} | {about} |")
    return METRICS + "\n".join([*rows, ""])


_KINDS = {"count": "counter", "observe": "histogram", "gauge": "gauge"}


def metrics_in_code() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Exposed name -> kind and labels of every metric that is written anywhere."""
    found = {}
    for call in _calls_of_metrics():
        assert isinstance(call.func, ast.Attribute)
        name, kind = call.args[0], _KINDS[call.func.attr]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            total = "_total" if kind == "counter" else ""
            shown = f"plumbline_{name.value.removesuffix('_total')}{total}"
            found[shown] = (kind, tuple(sorted(k.arg for k in call.keywords if k.arg)))
    return found


def _calls_of_metrics() -> Iterator[ast.Call]:
    for package in ("bot", "handlers", "jobs"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                    continue
                if node.func.attr in _KINDS and ast.unparse(node.func.value).endswith("metrics"):
                    yield node


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
        if key.name == CUSTOM_CHECKS:
            lines += _custom_keys()
        if key.name == "exemptions":
            lines += [
                f"Every entry has {', '.join(f'`{name}`' for name in EXEMPTION_KEYS)}. `until` is the last "
                "day on which the check is silent, written YYYY-MM-DD; after it the check speaks again, and "
                "the report says that the exemption has expired.",
                "",
            ]
    return "\n".join(lines)


def _custom_keys() -> list[str]:
    """What a definition of a check may have."""
    about = (
        "Every definition has these keys and exactly one rule. Its name is of 2 to 60 lower-case letters, "
        "digits and single hyphens, and none of Plumbline's own. The [guide](../guide/custom-checks.md) has "
        "examples."
    )
    texts = [(key, said, f"a text, at most {limit:,} characters") for key, (limit, said) in TEXT_KEYS.items()]
    lines = [about, "", "| key | value | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{key}` | {value} | {said} |" for key, said, value in texts]
    lines += [
        f"| `severity` | {', '.join(f'`{s.label}`' for s in Severity)} | How much a fail matters. |",
        "| `audience` | `public`, `restricted` | Who may read what it says; where left out, everybody unless "
        "the rule asks for what a logged-out reader does not see. |",
        "",
    ]
    for name, kind in RULES.items():
        lines += [f"### Rule `{name}`", "", kind.about, "", "| key | meaning |", "| --- | --- |"]
        lines += [f"| `{key}` | {_cell(said.about)} |" for key, said in kind.keys.items()]
        lines.append("")
    lines += ["Settings that a rule can name:", "", "| setting | value | meaning |", "| --- | --- | --- |"]
    lines += [
        f"| `{name}` | {said.kind.value} | {_cell(said.about)} |" for name, said in RULE_SETTINGS.items()
    ]
    return [*lines, ""]


def organisation_page(found: Registry) -> str:
    """The page of all keys of an organisation's file."""
    schema: dict[str, Any] = organisation_schema(found.checks)["properties"]
    lines = [ORGANISATION]
    for key in ORGANISATION_KEYS:
        lines += [f"## {key.name}", "", key.about, ""]
        lines += ORGANISATION_DETAILS.get(key.name) or [f"Value: {_value(schema[key.name])}.", ""]
    former = ", ".join(f"`{renamed.old}` (now `{renamed.new}`)" for renamed in RENAMES)
    lines += ["## Former names", "", f"Still understood, with a notice: {former}.", ""]
    return "\n".join(lines)


ORGANISATION_DETAILS: dict[str, list[str]] = {
    "defaults": [f"Keys: {', '.join(f'[{key.name}](policy.md#{key.name})' for key in POLICY_KEYS)}.", ""],
    "groups": [
        f"Each has {', '.join(f'`{name}`' for name in GROUP_KEYS)} and the keys of `defaults`. All "
        "conditions of `when` that are given must hold; where a condition is a list, any entry will do. "
        "Letters of either case are the same. What is not known of a repository makes a condition neither "
        "hold nor fail, and then the group does not hold.",
        "",
        "| condition | holds when |",
        "| --- | --- |",
        *(f"| `{name}` | {about} |" for name, about in WHEN_KEYS.items()),
        "",
    ],
    "lock": [
        "Value: a list of keys, as `publish`, `checks`, `checks.licence` or `checks.licence.severity`. A "
        "lock that keeps a check from being switched off keeps it from being exempted, too; a lock of "
        "`exemptions` is for files, as `exempt` says who may do it by command.",
        "",
    ],
    "enrol": [
        "Value: `all`, or a list of selectors with the conditions of `groups`, or `include` and `exclude`, "
        "each such a list. Exclusion is stronger. What is not known never enrols.",
        "",
    ],
    "exempt": [
        f"Value: a mapping from a severity to {', '.join(f'`{name}`' for name in EXEMPTING)}, or to "
        "`{who: admin, approval: true}`.",
        "",
    ],
    "rings": [f"Value: {', '.join(f'`{share}`' for share in RINGS)}; 100 when it is left out.", ""],
    "roll_up": ["Value: the name of a private repository of this organisation.", ""],
    "grants": ["Value: a list, empty so far.", ""],
}


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
        shown = [f"`{value}`" for value in said["enum"] if ":" not in str(value)]
        return ", ".join(shown) if len(shown) <= 6 else "the name of a check"
    if "anyOf" in said:
        return " or ".join(_value(part) for part in said["anyOf"])
    if said.get("pattern") == NAME_SCHEMA["pattern"]:
        return "of a check that policy defines"
    kinds = said["type"] if isinstance(said["type"], list) else [said["type"]]
    kind = next(k for k in kinds if k != "null")
    if kind == "array":
        return f"a list; an entry is {_value(said['items'])}"
    if kind == "object" and "issues" in said.get("properties", {}):
        return "`{issues: all}`"
    return {"boolean": "`true` or `false`", "object": "a mapping"}.get(str(kind), str(kind))


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
    found = registry.load(plugins=False)
    if "--check" in arguments:
        return _compare(pages(found, kept_examples()))
    examples = kept_examples() if "--kept-examples" in arguments else record_examples()
    wanted = pages(found, examples) | {EXAMPLES: _json(examples)}
    (REFERENCE / "checks").mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
    for page in _left_over(wanted):
        page.unlink()
    return 0


def _left_over(wanted: Iterable[str]) -> list[Path]:
    """Pages of checks that are gone."""
    return sorted(set((REFERENCE / "checks").glob("*.md")) - {REFERENCE / name for name in wanted})


def _compare(wanted: Mapping[str, str]) -> int:
    stale = bool(_left_over(wanted))
    for page in _left_over(wanted):
        print(f"{page} is of a check that is gone")
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
