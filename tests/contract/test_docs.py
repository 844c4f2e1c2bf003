"""The reference pages are what the code says, and say all of it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from bot import registry

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


def test_the_schema_of_reports_is_published(generator: ModuleType) -> None:
    """Programs that read ``plumbline check --format json`` can validate it."""
    schema = json.loads(generator.pages(registry.load(plugins=False))["report.schema.json"])

    assert schema["title"] == "Report of one repository"
