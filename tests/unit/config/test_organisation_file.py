"""The organisation's file: what is understood, what is refused, and where each error points."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config.cascade import Layer, LayerKind, Lock
from bot.config.organisation import (
    NOTHING_SAID,
    RINGS,
    Exempting,
    Group,
    OrganisationPolicy,
    in_ring,
    layers,
    select,
)
from bot.config.organisation_file import (
    ORGANISATION_KEYS,
    RENAMES,
    lockable,
    organisation_schema,
    read_organisation,
)
from bot.config.policy import Exemption, Notice, Said
from bot.config.policy_file import ERROR_LIMIT, SIZE_LIMIT, PolicyErrors
from bot.config.selection import Enrolment, Selection, Selector
from bot.config.settings import Publish
from bot.model.attributes import Attributes, Described
from bot.model.facts import Visibility
from bot.model.people import Role
from bot.model.verdicts import Severity
from bot.spec import CheckSpec

Checks = Mapping[str, CheckSpec]

FULL = """\
version: 1
defaults:
  publish: observe
  exemptions:
    - {check: licence, reason: later, until: 2026-12-31}
    - {check: licence, reason: even later, until: 2027-12-31}
groups:
  - name: services
    when:
      names: [api-*, "*-service"]
      topics: service
      teams: [core]
      languages: [Go, Rust]
      visibility: [private, internal]
      properties: {tier: [1, two], live: true}
      archived: false
      fork: false
    publish: {issues: all}
    checks:
      behind: {max_behind: 5, severity: high, enabled: true}
    lock: [checks.behind.max_behind]
  - {name: tools, when: {names: tool}}
lock:
  - fail_closed
  - checks.licence
enrol:
  include:
    - visibility: private
  exclude:
    - archived: true
roll_up: health
exempt:
  high: admin
  critical: {who: admin, approval: true}
  low: nobody
rings: 25
grants: []
"""


def places(text: str | bytes, checks: Checks, **options: Any) -> list[tuple[int, int, str]]:
    """Line, column and message of all errors of a file that is wrong."""
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(PolicyErrors) as caught:
        read_organisation(data, checks, **options)
    assert {e.path for e in caught.value.errors} == {"plumbline.org.yml"}
    return [(e.line, e.column, e.message) for e in caught.value.errors]


def test_reads_everything(checks: Checks) -> None:
    """Each key ends where the policy keeps it, with its place."""
    policy = read_organisation(FULL.encode(), checks, where="acme/.github", commit="c", oid="o")

    later = Exemption("licence", "later", date(2026, 12, 31))
    even_later = Exemption("licence", "even later", date(2027, 12, 31))
    when = Selector(
        names=("api-*", "*-service"),
        topics=("service",),
        teams=("core",),
        languages=("Go", "Rust"),
        visibility=(Visibility.PRIVATE, Visibility.INTERNAL),
        properties={"tier": ("1", "two"), "live": ("true",)},
        archived=False,
        fork=False,
        line=10,
    )
    says = {
        "publish": Said(Publish.ISSUES, 18, 5),
        "checks.behind.max_behind": Said(5, 20, 16),
        "checks.behind.severity": Said(Severity.HIGH, 20, 31),
        "checks.behind.enabled": Said(True, 20, 47),
    }
    assert policy == OrganisationPolicy(
        defaults={
            "publish": Said(Publish.OBSERVE, 3, 3),
            "exemptions.licence": Said((later, even_later), 5, 7),
        },
        groups=(
            Group("services", when, says, (Lock("checks.behind.max_behind", 21, 12),), 8),
            Group("tools", Selector(names=("tool",), line=22), line=22),
        ),
        locks=(Lock("fail_closed", 24, 5), Lock("checks.licence", 25, 5)),
        enrolment=Enrolment(
            (Selector(visibility=(Visibility.PRIVATE,), line=28),), (Selector(archived=True, line=30),), 27
        ),
        roll_up="health",
        exempt={
            Severity.HIGH: Exempting(Role.ADMIN, line=33),
            Severity.CRITICAL: Exempting(Role.ADMIN, approval=True, line=34),
            Severity.LOW: Exempting(None, line=35),
        },
        ring=25,
        ring_line=36,
        file="acme/.github:plumbline.org.yml",
        commit="c",
        oid="o",
    )
    assert (policy.asks_description, policy.asks_properties, policy.teams) == (True, True, ("core",))


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", "{}", "defaults:\ngroups:\nlock:\nexempt:\ngrants:\n", "defaults: {}"]
)
def test_nothing_said_is_a_file_all_the_same(checks: Checks, text: str) -> None:
    """Everything is enrolled and as declared."""
    policy = read_organisation(text.encode(), checks)

    assert policy == OrganisationPolicy(file="plumbline.org.yml", oid="-")
    assert select(policy, Attributes("x")).enrolled


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        pytest.param("defualts: {}", 1, 1, "did you mean 'defaults'?", id="near key"),
        pytest.param("defaults: {version: 1}", 1, 12, "unknown key 'version'", id="version is of the file"),
        pytest.param("defaults: {block: [licnce]}", 1, 20, "did you mean 'licence'?", id="near check"),
        pytest.param("defaults: {checks: {behind: {max_behind: -1}}}", 1, 42, "max_behind", id="option"),
        pytest.param("groups: {}", 1, 9, "it should be a list", id="groups"),
        pytest.param("groups: [{}]", 1, 10, "a group lacks name and when", id="empty group"),
        pytest.param("groups: [{name: a, when: {}}]", 1, 26, "at least one condition", id="empty when"),
        pytest.param("groups: [{name: a, when: }]", 1, 25, "at least one condition", id="nothing as when"),
        pytest.param("groups: [{name: a, when: all}]", 1, 26, "it should be a mapping", id="text as when"),
        pytest.param(
            "groups: [{name: a, when: {topcs: x}}]", 1, 27, "did you mean 'topics'?", id="near condition"
        ),
        pytest.param("groups: [{name: a, when: {names: []}}]", 1, 34, "1 to 200 entries", id="no names"),
        pytest.param("groups: [{name: a, when: {fork: 1}}]", 1, 33, "true or false", id="flag"),
        pytest.param(
            "groups: [{name: a, when: {visibility: secret}}]",
            1,
            39,
            "public, internal, private",
            id="visible",
        ),
        pytest.param("groups: [{name: a, when: {teams: acme/core}}]", 1, 34, "a team's slug", id="team"),
        pytest.param("groups: [{name: a, when: {properties: x}}]", 1, 39, "a mapping from", id="properties"),
        pytest.param('groups: [{name: "a\\nb", when: {fork: true}}]', 1, 17, "on one line", id="name"),
        pytest.param(
            "groups:\n- {name: a, when: {fork: true}}\n- {name: a, when: {fork: true}}\n",
            3,
            3,
            "first on line 2",
            id="two of a name",
        ),
        pytest.param("lock: [checks.licnce]", 1, 8, "did you mean 'checks.licence'?", id="near lock"),
        pytest.param("lock: [[a]]", 1, 8, "it should be a key", id="lock"),
        pytest.param("enrol: some", 1, 8, "it should be all", id="enrol"),
        pytest.param("enrol: {include: x}", 1, 18, "a list of selectors", id="include"),
        pytest.param("enrol: {only: []}", 1, 9, "known: exclude, include", id="key of enrol"),
        pytest.param("roll_up: a b", 1, 10, "name of a repository", id="roll-up"),
        pytest.param("exempt: {hgih: admin}", 1, 10, "did you mean 'high'?", id="severity"),
        pytest.param("exempt: {high: owner}", 1, 16, "maintain, admin, nobody", id="who"),
        pytest.param("exempt: {high: {approval: true}}", 1, 16, "lacks who", id="approval of nobody"),
        pytest.param("rings: 10", 1, 8, "one of 1, 5, 25, 100", id="ring"),
        pytest.param("rings: true", 1, 8, "one of 1, 5, 25, 100", id="true is no number"),
        pytest.param("grants: [merge]", 1, 10, "only reports so far", id="grant"),
        pytest.param("enrol: all\nenroll: all\n", 2, 1, "former name of 'enrol' (line 1)", id="both names"),
    ],
)
def test_says_what_is_wrong_and_where(checks: Checks, text: str, line: int, column: int, says: str) -> None:
    """One sentence, at the place."""
    ((at_line, at_column, message),) = places(text, checks)

    assert (at_line, at_column) == (line, column)
    assert says in message


def test_says_all_mistakes_at_once_in_the_order_of_the_file(checks: Checks) -> None:
    """Whichever key is read first."""
    found = places("rings: 2\nversion: 3\ndefaults: {publish: loud}\ngroups: [{name: a}]\n", checks)

    assert [place[0] for place in found] == [1, 2, 3, 4]


def test_refuses_what_is_too_large(checks: Checks) -> None:
    """The limit itself is allowed."""
    assert read_organisation(b"#" * SIZE_LIMIT, checks).groups == ()
    assert "shorten it" in places(b"#" * (SIZE_LIMIT + 1), checks)[0][2]


@pytest.mark.fault
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: &a [x,x]\n" + "b: [*a,*a,*a,*a]\n" * 2000, id="aliases"),
        pytest.param("groups: &a [*a]\n", id="cycle"),
        pytest.param("groups: " + "[" * (SIZE_LIMIT - 10), id="deep"),
        pytest.param("groups:\n" + "- {name: a, when: {fork: true}}\n" * 2000, id="groups of one name"),
        pytest.param("enrol: all\n" * (SIZE_LIMIT // 12), id="duplicate keys"),
        pytest.param("roll_up: !!python/object/apply:os.system [touch /tmp/canary]\n", id="unknown tag"),
    ],
)
@pytest.mark.untraced
def test_ke11_hostile_yaml_is_refused_quickly(checks: Checks, text: str) -> None:
    """With a message, as in a repository's own file."""
    assert len(text) <= SIZE_LIMIT
    before = time.process_time()
    found = places(text, checks)

    assert time.process_time() - before < 5
    assert found
    assert all(message for _, _, message in found)


@pytest.mark.parametrize(
    ("visibility", "says"),
    [
        (None, "that the App can see"),
        (Visibility.PUBLIC, "that repository is public"),
        (Visibility.INTERNAL, "that repository is internal"),
    ],
)
def test_the_roll_up_goes_to_a_private_repository_only(
    checks: Checks, visibility: Visibility | None, says: str
) -> None:
    """It names what is wrong everywhere."""
    found = places("roll_up: acme/health", checks, visible=lambda _: visibility)

    assert says in found[0][2]
    text = b"roll_up: acme/health"
    assert read_organisation(text, checks, visible=lambda _: Visibility.PRIVATE).roll_up == "health"


@pytest.mark.parametrize("renamed", RENAMES, ids=lambda renamed: renamed.old)
def test_former_names_are_understood_with_a_notice(checks: Checks, renamed: Any) -> None:
    """As if the new name stood there."""
    value = {"enrol": "[{fork: false}]", "roll_up": "health"}[renamed.new]
    new = read_organisation(f"{renamed.new}: {value}\n".encode(), checks)
    old = read_organisation(f"{renamed.old}: {value}\n".encode(), checks)

    (notice,) = old.notices
    assert notice == Notice(
        f"`{renamed.old}` is called `{renamed.new}` now; it still works, but write the new name",
        "plumbline.org.yml",
    )
    assert (old.enrolment.exclude, old.roll_up) == (new.enrolment.exclude, new.roll_up)
    assert new.notices == ()


def test_tells_what_a_group_says_in_vain(checks: Checks) -> None:
    """The top of the file locks it."""
    policy = read_organisation(
        b"lock: [checks]\ngroups:\n- name: a\n  when: {fork: true}\n  checks: {licence: {enabled: false}}\n",
        checks,
    )

    assert [str(notice) for notice in policy.notices] == [
        "plumbline.org.yml:5:22: `checks.licence.enabled` of this group does not count: "
        "line 1 locks it for groups, too"
    ]


def test_layers_are_the_defaults_and_the_groups_that_hold(checks: Checks) -> None:
    """In the order of the file; nothing where there is no file."""
    policy = read_organisation(FULL.encode(), checks, where="acme/.github", commit="c", oid="o")
    described = Described(("service",), "Go", ("core",), {"tier": ("two",), "live": ("true",)})
    selection = select(policy, Attributes("api-x", described=described))
    found = layers(policy, selection, 1)

    assert selection.enrolled
    assert [(x.kind, x.name, x.file, x.commit) for x in found] == [
        (LayerKind.ORGANISATION, "", policy.file, "c"),
        (LayerKind.GROUP, "services", policy.file, "c"),
    ]
    assert [looked.holds for looked in selection.groups] == [True, False]
    assert layers(NOTHING_SAID, Selection(), 1) == ()


def test_outside_of_the_ring_no_issues_are_switched_on(checks: Checks) -> None:
    """The line of the ring is where that is said; what the repository says itself is untouched."""
    policy = read_organisation(b"defaults: {publish: {issues: all}}\nrings: 25\n", checks)
    outside = next(n for n in range(1, 100) if not in_ring(n, 25))
    inside = next(n for n in range(1, 100) if in_ring(n, 25))

    def publish(number: int) -> Said:
        (layer,) = layers(policy, Selection(), number)
        assert isinstance(layer, Layer)
        return layer.says["publish"]

    assert publish(outside) == Said(Publish.ADVISE, 2)
    assert publish(inside) == Said(Publish.ISSUES, 1, 12)


@given(number=st.integers(0, 2**62))
def test_rings_lie_within_each_other(number: int) -> None:
    """Who is in a ring stays in when it grows, and the last one holds everybody."""
    inside = [in_ring(number, share) for share in RINGS]

    assert inside == sorted(inside)
    assert inside[-1]


def test_rings_hold_their_share() -> None:
    """About so many percent."""
    counts = {share: sum(in_ring(n, share) for n in range(10_000)) / 100 for share in RINGS}

    assert counts == pytest.approx({1: 1, 5: 5, 25: 25, 100: 100}, abs=1.0)


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (Severity.INFO, Exempting()),
        (Severity.LOW, Exempting(None, line=35)),
        (Severity.MEDIUM, Exempting(None, line=35)),
        (Severity.HIGH, Exempting(Role.ADMIN, line=33)),
        (Severity.CRITICAL, Exempting(Role.ADMIN, approval=True, line=34)),
    ],
)
def test_a_rule_for_exempting_holds_up_to_the_next(
    checks: Checks, severity: Severity, expected: Exempting
) -> None:
    """Below the first one the role that the command asks for is enough."""
    assert read_organisation(FULL.encode(), checks).exempting(severity) == expected


def test_locks_name_whole_keys(checks: Checks) -> None:
    """Keys, checks, their options, exemptions."""
    found = lockable(checks)

    assert {"publish", "checks", "checks.behind", "checks.behind.max_behind", "exemptions.licence"} <= {
        *found
    }
    assert "version" not in found


def test_the_schema_knows_every_key(checks: Checks) -> None:
    """And every former name, marked as such."""
    schema = organisation_schema(checks)
    jsonschema_rs.validator_for(schema)

    assert set(schema["properties"]) == {k.name for k in ORGANISATION_KEYS} | {r.old for r in RENAMES}
    assert all(schema["properties"][r.old]["deprecated"] for r in RENAMES)
    assert all(key.about.endswith(".") for key in ORGANISATION_KEYS)


SELECTORS = st.fixed_dictionaries(
    {},
    optional={
        "names": st.sampled_from(["a*", ["a", "b"], [], 5, None, True]),
        "topics": st.lists(st.sampled_from(["a", "", 1]), max_size=2),
        "teams": st.sampled_from(["core", ["a_b", 7], "acme/core", "..", True]),
        "visibility": st.sampled_from(["public", ["private"], "secret"]),
        "properties": st.sampled_from([{"a": "b"}, {"a": [1, "x"]}, {}, "x"]),
        "fork": st.sampled_from([True, False, None]),
    },
)
ORGANISATION_LIKE = st.fixed_dictionaries(
    {},
    optional={
        "version": st.sampled_from([1, 2]),
        "defaults": st.sampled_from([{"publish": "observe"}, {"block": ["licence"]}, None, {"x": 1}]),
        "groups": st.lists(
            st.fixed_dictionaries(
                {"when": SELECTORS},
                optional={"name": st.sampled_from(["a", "b", 1, ""]), "lock": st.just(["publish"])},
            ),
            max_size=2,
        ),
        "lock": st.lists(st.sampled_from(["publish", "checks.licence", "x"]), max_size=2),
        "enrol": st.sampled_from(["all", "x", []])
        | st.lists(SELECTORS, max_size=2)
        | st.fixed_dictionaries({}, optional={"include": st.just("all"), "exclude": st.lists(SELECTORS)}),
        "enroll": st.just("all"),
        "exempt": st.dictionaries(
            st.sampled_from(["high", "low", "x"]),
            st.sampled_from(["admin", "owner", {"who": "nobody"}, {"who": "admin", "approval": True}, {}]),
        ),
        "rings": st.sampled_from([1, 25, 3]),
        "roll_up": st.sampled_from(["health", "acme/health", "", "a/b/c"]),
        "grants": st.sampled_from([[], ["x"], None]),
    },
)


def judge(data: bytes, checks: Checks) -> OrganisationPolicy | None:
    """Read; what is wrong is told in a bounded number of printable lines."""
    try:
        return read_organisation(data, checks)
    except PolicyErrors as problem:
        told = problem.errors
    assert 0 < len(told) <= ERROR_LIMIT
    assert all(error.message.isprintable() and len(error.message) < 500 for error in told)
    return None


@settings(max_examples=300)
@given(value=ORGANISATION_LIKE)
def test_what_is_read_is_what_the_schema_accepts(checks: Checks, value: dict[str, Any]) -> None:
    """JSON is YAML enough to write it in."""
    if judge(json.dumps(value).encode(), checks) is not None:
        assert jsonschema_rs.is_valid(organisation_schema(checks), value)


@settings(max_examples=300)
@given(text=st.text() | st.lists(st.sampled_from(FULL.split(" ")), max_size=20).map(" ".join))
def test_any_text_is_a_policy_or_its_errors(checks: Checks, text: str) -> None:
    """Never anything else."""
    judge(text.encode("utf-8", "surrogatepass"), checks)
