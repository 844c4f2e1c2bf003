"""The policy file: what is understood, what is refused, and where each error points."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from datetime import date
from textwrap import dedent
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot import yaml_nodes
from bot.config import policy_file
from bot.config.policy import CheckPolicy, Exemption, Policy
from bot.config.policy_file import ERROR_LIMIT, SIZE_LIMIT, PolicyErrors, policy_schema, read_policy
from bot.config.settings import Publish
from bot.model.errors import UserError
from bot.model.verdicts import Severity
from bot.spec import CheckSpec

Checks = Mapping[str, CheckSpec]
PATH = ".github/plumbline.yml"


def places(text: str | bytes, checks: Checks) -> list[tuple[int, int, str]]:
    """Line, column and message of all errors of a file that is wrong."""
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(PolicyErrors) as caught:
        read_policy(data, checks)
    return [(e.line, e.column, e.message) for e in caught.value.errors]


FULL = """\
version: 1
publish: advise
block: [licence, behind]
fail_closed: true
checks:
  behind:
    enabled: true
    severity: critical
    max_behind: 5
    allow: [main, "1.0"]
    ratio: 1
    strict: yes-is-text
    colour: green
    rules:
      - name: a
        weight: 2.5
  licence:
    enabled: false
exemptions:
  - check: behind
    reason: frozen until the release
    until: 2026-12-31
"""


def test_reads_everything(checks: Checks, options: type[Any]) -> None:
    """Each key ends where the policy keeps it."""
    policy = read_policy(FULL.replace("yes-is-text", "true").encode(), checks, oid="abc")

    assert policy == Policy(
        publish=Publish.ADVISE,
        block=frozenset({"licence", "behind"}),
        fail_closed=True,
        checks={
            "behind": CheckPolicy(
                enabled=True,
                severity=Severity.CRITICAL,
                options=options(
                    max_behind=5,
                    allow=("main", "1.0"),
                    ratio=1.0,
                    strict=True,
                    colour="green",
                    rules=({"name": "a", "weight": 2.5},),
                ),
            ),
            "licence": CheckPolicy(enabled=False),
        },
        exemptions=(Exemption("behind", "frozen until the release", date(2026, 12, 31)),),
        oid="abc",
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "# nothing yet\n",
        "---\n",
        "--- {}\n",
        "null\n",
        "~",
        "\ufeff",
        "checks:\nblock:\nexemptions:\n",
    ],
)
def test_nothing_said_means_the_defaults(checks: Checks, text: str) -> None:
    """Empty, a comment, or keys with nothing behind them."""
    assert read_policy(text.encode(), checks, oid="o") == Policy(oid="o")


@pytest.mark.parametrize(
    ("text", "publish"),
    [
        ("publish: observe", Publish.OBSERVE),
        ("publish: 'advise'", Publish.ADVISE),
        ("publish: {issues: all}", Publish.ISSUES),
        ("publish:\n  issues: all\n", Publish.ISSUES),
        ('publish: "issues: all"', Publish.ISSUES),
        ("\ufeffpublish: advise\r\n", Publish.ADVISE),
    ],
)
def test_publish_in_every_spelling(checks: Checks, text: str, publish: Publish) -> None:
    """The mapping and the quoted string mean the same."""
    assert read_policy(text.encode(), checks).publish is publish


def test_a_check_named_without_options_is_as_declared(checks: Checks, options: type[Any]) -> None:
    """An empty body, and no option, leave options to the defaults."""
    policy = read_policy(b"checks:\n  behind:\n  licence: {severity: low}\n", checks)

    assert policy.checks == {"behind": CheckPolicy(), "licence": CheckPolicy(severity=Severity.LOW)}
    assert policy.of(checks["behind"]) == CheckPolicy(True, Severity.MEDIUM, options())


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        pytest.param("publsh: advise", 1, 1, "'publsh'; did you mean 'publish'?", id="key"),
        pytest.param(
            "zzz: 1", 1, 1, "unknown key 'zzz'; known: baseline, block, checks, custom_", id="key far off"
        ),
        pytest.param(
            "checks: {lisence: {}}", 1, 10, "unknown check 'lisence'; did you mean 'licence'?", id="check"
        ),
        pytest.param("block: [licence, behnd]", 1, 18, "did you mean 'behind'?", id="check under block"),
        pytest.param(
            "checks:\n  behind:\n    max_behnd: 3\n",
            3,
            5,
            "checks.behind: unknown option 'max_behnd'; did you mean 'max_behind'?",
            id="option",
        ),
        pytest.param(
            "checks: {licence: {max_behind: 1}}", 1, 20, "unknown option 'max_behind'", id="no such option"
        ),
        pytest.param(
            "checks: {behind: {max_behind: -1}}", 1, 31, "greater than or equal to 0; found '-1'", id="range"
        ),
        pytest.param(
            "checks: {behind: {max_behind: '5'}}", 1, 31, "a valid integer; found '5'", id="quoted number"
        ),
        pytest.param("checks: {behind: {max_behind: 1.5}}", 1, 31, "found '1.5'", id="fraction"),
        pytest.param(
            f"checks: {{behind: {{max_behind: {'9' * 5000}}}}}", 1, 31, "found '999", id="5000 digits"
        ),
        pytest.param("checks: {behind: {ratio: .inf}}", 1, 26, "a valid number; found '.inf'", id="infinity"),
        pytest.param("checks: {behind: {ratio: 1e999}}", 1, 26, "found '1e999'", id="infinity by size"),
        pytest.param("checks: {behind: {strict: yes}}", 1, 27, "a valid boolean; found 'yes'", id="yes"),
        pytest.param(
            "checks: {behind: {colour: blue}}", 1, 27, "'red' or 'green'; found 'blue'", id="choice"
        ),
        pytest.param(
            "checks: {behind: {allow: [a, 1]}}", 1, 30, "checks.behind.allow.1: it should be", id="in a list"
        ),
        pytest.param("checks: {behind: {allow: ['']}}", 1, 26, "entries must not be empty", id="validator"),
        pytest.param(
            "checks: {behind: {rules: [{weight: 1}]}}",
            1,
            27,
            "checks.behind.rules.0: Field required",
            id="nested",
        ),
        pytest.param(
            "checks: {behind: {rules: [{name: a, x: 1}]}}", 1, 40, "not permitted", id="nested unknown"
        ),
        pytest.param(
            "checks: {behind: {enabled: 'true'}}", 1, 28, "true or false; found 'true'", id="enabled"
        ),
        pytest.param(
            "checks: {behind: {severity: High}}", 1, 29, "info, low, medium, high, critical", id="severity"
        ),
        pytest.param("checks: {behind: false}", 1, 18, "`name: value`; found 'false'", id="shorthand"),
        pytest.param("checks: [behind]", 1, 9, "checks: it should be a mapping", id="checks as list"),
        pytest.param("version: 2", 1, 10, "version must be 1", id="version"),
        pytest.param("version: true", 1, 10, "version must be 1", id="version true"),
        pytest.param("version:", 1, 9, "found nothing", id="version empty"),
        pytest.param("publish: loud", 1, 10, "observe, advise or {issues: all}", id="publish"),
        pytest.param("publish: issues", 1, 10, "`publish: {issues: all}`", id="publish issues"),
        pytest.param("publish: {issues: some}", 1, 10, "found a mapping", id="publish mapping"),
        pytest.param(
            "publish: issues: all", 1, 16, "write `publish: {issues: all}`", id="publish without braces"
        ),
        pytest.param("fail_closed: 1", 1, 14, "true or false; found '1'", id="fail_closed"),
        pytest.param("block: licence", 1, 8, "it should be a list", id="block"),
        pytest.param("block: [1, [a], ~]", 1, 9, "the name of a check; found '1'", id="block entries"),
        pytest.param("exemptions: [x]", 1, 14, "an exemption: it should be a mapping", id="exemption"),
        pytest.param("exemptions: [~]", 1, 14, "an exemption: it should be a mapping", id="exemption empty"),
        pytest.param("exemptions: [{check: behind}]", 1, 14, "lacks reason and until", id="exemption lacks"),
        pytest.param(
            "exemptions: [{check: behind, reason: ' ', until: 2026-01-01}]",
            1,
            38,
            "1 to 500 characters",
            id="reason",
        ),
        pytest.param(
            "exemptions: [{check: behind, reason: a, until: 2026-02-30}]",
            1,
            48,
            "YYYY-MM-DD",
            id="no such day",
        ),
        pytest.param(
            "exemptions: [{check: behind, reason: a, until: 20260101}]", 1, 48, "YYYY-MM-DD", id="format"
        ),
        pytest.param(
            "exemptions: [{check: x, reason: a, until: 2026-01-01}]", 1, 22, "unknown check 'x'", id="whom"
        ),
        pytest.param("a\n", 1, 1, "the file: it should be a mapping", id="no mapping"),
        pytest.param("- a\n", 1, 1, "found a list", id="a list"),
        pytest.param(
            "version: 1\n\nversion: 1\n", 3, 1, "a second time (first on line 1)", id="duplicate key"
        ),
        pytest.param("? [a]\n: 1\n", 1, 3, "a key must be a word, not a list", id="complex key"),
        pytest.param("block: [\nlicence\n", 2, 8, "not valid YAML", id="unclosed"),
        pytest.param("checks:\n\tbehind: {}\n", 2, 1, "indent with spaces", id="tab"),
        pytest.param("publish: a: b\n", 1, 11, "a second `: ` on this line", id="two colons"),
        pytest.param("block: *x\n", 1, 8, "aliases", id="alias"),
        pytest.param("block: &x []\n", 1, 8, "anchors", id="anchor"),
        pytest.param("publish: !!python/name:os.system x\n", 1, 10, "tags", id="tag"),
        pytest.param("version: !!int 1\n", 1, 10, "tags", id="known tag"),
        pytest.param("checks: {<<: {}}\n", 1, 10, "merge keys", id="merge"),
        pytest.param("version: 1\n---\nversion: 1\n", 2, 1, "second document", id="documents"),
        pytest.param("%YAML 1.1\n---\nversion: 1\n", 1, 1, "directives", id="directive"),
        pytest.param('block: ["\\0"]\n', 1, 9, "not text", id="NUL by escape"),
        pytest.param('block: ["\\uD800"]\n', 1, 9, "not text", id="surrogate by escape"),
        pytest.param("block:\n  - a\x00b\n", 2, 6, "'\\x00' is not allowed", id="NUL"),
        pytest.param("# \x1b[31m\n", 1, 3, "'\\x1b' is not allowed", id="terminal escape"),
        pytest.param('"\\UFFFFFFFF": 1\n', 1, 1, "not valid YAML", id="escape beyond Unicode"),
    ],
)
def test_says_what_is_wrong_and_where(checks: Checks, text: str, line: int, column: int, says: str) -> None:
    """The first error of each file, with its place."""
    found = places(text, checks)[0]

    assert found[:2] == (line, column), found
    assert says in found[2]


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        pytest.param(b"version: 1\n# caf\xe9\n", 2, 6, id="Latin-1"),
        pytest.param("é: \ud800".encode("utf-8", "surrogatepass"), 1, 4, id="surrogate"),
        pytest.param("version: 1".encode("utf-16"), 1, 1, id="UTF-16"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00", 1, 1, id="PNG"),
        pytest.param(b"version: 1\n\xff", 2, 1, id="at the very end"),
    ],
)
def test_refuses_what_is_not_utf_8(checks: Checks, data: bytes, line: int, column: int) -> None:
    """Columns count characters, not bytes."""
    ((*place, message),) = places(data, checks)

    assert tuple(place) == (line, column)
    assert "UTF-8" in message


def test_size_limit_is_the_last_size_that_is_read(checks: Checks) -> None:
    """64 kB are read; one byte more is not."""
    assert read_policy(b"#" * SIZE_LIMIT, checks) == Policy()

    assert places(b"#" * (SIZE_LIMIT + 1), checks) == [
        (1, 1, "the file has 65537 bytes and may have 65536: shorten it")
    ]


def test_tells_all_problems_in_the_order_of_the_file(checks: Checks) -> None:
    """Whoever mends the file needs one round."""
    text = dedent(
        """\
        exemptions:
          - check: nobody
            reason: a
            until: never
        checks:
          behind:
            max_behind: x
            ratio: y
            enabled: maybe
          licence: &a
            enabled: *a
        publsh: x
        """
    )

    found = places(text, checks)

    assert [f[:2] for f in found] == [
        (2, 12),
        (4, 12),
        (7, 17),
        (8, 12),
        (9, 14),
        (10, 12),
        (11, 14),
        (12, 1),
    ]


def test_the_error_reads_as_lines(checks: Checks) -> None:
    """As a person sees it: file, place, sentence."""
    with pytest.raises(UserError) as caught:
        read_policy(b"version: 2\nblock: x\n", checks, path="x/plumbline.yml")

    assert str(caught.value).splitlines() == [
        "x/plumbline.yml:1:10: version must be 1: write `version: 1` or remove the line; found '2'",
        "x/plumbline.yml:2:8: block: it should be a list: one `- ` line for each entry; found 'x'",
    ]


def test_stops_telling_at_the_limit(checks: Checks) -> None:
    """Nobody reads ten thousand errors, and finding near names costs time."""
    text = "".join(f"publis{n}: x\n" for n in range(2000))

    found = places(text, checks)

    assert len(found) == ERROR_LIMIT
    assert found[-1][2].endswith("(only the first 50 problems are shown)")


def test_untrusted_names_are_quoted_and_cut(checks: Checks) -> None:
    """A message is one short printable line, whatever the file says."""
    for name in ("x" * 900, "\u202egnp", "`@acme/owners`"):
        ((_, _, message),) = places(json.dumps({name: 1}, ensure_ascii=False), checks)

        assert len(message) < 250
        assert message.isprintable()
        assert f"'{name[:10]}" in message or "\\u" in message


def test_lists_a_few_names_only(checks: Checks) -> None:
    """With many checks the message stays short."""
    many = {f"check-{n}": checks["licence"] for n in range(20)}

    ((_, _, message),) = places("block: [zzz]", many)

    assert message.count("check-") == 12
    assert message.endswith("and 8 more")
    assert places("block: [zzz]", {})[0][2].endswith("known: none")


ALIAS_BOMB = "a: &a [x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)},*{chr(97 + n)}]\n" for n in range(24)
)


@pytest.mark.fault
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ALIAS_BOMB, id="alias bomb"),
        pytest.param("a: &a {b: 1}\n" + "c: {<<: [*a, *a, *a, *a, *a]}\n" * 2000, id="merge bomb"),
        pytest.param("a: &a [*a]\n", id="cycle"),
        pytest.param("[" * SIZE_LIMIT, id="deep flow"),
        pytest.param("{a: " * (SIZE_LIMIT // 4), id="deep flow mappings"),
        pytest.param("- " * (SIZE_LIMIT // 2), id="deep block"),
        pytest.param("? " * (SIZE_LIMIT // 2), id="deep keys"),
        pytest.param("".join(" " * n + "a:\n" for n in range(350)), id="deep indentation"),
        pytest.param("[" + "{a: b}," * (SIZE_LIMIT // 8), id="many values"),
        pytest.param("block: [" + "a," * (SIZE_LIMIT // 2 - 5) + "]", id="long list"),
        pytest.param("k:\n " * (SIZE_LIMIT // 4), id="broken indentation"),
        pytest.param("x: " + "a b " * (SIZE_LIMIT // 5), id="long text"),
        pytest.param('"' + "\\x41" * (SIZE_LIMIT // 4 - 1), id="unclosed escapes"),
        pytest.param("!a " * (SIZE_LIMIT // 3), id="tags"),
        pytest.param("--- \n" * (SIZE_LIMIT // 5), id="documents"),
        pytest.param("publish: " + "9" * (SIZE_LIMIT - 10), id="digits"),
        pytest.param("version: 1\n" * (SIZE_LIMIT // 11), id="duplicate keys"),
        pytest.param("x: !!python/object/apply:os.system [touch /tmp/canary]\n", id="unknown tag"),
    ],
)
@pytest.mark.untraced
def test_ke11_hostile_yaml_is_refused_quickly(checks: Checks, text: str) -> None:
    """With a message; most take 0.1 s of CPU, the rest of the bound is for coverage and slow machines."""
    assert len(text) <= SIZE_LIMIT
    before = time.process_time()
    found = places(text, checks)

    assert time.process_time() - before < 5
    assert found
    assert all(message for _, _, message in found)


def test_a_fault_of_the_parser_is_an_error_of_the_file(
    checks: Checks, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It was not written for hostile input; what else it raises is logged by its name only."""

    def broken(self: YAML, stream: str) -> Iterator[Any]:
        raise RecursionError(f"while reading {stream}")
        yield

    monkeypatch.setattr(YAML, "parse", broken)
    with caplog.at_level(logging.WARNING):
        found = places("secret: 1\n", checks)

    assert found == [(1, 1, "not valid YAML: the parser can not read it; check quotes and escapes")]
    assert "secret" not in caplog.text


TOKENS = st.sampled_from(
    [
        *(
            "version",
            "publish",
            "block",
            "fail_closed",
            "checks",
            "exemptions",
            "behind",
            "licence",
            "enabled",
        ),
        *(
            "severity",
            "max_behind",
            "allow",
            "rules",
            "check",
            "reason",
            "until",
            "high",
            "true",
            "2026-01-01",
        ),
        *(
            ": ",
            ":",
            "- ",
            "? ",
            "[",
            "]",
            "{",
            "}",
            ",",
            "\n",
            "\n  ",
            "\n    ",
            " ",
            "#",
            "&a ",
            "*a",
            "!t ",
            "!!int ",
        ),
        *(
            "'",
            '"',
            "|\n",
            ">-\n",
            "---\n",
            "...\n",
            "%YAML 1.2\n",
            "<<",
            "\t",
            "\r",
            "\x85",
            "\u2028",
            "\ufeff",
            "~",
        ),
        *("\\", "\\x", "\\uD83D", "1", "-1", "1.5", "é", "\U0001f600", "\x00", "@", "`", "issues: all"),
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | TOKENS
    | st.dates().map(str),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TOKENS | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
POLICY_LIKE = st.fixed_dictionaries(
    {},
    optional={
        "version": st.just(1) | VALUES,
        "publish": st.sampled_from(["observe", "advise", {"issues": "all"}]) | VALUES,
        "block": st.lists(st.sampled_from(["behind", "licence"])) | VALUES,
        "fail_closed": st.booleans() | VALUES,
        "checks": st.dictionaries(
            st.sampled_from(["behind", "licence"]) | TOKENS,
            st.dictionaries(st.sampled_from(["enabled", "severity", "max_behind", "allow", "rules"]), VALUES),
        )
        | VALUES,
        "exemptions": st.lists(
            st.fixed_dictionaries(
                {
                    "check": st.just("behind") | VALUES,
                    "reason": st.text(),
                    "until": st.dates().map(str) | VALUES,
                }
            )
        )
        | VALUES,
    },
)
QUIET = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=200)


def judge(data: bytes, checks: Checks) -> Policy | None:
    """Read; whatever is wrong must lie inside the file and say so in one printable line."""
    try:
        return read_policy(data, checks)
    except PolicyErrors as error:
        told = error.errors
    lines = data.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    if len(lines) > 1 and lines[-1] == "":
        lines.pop()
    assert 0 < len(told) <= ERROR_LIMIT
    for one in told:
        assert one.path == PATH
        assert 1 <= one.line <= len(lines)
        assert 1 <= one.column <= len(lines[one.line - 1]) + 1
        assert one.message.isprintable()
        assert len(one.message) < 500
    return None


@QUIET
@given(data=st.binary())
@example(data=b"\xef\xbb\xbf\xff")
@example(data=b"\n\n\xf0\x9f")
def test_any_bytes(checks: Checks, data: bytes) -> None:
    """A policy or the errors, never anything else."""
    judge(data, checks)


@QUIET
@given(text=st.text())
@example(text='"\\UFFFFFFFF"')
@example(text="\x85- a")
def test_any_text(checks: Checks, text: str) -> None:
    """The same for all of Unicode."""
    judge(text.encode("utf-8", "surrogatepass"), checks)


@QUIET
@given(text=st.lists(TOKENS, max_size=30).map("".join))
def test_any_tokens(checks: Checks, text: str) -> None:
    """The same for what looks like YAML."""
    judge(text.encode("utf-8", "surrogatepass"), checks)


@hypothesis_settings(QUIET, max_examples=60)
@given(value=POLICY_LIKE)
def test_any_policy_like_value_agrees_with_the_schema(checks: Checks, value: dict[str, Any]) -> None:
    """What is read is what an editor with the schema accepts; JSON is YAML enough to write it in."""
    data = json.dumps(value, ensure_ascii=True).encode()
    policy = judge(data, checks)

    if policy is not None:
        assert jsonschema_rs.is_valid(policy_schema(checks), value)


SCHEMA_CASES = [
    *(
        {},
        None,
        {"version": 1},
        {"publish": "observe"},
        {"publish": "issues: all"},
        {"publish": {"issues": "all"}},
    ),
    *({"block": ["licence"]}, {"block": None}, {"checks": {"behind": None, "licence": {"enabled": False}}}),
    *(
        {
            "checks": {
                "behind": {"max_behind": 0, "allow": ["a"], "ratio": 1, "colour": "green", "severity": "info"}
            }
        },
    ),
    *({"checks": {"behind": {"rules": [{"name": "a"}]}}}, {"fail_closed": True}, {"exemptions": []}),
    *({"exemptions": [{"check": "behind", "reason": "r", "until": "2026-01-31"}]},),
]
SCHEMA_COUNTER_CASES = [
    *(
        {"version": 2},
        {"publish": "issues"},
        {"publish": {"issues": "all", "x": 1}},
        {"block": ["x"]},
        {"block": "x"},
    ),
    *(
        {"x": 1},
        {"checks": {"x": {}}},
        {"checks": {"licence": {"max_behind": 1}}},
        {"checks": {"behind": True}},
    ),
    *({"checks": {"behind": {"max_behind": -1}}}, {"checks": {"behind": {"rules": [{"name": "a", "x": 1}]}}}),
    *(
        {"checks": {"behind": {"severity": "High"}}},
        {"fail_closed": None},
        {"exemptions": [{"check": "behind"}]},
    ),
    *({"exemptions": [{"check": "behind", "reason": "", "until": "2026-01-31"}]}, [], "x"),
    *({"exemptions": [{"check": "behind", "reason": "r", "until": "31.1.2026"}]},),
]


@pytest.mark.parametrize("value", SCHEMA_CASES, ids=json.dumps)
def test_schema_accepts_what_is_read(checks: Checks, value: Any) -> None:
    """Both say yes."""
    assert isinstance(read_policy(json.dumps(value).encode(), checks), Policy)
    jsonschema_rs.validate(policy_schema(checks), value)


@pytest.mark.parametrize("value", SCHEMA_COUNTER_CASES, ids=json.dumps)
def test_schema_refuses_what_is_refused(checks: Checks, value: Any) -> None:
    """Both say no."""
    with pytest.raises(PolicyErrors):
        read_policy(json.dumps(value).encode(), checks)
    assert not jsonschema_rs.is_valid(policy_schema(checks), value)


def test_schema_describes_keys_checks_and_options(checks: Checks) -> None:
    """Editors show these; the schema itself is valid and plain JSON."""
    schema = json.loads(json.dumps(policy_schema(checks)))
    jsonschema_rs.meta.validate(schema)
    behind = schema["properties"]["checks"]["properties"]["behind"]

    assert behind["description"] == "Branches keep up."
    assert behind["properties"]["max_behind"]["description"] == "Commits a branch may lag."
    assert all(key["description"] for key in schema["properties"].values())
    assert set(schema["$defs"]) == {"behind.Colour", "behind.Rule"}


def test_every_field_of_the_policy_has_a_key() -> None:
    """A field that no file can fill would never be in force."""
    filled = {key.field for key in policy_file.KEYS if key.field}

    assert filled | {"oid"} == set(Policy.__dataclass_fields__)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(
            ("null", None),
            ("Null", None),
            ("~", None),
            ("", None),
            ("TRUE", True),
            ("False", False),
            ("tRue", "tRue"),
        ),
        *(("0", 0), ("-7", -7), ("+7", 7), ("007", 7), ("1_000", "1_000"), ("0x1f", "0x1f"), ("１", "１")),
        *(("1.", 1.0), (".5", 0.5), ("-1e3", -1000.0), (".", "."), (".nan", ".nan"), ("1e400", "1e400")),
        *(
            ("yes", "yes"),
            ("off", "off"),
            ("2026-01-01", "2026-01-01"),
            ("9" * 15, 10**15 - 1),
            ("9" * 16, "9" * 16),
        ),
    ],
)
def test_scalars_mean_what_the_core_schema_says(text: str, value: object) -> None:
    """No dates, no yes and no, no octal surprises; quoted is always text."""
    found = yaml_nodes.Scalar(yaml_nodes.Mark(), text).value

    assert found == value
    assert type(found) is type(value)
    assert yaml_nodes.Scalar(yaml_nodes.Mark(), text, plain=False).value == text
