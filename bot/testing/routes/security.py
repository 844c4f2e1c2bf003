"""Alerts of Dependabot, secret scanning and code scanning, and the switches of security features."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from bot.testing import settings_render as shown
from bot.testing.authentication import token_covers
from bot.testing.render import Json
from bot.testing.routing import Answer, Call, Refusal, in_organisation, in_repository, not_found
from bot.testing.settings import CodeAlert, DependabotAlert, SecretAlert
from bot.testing.state import FakeRepository


class _Alert(Protocol):
    @property
    def number(self) -> int: ...


_A = TypeVar("_A", bound=_Alert)


def _among(call: Call, name: str, value: str | None) -> bool:
    """The query does not name this filter, or the value is one of those that it lists."""
    wanted = [part for part in call.query(name).split(",") if part]
    return not wanted or value in wanted


def _newest_first(call: Call, alerts: Iterable[tuple[FakeRepository, _A]]) -> list[tuple[FakeRepository, _A]]:
    backwards = call.query("direction", "desc") == "desc"
    return sorted(alerts, key=lambda pair: (pair[1].number, pair[0].id), reverse=backwards)


def _covered(call: Call) -> list[FakeRepository]:
    """The organisation's repositories that the token reaches."""
    world, token = call.world, call.token
    return [r for r in world.covered(token.installation) if token_covers(world, token, r)]


def _at(call: Call, repository: FakeRepository) -> Json:
    """What organisations add to an alert: where it is."""
    return {"repository": call.world.render.repository(repository)}


# Dependabot


def _dependabot(
    call: Call, repositories: Iterable[FakeRepository]
) -> list[tuple[FakeRepository, DependabotAlert]]:
    return _newest_first(
        call,
        (
            (repository, alert)
            for repository in repositories
            if repository.settings.dependency_alerts_enabled and not repository.archived
            for alert in repository.settings.dependabot_alerts
            if _among(call, "state", alert.state)
            and _among(call, "severity", alert.severity)
            and _among(call, "ecosystem", alert.ecosystem)
            and _among(call, "package", alert.package)
            and _among(call, "manifest", alert.manifest)
            and _among(call, "scope", alert.scope)
        ),
    )


@in_repository("GET", "/dependabot/alerts", "vulnerability_alerts=read")
def dependabot_alerts(call: Call) -> Answer:
    """Newest first, by cursors; 403 where they are switched off."""
    if call.repository.archived:
        raise Refusal(403, "Dependabot alerts are not available for archived repositories.")
    if not call.repository.settings.dependency_alerts_enabled:
        raise Refusal(403, "Dependabot alerts are disabled for this repository.")
    found = _dependabot(call, [call.repository])
    return call.cursor_page(found, lambda pair: shown.dependabot_alert(call.world.render, *pair))


@in_organisation("GET", "/dependabot/alerts", "vulnerability_alerts=read")
def organisation_dependabot_alerts(call: Call) -> Answer:
    """Those of all repositories that the token reaches."""
    render = call.world.render
    return call.cursor_page(
        _dependabot(call, _covered(call)),
        lambda pair: shown.dependabot_alert(render, *pair) | _at(call, pair[0]),
    )


@in_repository("GET", "/vulnerability-alerts", "administration=read")
def vulnerability_alerts(call: Call) -> Answer:
    """204 when Dependabot alerts are on."""
    if not call.repository.settings.dependency_alerts_enabled:
        raise Refusal(404, "Vulnerability alerts are disabled.")
    return Answer(204)


@in_repository("GET", "/automated-security-fixes", "administration=read")
def automated_security_fixes(call: Call) -> Answer:
    """Whether Dependabot opens pull requests for vulnerabilities; 404 without its alerts."""
    settings = call.repository.settings
    if not settings.dependency_alerts_enabled:
        raise not_found()
    return Answer(200, {"enabled": settings.features["dependabot_security_updates"], "paused": False})


@in_repository("GET", "/private-vulnerability-reporting", "administration=read")
def private_vulnerability_reporting(call: Call) -> Answer:
    """Whether strangers can report in private; there is no such thing in a private repository."""
    if call.repository.private:
        raise Refusal(422, "Private vulnerability reporting is only available for public repositories.")
    return Answer(200, {"enabled": call.repository.settings.private_reporting})


# Secret scanning


def _secrets(call: Call, repositories: Iterable[FakeRepository]) -> list[tuple[FakeRepository, SecretAlert]]:
    return _newest_first(
        call,
        (
            (repository, alert)
            for repository in repositories
            if repository.settings.features["secret_scanning"]
            for alert in repository.settings.secret_alerts
            if _among(call, "state", "open" if alert.resolution is None else "resolved")
            and _among(call, "secret_type", alert.kind)
            and _among(call, "resolution", alert.resolution)
            and _among(call, "validity", alert.validity)
        ),
    )


@in_repository("GET", "/secret-scanning/alerts", "secret_scanning_alerts=read")
def secret_scanning_alerts(call: Call) -> Answer:
    """Newest first; 404 where secret scanning is off."""
    if not call.repository.settings.features["secret_scanning"]:
        raise Refusal(404, "Secret scanning is disabled on this repository.")
    found = _secrets(call, [call.repository])
    return call.page(found, lambda pair: shown.secret_alert(call.world.render, *pair))


@in_organisation("GET", "/secret-scanning/alerts", "secret_scanning_alerts=read")
def organisation_secret_scanning_alerts(call: Call) -> Answer:
    """Those of all repositories that the token reaches."""
    render = call.world.render
    return call.page(
        _secrets(call, _covered(call)), lambda pair: shown.secret_alert(render, *pair) | _at(call, pair[0])
    )


# Code scanning


def _check_licence(repository: FakeRepository) -> None:
    """Code of private repositories is scanned with the licence only. Raises Refusal 403."""
    if repository.private and not repository.settings.features["advanced_security"]:
        raise Refusal(403, "Code Security must be enabled for this repository to use code scanning.")


def _code(call: Call, repositories: Iterable[FakeRepository]) -> list[tuple[FakeRepository, CodeAlert]]:
    return _newest_first(
        call,
        (
            (repository, alert)
            for repository in repositories
            for alert in repository.settings.code_alerts
            if _among(call, "state", alert.state)
            and _among(call, "severity", alert.level)
            and _among(call, "tool_name", alert.tool)
            and _among(call, "ref", alert.ref)
        ),
    )


@in_repository("GET", "/code-scanning/alerts", "security_events=read")
def code_scanning_alerts(call: Call) -> Answer:
    """Newest first; 404 as long as nothing was analysed."""
    _check_licence(call.repository)
    if not call.repository.settings.analyses:
        raise Refusal(404, "no analysis found")
    found = _code(call, [call.repository])
    return call.page(found, lambda pair: shown.code_alert(call.world.render, *pair))


@in_organisation("GET", "/code-scanning/alerts", "security_events=read")
def organisation_code_scanning_alerts(call: Call) -> Answer:
    """Those of all repositories that the token reaches."""
    render = call.world.render
    return call.page(
        _code(call, _covered(call)), lambda pair: shown.code_alert(render, *pair) | _at(call, pair[0])
    )


@in_repository("GET", "/code-scanning/analyses", "security_events=read")
def code_scanning_analyses(call: Call) -> Answer:
    """Newest first; 404 when there is none."""
    _check_licence(call.repository)
    found = [
        upload
        for upload in reversed(call.repository.settings.analyses)
        if _among(call, "ref", upload.ref) and _among(call, "tool_name", upload.tool)
    ]
    if not found:
        raise Refusal(404, "no analysis found")
    return call.page(found, lambda upload: shown.analysis(call.world.render, call.repository, upload))


@in_repository("GET", "/code-scanning/default-setup", "administration=read")
def code_scanning_default_setup(call: Call) -> Answer:
    """Whether GitHub scans by itself, and what."""
    _check_licence(call.repository)
    return Answer(200, shown.default_setup(call.repository))
