"""The doctor's look at GitHub: who the App is, what it may, what it is told, and whether that arrives."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from bot.config.manifest import Manifest, read_manifest
from bot.config.policy import DEFAULT
from bot.config.settings import Settings
from bot.engine.permissions import Lack, lacks, permissions_of
from bot.entry import wiring
from bot.entry.findings import Finding, Status, age, guarded, some
from bot.model.errors import PlumblineError, SettingsError
from bot.ports import AppInfo, GitHub, HookDelivery, Installation
from bot.registry import Registry
from bot.spec import CheckSpec

LEVELS = ("none", "read", "write", "admin")

LOG_WINDOW = timedelta(days=3)
"""For how long github.com keeps its delivery log (GHES: 7 days). Source: Redelivering webhooks."""

LOG_LOOK = 100
"""Of the newest deliveries; one page."""

FAILED_SHARE_WARN = 0.1
"""Above this share of deliveries that were not taken something is wrong now and then."""

MOST_ACCOUNTS = 20
"""For so many installations what they keep from us is printed; ``--json`` has all."""

STAND_IN = "https://example.com/webhook"
"""The address that set-up gives GitHub when there is none; GitHub sends nothing there."""

_SETTINGS_PAGE = "the App's settings page at GitHub"
_REMEDIES = {
    0: "GitHub did not get through: check that the address leads here (DNS, firewall, proxy, certificate)",
    401: "the secrets differ: write the same one into PLUMBLINE_WEBHOOK_SECRET and the App's settings page",
    403: "the webhook is of another App: check PLUMBLINE_APP_ID",
    404: "the address must end with /webhook, below where Plumbline is reached",
    415: "choose the content type application/json on the App's settings page",
    503: "Plumbline could not record it: see whether Redis runs and the App is set up",
}


@dataclass(frozen=True, slots=True)
class Need:
    """A permission, the level that is needed, and for what.

    Args:
        checks: names of enabled checks that say *unknown* without it.
        reason: as ``app.yml`` has it.
    """

    permission: str
    level: str
    checks: tuple[str, ...] = ()
    reason: str = ""

    @property
    def name(self) -> str:
        """As GitHub names it: ``contents: read``."""
        return f"{self.permission}: {self.level}"

    @property
    def lost(self) -> str:
        """What there is not without it."""
        if LEVELS.index(self.level) >= LEVELS.index("write") or not self.checks:
            return f"{self.name} (for {self.reason})" if self.reason else self.name
        return f"{self.name} ({some(list(self.checks))} can not judge)"


class DeliveryLog(GitHub, Protocol):
    """GitHub with the address of the App's webhook."""

    def hook_address(self) -> str:
        """Where GitHub delivers; "" when the App has no webhook."""
        ...


def examine(settings: Settings) -> Iterator[Finding]:
    """All that GitHub can be asked with the App's key."""
    if not (settings.app_id and settings.private_key):
        yield Finding("app", Status.UNKNOWN, "can not ask GitHub without the App's id and key")
        return
    try:
        manifest = read_manifest()
        registry = wiring.load_registry()
        needed = needs(manifest, registry)
        github = connect(settings)
        info = github.app()
    except SettingsError as error:
        yield Finding("app", Status.FAIL, str(error))
        return
    except PlumblineError as error:
        fix = f"check PLUMBLINE_APP_ID and the key against {_SETTINGS_PAGE}"
        yield Finding("app", Status.FAIL, f"GitHub does not take this App's key: {error}", fix)
        return
    yield identity(settings, info)
    yield permissions(needed, info.permissions)
    yield events(manifest.events, info.events)
    installed: list[Installation] = []
    yield guarded("installed", lambda: _installed(needed, github, installed), Status.UNKNOWN)
    yield from unknowns(registry, installed)
    yield guarded("webhook", lambda: _webhook(github), Status.UNKNOWN)


def needs(manifest: Manifest, registry: Registry) -> list[Need]:
    """What the manifest asks for and what the facts of enabled checks read, by permission."""
    levels = dict(manifest.permissions)
    users: dict[tuple[str, str], list[str]] = {}
    for spec in registry.checks.values():
        if DEFAULT.of(spec).enabled:
            for permission, level in read_by(registry, spec):
                users.setdefault((permission, level), []).append(spec.name)
                levels[permission] = max(levels.get(permission, "none"), level, key=_rank)
    found = [
        # One that asks to write is split, so that reading is told by the checks that read.
        Need(permission, part, tuple(users.get((permission, part), ())), manifest.reasons.get(permission, ""))
        for permission, level in levels.items()
        for part in ({level} | {p for name, p in users if name == permission})
    ]
    return sorted(found, key=lambda need: (need.permission, _rank(need.level)))


def read_by(registry: Registry, spec: CheckSpec) -> set[tuple[str, str]]:
    """(permission, level) of all that a check can not judge without."""
    pairs = (part.partition(": ") for part in permissions_of(registry, spec).needed)
    return {(permission, level) for permission, _, level in pairs if level in LEVELS}


def lacking(needed: Iterable[Need], granted: Mapping[str, str]) -> list[Need]:
    """Needs whose granted level is too low."""
    return [need for need in needed if _rank(granted.get(need.permission, "none")) < _rank(need.level)]


def identity(settings: Settings, info: AppInfo) -> Finding:
    """The key belongs to the App whose id is set."""
    if info.id != settings.app_id:
        return Finding("app", Status.FAIL, f"the key is of App {info.id}", "set PLUMBLINE_APP_ID to that")
    return Finding("app", Status.OK, info.slug)


def permissions(needed: Sequence[Need], granted: Mapping[str, str]) -> Finding:
    """What the App asks its installations for, against what is needed."""
    details = {"needed": {need.name: list(need.checks) for need in needed}, "granted": dict(granted)}
    missing = lacking(needed, granted)
    if not missing:
        return Finding("permissions", Status.OK, f"all {len(needed)} are there", details=details)
    return Finding(
        "permissions",
        _grave(missing),
        f"missing {'; '.join(need.lost for need in missing)}",
        f"add them on {_SETTINGS_PAGE}, under Permissions; owners of installations then have to agree",
        details | {"missing": [need.name for need in missing]},
    )


def events(needed: Iterable[str], subscribed: Iterable[str]) -> Finding:
    """Subscribed events against needed ones."""
    missing = sorted(set(needed) - set(subscribed))
    if missing:
        return Finding(
            "events",
            Status.WARN,
            f"GitHub does not tell of {', '.join(missing)}: that is found by the daily look, or never",
            f"tick them on {_SETTINGS_PAGE}, under Subscribe to events (their permissions come first)",
            {"missing": missing},
        )
    return Finding("events", Status.OK, "all are subscribed")


def _installed(needed: Sequence[Need], github: GitHub, listed: list[Installation]) -> Finding:
    """Lists the installations into ``listed`` on the way: GitHub is asked once."""
    listed += github.installations()
    return installations(needed, listed)


def installations(needed: Sequence[Need], found: Iterable[Installation]) -> Finding:
    """Installations run on the permissions that their owners agreed to, perhaps long ago."""
    listed = list(found)
    if not listed:
        return Finding(
            "installed", Status.WARN, "nowhere", f"install the App from {_SETTINGS_PAGE}, under Install App"
        )
    behind = {i.account: lacking(grantable(needed, i), i.permissions) for i in listed if not i.suspended}
    behind = {account: missing for account, missing in behind.items() if missing}
    asleep = sorted(i.account for i in listed if i.suspended)
    if behind:
        told = [
            f"{account} lacks {some([need.name for need in missing])}" for account, missing in behind.items()
        ]
        return Finding(
            "installed",
            _grave([need for missing in behind.values() for need in missing]),
            f"{len(behind)} of {len(listed)} have not agreed to all permissions: {some(sorted(told))}",
            "their owners find the request under Settings, Installed GitHub Apps",
            {account: [need.name for need in missing] for account, missing in behind.items()},
        )
    text = f"on {len(listed)} account{'s' if len(listed) > 1 else ''}"
    return Finding("installed", Status.OK, text + (f", suspended on {some(asleep)}" if asleep else ""))


def grantable(needed: Iterable[Need], installation: Installation) -> list[Need]:
    """What the account can agree to: a user has no organisation to tell of."""
    return [n for n in needed if installation.account_type != "User" or not _of_organisations(n.permission)]


def _of_organisations(permission: str) -> bool:
    """With or without its level; the names are those of GitHub's Organization permissions."""
    return permission.partition(":")[0] == "members" or permission.startswith("organization_")


def unknowns(registry: Registry, found: Iterable[Installation]) -> Iterator[Finding]:
    """For each installation, which permission would turn how many unknowns into answers."""
    enabled = [spec for spec in registry.checks.values() if DEFAULT.of(spec).enabled]
    told = []
    for installation in found:
        if installation.suspended:
            continue
        missing = [
            lack
            for lack in lacks(registry, enabled, installation.permissions)
            if installation.account_type != "User" or not _of_organisations(lack.permission)
        ]
        if missing:
            told.append(_unknowns(installation.account, missing, len(enabled)))
    yield from told[:MOST_ACCOUNTS]
    if told[MOST_ACCOUNTS:]:
        rest = {
            account: said for finding in told[MOST_ACCOUNTS:] for account, said in finding.details.items()
        }
        text = f"{len(rest)} more accounts keep checks from judging; `plumbline doctor --json` names them"
        yield Finding("unknowns", Status.WARN, text, told[0].fix, rest)


def _unknowns(account: str, missing: Sequence[Lack], checks: int) -> Finding:
    silent = {name for lack in missing for name in (*lack.alone, *lack.with_others)}
    details = {
        lack.permission: {"alone": list(lack.alone), "with_others": list(lack.with_others)}
        for lack in missing
    }
    return Finding(
        "unknowns",
        Status.WARN,
        f"on {account} {len(silent)} of {checks} checks can not judge: {'; '.join(map(_lack, missing))}",
        f"the owner of {account} agrees to them under Settings, Installed GitHub Apps",
        {account: details},
    )


def _lack(lack: Lack) -> str:
    """What one permission would bring: ``actions: read answers 2 (a, b), and 1 with others (c)``."""
    said = []
    if lack.alone:
        said.append(f"answers {len(lack.alone)} ({some(list(lack.alone))})")
    if lack.with_others:
        said.append(f"{len(lack.with_others)} together with others ({some(list(lack.with_others))})")
    return f"{lack.permission} {', and '.join(said)}"


def _webhook(github: DeliveryLog) -> Finding:
    now = datetime.now(UTC)
    log = itertools.islice(github.hook_deliveries(since=now - LOG_WINDOW), LOG_LOOK)
    return webhook(github.hook_address(), list(log), now)


def webhook(address: str, log: Sequence[HookDelivery], now: datetime) -> Finding:
    """Whether deliveries arrive.

    Args:
        address: where GitHub sends them; "" for nowhere.
        log: the newest deliveries, newest first.
    """
    if address in ("", STAND_IN):
        return Finding(
            "webhook",
            Status.WARN,
            "the App has none, so nothing is heard of: repositories are looked at once a day",
            f"give GitHub an address that leads here on {_SETTINGS_PAGE}, and tick Active; until then "
            "`plumbline job reconcile` looks now",
        )
    # The ping of the registration comes before set-up has the keys, so its failure says little.
    heard = [d for d in log if d.event != "ping" or d.succeeded]
    if not heard:
        return _silent(address, log)
    newest, failed = heard[0], [d for d in heard if not d.succeeded]
    when = age((now - newest.delivered_at).total_seconds())
    details = {
        "address": address,
        "delivered_at": newest.delivered_at.isoformat(),
        "status_code": newest.status_code,
        "looked_at": len(heard),
        "failed": len(failed),
    }
    if not newest.succeeded:
        text = f"the last delivery ({newest.event}, {when}, to {address}) {_answer(newest)}"
        return Finding("webhook", Status.FAIL, text, _remedy(newest), details)
    text = f"last delivery {when}: {newest.event}, {newest.status_code}"
    if len(failed) > FAILED_SHARE_WARN * len(heard):
        return Finding(
            "webhook",
            Status.WARN,
            f"{text}; but {len(failed)} of the last {len(heard)} failed, the newest {_answer(failed[0])}",
            f"{_remedy(failed[0])}; what was missed is brought in by itself",
            details,
        )
    return Finding("webhook", Status.OK, f"{text}, at {address}", details=details)


def _silent(address: str, log: Sequence[HookDelivery]) -> Finding:
    """Nothing but a failed ping, or not even that."""
    if log and log[0].status_code == 503:
        return Finding("webhook", Status.OK, f"GitHub reaches {address}; no event came yet")
    if log:
        text = f"GitHub's ping to {address} {_answer(log[0])}"
        return Finding("webhook", Status.FAIL, text, _remedy(log[0]))
    return Finding(
        "webhook",
        Status.WARN,
        f"GitHub delivered nothing to {address} in the last {LOG_WINDOW.days} days",
        f"if somebody pushed since: see that the webhook is Active on {_SETTINGS_PAGE}, that the App is "
        "installed, and that events are ticked",
    )


def _answer(delivery: HookDelivery) -> str:
    return f"was answered {delivery.status_code}" if delivery.status_code else "got no answer"


def _remedy(delivery: HookDelivery) -> str:
    general = "see its answer under Advanced on the App's settings page, and Plumbline's log of that time"
    return _REMEDIES.get(delivery.status_code, general)


def _grave(missing: Iterable[Need]) -> Status:
    """What can not be written is never said; what can not be read is said to be unknown."""
    return Status.FAIL if any(_rank(need.level) > _rank("read") for need in missing) else Status.WARN


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else 0


def connect(settings: Settings) -> DeliveryLog:
    """GitHub as the App, without a ledger. Raises SettingsError for a key that is none."""
    from bot.adapters import github
    from bot.adapters.clock import SystemClock
    from bot.adapters.metrics import PrometheusMetrics

    return github.build(settings, ledger=_NoPauses(), clock=SystemClock(), metrics=PrometheusMetrics())


class _NoPauses:
    """Asks GitHub a few questions although an installation may be paused, and leaves no trace."""

    def pause(self, installation_id: int, resource: str, until: Any) -> None:
        """Nothing is kept."""

    def paused_until(self, installation_id: int, resource: str) -> None:  # noqa: ARG002
        """Never."""
        return
