"""JSON answers are read key by key, and nothing that lacks is taken for an empty truth."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.json_nodes import Node, Refused, place_errors
from bot.model.errors import Malformed, PermissionMissing, Unavailable


class Colour(Enum):
    """Something to choose from."""

    RED = "red"


def node(value: Any) -> Node:
    return Node(value, "answer", "administration: read")


@pytest.mark.parametrize(
    ("read", "value"),
    [
        pytest.param(lambda n: n["a"], {}, id="a key is missing"),
        pytest.param(lambda n: n["a"], [], id="no object"),
        pytest.param(lambda n: n.text(), 1, id="no text"),
        pytest.param(lambda n: n.text(), None, id="null is no text"),
        pytest.param(lambda n: n.number(), True, id="true is no number"),
        pytest.param(lambda n: n.number(), 1.5, id="no whole number"),
        pytest.param(lambda n: n.flag(), 0, id="0 is not false"),
        pytest.param(lambda n: n.moment(), "yesterday", id="no time"),
        pytest.param(lambda n: n.oid(), "A" * 40, id="no object id"),
        pytest.param(lambda n: n.choice(Colour), "blue", id="not one of them"),
        pytest.param(lambda n: n.items(), {}, id="no list"),
        pytest.param(lambda n: n.nodes(), {"nodes": None}, id="no nodes"),
        pytest.param(lambda n: n.total(), {}, id="no total"),
        pytest.param(lambda n: n.plain(), {}, id="an object is no single value"),
    ],
)
def test_what_is_not_as_it_must_be_is_told(read: Any, value: Any) -> None:
    """The place is named."""
    with pytest.raises(Malformed, match=r"^answer"):
        read(node(value))


def test_reads_what_is_there() -> None:
    """Every kind of value."""
    told = node(
        {
            "text": "x",
            "number": 3,
            "flag": False,
            "at": "2026-11-20T10:00:00Z",
            "oid": "a" * 40,
            "colour": "RED",
            "list": ["a", "b"],
            "none": None,
        }
    )

    assert told["text"].text() == "x"
    assert told["number"].number() == 3
    assert told["flag"].flag() is False
    assert told["at"].moment() == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert told["oid"].oid() == "a" * 40
    assert told["colour"].choice(Colour) is Colour.RED
    assert told["list"].texts() == ("a", "b")
    assert told["none"].null
    assert told.optional("none") is None
    assert told.optional("absent") is None
    assert told.mapping()["number"].number() == 3
    assert told["number"].plain() == 3


@pytest.mark.parametrize(
    ("connection", "more"),
    [
        ({"totalCount": 2, "nodes": [1, 2]}, False),
        ({"totalCount": 3, "nodes": [1, 2]}, True),
        ({"pageInfo": {"hasNextPage": True}, "nodes": []}, True),
        ({"pageInfo": {"hasNextPage": False}, "totalCount": 9, "nodes": []}, False),
    ],
)
def test_a_connection_says_whether_there_is_more(connection: Any, more: bool) -> None:
    """By its page, or else by its total."""
    assert node(connection).more is more


def test_nodes_that_github_left_empty_are_left_out() -> None:
    """They are what the token may not see, without an error."""
    assert [n.number() for n in node({"nodes": [1, None, 2]}).nodes()] == [1, 2]


@pytest.mark.parametrize(("permission", "error"), [(True, PermissionMissing), (False, Unavailable)])
def test_a_refused_part_speaks_up_when_it_is_looked_at(permission: bool, error: type[Exception]) -> None:
    """And names the permission that would help."""
    told = node({"a": Refused("no", permission=permission), "b": 1})

    assert told["b"].number() == 1
    with pytest.raises(error, match=r"answer\.a: no") as raised:
        told["a"].nodes()
    if permission:
        assert raised.value.permission == "administration: read"  # type: ignore[attr-defined]


REFUSED = Refused("no", permission=True)


@pytest.mark.parametrize(
    ("data", "path", "expected"),
    [
        pytest.param({"a": None}, ("a",), {"a": REFUSED}, id="where it points"),
        pytest.param(
            {"a": None}, ("a", "b", 0), {"a": REFUSED}, id="null rose to the nearest place that may be null"
        ),
        pytest.param({"a": [{"b": None}]}, ("a", 0, "b"), {"a": [{"b": REFUSED}]}, id="within a list"),
        pytest.param({"a": [None]}, ("a", 0, "b"), {"a": [REFUSED]}, id="an entry of a list"),
        pytest.param({"a": {"b": 1}}, ("a", "b"), {"a": {"b": 1}}, id="a value that came stays"),
        pytest.param({"a": []}, ("a", 5), {"a": []}, id="beyond the list"),
        pytest.param({"a": {}}, ("a", "b"), {"a": {"b": REFUSED}}, id="a key that did not come"),
        pytest.param(None, ("a",), REFUSED, id="nothing came"),
    ],
)
def test_an_error_lies_where_null_would_be_taken_for_a_value(data: Any, path: Any, expected: Any) -> None:
    """Each error of a partial answer is put at its place."""
    assert place_errors(data, [(path, REFUSED)]) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)
PATHS = st.lists(st.sampled_from("abc") | st.integers(-2, 3), max_size=4).map(tuple)


@given(JSON, st.lists(PATHS, max_size=4))
def test_no_answer_crashes_the_placing(data: Any, paths: Any) -> None:
    """Whatever GitHub claims to have gone wrong, and wherever."""
    place_errors(data, [(path, REFUSED) for path in paths])
