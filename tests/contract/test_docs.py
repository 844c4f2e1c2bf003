"""The reference pages are what the code says, and say all of it."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import click
import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from bot import registry
from bot.config.explain import every_key
from bot.config.policy_file import policy_schema, read_policy
from bot.engine.command_lines import LONGEST_COMMENT
from bot.engine.commanding import COMMANDS_PER_HOUR
from bot.entry.cli import cli
from handlers.events.issue_comment import MOST_COMMANDS

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
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0


def test_every_check_every_option_and_every_permission_is_on_the_page(generator: ModuleType) -> None:
    """Whoever adds a check documents it where the check is written."""
    found = registry.load(plugins=False)
    page = generator.checks_page(found)

    for spec in found.checks.values():
        section = page.partition(f"\n## {spec.name}\n")[2].partition("\n## ")[0]
        assert all((spec.doc.title, spec.doc.why, spec.doc.fix, spec.doc.source)), spec.name
        for said in (spec.doc.title, spec.doc.why, spec.doc.fix, spec.doc.source, spec.severity.label):
            assert said in section
        for fact in generator.facts_of(found, spec):
            assert fact.cost in section
            assert all(f"`{part}`" in section for part in fact.permission.split(", "))
        for name, field in (spec.config.model_fields if spec.config else {}).items():
            assert f"| `{name}` |" in section
            assert field.description, f"{spec.name}: {name} needs a description"


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
    """Programs that read ``plumbline check --format json`` can validate it."""
    schema = json.loads(generator.pages(registry.load(plugins=False))["report.schema.json"])

    assert schema["title"] == "Report of one repository"


GUIDE = ROOT / "docs" / "guide"


def fences(page: Path) -> list[str]:
    """The YAML examples of a page."""
    return re.findall(r"^```yaml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def policies(page: Path) -> list[str]:
    """Those of them that are policy files."""
    marks = ("# .github/plumbline.yml", "# yaml-language-server: $schema=")
    return [example for example in fences(page) if example.startswith(marks)]


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

    assert len(policies(GUIDE / "policy.md")) == len(examples) >= 4
    hooks = YAML(typ="safe", pure=True).load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    used = YAML(typ="safe", pure=True).load(hook)
    assert used["repos"][0]["hooks"][0]["id"] == hooks[0]["id"]


def test_every_key_and_every_command_is_in_the_reference(generator: ModuleType) -> None:
    """Policy keys with their meaning, commands with every option."""
    found = registry.load(plugins=False)
    pages = generator.pages(found)

    for key in every_key(found.checks):
        shown = f"| `{key}` |" if key.count(".") == 2 else f"## {key}"
        own = key.rpartition(".")[2]
        assert shown in pages["policy.md"] or f"| `{own}` |" in pages["policy.md"], key
    for name in cli.list_commands(click.Context(cli)):
        assert f"\n## plumbline {name}\n" in pages["cli.md"]
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert command.help, name
    assert json.loads(pages["plumbline.schema.json"]) == policy_schema(found.checks)
