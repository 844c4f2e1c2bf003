"""Values into columns and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from bot.adapters.store.codec import CleanText, CompressedJson, JsonText, UtcDateTime, canonical, clean

DIALECT = sqlite.dialect()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_json_survives(value: object) -> None:
    """Lone surrogates, NUL and huge numbers included."""
    for kind in (CompressedJson(), JsonText()):
        stored = kind.process_bind_param(value, DIALECT)

        assert kind.process_result_value(stored, DIALECT) == value


def test_canonical_has_one_spelling() -> None:
    """Order and blanks of the source do not count."""
    assert canonical({"b": [1, 2.5, None], "a": "ü"}) == '{"a":"\\u00fc","b":[1,2.5,null]}'
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x", datetime(2026, 1, 1)])
def test_canonical_refuses_what_is_not_json(value: object) -> None:
    """Better no row than one that can not be read again."""
    with pytest.raises((TypeError, ValueError)):
        canonical(value)


@given(st.text(st.characters()))
def test_clean_text_can_be_stored(text: str) -> None:
    """It encodes, has no NUL, keeps its length, and cleaning again changes nothing."""
    cleaned = clean(text)

    assert "\x00" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert len(cleaned) == len(text)
    assert clean(cleaned) == cleaned


@given(st.text(st.characters()).filter(bool))
def test_clean_text_type_cleans(text: str) -> None:
    """The column does the same."""
    assert CleanText().process_bind_param(text, DIALECT) == clean(text)


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9999, 12, 30)), st.integers(-720, 720))
def test_times_are_utc_in_and_out(moment: datetime, minutes: int) -> None:
    """The same moment, whatever zone it was told in and whatever the database answers."""
    told = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    kind = UtcDateTime()
    stored = kind.process_bind_param(told, DIALECT)
    assert stored is not None

    for answer in (stored.replace(tzinfo=None), stored, stored.astimezone(timezone(timedelta(hours=5)))):
        back = kind.process_result_value(answer, DIALECT)
        assert back == told
        assert back is not None
        assert back.tzinfo is UTC


def test_nothing_stays_nothing() -> None:
    """NULL both ways, and a naive time is refused."""
    for kind in (UtcDateTime(), CleanText()):
        assert kind.process_bind_param(None, DIALECT) is None
    for result in (UtcDateTime(), CompressedJson(), JsonText()):
        assert result.process_result_value(None, DIALECT) is None
    with pytest.raises(ValueError, match="no timezone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), DIALECT)
