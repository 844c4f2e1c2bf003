"""Keys of the policy, explained."""

from __future__ import annotations

import pytest

from bot.config.explain import explain_key
from bot.config.policy import DEFAULT
from bot.config.policy_file import read_policy
from bot.config.settings import Publish
from bot.model.errors import UserError
from bot.registry import load

CHECKS = load(plugins=False).checks
FILE = b"""# ours
publish: {issues: all}
block: [licence]
checks:
  behind:
    max_behind: 50
    severity: low
exemptions:
  - {check: licence, reason: "not @yet", until: 2026-06-30}
"""


@pytest.mark.parametrize(
    ("key", "value", "default", "line"),
    [
        pytest.param("version", "1", "1", None, id="version"),
        pytest.param("publish", '"issues: all"', '"advise"', 2, id="publish"),
        pytest.param("block", '["licence"]', "[]", 3, id="block"),
        pytest.param("fail_closed", "false", "false", None, id="not said"),
        pytest.param("checks.behind.max_behind", "50", "100", 6, id="option"),
        pytest.param("checks.behind.severity", '"low"', '"high"', 7, id="severity"),
        pytest.param("checks.behind.enabled", "true", "true", None, id="enabled"),
        pytest.param(
            "exemptions",
            '[{"check": "licence", "reason": "not @yet", "until": "2026-06-30"}]',
            "[]",
            8,
            id="exemptions",
        ),
    ],
)
def test_explains_value_default_and_line(key: str, value: str, default: str, line: int | None) -> None:
    """What the file does not say has no line."""
    found = explain_key(key, CHECKS, read_policy(FILE, CHECKS), FILE)

    assert (found.value, found.line, found.default) == (value, line, default)
    assert found.about


def test_explains_whole_checks() -> None:
    """All that is in force for one, and which ones the file speaks of."""
    policy = read_policy(FILE, CHECKS)

    assert explain_key("checks.behind", CHECKS, policy, FILE).value.startswith('{"enabled": true')
    assert explain_key("checks", CHECKS, policy, FILE).value.startswith('{"behind": {')
    assert explain_key("checks.licence", CHECKS, policy, FILE).line is None


def test_the_operator_decides_what_policy_leaves_open() -> None:
    """``publish`` has no default of its own."""
    assert explain_key("publish", CHECKS, DEFAULT, b"", operator=Publish.OBSERVE).value == '"observe"'


@pytest.mark.parametrize(
    ("key", "message"),
    [
        pytest.param("publsh", "did you mean `publish`", id="near"),
        pytest.param("checks.behind.max_behnd", "did you mean `checks.behind.max_behind`", id="near option"),
        pytest.param("zzz", "there are `version`, `publish`", id="far"),
        pytest.param("z" * 9000, "there are `version`", id="long"),
        pytest.param("", "there are `version`", id="empty"),
        pytest.param("checks.", "did you mean `checks`", id="half"),
    ],
)
def test_unknown_keys_are_told_with_the_nearest(key: str, message: str) -> None:
    """Whatever was written."""
    with pytest.raises(UserError, match=message) as caught:
        explain_key(key, CHECKS, DEFAULT, b"")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("data", [b"a: &x 1\n" * 100, b"- publish\n", b"\xff", b"publish: [", b""])
def test_a_file_that_can_not_be_read_has_no_lines(data: bytes) -> None:
    """The policy in force is another one then."""
    assert explain_key("publish", CHECKS, DEFAULT, data).line is None
