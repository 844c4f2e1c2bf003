"""Parts that the JSON documents and their schemas share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.model.scores import Grade
from bot.model.verdicts import Severity

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
MOMENT = {"type": "string", "format": "date-time"}
SEVERITY = {"enum": [severity.label for severity in Severity]}
GRADE = {"enum": [*(letter.value for letter in Grade), None]}


def closed(**properties: Any) -> dict[str, Any]:
    """An object that has all of these keys and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def by_name(value: dict[str, Any], description: str = "") -> dict[str, Any]:
    """An object of any keys whose values are all of a kind."""
    about = {"description": description} if description else {}
    return {"type": "object", "additionalProperties": value, **about}


def listed(item: dict[str, Any], description: str = "") -> dict[str, Any]:
    """A list of items of a kind."""
    about = {"description": description} if description else {}
    return {"type": "array", "items": item, **about}


def nullable(kind: str, **more: Any) -> dict[str, Any]:
    """A value of a JSON type, or null."""
    return {"type": [kind, "null"], **more}


PER_CENT = nullable("integer", minimum=0, maximum=100)


def valid(s: str) -> str:
    """Text that can be encoded: broken parts of Unicode are written as escapes."""
    return s if s.isascii() else s.encode("utf-8", "backslashreplace").decode("utf-8")


def moment(at: datetime) -> str:
    """A time to the second, as RFC 3339 has it."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
