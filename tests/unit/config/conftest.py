"""Checks to configure."""

from __future__ import annotations

from enum import StrEnum

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.model.verdicts import Severity, Verdict, passed
from bot.spec import SPEC_ATTRIBUTE, CheckSpec, Section, check


class Colour(StrEnum):
    """An option with few values."""

    RED = "red"
    GREEN = "green"


class Rule(BaseModel):
    """A nested option."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    weight: float = 1.0


class Options(Section):
    """Options of every kind."""

    max_behind: int = Field(default=20, ge=0, description="Commits a branch may lag.")
    allow: tuple[str, ...] = ()
    ratio: float = 0.5
    strict: bool = False
    colour: Colour = Colour.RED
    rules: tuple[Rule, ...] = ()

    @field_validator("allow")
    @classmethod
    def _not_empty(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "" in value:
            raise ValueError("entries must not be\nempty")
        return value


@check("behind", family="alignment", severity=Severity.MEDIUM, config=Options)
def behind(config: Options) -> Verdict:
    """Branches keep up."""
    return passed(str(config.max_behind))


@check("licence", family="community", severity=Severity.HIGH)
def licence() -> Verdict:
    """There is a licence."""
    return passed("yes")


@pytest.fixture(scope="session")
def checks() -> dict[str, CheckSpec]:
    """One check with options and one without."""
    return {spec.name: spec for spec in (getattr(f, SPEC_ATTRIBUTE) for f in (behind, licence))}


@pytest.fixture(scope="session")
def options() -> type[Options]:
    """The options of ``behind``."""
    return Options
