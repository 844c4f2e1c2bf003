"""Definitions of checks in policy files: what is understood, what is refused, and where it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.config.cascade import Layer, LayerKind, Lock, effective_policy
from bot.config.custom_checks import CHECKS_LIMIT, RULES, is_custom, spec_of, spelt
from bot.config.explain import every_key, explain_key
from bot.config.organisation import OrganisationPolicy
from bot.config.organisation_file import organisation_schema, read_organisation
from bot.config.policy import CheckPolicy
from bot.config.policy_file import PolicyErrors, Strangers, policy_schema, read_policy, read_policy_file
from bot.model.custom_checks import (
    RULE_VERSIONS,
    SETTINGS,
    CustomCheck,
    FileRule,
    Must,
    PropertyRule,
    Rule,
    SettingRule,
    TemplateRule,
    Texts,
    WorkflowRule,
    defined_by_policy,
    digest,
)
from bot.model.verdicts import Audience, Severity
from bot.spec import CheckSpec

Checks = Mapping[str, CheckSpec]
TEXTS = {"title": "t", "why": "w", "fix": "f", "severity": "low"}


def file_of(rule: Mapping[str, Any], **more: Any) -> bytes:
    """A policy file with one definition."""
    return json.dumps({"custom_checks": {"acme-x": {**TEXTS, **rule, **more}}}).encode()


def read_rule(rule: Mapping[str, Any], checks: Checks) -> Rule:
    return read_policy(file_of(rule), checks).custom["acme-x"].rule


GOOD: list[tuple[dict[str, Any], Rule]] = [
    ({"file": {"path": "LICENSE"}}, FileRule(("LICENSE",))),
    ({"file": {"path": "docs/"}}, FileRule(("docs/",))),
    ({"file": {"path": "docs/*.md", "must": "not-exist"}}, FileRule(("docs/*.md",), must=Must.NOT_EXIST)),
    (
        {"file": {"any_of": ["a", ".b/c"], "matches": "^x$"}},
        FileRule(("a", ".b/c"), True, Must.MATCH, Texts("^x$")),
    ),
    (
        {"file": {"path": "a", "must": "match", "matches": ["x", 5], "not_matches": "[yY]"}},
        FileRule(("a",), False, Must.MATCH, Texts(texts=("x", "5")), Texts("[yY]")),
    ),
    ({"template": {"path": "a", "from": "t/a"}}, TemplateRule("a", "t/a")),
    ({"workflow": {"uses": "actions/checkout"}}, WorkflowRule("actions/checkout")),
    (
        {
            "workflow": {
                "uses": "acme/ci/.github/workflows/x.yml@v2.1",
                "on": ["push", "pull_request"],
                "in": "all",
            }
        },
        WorkflowRule("acme/ci/.github/workflows/x.yml", "2.1", on=("push", "pull_request"), every=True),
    ),
    (
        {"workflow": {"run": "make lint", "on": "push", "files": "ci*.yml", "in": "any"}},
        WorkflowRule(run="make lint", on=("push",), files="ci*.yml"),
    ),
    ({"setting": {"name": "has_wiki", "is": False}}, SettingRule("has_wiki", (False,))),
    ({"setting": {"name": "visibility", "is_not": ["public"]}}, SettingRule("visibility", (), ("public",))),
    (
        {"setting": {"name": "topics", "has": ["a", "b"], "has_not": "c", "set": True}},
        SettingRule("topics", ("a", "b"), ("c",), True),
    ),
    ({"property": {"name": "tier", "is": [1, "two"]}}, PropertyRule("tier", ("1", "two"))),
    ({"property": {"name": "tier", "set": True}}, PropertyRule("tier", (), True)),
]


@pytest.mark.parametrize(
    ("said", "rule"), GOOD, ids=lambda value: json.dumps(value) if isinstance(value, dict) else ""
)
def test_reads_every_rule(checks: Checks, said: dict[str, Any], rule: Rule) -> None:
    """What is read is what the schema accepts, and is spelt as it could have been written."""
    data = file_of(said)
    custom = read_policy(data, checks).custom["acme-x"]

    assert custom.rule == rule
    jsonschema_rs.validate(policy_schema(checks), json.loads(data))
    again = {"custom_checks": {"acme-x": spelt(custom)}}
    assert read_policy(json.dumps(again).encode(), checks).custom == {"acme-x": custom}


def test_reads_the_texts(checks: Checks) -> None:
    """And becomes a check like any other."""
    custom = read_policy(file_of({"file": {"path": "a"}}, severity="high"), checks).custom["acme-x"]
    spec = spec_of(custom)

    assert custom == CustomCheck("acme-x", "t", "w", "f", Severity.HIGH, FileRule(("a",)))
    assert (spec.name, spec.severity, spec.audience) == ("acme-x", Severity.HIGH, Audience.PUBLIC)
    assert (spec.doc.title, spec.doc.why, spec.doc.fix) == ("t", "w", "f")
    assert is_custom(spec)
    assert not is_custom(checks["licence"])


@pytest.mark.parametrize(
    ("rule", "said", "audience"),
    [
        ({"setting": {"name": "topics", "has": "a"}}, None, Audience.PUBLIC),
        ({"setting": {"name": "auto_merge", "is": True}}, None, Audience.RESTRICTED),
        ({"property": {"name": "a", "set": True}}, None, Audience.RESTRICTED),
        ({"file": {"path": "a"}}, "restricted", Audience.RESTRICTED),
        ({"property": {"name": "a", "set": True}}, "restricted", Audience.RESTRICTED),
    ],
)
def test_what_is_not_shown_to_everybody_is_restricted(
    checks: Checks, rule: dict[str, Any], said: str | None, audience: Audience
) -> None:
    """Whether or not the file says so."""
    more = {"audience": said} if said else {}

    assert read_policy(file_of(rule, **more), checks).custom["acme-x"].audience is audience


BEFORE = "custom_checks:\n  acme-x:\n    title: t\n    why: w\n    fix: f\n    severity: low\n    "


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        pytest.param("custom_checks: [a]", 1, 16, "a mapping from names", id="a list"),
        pytest.param("custom_checks: {Acme: {}}", 1, 17, "'Acme' can not be a name", id="name"),
        pytest.param("custom_checks: {x: {}}", 1, 17, "2 to 60", id="short name"),
        pytest.param("custom_checks: {licence: {}}", 1, 17, "a check of Plumbline itself", id="taken"),
        pytest.param(
            "custom_checks: {acme-x: {}}", 1, 25, "lacks title and why and fix and severity", id="empty"
        ),
        pytest.param("custom_checks: {acme-x: }", 1, 24, "should be a mapping", id="nothing"),
        pytest.param(BEFORE + "fil: {}", 7, 5, "did you mean 'file'?", id="rule misspelt"),
        pytest.param(
            BEFORE + "audience: public", 3, 5, "lacks a rule: it should have exactly one of", id="no rule"
        ),
        pytest.param(
            BEFORE + "file: {path: a}\n    property: {name: a, set: true}",
            3,
            5,
            "has file and property: it should have exactly one",
            id="two rules",
        ),
        pytest.param(BEFORE + "file: LICENSE", 7, 11, "should be a mapping", id="shorthand"),
        pytest.param(BEFORE + "file: {}", 7, 11, "one of path and any_of", id="no path"),
        pytest.param(BEFORE + "file: {path: a, any_of: [b]}", 7, 11, "one of path and any_of", id="both"),
        pytest.param(BEFORE + "file: {any_of: a}", 7, 20, "a list of paths", id="any_of alone"),
        pytest.param(BEFORE + "file: {any_of: []}", 7, 20, "1 to 20 entries; found 0", id="any_of empty"),
        pytest.param(BEFORE + "file: {path: /etc/passwd}", 7, 18, "from the root", id="absolute"),
        pytest.param(BEFORE + "file: {path: 1/2/3/4/5/6/7/8/9}", 7, 18, "may have 8 parts", id="deep"),
        pytest.param(BEFORE + "file: {path: ../a}", 7, 18, "from the root", id="upwards"),
        pytest.param(BEFORE + "file: {path: a//b}", 7, 18, "from the root", id="empty part"),
        pytest.param(BEFORE + "file: {path: '*/a'}", 7, 18, "only the last part", id="two folders"),
        pytest.param(
            BEFORE + "file: {path: docs/, matches: x}", 7, 18, "matches nothing", id="folder matches"
        ),
        pytest.param(BEFORE + "file: {path: a, must: be}", 7, 27, "exist, not-exist, match", id="must"),
        pytest.param(
            BEFORE + "file: {path: a, must: match}", 7, 27, "name what to look for", id="nothing to match"
        ),
        pytest.param(
            BEFORE + "file: {path: a, must: exist, matches: x}", 7, 27, "it is match", id="exist matches"
        ),
        pytest.param(BEFORE + "file: {path: a, matches: '(a'}", 7, 30, "without its `)`", id="pattern"),
        pytest.param(
            BEFORE + r"file: {path: a, matches: '(a+)+\1'}", 7, 30, "is not understood", id="back-reference"
        ),
        pytest.param(BEFORE + "file: {path: a, matches: 1}", 7, 30, "a regular expression", id="number"),
        pytest.param(BEFORE + "file: {path: a, matches: [~]}", 7, 31, "1 to 200 characters", id="text"),
        pytest.param(BEFORE + "template: {path: a}", 7, 15, "lacks from", id="template without"),
        pytest.param(BEFORE + "template: {path: 'a*', from: b}", 7, 22, "name one file", id="template glob"),
        pytest.param(BEFORE + "workflow: {on: push}", 7, 15, "one of uses and run", id="no step"),
        pytest.param(BEFORE + "workflow: {uses: checkout}", 7, 22, "actions/checkout@v4", id="uses"),
        pytest.param(BEFORE + "workflow: {run: x, on: 'a b'}", 7, 28, "name of an event", id="event"),
        pytest.param(BEFORE + "workflow: {run: x, in: some}", 7, 28, "any or all", id="in"),
        pytest.param(BEFORE + "workflow: {run: x, files: a/b}", 7, 31, "without a folder", id="files"),
        pytest.param(
            BEFORE + "setting: {name: topic, has: a}", 7, 21, "did you mean 'topics'?", id="setting"
        ),
        pytest.param(
            BEFORE + "setting: {name: [a], has: a}", 7, 21, "the name of a setting", id="setting list"
        ),
        pytest.param(
            BEFORE + "setting: {name: topics, is: a}", 7, 33, "use has or has_not or set", id="kind"
        ),
        pytest.param(BEFORE + "setting: {name: fork, is: maybe}", 7, 31, "true or false", id="flag"),
        pytest.param(
            BEFORE + "setting: {name: fork}", 7, 14, "say what it should be, with is", id="asks nothing"
        ),
        pytest.param(BEFORE + "property: {name: tier}", 7, 15, "with is or set", id="property asks nothing"),
        pytest.param(BEFORE + "property: {is: 1}", 7, 15, "lacks name", id="property without name"),
        pytest.param(
            BEFORE + "audience: public\n    property: {name: a, set: true}",
            7,
            15,
            "write restricted",
            id="audience",
        ),
        pytest.param(BEFORE + "audience: all\n    file: {path: a}", 7, 15, "public or restricted", id="who"),
        pytest.param(
            "custom_checks:\n  acme-x: {title: ' ', why: w, fix: f, severity: x, file: {path: a}}",
            2,
            19,
            "1 to 200 characters",
            id="title",
        ),
        pytest.param(
            'custom_checks:\n  acme-x: {title: "a\\nb", why: w, fix: f, severity: low}', 2, 11, "", id="lines"
        ),
    ],
)
def test_says_what_is_wrong_and_where(checks: Checks, text: str, line: int, column: int, says: str) -> None:
    """The first mistake, with its place."""
    with pytest.raises(PolicyErrors) as caught:
        read_policy(text.encode(), checks)
    first = caught.value.errors[0]

    assert (first.line, first.column) == (line, column), first
    assert says in first.message


def test_no_more_than_so_many(checks: Checks) -> None:
    """The last that is allowed is read."""

    def many(number: int) -> bytes:
        one = {**TEXTS, "file": {"path": "a"}}
        return json.dumps({"custom_checks": {f"acme-{n}": one for n in range(number)}}).encode()

    assert len(read_policy(many(CHECKS_LIMIT), checks).custom) == CHECKS_LIMIT
    with pytest.raises(PolicyErrors, match="51 entries and may have 50"):
        read_policy(many(CHECKS_LIMIT + 1), checks)


def test_may_be_named_wherever_checks_are(checks: Checks) -> None:
    """In the same file, in any order."""
    said = {
        "block": ["acme-x"],
        "checks": {"acme-x": {"severity": "high"}},
        "exemptions": [{"check": "acme-x", "reason": "r", "until": "2030-01-01"}],
        **json.loads(file_of({"file": {"path": "a"}})),
    }
    policy = read_policy(json.dumps(said).encode(), checks)

    assert policy.block == {"acme-x"}
    assert policy.checks == {"acme-x": CheckPolicy(severity=Severity.HIGH)}
    jsonschema_rs.validate(policy_schema(checks), said)


def test_has_no_options(checks: Checks) -> None:
    """Beside those that every check has."""
    said = {"checks": {"acme-x": {"max": 1}}, **json.loads(file_of({"file": {"path": "a"}}))}

    with pytest.raises(PolicyErrors, match="unknown option 'max'"):
        read_policy(json.dumps(said).encode(), checks)
    assert not jsonschema_rs.is_valid(policy_schema(checks), said)


MENTION = b"block: [acme-x]\nchecks:\n  acme-x: {enabled: false}\n"


def test_a_repository_may_mention_what_the_organisation_defines(checks: Checks) -> None:
    """When it does."""
    assert read_policy_file(MENTION, checks, above=["acme-x"]).policy.block == {"acme-x"}
    with pytest.raises(PolicyErrors, match="unknown check 'acme-x'"):
        read_policy_file(MENTION, checks, above=["acme-y"])


def test_what_was_good_once_stays_good(checks: Checks) -> None:
    """A check that was taken away, and a name that was taken by a newer Plumbline."""
    options = b"checks: {gone-check: {max_behind: 7, enabled: false}, behind: {max_behind: 3}}\n"
    taken = json.dumps({"custom_checks": {"licence": {**TEXTS, "file": {"path": "a"}}}}).encode()
    read = [read_policy_file(data, checks, strangers=Strangers.ACCEPT) for data in (MENTION, options, taken)]

    assert [len(file.notices) for file in read] == [1, 1, 1]
    assert str(read[0].notices[0]).startswith(".github/plumbline.yml:3:3: no check 'acme-x' is known here")
    assert read[1].policy.of(checks["behind"]).options.max_behind == 3  # type: ignore[union-attr]
    assert read[2].policy.custom == {}


def test_where_the_organisation_is_not_known_mistakes_are_told_by_their_looks(checks: Checks) -> None:
    """As when a clone is judged: a name like ours is a mistake, any other may be the organisation's."""
    assert read_policy_file(MENTION, checks, strangers=Strangers.UNLESS_NEAR).policy.block == {"acme-x"}
    with pytest.raises(PolicyErrors, match="did you mean 'licence'"):
        read_policy_file(b"block: [lisence]", checks, strangers=Strangers.UNLESS_NEAR)


class TestOrganisation:
    """What is defined for all, and refined below."""

    def organisation(self, checks: Checks, said: Any, **options: Any) -> OrganisationPolicy:
        data = json.dumps(said).encode()
        jsonschema_rs.validate(organisation_schema(checks), said)
        return read_organisation(data, checks, **options)

    def test_in_defaults_and_groups(self, checks: Checks) -> None:
        one = json.loads(file_of({"file": {"path": "a"}}))
        other = json.loads(file_of({"property": {"name": "a", "set": True}}))
        policy = self.organisation(
            checks,
            {
                "lock": ["custom_checks.acme-x", "checks.acme-x.enabled"],
                "defaults": {**one, "block": ["acme-x"]},
                "groups": [{"name": "g", "when": {"names": "a"}, **other}],
            },
        )

        assert [custom.name for custom in policy.custom] == ["acme-x", "acme-x"]
        assert policy.asks_properties
        assert policy.defaults["custom_checks.acme-x"].value.rule == FileRule(("a",))

    def test_a_lock_of_what_is_not_defined_is_a_mistake_at_first_only(self, checks: Checks) -> None:
        said = {"lock": ["checks.acme-x"]}
        with pytest.raises(PolicyErrors, match=r"unknown key 'checks\.acme-x'"):
            self.organisation(checks, said)
        assert len(self.organisation(checks, said, strangers=Strangers.ACCEPT).notices) == 1

    def test_the_later_definition_counts_unless_it_is_locked(self, checks: Checks) -> None:
        def layer(kind: LayerKind, path: str, *locks: str) -> Layer:
            says = read_policy_file(file_of({"file": {"path": path}}), checks).says
            return Layer(kind, says, tuple(Lock(lock) for lock in locks))

        own = layer(LayerKind.REPOSITORY, "b")
        for locks, path in (((), "b"), (("custom_checks",), "a"), (("checks.acme-x.enabled",), "a")):
            policy, _ = effective_policy([layer(LayerKind.ORGANISATION, "a", *locks), own], checks)
            assert policy.custom["acme-x"].rule == FileRule((path,))

    def test_what_is_said_of_it_counts_where_it_is_defined(self, checks: Checks) -> None:
        file = read_policy_file(MENTION, checks, above=["acme-x"])
        above = Layer(LayerKind.ORGANISATION, read_policy_file(file_of({"file": {"path": "a"}}), checks).says)
        own = Layer(LayerKind.REPOSITORY, file.says)

        assert effective_policy([above, own], checks)[0].checks == {"acme-x": CheckPolicy(False)}
        assert effective_policy([own], checks)[0].checks == {}


def test_keys_are_explained(checks: Checks) -> None:
    """With the definition as it could be written."""
    file = read_policy_file(file_of({"file": {"path": "a"}}), checks)
    policy, effective = effective_policy([Layer(LayerKind.REPOSITORY, file.says, file="p")], checks)
    known = {**checks, "acme-x": spec_of(policy.custom["acme-x"])}
    explained = explain_key("custom_checks.acme-x", known, policy, effective)

    assert json.loads(explained.value)["file"] == {"path": "a", "must": "exist"}
    assert (explained.default, explained.line) == ("null", 1)
    assert "checks.acme-x.severity" in every_key(known)
    whole = explain_key("custom_checks", known, policy, effective)
    assert list(json.loads(whole.value)) == ["acme-x"]


def test_a_changed_rule_is_another_version_and_a_changed_text_is_not() -> None:
    """Numbers fit into the database, and are far from those of the program."""
    one = CustomCheck("a-b", "t", "w", "f", Severity.LOW, FileRule(("a",)))
    same = CustomCheck("c-d", "u", "x", "g", Severity.HIGH, FileRule(("a",)), Audience.RESTRICTED)
    versions = {c.rule_version for c in (one, same)}
    others = {digest(rule) for _, rule in GOOD}

    assert len(versions) == 1
    assert RULE_VERSIONS <= versions.pop() < 2**31
    assert len(others) == len(GOOD)
    assert digest(FileRule(("a",))) == "4603a6c92df5c80b", "kept verdicts would all look like changed rules"
    assert defined_by_policy(one.rule_version)
    assert not defined_by_policy(7)


WORDS = st.sampled_from(
    [
        *RULES,
        *TEXTS,
        *SETTINGS,
        "path",
        "any_of",
        "must",
        "matches",
        "not_matches",
        "from",
        "uses",
        "run",
        "on",
        "in",
        "is",
        "set",
        "name",
        "has",
        "exist",
        "match",
        "all",
        "public",
        "a/b",
        "(a",
        "*",
        "x" * 300,
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.just(value) | VALUES for key, value in TEXTS.items()},
        "audience": st.sampled_from(["public", "restricted"]) | VALUES,
        **{
            name: st.fixed_dictionaries({}, optional=dict.fromkeys(kind.keys, VALUES)) | VALUES
            for name, kind in RULES.items()
        },
    },
)


@hypothesis_settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(body=LIKELY | VALUES, good=st.sampled_from([said for said, _ in GOOD]), name=st.just("acme-x") | WORDS)
def test_any_definition_is_read_or_refused_as_by_the_schema(
    checks: Checks, body: Any, good: dict[str, Any], name: str
) -> None:
    """Nothing crashes, and what is read is what an editor with the schema accepts."""
    mixed = {**TEXTS, **good, **body} if isinstance(body, dict) else body
    for definition in (body, mixed):
        said = {"custom_checks": {name: definition}}
        try:
            read_policy(json.dumps(said).encode(), checks)
            told = ()
        except PolicyErrors as error:
            told = error.errors
        assert all(e.message.isprintable() and len(e.message) < 500 for e in told)
        assert told or jsonschema_rs.is_valid(policy_schema(checks), said)
