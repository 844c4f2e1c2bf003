"""``plumbline check``: the page for browsers, files to write to, and reports for everybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.entry import check as command
from bot.entry.check import check
from bot.report.html import charts
from tests.integration.cli_check.test_remote import Scene, scene
from tests.unit.report.html.parsing import parse

__all__ = ["scene"]


def test_writes_the_page_to_a_file(make_clone: Callable[..., Path], tmp_path: Path) -> None:
    """Nothing is printed, and the exit code is that of every other format."""
    clone, file = make_clone({"LICENSE": None}), tmp_path / "page.html"
    done = CliRunner().invoke(check, [str(clone), "--format", "html", "--output", str(file)])
    parsed = parse(file.read_text(encoding="utf-8"))

    assert (done.exit_code, done.output) == (1, "")
    assert parsed.wrong == []
    assert "What to do next" in parsed.text
    assert "licence" in parsed.text


def test_prints_the_page_without_charts_and_says_so(
    make_clone: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library for charts is an extra; what would have it is named."""
    monkeypatch.setattr(charts, "available", lambda: False)
    monkeypatch.setattr("bot.report.html.available", lambda: False)
    done = CliRunner().invoke(check, [str(make_clone()), "--format", "html", "--fail-on", "never"])

    assert done.stdout.startswith("<!doctype html>")
    assert "<svg" not in done.stdout
    assert done.stderr == f"{command.NO_CHARTS}\n"
    assert "pip install 'plumbline[reports]'" in done.stderr


@pytest.mark.parametrize("form", ["json", "sarif", "junit", "markdown"])
def test_every_format_goes_to_a_file(make_clone: Callable[..., Path], tmp_path: Path, form: str) -> None:
    """The file holds what would be printed, but for the time."""
    clone, file = make_clone(), tmp_path / "report"
    printed = CliRunner().invoke(check, [str(clone), "--format", form]).stdout
    assert CliRunner().invoke(check, [str(clone), "--format", form, "--output", str(file)]).stdout == ""

    assert len(file.read_text(encoding="utf-8")) == len(printed)


def test_a_file_that_can_not_be_written(make_clone: Callable[..., Path], tmp_path: Path) -> None:
    """One sentence, no traceback; a table is for terminals."""
    clone = str(make_clone())
    done = CliRunner().invoke(check, [clone, "--format", "html", "--output", str(tmp_path / "no" / "file")])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "No such file or directory" in done.stderr

    table = CliRunner().invoke(check, [clone, "--output", str(tmp_path / "file")])
    assert table.exit_code == 2
    assert "choose another --format" in table.stderr


@pytest.mark.parametrize("form", ["html", "json", "sarif", "junit", "markdown", "table"])
def test_a_report_for_everybody_names_no_restricted_check(make_clone: Callable[..., Path], form: str) -> None:
    """Whether it is judged, unknown or exempt, and whoever defines it; what is public stays."""
    texts = "severity: low, file: {path: nowhere.md}"
    policy = (
        "exemptions: [{check: admins, reason: canary, until: 2999-01-01}, "
        "{check: acme-open-too, reason: open reason, until: 2999-01-01}]\n"
        "custom_checks:\n"
        f"  acme-closed: {{title: canary, why: canary, fix: canary, audience: restricted, {texts}}}\n"
        f"  acme-open: {{title: t, why: w, fix: f, {texts}}}\n"
        f"  acme-open-too: {{title: t, why: w, fix: f, {texts}}}\n"
    )
    clone = str(make_clone({".github/plumbline.yml": policy}))
    everything = CliRunner().invoke(check, [clone, "--format", form, "--fail-on", "never"])
    public = CliRunner().invoke(check, [clone, "--format", form, "--fail-on", "never", "--public"])

    assert "deploy-keys" in everything.stdout
    assert "acme-closed" in everything.stdout
    assert public.exit_code == 0, public.output
    # Code scanning has no place for what is exempt.
    exempt = () if form == "sarif" else ("acme-open-too", "open reason")
    for name in ("licence", "acme-open", *exempt):
        assert name in public.stdout
    for name in ("deploy-keys", "canary", "admins", "secret-scanning", "acme-closed"):
        assert name not in public.stdout


def test_nothing_of_a_private_repository_is_for_everybody(scene: Scene) -> None:
    """It is said, and nothing is written."""
    scene.token()
    done = scene.check("acme/rocket", "--format", "json", "--public")

    assert (done.exit_code, done.stdout) == (2, "")
    assert "acme/rocket is private: there is nothing in its report that everybody may read" in done.stderr
    assert json.loads(scene.check("acme/rocket", "--format", "json").stdout)["repository"]
