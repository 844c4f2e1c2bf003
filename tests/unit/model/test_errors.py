"""The tree of errors: what is caught as what."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.model import errors


@pytest.mark.parametrize(
    ("error", "caught_as"),
    [
        (errors.PolicyError, errors.UserError),
        (errors.SettingsError, errors.UserError),
        (errors.PermissionMissing, errors.Unreadable),
        (errors.LimitReached, errors.Unreadable),
        (errors.Unavailable, errors.Unreadable),
        (errors.Malformed, errors.Unreadable),
        (errors.InstallationGone, errors.Gone),
    ],
)
def test_special_errors_are_caught_with_their_kind(
    error: type[errors.PlumblineError], caught_as: type[errors.PlumblineError]
) -> None:
    """Retry loops and reports rely on it."""
    assert issubclass(error, caught_as)


def test_every_error_is_ours_and_on_the_first_screen() -> None:
    """The module's docstring lists them all."""
    found = [v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, Exception)]

    assert len(found) >= 15
    for error in found:
        assert issubclass(error, errors.PlumblineError)
        assert f"``{error.__name__}``" in (errors.__doc__ or "")


def test_what_must_not_be_retried_is_not_unreadable() -> None:
    """A lost lease, an ambiguous write, a refusal, a thing that is gone: never an unknown."""
    for error in (errors.LeaseLost, errors.Ambiguous, errors.Rejected, errors.Gone, errors.LedgerUnavailable):
        assert not issubclass(error, errors.Unreadable)


def test_errors_carry_what_who_catches_them_needs() -> None:
    """Beside the text."""
    until = datetime(2026, 1, 1, tzinfo=UTC)
    policy = errors.PolicyError("wrong", path="p.yml", line=3, column=2)

    assert str(policy) == "p.yml:3:2: wrong"
    assert (policy.message, policy.path, policy.line, policy.column) == ("wrong", "p.yml", 3, 2)
    assert str(errors.PolicyError("wrong", path="p.yml")) == "p.yml:1:1: wrong"
    assert (errors.LimitReached("x", until=until).until, errors.LimitReached("x", until=until).resource) == (
        until,
        "core",
    )
    assert errors.PermissionMissing("x", permission="a: read").permission == "a: read"
    assert errors.InstallationGone("x", suspended=True).suspended
    assert not errors.InstallationGone("x").suspended
    assert errors.Rejected("x", status=422).status == 422
