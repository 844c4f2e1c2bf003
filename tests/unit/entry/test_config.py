"""``plumbline config``, and the hook that runs it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from bot.config.explain import every_key
from bot.config.policy_file import policy_schema, read_policy
from bot.entry.config import config, policy_file
from bot.registry import load

ROOT = Path(__file__).resolve().parents[3]
GOOD = """publish: {issues: all}
block: [dangerous-trigger]
checks:
  behind:
    max_behind: 7
    severity: low
exemptions:
  - {check: licence, reason: the lawyers are choosing one, until: 2999-12-31}
"""
WRONG = "blokc: [licence]\nchecks:\n  behind: {max_behind: -1}\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes the policy file of a repository whose root is the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PLUMBLINE_PUBLISH", raising=False)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".github").mkdir()

    def write(text: str) -> Path:
        file = tmp_path / ".github" / "plumbline.yml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def call(*arguments: str) -> Result:
    return CliRunner().invoke(config, [*arguments])


class TestValidate:
    def test_a_good_file(self, place: Callable[[str], Path]) -> None:
        """One line, code 0."""
        place(GOOD)
        result = call("validate")

        assert (result.exit_code, result.output) == (0, ".github/plumbline.yml: good\n")

    def test_all_mistakes_with_line_and_column(self, place: Callable[[str], Path]) -> None:
        """As compilers write them, so that editors jump there."""
        place(WRONG)
        result = call("validate")

        assert result.exit_code == 1
        first, second = result.output.splitlines()
        assert first.startswith(
            ".github/plumbline.yml:1:1: the file: unknown key 'blokc'; did you mean 'block'?"
        )
        assert second.startswith(".github/plumbline.yml:3:24: checks.behind.max_behind: it should be")

    def test_mistakes_for_programs(self, place: Callable[[str], Path]) -> None:
        """The same as a list; empty when there are none."""
        file = place(WRONG)
        found = json.loads(call("validate", "--json", str(file)).output)

        assert [(m["path"], m["line"], m["column"]) for m in found] == [(str(file), 1, 1), (str(file), 3, 24)]
        place(GOOD)
        assert json.loads(call("validate", "--json").output) == []

    def test_several_files(self, place: Callable[[str], Path], tmp_path: Path) -> None:
        """One bad one is enough for code 1."""
        place(GOOD)
        other = tmp_path / "other.yml"
        other.write_text("version: 2\n")
        result = call("validate", ".github/plumbline.yml", str(other))

        assert result.exit_code == 1
        assert ".github/plumbline.yml: good" in result.output
        assert f"{other}:1:10: version must be 1" in result.output

    def test_no_file_is_no_mistake(self, place: Callable[[str], Path]) -> None:
        """The defaults are in force."""
        result = call("validate")

        assert (result.exit_code, result.output) == (
            0,
            "there is no policy file here: the defaults are in force\n",
        )
        assert call("validate", "--json").output == "[]\n"

    def test_an_expired_exemption_is_said(self, place: Callable[[str], Path]) -> None:
        """It is no mistake: the file was good when it was written."""
        place("exemptions: [{check: licence, reason: x, until: 2020-02-29}]\n")
        result = call("validate")

        assert result.exit_code == 0
        assert (
            "the exemption of licence expired on 2020-02-29; remove it or name a later day" in result.output
        )

    def test_foreign_text_does_nothing_to_the_terminal(self, place: Callable[[str], Path]) -> None:
        """Keys are quoted in messages."""
        place('"a\\x1b[2J\\u202e": 1\n')

        assert "\x1b" not in call("validate").output
        assert "\u202e" not in call("validate").output

    def test_a_file_that_is_too_large(self, place: Callable[[str], Path]) -> None:
        """It is not read to its end."""
        place("#" * 100_000)

        assert ".github/plumbline.yml:1:1: the file has" in call("validate").output


class TestExplain:
    def test_one_key_of_the_file(self, place: Callable[[str], Path]) -> None:
        """Value in force, where it is said, what it would be without, what it means."""
        place(GOOD)

        assert call("explain", "checks.behind.max_behind").output == (
            "Commits that a branch may lack.\n"
            "\n"
            "in force  7\n"
            "said by   .github/plumbline.yml:5\n"
            "default   100\n"
        )

    def test_one_key_of_the_operator(
        self, place: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The file goes before the operator's setting, that before the default."""
        place("block: []\n")
        assert "said by   default" in call("explain", "publish").output
        monkeypatch.setenv("PLUMBLINE_PUBLISH", "observe")
        told = call("explain", "publish").output
        assert 'in force  "observe"\nsaid by   operator (PLUMBLINE_PUBLISH)' in told
        place("publish: advise\n")
        assert 'in force  "advise"\nsaid by   .github/plumbline.yml:1' in call("explain", "publish").output

    def test_all_keys(self, place: Callable[[str], Path]) -> None:
        """Each has a meaning."""
        place(GOOD)
        rows = json.loads(call("explain", "--json").output)
        checks = load(("bot.checks", "bot.facts")).checks
        by_key = {row["key"]: row for row in rows}

        assert list(by_key) == every_key(checks)
        assert all(row["about"] for row in rows)
        assert by_key["block"]["layer"] == "repository file"
        assert by_key["block"]["line"] == 2
        assert by_key["fail_closed"]["layer"] == "default"
        table = call("explain").output.splitlines()
        assert table[0].split() == ["KEY", "VALUE", "SAID", "BY", "MEANING"]
        assert len(table) == len(rows) + 1

    def test_a_key_that_is_none(self, place: Callable[[str], Path]) -> None:
        """The nearest is named."""
        place(GOOD)
        result = call("explain", "pubish")

        assert result.exit_code == 1
        assert "did you mean `publish`?" in str(result.exception)

    def test_a_wrong_file_is_not_explained(self, place: Callable[[str], Path]) -> None:
        """Which policy is in force on GitHub then, only the App knows."""
        place(WRONG)
        result = call("explain", "publish")

        assert result.exit_code == 1
        assert ".github/plumbline.yml:1:1: the file: unknown key" in result.output

    def test_another_file(self, place: Callable[[str], Path], tmp_path: Path) -> None:
        """By name."""
        place(GOOD)
        other = tmp_path / "other.yml"
        other.write_text("fail_closed: true\n")

        assert f"said by   {other}:1" in call("explain", "fail_closed", "--file", str(other)).output


def test_the_schema_is_printed() -> None:
    """The same that is served and stored; it accepts what reading accepts."""
    printed = json.loads(call("schema").output)
    checks = load(("bot.checks", "bot.facts")).checks
    validator: Any = jsonschema_rs.validator_for(printed)

    assert printed == policy_schema(checks)
    read_policy(GOOD.encode(), checks)
    assert validator.is_valid(json.loads(json.dumps(YAML(typ="safe", pure=True).load(GOOD), default=str)))
    assert not validator.is_valid({"blokc": []})


def test_the_policy_file_is_found_from_inside_the_repository(
    place: Callable[[str], Path], tmp_path: Path
) -> None:
    """From a folder below the root as from the root itself."""
    file = place(GOOD)
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)

    assert policy_file(tmp_path) == Path(".github/plumbline.yml")
    assert policy_file(below) == file
    assert policy_file(tmp_path.parent) is None


class TestHook:
    """``.pre-commit-hooks.yaml``: its entry, as pre-commit calls it."""

    @pytest.fixture
    def hook(self) -> dict[str, Any]:
        [found] = YAML(typ="safe", pure=True).load(
            (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
        )
        return dict(found)

    @pytest.mark.parametrize(("text", "code"), [(GOOD, 0), (WRONG, 1)])
    def test_its_entry_runs(
        self, hook: dict[str, Any], place: Callable[[str], Path], tmp_path: Path, text: str, code: int
    ) -> None:
        """With the names of the files that changed."""
        place(text)
        program, *arguments = shlex.split(hook["entry"])
        command = [str(Path(sys.executable).with_name(program)), *arguments, ".github/plumbline.yml"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

        assert done.returncode == code, done.stderr
        assert ".github/plumbline.yml" in done.stdout

    def test_it_is_run_for_the_policy_file_only(self, hook: dict[str, Any]) -> None:
        """pre-commit searches with this expression in the names."""
        import re

        from bot.config.policy import POLICY_PATH

        assert hook["language"] == "python"
        assert re.search(hook["files"], POLICY_PATH)
        assert not re.search(hook["files"], f"docs/{POLICY_PATH}")
