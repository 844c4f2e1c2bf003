"""The reference pages are what the code says, and say all of it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from bot import registry
from bot.engine.command_lines import LONGEST_COMMENT
from bot.engine.commanding import COMMANDS_PER_HOUR
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
