"""``plumbline config``, and the hook that runs it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from bot.adapters.store import open_store
from bot.config.explain import every_key
from bot.config.organisation_file import organisation_schema
from bot.config.policy_file import policy_schema, read_policy
from bot.config.settings import Settings
from bot.entry.config import config, policy_file
from bot.model.attributes import Described
from bot.model.facts import Repository
from bot.ports import Installation, StoredOrganisation
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

    def test_checks_of_an_organisation_that_is_not_known(self, place: Callable[[str], Path]) -> None:
        """A notice, as nobody can tell here; what looks like a check of ours is a mistake all the same."""
        place("block: [acme-licence]\n")
        result = call("validate")
        assert result.exit_code == 0
        assert ":1:9: no check 'acme-licence' is known here" in result.output

        place("block: [lisence]\n")
        assert "did you mean 'licence'?" in call("validate").output

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
            "changed   by whoever may push to the default branch, in .github/plumbline.yml\n"
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
        assert re.search(hook["files"], "plumbline.org.yml")
        assert not re.search(hook["files"], f"docs/{POLICY_PATH}")


ORGANISATION = """lock: [block]
defaults: {block: [licence]}
groups:
- name: services
  when: {names: api-*, topics: service}
  checks: {behind: {max_behind: 9}}
enroll: {exclude: [{names: old-*}]}
"""


class TestOrganisation:
    """``plumbline.org.yml``."""

    @pytest.fixture
    def file(self, place: Callable[[str], Path], tmp_path: Path) -> Path:
        place("block: []\nfail_closed: true\n")
        file = tmp_path / "plumbline.org.yml"
        file.write_text(ORGANISATION)
        return file

    @pytest.fixture
    def kept(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A database that knows three repositories of an organisation with that policy."""
        monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path / "home"))
        monkeypatch.delenv("DATABASE_URL", raising=False)
        now = datetime(2026, 6, 21, tzinfo=UTC)
        store = open_store(Settings(home=tmp_path / "home"))
        store.migrate()
        store.save_installation(Installation(7, "acme", 70, "Organization", {}, suspended=False))
        names = ("api-gateway", "tool", "old-tool")
        store.save_repositories(7, [Repository(n, f"acme/{name}", "main") for n, name in enumerate(names, 1)])
        store.save_described({1: Described(topics=("service",), language="Go")})
        store.save_policy(1, "o", "fail_closed: true\n", "d" * 40)
        organisation = StoredOrganisation(now, 9, "acme/.github", "c" * 40, "o", ORGANISATION, "o")
        store.save_organisation(7, organisation)
        store.close()

    def test_is_validated_by_its_name(self, file: Path) -> None:
        """Notices are told, and are no mistakes."""
        told = call("validate").output.splitlines()
        assert told[:2] == [".github/plumbline.yml: good", "plumbline.org.yml: good"]
        assert told[2].startswith("plumbline.org.yml:7:1: `enroll` is called `enrol` now")

        file.write_text("ring: 5\n")
        result = call("validate", str(file))
        assert result.exit_code == 1
        assert f"{file}:1:1: the file: unknown key 'ring'; did you mean 'rings'?" in result.output

    def test_its_schema_is_printed(self) -> None:
        checks = load(("bot.checks", "bot.facts")).checks

        assert json.loads(call("schema", "--organisation").output) == organisation_schema(checks)

    def test_is_laid_below_a_local_file(self, file: Path) -> None:
        """What is locked does not count, and the note says where."""
        told = call("explain", "block", "--organisation", file.name).output

        assert 'in force  ["licence"]\nsaid by   plumbline.org.yml:2\n' in told
        assert "locked    plumbline.org.yml:1" in told
        assert "line 1 of .github/plumbline.yml says of it does not count" in told
        rows = json.loads(call("explain", "--json", "--organisation", str(file)).output)
        by_key = {row["key"]: row for row in rows}
        assert by_key["block"]["layer"] == "organisation"
        assert by_key["fail_closed"]["layer"] == "repository file"

    def test_must_have_its_name(self, file: Path) -> None:
        other = file.rename(file.with_name("other.yml"))
        result = call("explain", "block", "--organisation", str(other))

        assert result.exit_code == 2
        assert "must be named plumbline.org.yml" in result.output

    @pytest.mark.usefixtures("kept")
    def test_explains_a_repository_of_the_database(self) -> None:
        """By name, with file, line and commit."""
        told = call("explain", "checks.behind.max_behind", "--repository", "acme/api-gateway").output
        assert "in force  9\n" in told
        assert "said by   acme/.github:plumbline.org.yml:6@cccccccccc (group services)\n" in told

        told = call("explain", "fail_closed", "--repository", "acme/api-gateway").output
        assert "said by   .github/plumbline.yml:1@dddddddddd\n" in told
        row = json.loads(call("explain", "block", "--json", "--repository", "acme/tool").output)[0]
        assert (row["locked_by"], row["changed_by"]) == (
            "acme/.github:plumbline.org.yml:1@cccccccccc",
            "whoever may push to acme/.github",
        )
        missing = call("explain", "block", "--repository", "acme/none")
        assert "knows no repository 'acme/none'" in str(missing.exception)

    @pytest.mark.usefixtures("kept")
    def test_says_why_a_repository_is_selected(self, tmp_path: Path) -> None:
        """Each condition with what was wanted and found."""
        told = call("selection", "acme/api-gateway").output.splitlines()
        assert told[:2] == [
            "acme/api-gateway is enrolled. All repositories are enrolled.",
            "groups: services",
        ]
        assert told[3].split() == ["PART", "LINE", "CONDITION", "WANTED", "FOUND", "HOLDS"]
        assert any(line.split()[-4:] == ["topics", "service", "service", "yes"] for line in told)

        rows = json.loads(call("selection", "acme/tool", "--json").output)
        assert [(row["part"], row["condition"], row["found"], row["holds"]) for row in rows] == [
            ("enrol: exclude 1", "names", "tool", "no"),
            ("groups: services", "names", "tool", "no"),
            ("groups: services", "topics", "not known", "not known"),
        ]
        told = call("selection", "acme/old-tool").output.splitlines()
        assert told[0] == "acme/old-tool is not enrolled. Excluded by line 7: names is old-tool."
        assert told[1] == "groups: none"

        file = tmp_path / "plumbline.org.yml"
        file.write_text("enrol: all\n")
        tried = call("selection", "acme/old-tool", "--organisation", str(file)).output
        assert tried == "acme/old-tool is enrolled. All repositories are enrolled.\ngroups: none\n"


def test_checks_of_policy_are_explained(place: Callable[[str], Path]) -> None:
    """Their definition, and what can be said of every check."""
    place("custom_checks: {acme-x: {title: t, why: w, fix: f, severity: low, file: {path: a}}}\n")
    found = {e["key"]: e for e in json.loads(call("explain", "--json").output)}

    assert found["custom_checks.acme-x"]["value"]["file"] == {"path": "a", "must": "exist"}
    assert found["checks.acme-x.severity"]["value"] == "low"
    assert call("explain", "custom_checks.acme-x").exit_code == 0
