"""``plumbline policy test``: imaginary repositories judged by a policy, offline."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.config.policy_file import PolicyErrors
from bot.config.policy_tests import DEFAULTS, OUTCOMES, read_tests
from bot.entry.cli import ELSEWHERE, cli
from bot.entry.imaginary import COMMIT, ImaginaryReader
from bot.model.custom_checks import SETTINGS
from bot.model.errors import Gone, PermissionMissing

ORG = """\
lock: [custom_checks.acme-editors]
defaults:
  custom_checks:
    acme-editors:
      {title: t, why: w, fix: f, severity: low, file: {path: .editorconfig, matches: ^root = true$}}
    acme-owners:
      {title: t, why: w, fix: f, severity: low, template: {path: CODEOWNERS, from: templates/owners}}
groups:
  - name: services
    when: {topics: service}
    custom_checks:
      acme-lint:
        {title: t, why: w, fix: f, severity: low, workflow: {run: make lint, on: pull_request}}
      acme-tier:
        {title: t, why: w, fix: f, severity: low, property: {name: tier, is: [1, 2]}}
      acme-merge:
        {title: t, why: w, fix: f, severity: low, setting: {name: delete_branch_on_merge, is: true}}
enrol: {exclude: [{names: sandbox-*}]}
"""
TESTS = """\
policy: plumbline.org.yml
tests:
  - name: a service in order
    repository: api-orders
    settings: {topics: [service], delete_branch_on_merge: true}
    properties: {tier: 2}
    templates: {templates/owners: "* @acme/core"}
    files:
      .editorconfig: |
        root = true
      CODEOWNERS: "* @acme/core"
      LICENSE: my own
      .github/workflows/ci.yml: |
        on: pull_request
        jobs: {a: {runs-on: ubuntu-latest, steps: [{run: make lint}]}}
    expect:
      acme-editors: pass
      acme-owners: pass
      acme-lint: pass
      acme-tier: pass
      acme-merge: pass
      licence: {outcome: fail, says: is not recognised}
      pinned-actions: pass
      default-protected: unknown
  - name: a tool
    files: {.editorconfig: "root = false"}
    expect:
      acme-editors: {outcome: fail, says: "lacks `^root = true$`"}
      acme-owners: unknown
      acme-lint: "off"
      licence: fail
  - name: not looked after
    repository: sandbox-x
    expect: {acme-editors: "off", licence: "off"}
  - name: empty
    expect: {acme-editors: not-applicable}
"""


def place(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "plumbline.tests.yml"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["policy", "test", *map(str, arguments)])


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    """A policy and its tests, all of them as expected."""
    return place(tmp_path, {"plumbline.org.yml": ORG, "plumbline.tests.yml": TESTS})


def test_all_is_as_expected(tests: Path) -> None:
    """Of every kind of rule, of checks of the program, of groups and of what is left alone."""
    result = call(tests)

    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == "15 of 15 as expected"
    assert "WRONG" not in result.output


def test_what_is_wrong_is_told_with_its_place(tests: Path) -> None:
    """And the whole fails."""
    tests.write_text(TESTS.replace("acme-tier: pass", "acme-tier: fail").replace("lacks `", "has `"))
    result = call(tests)

    assert result.exit_code == 1
    told = [line for line in result.output.splitlines() if line.startswith(str(tests))]
    assert [line.partition(": ")[0].rpartition("yml")[2] for line in told] == [":20:7", ":28:7"]
    assert "acme-tier says pass where fail is expected: the custom property tier is `2`" in told[0]
    assert result.output.splitlines()[-1] == "13 of 15 as expected"


def test_programs_get_json_and_junit(tests: Path) -> None:
    """The same in other words."""
    tests.write_text(TESTS.replace("acme-tier: pass", "acme-tier: fail"))
    items = json.loads(call(tests, "--format", "json").output)
    suites = ET.fromstring(call(tests, "--format", "junit").output)

    assert [item["check"] for item in items if not item["ok"]] == ["acme-tier"]
    assert items[0] | {"said": ""} == {
        "file": str(tests), "line": 17, "test": "a service in order", "check": "acme-editors",
        "expected": "pass", "says": "", "found": "pass", "said": "", "ok": True,
    }  # fmt: skip
    assert (suites.get("tests"), suites.get("failures")) == ("15", "1")
    assert [case.get("name") for case in suites.iter("testcase") if len(case)] == ["acme-tier"]


def test_a_repositorys_own_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found beside the tests, without a name; checks of an organisation that is not known are let be."""
    own = "checks: {licence: {enabled: false}, acme-other: {enabled: false}}\n"
    tests = "tests: [{name: a, files: {a: b}, expect: {licence: 'off', readme: fail}}]\n"
    place(tmp_path, {".github/plumbline.yml": own, ".github/plumbline.tests.yml": tests})
    monkeypatch.chdir(tmp_path)

    result = call()
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "2 of 2 as expected")


def test_both_policies_together(tests: Path, tmp_path: Path) -> None:
    """As in a repository of that organisation; what is locked stays."""
    place(tmp_path, {"own.yml": "checks: {acme-owners: {enabled: false}}\n"})
    said = "tests: [{name: a, files: {a: b}, expect: {acme-owners: 'off', acme-editors: fail}}]\n"
    tests.write_text(f"policy: [plumbline.org.yml, own.yml]\n{said}")
    assert call(tests).exit_code == 0

    tests.write_text(said)
    assert call(tests, "--policy", tmp_path / "plumbline.org.yml").exit_code == 1


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"plumbline.tests.yml": "test: []"}, "plumbline.tests.yml:1:1: the file: unknown key 'test'"),
        (
            {"plumbline.tests.yml": TESTS.replace("acme-tier:", "acme-teir:")},
            "20:7: expect: unknown check 'acme-teir'",
        ),
        ({"plumbline.tests.yml": TESTS, "plumbline.org.yml": "rings: 7"}, "plumbline.org.yml:1:8"),
        ({"plumbline.tests.yml": "policy: gone.yml\ntests: []"}, "there is no policy"),
        (
            {"plumbline.tests.yml": "policy: [a.yml, b.yml]\ntests: []", "a.yml": "", "b.yml": ""},
            "of several",
        ),
    ],
)
def test_mistakes_end_with_another_code(
    tests: Path, tmp_path: Path, files: dict[str, str], says: str
) -> None:
    """Nothing was tried then."""
    place(tmp_path, files)
    result = call(tests)

    assert result.exit_code == 2
    assert says in result.output


def test_without_anything_to_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence says what is missing."""
    monkeypatch.chdir(tmp_path)
    assert "there is no plumbline.tests.yml here" in call().output
    alone = place(tmp_path, {"plumbline.tests.yml": "tests: []"})
    assert "there is no policy beside" in call(alone).output


ONE = "tests:\n  - name: a\n    expect: {licence: pass}\n    "


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("tests: a", 1, 8, "it should be a list"),
        ("tests: [{name: a}]", 1, 9, "lacks expect"),
        ("tests: [{name: a, expect: {}}]", 1, 27, "one at least"),
        ("tests: [{name: a, expect: {x: good}}]", 1, 31, "pass, fail, not-applicable, unknown, error, off"),
        ("tests: [{name: a, expect: {x: {says: b}}}]", 1, 31, "lacks outcome"),
        (f"{ONE}files: {{/a: b}}", 4, 17, "no path from the root"),
        (f"{ONE}files: {{a/../b: b}}", 4, 21, "no path from the root"),
        (f"{ONE}files: {{a: [b]}}", 4, 16, "the text of the file"),
        (f"{ONE}files: {{a: b, a/c: d}}", 4, 12, "a file and a folder"),
        (f"{ONE}settings: {{topic: a}}", 4, 16, "did you mean 'topics'?"),
        (f"{ONE}settings: {{archived: maybe}}", 4, 26, "true or false"),
        (f"{ONE}settings: {{visibility: secret}}", 4, 28, "unknown visibility"),
        (f"{ONE}properties: [a]", 4, 17, "it should be a mapping"),
        (f"{ONE}teams: [[]]", 4, 13, "a text of 1 to 200"),
        (f"{ONE}\n  - {{name: a, expect: {{a: pass}}}}", 5, 5, "a second test 'a'"),
    ],
)
def test_says_what_is_wrong_with_tests_and_where(text: str, line: int, column: int, says: str) -> None:
    """As for policies."""
    with pytest.raises(PolicyErrors) as caught:
        read_tests(text.encode())
    first = caught.value.errors[0]

    assert (first.line, first.column) == (line, column), first
    assert says in first.message


WORDS = st.sampled_from(
    [
        *SETTINGS,
        *OUTCOMES,
        "policy",
        "tests",
        "name",
        "files",
        "expect",
        "settings",
        "properties",
        "teams",
        "a/b",
        "says",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=15,
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    test=st.fixed_dictionaries(
        {"name": WORDS, "expect": st.just({"licence": "pass"}) | VALUES},
        optional=dict.fromkeys(
            ("files", "templates", "settings", "properties", "teams", "repository"), VALUES
        ),
    )
)
def test_any_tests_are_read_or_refused(test: dict[str, object]) -> None:
    """And what is read can be read as a repository."""
    tests = ()
    with suppress(PolicyErrors):
        tests = read_tests(json.dumps({"tests": [test]}).encode()).tests
    for read in tests:
        reader = ImaginaryReader(read)
        assert reader.repository().empty is not read.files
        assert {e.path for e in reader.all_files(COMMIT)[0]} == set(read.files)
        assert read.attributes.described.topics is not None


def test_every_setting_has_a_default() -> None:
    """A repository that was just made has all of them."""
    assert set(DEFAULTS) == set(SETTINGS)


def test_what_is_not_said_can_not_be_read() -> None:
    """It is unknown, never empty."""
    (test,) = read_tests(b"tests: [{name: a, files: {a/b: c}, expect: {licence: pass}}]").tests
    reader = ImaginaryReader(test)

    assert [e.path for e in reader.directory(COMMIT)] == ["a"]
    assert reader.head("main") == COMMIT
    for ask in (reader.latest_release, lambda: reader.rest("/hooks"), lambda: reader.compare("a", "b")):
        with pytest.raises(PermissionMissing):
            ask()
    with pytest.raises(Gone):
        reader.head("other")


def test_the_example_of_the_guide_is_as_expected(tmp_path: Path) -> None:
    """Its policies laid together, its tests as they are printed."""
    page = (Path(__file__).parents[3] / "docs" / "guide" / "custom-checks.md").read_text(encoding="utf-8")
    fences = re.findall(r"^```yaml\n(# \S+.*?)^```$", page, re.MULTILINE | re.DOTALL)
    read = [
        YAML(typ="safe", pure=True).load(text) for text in fences if text.startswith("# plumbline.org.yml")
    ]
    (example,) = [text for text in fences if text.startswith("# plumbline.tests.yml")]
    together = {name: said for one in read for name, said in one["defaults"]["custom_checks"].items()}
    whole = {**read[0], "defaults": {"custom_checks": together}}
    file = place(tmp_path, {"plumbline.org.yml": json.dumps(whole), "plumbline.tests.yml": example})

    result = call(file)
    assert result.exit_code == 0, result.output
    assert len(together) >= 7


def test_is_a_command() -> None:
    """With help of its own."""
    assert "policy" in ELSEWHERE
    assert "imaginary repositories" in call("--help").output
