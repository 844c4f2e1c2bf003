"""The reference pages are what the code says, and say all of it."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from bot import registry
from bot.config.explain import every_key
from bot.config.manifest import read_manifest
from bot.config.organisation_file import (
    ORGANISATION_KEYS,
    WHEN_KEYS,
    organisation_schema,
    read_organisation,
)
from bot.config.policy_file import policy_schema, read_policy
from bot.config.variables import VARIABLES
from bot.engine.command_lines import LONGEST_COMMENT
from bot.engine.commanding import COMMANDS_PER_HOUR
from bot.engine.permissions import facts_of, permissions_of
from bot.entry.cli import cli
from bot.model.metrics import MEANINGS
from bot.spec import parse_doc
from handlers.events.issue_comment import MOST_COMMANDS

# All pages are written many times here.
pytestmark = pytest.mark.untraced

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """``scripts/generate_docs.py``, which is no part of any package."""
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "scripts" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_reference_pages_are_up_to_date(generator: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """``make docs`` was run after the last change of a check; the difference is printed."""
    assert generator.main(["--check"]) == 0, capsys.readouterr().out


def test_a_stale_page_is_found_and_written_anew(
    generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Checking writes nothing; writing mends."""
    monkeypatch.setattr(generator, "REFERENCE", tmp_path / "reference")

    assert generator.main(["--check"]) == 1
    assert "run `make docs`" in capsys.readouterr().out
    assert not (tmp_path / "reference").exists()
    assert generator.main(["--kept-examples"]) == 0
    assert generator.main(["--check"]) == 0
    left_over = tmp_path / "reference" / "checks" / "gone.md"
    left_over.touch()
    assert generator.main(["--check"]) == 1
    assert generator.main(["--kept-examples"]) == 0
    assert not left_over.exists()


def test_every_check_every_option_and_every_permission_is_on_its_page(generator: ModuleType) -> None:
    """Whoever adds a check documents it where the check is written."""
    found = registry.load(plugins=False)
    pages = generator.pages(found, generator.kept_examples())

    for spec in found.checks.values():
        page = pages[f"checks/{spec.name}.md"]
        assert all((spec.doc.title, spec.doc.why, spec.doc.fix, spec.doc.source)), spec.name
        for said in (spec.doc.title, spec.doc.why, spec.doc.fix, spec.doc.source, spec.severity.label):
            assert said in page
        for fact in facts_of(found, spec):
            assert f"(../facts.md#{fact.name}): {fact.cost}" in page
            assert all(f"`{part}`" in page for part in fact.permission.split(", "))
        for name, field in (spec.config.model_fields if spec.config else {}).items():
            assert f"| `{name}` |" in page
            assert field.description, f"{spec.name}: {name} needs a description"
        assert f"| [{spec.name}](checks/{spec.name}.md) | {spec.severity.label} |" in pages["checks.md"]
        assert spec.family in generator.FAMILIES, f"say what the family {spec.family} asks after"


def test_every_fact_every_job_and_every_handler_is_in_the_reference(generator: ModuleType) -> None:
    """With what it costs or when it runs, and a first sentence that says what it is."""
    found = registry.load(plugins=False)
    pages = generator.pages(found, {})

    for spec in found.facts.values():
        section = pages["facts.md"].partition(f"\n## {spec.name}\n")[2].partition("\n## ")[0]
        assert len(parse_doc(spec.function.__doc__ or "").title) > 10, spec.name
        assert all(said in section for said in (spec.cost, *(s.text for s in spec.graph.values())))
    for job in found.jobs.values():
        section = pages["jobs.md"].partition(f"\n## {job.name}\n")[2].partition("\n## ")[0]
        assert len(parse_doc(job.function.__doc__ or "").title) > 10, job.name
        assert f"- **Lane:** {job.lane.value}\n" in section
        assert ("by the clock" in section) is (job.every_s is not None)
    for handler in found.handlers:
        section = pages["events.md"].partition(f"\n## {handler.event}\n")[2].partition("\n## ")[0]
        (row,) = [line for line in section.splitlines() if line.startswith(f"| `{handler.name}` |")]
        assert parse_doc(handler.function.__doc__ or "").title.replace("|", "\\|") in row


def test_every_permission_says_which_checks_it_serves(generator: ModuleType) -> None:
    """Those of the manifest and those that checks read; no check is silent without a reason there."""
    found, manifest = registry.load(plugins=False), read_manifest()
    page = generator.permissions_page(found, manifest)
    needs = page.partition("## What each check needs")[2]

    for name, level in manifest.permissions.items():
        assert f"| `{name}: {level}` | yes | {manifest.reasons[name]} |" in page
    for spec in found.checks.values():
        (row,) = [line for line in needs.splitlines() if line.startswith(f"| [{spec.name}](")]
        for part in permissions_of(found, spec).needed:
            assert f"`{part}`" in row
            served = next(line for line in page.splitlines() if line.startswith(f"| `{part}` |"))
            # Every App has metadata, so nothing is unknown for want of it.
            assert part == "metadata: read" or f"[{spec.name}](" in served
    assert "| no |" not in page, "a check reads what app.yml does not ask for"


def test_every_metric_is_in_the_reference_with_what_it_tells(generator: ModuleType) -> None:
    """And nothing is told that nobody counts."""
    page = generator.metrics_page()

    assert {f"plumbline_{name}" for name in MEANINGS} == set(generator.metrics_in_code())
    assert all(f"| `plumbline_{name}` |" in page and about in page for name, about in MEANINGS.items())


BETWEEN_PROCESSES = {"PLUMBLINE_METRICS_BY_PARENT", "PLUMBLINE_SCHEMAS", "PLUMBLINE_PROBLEMS"}
"""What Plumbline's own processes and its tests tell each other; nobody else sets these."""


def test_every_environment_variable_is_in_the_reference(generator: ModuleType) -> None:
    """Names are compared with the literals of all modules."""
    page = generator.settings_page()
    read: set[str] = set()
    for path in (ROOT / "bot").rglob("*.py"):
        if path.name != "variables.py":
            read.update(re.findall(r'"(PLUMBLINE_[A-Z_]*[A-Z])"', path.read_text(encoding="utf-8")))
    source = (ROOT / "bot" / "config" / "settings.py").read_text(encoding="utf-8")
    read |= {f"{name}_PREVIOUS" for name in re.findall(r'_list\(env, "(\w+)"\)', source)}
    read |= set(re.findall(r'"(HOST|PORT|REDIS_URL|DATABASE_URL)"', source))

    assert {variable.name for variable in VARIABLES} == read - BETWEEN_PROCESSES
    assert all(f"| `{v.name}` |" in page and v.about in page for v in VARIABLES)


def test_every_command_is_on_its_page_and_in_the_guide(generator: ModuleType) -> None:
    """With how it is written, who may give it, and lines to copy."""
    found = registry.load(plugins=False)
    page = generator.commands_page(found)
    guide = (ROOT / "docs" / "guide" / "commands.md").read_text(encoding="utf-8")

    for spec in found.commands.values():
        section = page.partition(f"\n## {spec.name}\n")[2].partition("\n## ")[0]
        for said in (spec.usage, spec.doc.title, *spec.examples):
            assert said in section
        row = next(line for line in guide.splitlines() if line.startswith(f"| `{spec.usage}` |"))
        assert row.rpartition(" | ")[2].startswith(spec.who.label)
    for number in (MOST_COMMANDS, COMMANDS_PER_HOUR, f"{LONGEST_COMMENT:,}"):
        assert f" {number} " in guide


def test_the_schema_of_reports_is_published(generator: ModuleType) -> None:
    """Programs that read what ``--format json`` prints can validate it."""
    pages = generator.pages(registry.load(plugins=False), {})
    names = ("report.schema.json", "report.org.schema.json")

    titles = [json.loads(pages[name])["title"] for name in names]
    assert titles == ["Report of one repository", "Report of an organisation"]


GUIDE = ROOT / "docs" / "guide"


def fences(page: Path) -> list[str]:
    """The YAML examples of a page."""
    return re.findall(r"^```yaml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def policies(page: Path) -> list[str]:
    """Those of them that are policy files."""
    marks = ("# .github/plumbline.yml", "# yaml-language-server: $schema=")
    return [example for example in fences(page) if example.startswith(marks)]


def organisation_policies(page: Path) -> list[str]:
    """Those that are an organisation's."""
    return [example for example in fences(page) if example.startswith("# plumbline.org.yml")]


def test_every_policy_of_an_organisation_in_the_guide_is_good() -> None:
    """Read as GitHub's would be, without a notice, and by the schema."""
    checks = registry.load(plugins=False).checks
    schema = jsonschema_rs.validator_for(organisation_schema(checks))
    examples = [example for page in sorted(GUIDE.glob("*.md")) for example in organisation_policies(page)]

    assert len(examples) >= 3
    for example in examples:
        assert read_organisation(example.encode(), checks).notices == ()
        schema.validate(json.loads(json.dumps(YAML(typ="safe", pure=True).load(example), default=str)))


@pytest.mark.parametrize("page", sorted(GUIDE.glob("*.md")), ids=lambda page: page.name)
def test_every_policy_in_the_guide_is_good(page: Path) -> None:
    """Read as GitHub's would be, and by the schema that editors use."""
    checks = registry.load(plugins=False).checks
    schema = jsonschema_rs.validator_for(policy_schema(checks))

    for example in policies(page):
        read_policy(example.encode(), checks)
        schema.validate(json.loads(json.dumps(YAML(typ="safe", pure=True).load(example), default=str)))


def test_the_guide_of_policy_has_examples_and_says_no_key_that_is_none(generator: ModuleType) -> None:
    """All but the last are policies; the last names the hook that there is."""
    *examples, hook = fences(GUIDE / "policy.md")

    page = GUIDE / "policy.md"
    assert len(policies(page)) >= 4
    assert len(policies(page)) + len(organisation_policies(page)) == len(examples)
    hooks = YAML(typ="safe", pure=True).load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    used = YAML(typ="safe", pure=True).load(hook)
    assert used["repos"][0]["hooks"][0]["id"] == hooks[0]["id"]


def programs(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it that are not hidden, with what is typed for each."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from programs(below, f"{path} {name}")


def test_every_key_and_every_command_is_in_the_reference(generator: ModuleType) -> None:
    """Policy keys with their meaning, commands with every option."""
    found = registry.load(plugins=False)
    pages = generator.pages(found, {})

    for key in every_key(found.checks):
        shown = f"| `{key}` |" if key.count(".") == 2 else f"## {key}"
        own = key.rpartition(".")[2]
        assert shown in pages["policy.md"] or f"| `{own}` |" in pages["policy.md"], key
    for path, command in programs(cli, "plumbline"):
        section = pages["cli.md"].partition(f"\n## {path}\n")[2].partition("\n## ")[0]
        assert command.help, path
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert all(f"`{name}" in section or f", {name}" in section for name in option.opts), path
                assert option.help, f"{path} {option.opts[0]} needs a help text"
    for organisation_key in (*(k.name for k in ORGANISATION_KEYS), *WHEN_KEYS):
        shown = (f"## {organisation_key}", f"| `{organisation_key}` |")
        assert any(line in pages["organisation.md"] for line in shown), organisation_key
    assert json.loads(pages["plumbline.org.schema.json"]) == organisation_schema(found.checks)
    assert json.loads(pages["plumbline.schema.json"]) == policy_schema(found.checks)


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md"])
def test_the_number_of_checks_is_about_right(page: str) -> None:
    """Rounded, so that not every new check changes it."""
    (told,) = re.findall(r"About (\d+) checks", (ROOT / page).read_text(encoding="utf-8"))

    assert abs(int(told) - len(registry.load(plugins=False).checks)) <= 5
