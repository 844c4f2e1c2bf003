"""Layers of policy: the laws that hold for any of them, and what people are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, model_validator

from bot.config.cascade import (
    DEFAULT_ORIGIN,
    Layer,
    LayerKind,
    Lock,
    Origin,
    binds,
    effective_policy,
    is_below,
    resolve,
)
from bot.config.policy import DEFAULT, CheckPolicy, Exemption, Said
from bot.config.policy_file import read_policy_file
from bot.config.settings import Publish
from bot.model.verdicts import Severity, Verdict, passed
from bot.spec import SPEC_ATTRIBUTE, CheckSpec, Section, check

Checks = Mapping[str, CheckSpec]

FREE_KEYS = {
    "publish": st.sampled_from(Publish),
    "block": st.frozensets(st.sampled_from(["behind", "licence"])),
    "fail_closed": st.booleans(),
    "checks.behind.enabled": st.booleans(),
    "checks.behind.severity": st.sampled_from(Severity),
    "checks.behind.max_behind": st.integers(0, 9),
    "checks.behind.allow": st.tuples(st.sampled_from("ab")),
    "checks.licence.enabled": st.booleans(),
}
EXEMPTION_KEYS = ("exemptions.behind", "exemptions.licence")
KEYS = (*FREE_KEYS, *EXEMPTION_KEYS)
LOCKS = (*KEYS, "checks", "checks.behind", "exemptions")
EXEMPTIONS = st.builds(
    lambda reason: (Exemption("behind", reason, date(2026, 1, 1)),), st.sampled_from("xyz")
)
SAYS = st.fixed_dictionaries({}, optional={**FREE_KEYS, **dict.fromkeys(EXEMPTION_KEYS, EXEMPTIONS)}).map(
    lambda values: {key: Said(value, line) for line, (key, value) in enumerate(values.items(), 1)}
)
KINDS = (LayerKind.ORGANISATION, LayerKind.GROUP, LayerKind.GROUP, LayerKind.REPOSITORY)
ANY_LOCKS = st.lists(st.sampled_from(LOCKS), max_size=2).map(lambda keys: tuple(map(Lock, keys)))


@st.composite
def stacks(draw: st.DrawFn) -> list[Layer]:
    """Up to four layers in order, each with a file of its own."""
    return [
        Layer(kind, draw(SAYS), draw(ANY_LOCKS), name=str(n), file=f"file{n}", commit="c")
        for n, kind in enumerate(KINDS[: draw(st.integers(0, 4))])
    ]


def test_no_files_are_the_defaults(checks: Checks) -> None:
    """The effective policy of nothing is DEFAULT, and says so."""
    policy, effective = effective_policy([], checks)

    assert policy == DEFAULT
    assert effective.origins("checks.behind.max_behind") == (DEFAULT_ORIGIN,)


@given(layers=stacks(), at=st.integers(0, 4))
def test_identity(layers: list[Layer], at: int) -> None:
    """A layer that says nothing changes nothing, wherever it stands."""
    silent = Layer(LayerKind.GROUP, name="silent")

    assert resolve([*layers[:at], silent, *layers[at:]]) == resolve(layers)


@given(layers=stacks())
def test_the_last_layer_that_may_speak_wins(layers: list[Layer]) -> None:
    """Key by key: of the layers that set it before somebody above locked it, the last one counts."""
    values = resolve(layers).values

    for key in FREE_KEYS:
        expected: Any = None
        locks: list[str] = []
        for layer in layers:
            if key in layer.says and not any(binds(lock, key, layer.kind) for lock in locks):
                expected = layer.says[key].value
            locks += [lock.key for lock in layer.locks]
        assert (values[key].value if key in values else None) == expected


@given(layers=stacks())
def test_exemptions_add_up(layers: list[Layer]) -> None:
    """All that are not locked, in the order of the layers."""
    values = resolve(layers).values

    for key in EXEMPTION_KEYS:
        expected: tuple[Any, ...] = ()
        locks: list[str] = []
        for layer in layers:
            if key in layer.says and not any(binds(lock, key, layer.kind) for lock in locks):
                expected += layer.says[key].value
            locks += [lock.key for lock in layer.locks]
        assert (values[key].value if key in values else ()) == expected


@given(layers=stacks(), lock=st.sampled_from(LOCKS), at=st.integers(0, 3))
def test_locks_are_monotone(layers: list[Layer], lock: str, at: int) -> None:
    """One lock more never lets a layer below set anything that it could not set before."""
    if at >= len(layers):
        return
    locked = list(layers)
    locked[at] = replace(locked[at], locks=(*locked[at].locks, Lock(lock)))
    below = {layer.file for layer in layers[at + 1 :]}

    def set_below(stack: list[Layer]) -> set[tuple[str, str]]:
        found = resolve(stack).values.items()
        return {(key, o.file) for key, value in found for o in value.origins if o.file in below}

    assert set_below(locked) <= set_below(layers)
    assert not any(binds(lock, key, LayerKind.REPOSITORY) for key, _ in set_below(locked))
    assert {r.key for r in resolve(layers).refused} <= {r.key for r in resolve(locked).refused}


@given(layers=stacks())
def test_the_order_of_unrelated_keys_does_not_matter(layers: list[Layer]) -> None:
    """Neither within a file nor among locks."""
    turned = [replace(x, says=dict(reversed(x.says.items())), locks=tuple(reversed(x.locks))) for x in layers]
    one, other = resolve(layers), resolve(turned)

    assert one.values == other.values
    assert {r.key for r in one.refused} == {r.key for r in other.refused}


@given(layers=stacks())
def test_every_value_has_a_provenance(checks: Checks, layers: list[Layer]) -> None:
    """Each leads to a layer that says exactly that; each refusal names both places."""
    _, effective = effective_policy(layers, checks)
    by_file = {layer.file: layer for layer in layers}

    for key in KEYS:
        assert effective.origins(key)
    for key, resolved in effective.values.items():
        assert resolved.origins
        last = by_file[resolved.origins[-1].file].says[key]
        assert last.line == resolved.origins[-1].line
        assert last.value == resolved.value or key in EXEMPTION_KEYS
    for refused in effective.refused:
        assert refused.lock is not None
        assert refused.lock.words in refused.why
        assert refused.origin.words in refused.why


@given(layers=stacks())
def test_the_policy_says_what_the_keys_say(checks: Checks, layers: list[Layer]) -> None:
    """Putting the keys together loses and adds nothing."""
    policy, effective = effective_policy(layers, checks, oid="o")
    values = {key: resolved.value for key, resolved in effective.values.items()}

    assert (policy.publish, policy.fail_closed) == (values.get("publish"), values.get("fail_closed", False))
    assert policy.oid == "o"
    for name in checks:
        said = policy.of(checks[name])
        assert said.enabled == values.get(f"checks.{name}.enabled", True)
        assert said.severity == values.get(f"checks.{name}.severity", checks[name].severity)
    options: Any = policy.of(checks["behind"]).options
    assert options.max_behind == values.get("checks.behind.max_behind", 20)
    assert options.allow == values.get("checks.behind.allow", ())


@given(text=st.sampled_from(["", "publish: observe", "checks: {behind: {max_behind: 3}, licence: }"]))
def test_one_file_alone_means_what_it_says(checks: Checks, text: str) -> None:
    """The cascade of one repository's file is that file."""
    read = read_policy_file(text.encode(), checks, oid="o")
    policy, _ = effective_policy([Layer(LayerKind.REPOSITORY, read.says)], checks, oid="o")

    assert [policy.of(spec) for spec in checks.values()] == [read.policy.of(s) for s in checks.values()]
    assert replace(policy, checks={}) == replace(read.policy, checks={})


@pytest.mark.parametrize(
    ("lock", "key", "kind", "expected"),
    [
        ("publish", "publish", LayerKind.REPOSITORY, True),
        ("checks.licence", "checks.licence.severity", LayerKind.GROUP, True),
        ("checks.licence.severity", "checks.licence.enabled", LayerKind.REPOSITORY, False),
        ("checks.lic", "checks.licence.enabled", LayerKind.REPOSITORY, False),
        ("checks.licence", "exemptions.licence", LayerKind.REPOSITORY, True),
        ("checks.licence.enabled", "exemptions.licence", LayerKind.COMMAND, True),
        ("checks.licence.severity", "exemptions.licence", LayerKind.REPOSITORY, False),
        ("exemptions", "exemptions.licence", LayerKind.REPOSITORY, True),
        ("exemptions", "exemptions.licence", LayerKind.COMMAND, False),
    ],
)
def test_what_a_lock_binds(lock: str, key: str, kind: LayerKind, expected: bool) -> None:
    """All below it; and a check that can not be switched off can not be exempted either."""
    assert binds(lock, key, kind) is expected


def test_keys_are_below_whole_words_only() -> None:
    """A name that begins like another is another."""
    assert is_below("checks", "checks.a")
    assert not is_below("check", "checks.a")


def test_says_both_places_of_what_is_locked(checks: Checks) -> None:
    """File, line and commit as far as they are known."""
    above = Layer(
        LayerKind.ORGANISATION,
        {"publish": Said(Publish.OBSERVE, 3)},
        (Lock("publish", 7),),
        file="acme/.github:plumbline.org.yml",
        commit="a" * 40,
    )
    own = Layer(LayerKind.REPOSITORY, {"publish": Said(Publish.ISSUES, 2, 5)}, file=".github/plumbline.yml")
    policy, effective = effective_policy([above, own], checks)

    assert policy.publish is Publish.OBSERVE
    (refused,) = effective.refused
    assert refused.notice.message == (
        "`publish` is locked by line 7 of acme/.github:plumbline.org.yml, so what "
        "line 2 of .github/plumbline.yml says of it does not count"
    )
    assert (refused.notice.path, refused.notice.line, refused.notice.column) == (
        ".github/plumbline.yml",
        2,
        5,
    )
    assert effective.lock_of("publish") == above.origin(Lock("publish", 7))


def test_names_a_layer_without_a_file() -> None:
    """As an exemption that was given by a command."""
    assert Origin(LayerKind.COMMAND).place == Origin(LayerKind.COMMAND).words == "command"
    assert Origin(LayerKind.GROUP, "a", "f.yml", 3, 1, "c" * 40).place == "f.yml:3@cccccccccc"
    assert Origin(LayerKind.OPERATOR, "PLUMBLINE_PUBLISH").place == "operator PLUMBLINE_PUBLISH"


class Span(Section):
    """Two options that depend on each other."""

    low: int = Field(default=1)
    high: int = Field(default=10)

    @model_validator(mode="after")
    def _in_order(self) -> Span:
        if self.low > self.high:
            raise ValueError("low must not be above high")
        return self


@check("span", family="x", severity=Severity.LOW, config=Span)
def span(config: Span) -> Verdict:
    """Within limits."""
    return passed(str(config))


def test_options_that_do_not_go_together_fall_back_to_the_layer_above() -> None:
    """Each file is good by itself; the lower one gives way and is told so."""
    specs = {"span": getattr(span, SPEC_ATTRIBUTE)}
    above = Layer(LayerKind.ORGANISATION, {"checks.span.low": Said(8, 1)}, file="above")
    own = Layer(
        LayerKind.REPOSITORY,
        {"checks.span.high": Said(5, 2), "checks.span.severity": Said(Severity.HIGH, 3)},
        file="own",
    )
    policy, effective = effective_policy([above, own], specs)

    assert policy.checks["span"] == CheckPolicy(severity=Severity.HIGH, options=Span(low=8))
    assert [(r.key, r.lock, r.origin.place) for r in effective.refused] == [
        ("checks.span.high", None, "own:2")
    ]
    assert "low must not be above high" in effective.refused[0].why
