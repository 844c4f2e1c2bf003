"""The check: the oldest Python that a project promises is still looked after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import Field

from bot.model.verdicts import Evidence, Place, Severity, Verdict, failed, not_applicable, passed
from bot.spec import Section, check
from plumbline_plugin_example.python_requirement import PATH, PythonRequirement

ENDS = {
    (3, 9): datetime(2025, 10, 31, tzinfo=UTC),
    (3, 10): datetime(2026, 10, 31, tzinfo=UTC),
    (3, 11): datetime(2027, 10, 31, tzinfo=UTC),
    (3, 12): datetime(2028, 10, 31, tzinfo=UTC),
    (3, 13): datetime(2029, 10, 31, tzinfo=UTC),
    (3, 14): datetime(2030, 10, 31, tzinfo=UTC),
}
"""Version -> the day after which nobody mends it; older ones are past that."""


class Config(Section):
    """Options under ``checks.python-end-of-life`` of a policy file."""

    notice_days: int = Field(default=0, ge=0, le=730, description="Fail so many days before the end.")


@check("python-end-of-life", family="dependencies", severity=Severity.MEDIUM, config=Config)
def python_end_of_life(
    python_requirement: PythonRequirement | None, now: datetime, config: Config
) -> Verdict:
    """The oldest version of Python that the project promises to run on is still looked after.

    Why: nobody mends security faults of a version that has ended, and a promise to run on it keeps
    newer features and libraries out.
    Fix: raise `requires-python` in `pyproject.toml`, and drop the old version from CI.
    Source: https://devguide.python.org/versions/
    """
    if python_requirement is None or python_requirement.lowest is None:
        return not_applicable("pyproject.toml names no oldest version of Python")
    version = ".".join(map(str, python_requirement.lowest))
    ends = end_of(python_requirement.lowest)
    if ends is None:
        return passed(f"Python {version} is newer than all whose end is known")
    speaks = ends - timedelta(days=config.notice_days)
    if now < speaks:
        # Time alone changes this verdict, so it says when.
        return passed(f"Python {version} is looked after until {ends:%Y-%m-%d}", valid_until=speaks)
    return failed(
        f"Python {version} {'has ended' if now >= ends else 'ends'} on {ends:%Y-%m-%d}",
        Evidence(
            f"requires-python is {python_requirement.specifier}",
            Place(path=PATH, line=python_requirement.line),
            key="requires-python",
        ),
    )


def end_of(version: tuple[int, ...]) -> datetime | None:
    """When a version ends; None for one that is too new to be known."""
    if version < min(ENDS):
        return ENDS[min(ENDS)]
    return ENDS.get((version[0], version[1])) if version <= max(ENDS) else None
