"""Keys of the policy, explained."""

from __future__ import annotations

import pytest

from bot.config.cascade import DEFAULT_ORIGIN, Effective, Layer, LayerKind, Lock, Origin, effective_policy
from bot.config.explain import PUBLISH_VARIABLE, explain_key, keeper
from bot.config.policy import DEFAULT, POLICY_PATH, Policy, Said
from bot.config.policy_file import read_policy_file
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


def in_force(*above: Layer) -> tuple[Policy, Effective]:
    """What the file brings into force below others."""
    own = Layer(LayerKind.REPOSITORY, read_policy_file(FILE, CHECKS).says, file=POLICY_PATH)
    return effective_policy([*above, own], CHECKS)


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
            9,
            id="exemptions",
        ),
    ],
)
def test_explains_value_default_and_line(key: str, value: str, default: str, line: int | None) -> None:
    """What the file does not say has no line."""
    found = explain_key(key, CHECKS, *in_force())

    assert (found.value, found.line, found.default) == (value, line, default)
    assert found.about
    assert found.origins
    assert found.who == "whoever may push to the default branch, in .github/plumbline.yml"


def test_explains_whole_checks() -> None:
    """All that is in force for one, and which ones the file speaks of."""
    assert explain_key("checks.behind", CHECKS, *in_force()).value.startswith('{"enabled": true')
    assert explain_key("checks.behind", CHECKS, *in_force()).line == 6
    assert explain_key("checks", CHECKS, *in_force()).value.startswith('{"behind": {')
    assert explain_key("checks.licence", CHECKS, *in_force()).origins == (DEFAULT_ORIGIN,)


def test_the_operator_decides_what_policy_leaves_open() -> None:
    """``publish`` has no default of its own."""
    found = explain_key("publish", CHECKS, DEFAULT, Effective(), operator=Publish.OBSERVE, operator_says=True)

    assert found.value == '"observe"'
    assert found.origins == (Origin(LayerKind.OPERATOR, PUBLISH_VARIABLE),)
    loud = explain_key("publish", CHECKS, *in_force(), operator=Publish.OBSERVE, operator_says=True)
    assert loud.origins[0].kind is LayerKind.REPOSITORY


def test_says_who_locked_a_key_and_what_does_not_count() -> None:
    """And that others may change it then."""
    above = Layer(
        LayerKind.GROUP,
        {"block": Said(frozenset({"licence"}), 4)},
        (Lock("block", 5), Lock("checks.behind", 6)),
        name="services",
        file="acme/.github:plumbline.org.yml",
        commit="c" * 40,
    )
    policy, effective = in_force(above)

    found = explain_key("block", CHECKS, policy, effective)
    assert [origin.place for origin in found.origins] == ["acme/.github:plumbline.org.yml:4@cccccccccc"]
    assert found.lock is not None
    assert (found.lock.line, keeper(found.lock)) == (5, "acme/.github")
    assert found.who == "whoever may push to acme/.github"
    assert [refused.origin.line for refused in found.refused] == [3]
    assert len(explain_key("checks", CHECKS, policy, effective).refused) == 2
    assert explain_key("publish", CHECKS, policy, effective).refused == ()


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
        explain_key(key, CHECKS, DEFAULT, Effective())
    assert len(str(caught.value)) < 500
