"""``plumbline list`` and ``plumbline completion``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.entry import cli
from bot.entry.listing import list_
from bot.entry.tables import printable, show
from bot.registry import load
from tests.terminal import shown_in_a_terminal

REGISTRY = load()
KINDS = {
    "checks": list(REGISTRY.checks),
    "commands": list(REGISTRY.commands),
    "handlers": [h.name for h in REGISTRY.handlers],
    "jobs": list(REGISTRY.jobs),
    "facts": list(REGISTRY.facts),
}
PROGRAM = Path(sys.executable).with_name("plumbline")


@pytest.mark.parametrize("kind", KINDS)
def test_every_plug_in_is_listed(kind: str) -> None:
    """In the table, one line each under headings, and as JSON; each says what it does."""
    table = CliRunner().invoke(list_, [kind]).output.splitlines()
    items = json.loads(CliRunner().invoke(list_, [kind, "--json"]).output)

    assert [item["name"] for item in items] == KINDS[kind]
    assert len(table) == len(items) + 1
    assert all(name in line for name, line in zip(KINDS[kind], table[1:], strict=True))
    for item in items:
        assert item.get("does") or item.get("title"), item["name"]


def test_json_says_whom_a_check_judges_and_who_may_read_it() -> None:
    """An organisation's settings are judged once, and are not for everybody."""
    items = json.loads(CliRunner().invoke(list_, ["checks", "--json"]).output)
    found = {item["name"]: (item["scope"], item["audience"]) for item in items}

    assert found["two-factor-required"] == ("organisation", "restricted")
    assert found["licence"] == ("repository", "public")


def test_json_says_what_a_fact_asks_of_github() -> None:
    """The texts for GraphQL by their names, for how long an answer is kept, and whether it is the owner's."""
    items = json.loads(CliRunner().invoke(list_, ["facts", "--json"]).output)
    found = {item["name"]: item for item in items}

    assert list(found["deploy_keys"]["graph"]) == ["keys"]
    assert found["deploy_keys"]["graph"]["keys"].startswith("deployKeys(")
    assert (found["webhooks"]["graph"], found["webhooks"]["keep_s"]) == ({}, 6 * 3600)
    assert (found["webhooks"]["of_owner"], found["organisation_owners"]["of_owner"]) == (False, True)


def test_an_unknown_kind_is_refused() -> None:
    """With those that there are."""
    result = CliRunner().invoke(list_, ["chekcs"])

    assert result.exit_code == 2
    assert "chekcs" in result.output


def test_nothing_to_show(capsys: pytest.CaptureFixture[str]) -> None:
    """No headings without rows."""
    show(("a",), [], empty="there are none")

    assert capsys.readouterr().out == "there are none\n"


def test_foreign_names_stay_on_their_line() -> None:
    """Whatever is in them."""
    assert printable("a\nb\x1b[2J\u202ec ü") == "a\\nb\\x1b[2J\\u202ec ü"


def test_a_terminal_gets_a_table_that_fits() -> None:
    """Wrapped and coloured; a pipe gets neither."""
    seen = shown_in_a_terminal([PROGRAM, "list", "jobs"], COLUMNS="80")

    assert b"\x1b[" in seen
    assert b"scan-repository" in seen


class TestCompletion:
    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_a_shell_gets_its_script(self, shell: str, capsys: pytest.CaptureFixture[str]) -> None:
        """It asks this program what there is."""
        with pytest.raises(SystemExit) as ended:
            cli.main(["completion", shell])
        out = capsys.readouterr().out

        assert not ended.value.code
        assert f"_PLUMBLINE_COMPLETE={shell}_complete" in out
        assert "plumbline" in out

    @pytest.mark.skipif(shutil.which("bash") is None, reason="no bash at hand")
    def test_bash_takes_it(self) -> None:
        """And completes by it, also below a group."""
        script = (
            f'PATH="{PROGRAM.parent}:$PATH"; eval "$(plumbline completion bash)"; '
            "COMP_WORDS=(plumbline list f); COMP_CWORD=2; "
            '_plumbline_completion plumbline; echo "${COMPREPLY[@]}"'
        )
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)

        assert done.stdout.split() == ["facts"]

    def test_another_shell_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        """With those that there are."""
        with pytest.raises(SystemExit) as ended:
            cli.main(["completion", "csh"])

        assert ended.value.code == 2
        assert "bash" in capsys.readouterr().err


def test_lists_the_checks_of_a_policy_as_well(tmp_path: Path) -> None:
    """Of a repository's file, or of an organisation's with its groups; mistakes are told."""
    one = "custom_checks: {acme-x: {title: t, why: w, fix: f, severity: low, file: {path: a}}}"
    own, organisation = tmp_path / "plumbline.yml", tmp_path / "plumbline.org.yml"
    own.write_text(one)
    organisation.write_text(f"groups: [{{name: g, when: {{names: a}}, {one}}}]")
    for file in (own, organisation):
        items = json.loads(CliRunner().invoke(list_, ["checks", "--json", "--policy", str(file)]).output)
        assert [i["module"] for i in items if i["name"] == "acme-x"] == ["policy"]
        assert len(items) == len(REGISTRY.checks) + 1

    own.write_text("custom_checks: {licence: {}}")
    assert "a check of Plumbline itself" in CliRunner().invoke(list_, ["checks", "--policy", str(own)]).output
