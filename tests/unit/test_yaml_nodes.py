"""Anchors, aliases and merge keys, where the caller allows them, under the same limits."""

from textwrap import dedent

import pytest

from bot.yaml_nodes import DEPTH_LIMIT, NODE_LIMIT, Problems, compose, plain


def read(text: str) -> tuple[object, list[str]]:
    problems = Problems(100)
    top = compose(dedent(text), problems, references=True)
    return (None if top is None else plain(top)), [sentence for _, sentence in problems.found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a: &x 1\nb: *x", {"a": 1, "b": 1}, id="a scalar"),
        pytest.param("a: &x [1, {b: 2}]\nc: *x", {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}, id="a collection"),
        pytest.param("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}, id="the last of one name"),
        pytest.param(
            "a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}",
            {"a": {"k": 1, "l": 2}, "b": {"l": 3, "k": 1}},
            id="merged, own keys win",
        ),
        pytest.param(
            "a: &x {k: 1}\nb: &y {k: 2, l: 2}\nc: {<<: [*x, *y]}",
            {"a": {"k": 1}, "b": {"k": 2, "l": 2}, "c": {"k": 1, "l": 2}},
            id="merged, the first of many wins",
        ),
        pytest.param("a: {<<: 1, b: 2}", {"a": {"b": 2}}, id="nothing to merge"),
    ],
)
def test_references_are_followed(text, expected):
    """As YAML says, without a problem."""
    assert read(text) == (expected, [])


@pytest.mark.parametrize("text", ["a: *x", "a: &x [*x]", "a: *x\nb: &x 1"])
def test_only_what_is_finished_can_be_repeated(text):
    """So nothing can hold itself."""
    found, problems = read(text)

    assert problems == ["nothing before this is called 'x'"]
    assert found is not None


def test_what_is_repeated_counts():
    """Nine lines that would be a thousand million values end at the limit."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    assert read("\n".join(lines)) == (None, [f"more than {NODE_LIMIT} values: shorten the file"])


def test_repeating_does_not_nest_deeper_than_allowed():
    """Each alias is as deep as what it names."""
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 40))]

    assert read("\n".join(lines)) == (
        None,
        [f"nested deeper than {DEPTH_LIMIT} levels: nothing here needs that"],
    )


def test_unless_allowed_they_are_problems():
    """Policy files do without them."""
    problems = Problems(10)

    assert compose("a: &x 1\nb: *x\nc: {<<: {d: 1}}", problems) is not None
    assert len(problems.found) == 3
