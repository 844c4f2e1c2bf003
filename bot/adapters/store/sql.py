"""``SqlStore``: the ``Store`` of ``bot.ports`` on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Row, Table, delete, func, select, text, update
from sqlalchemy.engine import Connection, Engine

from bot.adapters.store import audit, many, tables
from bot.adapters.store.audit import AuditEvent, AuditVerification
from bot.adapters.store.codec import clean
from bot.adapters.store.engine import BEGIN, open_engine, translated
from bot.adapters.store.migrate import head, migrate
from bot.adapters.store.statements import chunks, insert_missing, upsert
from bot.config.settings import Settings
from bot.model.attributes import Described
from bot.model.errors import Gone, Unavailable
from bot.model.facts import Repository, Visibility
from bot.model.scores import Score
from bot.model.verdicts import Outcome
from bot.ports import (
    CHECK_RUN_EFFECT,
    COMMAND_EFFECT,
    EVERYWHERE,
    RESULT_EFFECT,
    Clock,
    Installation,
    RecentEffect,
    Sample,
    Standing,
    Stop,
    StoredEffect,
    StoredExemption,
    StoredFinding,
    StoredOrganisation,
    StoredOutcome,
    StoredPolicy,
    StoredVerdict,
)

INSTALLATION_COLUMNS = (
    "id",
    "account",
    "account_id",
    "account_type",
    "permissions",
    "suspended",
    "repository_selection",
)
REPOSITORY_COLUMNS = (
    "id",
    "full_name",
    "default_branch",
    "visibility",
    "archived",
    "disabled",
    "fork",
    "empty",
    "has_issues",
    "node_id",
    "html_url",
    "pushed_at",
    "pages",
)
VERDICT_COLUMNS = (
    "check",
    "outcome",
    "severity",
    "summary",
    "fingerprints",
    "rule_version",
    "commit",
    "since",
    "judged_at",
    "last_outcome",
)
LATEST_COLUMNS = (
    "reason",
    "permission",
    "terms",
    "cause",
    "pull_request",
    "exempt_until",
    "exempt_reason",
    "off",
    "baseline",
    "baseline_at",
)
SCORE_COLUMNS = ("passed", "judged", "known", "asked", "exempted")
SAMPLE_COLUMNS = ("day", "findings", "unread", "repositories", "points")

ORGANISATION_COLUMNS = (
    "looked_at",
    "repository_id",
    "full_name",
    "commit",
    "oid",
    "text",
    "seen_oid",
)
STREAMED = 2_000
"""Rows that are held at once where very many are looked at."""

EXEMPTION_COLUMNS = ("check", "reason", "until", "actor_id", "comment_id", "created_at")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept.

    Args:
        history: verdict changes, audit events, what became of commands, lapsed exemptions.
        uninstalled: everything of an installation after it was deleted.
        cache: content-addressed values after they were computed.
    """

    history: timedelta = timedelta(days=400)
    uninstalled: timedelta = timedelta(days=30)
    cache: timedelta = timedelta(days=90)


class _SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def open_store(settings: Settings, *, clock: Clock | None = None) -> SqlStore:
    """The store that settings name; its tables are there after ``migrate()``.

    Raises:
        SettingsError: the database URL is wrong, its driver is missing, the file can not be used or
            belongs to another machine.
    """
    return SqlStore(open_engine(settings), clock=clock or _SystemClock())


class SqlStore:
    """Safe to share between threads, and over a fork. Every method is one transaction.

    Raises (all methods): ``Unavailable`` when the database is away, busy for too long or not
    migrated; ``Malformed`` when a number does not fit into 64 bits. Methods that save something of a
    repository raise ``Gone`` when the repository was removed or never saved.
    """

    def __init__(self, engine: Engine, *, clock: Clock, retention: Retention | None = None) -> None:
        self._engine = engine
        self._readers = engine.execution_options(**{BEGIN: "DEFERRED"})
        self._clock = clock
        self._retention = retention or Retention()

    def migrate(self) -> None:
        """Create or update the tables; safe when several processes start at once.

        Raises:
            SettingsError: the database was made by a newer Plumbline.
            Unavailable: the database is away or being migrated for too long.
        """
        migrate(self._engine)

    def close(self) -> None:
        """Close idle connections; the store can be used again."""
        self._engine.dispose()

    def ping(self) -> None:
        """Raises Unavailable when the database can not be used or was never migrated."""
        with self._read() as connection:
            if connection.execute(text("SELECT version_num FROM alembic_version")).first() is None:
                raise Unavailable("the database was never migrated: run the release step")

    def behind(self) -> str:
        """What is wrong with the database's revision; "" when it is the one that this code wants.

        Raises Unavailable as ``ping`` does.
        """
        with self._read() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
        if not found:
            raise Unavailable("the database was never migrated: run the release step")
        if list(found) == [head()]:
            return ""
        return f"the database is at revision {', '.join(found)}, this version wants {head()}"

    # Installations and repositories

    def save_installation(self, installation: Installation) -> None:
        """Insert or update; one that was marked deleted is back."""
        row = {name: getattr(installation, name) for name in INSTALLATION_COLUMNS}
        row |= {
            "permissions": dict(installation.permissions),
            "deleted_at": None,
            "seen_at": self._clock.now(),
        }
        with self._write() as connection:
            upsert(connection, tables.installations, [row])

    def installation(self, installation_id: int) -> Installation | None:
        """As last seen; None when it is unknown or deleted."""
        found = self._installations(tables.installations.c.id == installation_id)
        return found[0] if found else None

    def installations(self) -> list[Installation]:
        """All that are not deleted, by id."""
        return self._installations(True)

    def remove_installation(self, installation_id: int) -> None:
        """Mark deleted now (the first time counts); its data is purged 30 days later."""
        now = self._clock.now()
        unseen = Installation(installation_id, "", 0, "", {}, suspended=False)
        row = {name: getattr(unseen, name) for name in INSTALLATION_COLUMNS}
        with self._write() as connection:
            known = connection.execute(
                update(tables.installations)
                .where(tables.installations.c.id == installation_id)
                .values(deleted_at=func.coalesce(tables.installations.c.deleted_at, now))
            )
            if not known.rowcount:
                upsert(connection, tables.installations, [row | {"deleted_at": now, "seen_at": now}])

    def save_repositories(self, installation_id: int, repositories: Iterable[Repository]) -> None:
        """Insert or update; ownership moves to this installation."""
        now = self._clock.now()
        rows = [
            _repository_row(r) | {"installation_id": installation_id, "seen_at": now} for r in repositories
        ]
        with self._write() as connection:
            upsert(connection, tables.repositories, rows)

    def repository(self, repository_id: int) -> tuple[int, Repository] | None:
        """(installation id, repository) as last seen."""
        with self._read() as connection:
            row = connection.execute(
                select(tables.repositories).where(tables.repositories.c.id == repository_id)
            ).one_or_none()
        return (row.installation_id, _repository(row)) if row else None

    def repositories(self, installation_id: int) -> list[Repository]:
        """Of one installation, by id."""
        statement = select(tables.repositories).where(
            tables.repositories.c.installation_id == installation_id
        )
        with self._read() as connection:
            rows = connection.execute(statement.order_by(tables.repositories.c.id)).all()
        return [_repository(row) for row in rows]

    def remove_repositories(self, repository_ids: Iterable[int]) -> None:
        """Drop them with all that is kept of them, but the audit."""
        with self._write() as connection:
            _remove(connection, sorted(repository_ids))

    # What is known of a repository

    def save_facts(self, repository_id: int, commit: str, facts: Mapping[str, Any], at: datetime) -> None:
        """Keep the latest facts, compressed; JSON-able values."""
        row = {"repository_id": repository_id, "commit": commit, "read_at": at, "data": dict(facts)}
        with self._write() as connection:
            _hold(connection, repository_id)
            upsert(connection, tables.facts, [row])

    def facts(self, repository_id: int) -> tuple[str, datetime, dict[str, Any]] | None:
        """(commit, read at, facts) as last kept."""
        with self._read() as connection:
            row = connection.execute(
                select(tables.facts).where(tables.facts.c.repository_id == repository_id)
            ).one_or_none()
        return (row.commit, row.read_at, row.data) if row else None

    def facts_of(self, repository_ids: Sequence[int]) -> Iterator[tuple[int, dict[str, Any]]]:
        """(repository id, facts) of those of which some are kept, in any order, few held at once."""
        with self._read() as connection:
            yield from many.facts(connection, repository_ids)

    def findings(
        self, repository_ids: Sequence[int], checks: Collection[str] | None = None
    ) -> dict[int, dict[str, StoredFinding]]:
        """What is known of the checks of repositories, by id and name, without what is switched off."""
        with self._read() as connection:
            return many.findings(connection, repository_ids, checks)

    def verdicts(self, repository_id: int) -> dict[str, StoredVerdict]:
        """The last verdict of each check."""
        with self._read() as connection:
            return _verdicts_of(connection, repository_id)

    def save_verdicts(self, repository_id: int, verdicts: Iterable[StoredVerdict], cause: str) -> None:
        """Keep the latest; writes a history row only where outcome or evidence changed."""
        rows = [_verdict_row(v) | {"repository_id": repository_id} for v in verdicts]
        with self._write() as connection:
            _hold(connection, repository_id)
            before = _verdicts_of(connection, repository_id)
            changed = [
                _history_row(row, before.get(row["check"]), cause)
                for row in rows
                if _changed(before.get(row["check"]), row)
            ]
            upsert(connection, tables.verdicts, rows)
            if changed:
                connection.execute(tables.verdict_changes.insert(), changed)

    def ratcheted(self, repository_id: int) -> frozenset[str]:
        """Names of the checks whose baseline somebody has ended."""
        table = tables.ratchets
        statement = select(table.c.check).where(table.c.repository_id == repository_id)
        with self._read() as connection:
            return frozenset(connection.execute(statement).scalars())

    def ratchet(self, repository_id: int, checks: Iterable[str], actor_id: int) -> None:
        """End the baseline of checks, for good; who did so first is kept."""
        row = {"repository_id": repository_id, "actor_id": actor_id, "at": self._clock.now()}
        with self._write() as connection:
            _hold(connection, repository_id)
            for check in sorted(set(checks)):
                insert_missing(connection, tables.ratchets, row | {"check": check})

    def history(self, repository_id: int, limit: int = 100) -> list[StoredVerdict]:
        """Changes, newest first."""
        statement = (
            select(tables.verdict_changes)
            .where(tables.verdict_changes.c.repository_id == repository_id)
            .order_by(tables.verdict_changes.c.id.desc())
            .limit(limit)
        )
        with self._read() as connection:
            return [_verdict(row) for row in connection.execute(statement)]

    def outcomes(self, installation_id: int) -> Iterator[tuple[int, list[StoredOutcome]]]:
        """(repository id, what is known of its checks) of all repositories that were judged, by id."""
        repositories, verdicts = tables.repositories, tables.verdicts
        statement = (
            select(verdicts.c.repository_id, *(verdicts.c[name] for name in StoredOutcome._fields))
            .join(repositories, repositories.c.id == verdicts.c.repository_id)
            .where(repositories.c.installation_id == installation_id, verdicts.c.off.is_(False))
            .order_by(verdicts.c.repository_id, verdicts.c.check)
            .execution_options(yield_per=STREAMED)
        )
        with self._read() as connection:
            for number, rows in groupby(connection.execute(statement), key=itemgetter(0)):
                yield number, [StoredOutcome(*row[1:]) for row in rows]

    def organisation_verdicts(self, installation_id: int) -> dict[str, StoredVerdict]:
        """The last verdict of each check of the organisation itself."""
        table = tables.organisation_verdicts
        statement = select(table).where(table.c.installation_id == installation_id).order_by(table.c.check)
        with self._read() as connection:
            return {row.check: _verdict(row) for row in connection.execute(statement)}

    def save_organisation_verdicts(self, installation_id: int, verdicts: Iterable[StoredVerdict]) -> None:
        """Keep the latest."""
        rows = [_verdict_row(v) | {"installation_id": installation_id} for v in verdicts]
        with self._write() as connection:
            upsert(connection, tables.organisation_verdicts, rows)

    def save_sample(self, repository_id: int, sample: Sample) -> None:
        """Keep as the day's; the points of one day add up."""
        table = tables.samples
        day = (table.c.repository_id == repository_id, table.c.day == sample.day)
        with self._write() as connection:
            _hold(connection, repository_id)
            spent = connection.execute(select(table.c.points).where(*day)).scalar() or 0.0
            row = _sample_row(sample) | {"repository_id": repository_id, "points": spent + sample.points}
            upsert(connection, table, [row])

    def samples(self, repository_id: int, limit: int = 14) -> list[Sample]:
        """The newest, oldest first."""
        return self._samples(tables.samples, tables.samples.c.repository_id == repository_id, limit)

    def save_organisation_sample(self, installation_id: int, sample: Sample) -> None:
        """Keep as the day's."""
        row = _sample_row(sample) | {"installation_id": installation_id}
        with self._write() as connection:
            upsert(connection, tables.organisation_samples, [row])

    def organisation_samples(self, installation_id: int, limit: int = 14) -> list[Sample]:
        """The newest, oldest first."""
        table = tables.organisation_samples
        return self._samples(table, table.c.installation_id == installation_id, limit)

    def points(self, installation_id: int, day: date) -> float:
        """What reading the repositories of an installation cost on a day."""
        repositories, samples = tables.repositories, tables.samples
        statement = (
            select(func.sum(samples.c.points))
            .join(repositories, repositories.c.id == samples.c.repository_id)
            .where(repositories.c.installation_id == installation_id, samples.c.day == day)
        )
        with self._read() as connection:
            return float(connection.execute(statement).scalar() or 0.0)

    def effect(self, repository_id: int, kind: str, key: str) -> StoredEffect | None:
        """What we published under this key (``issue``/``health``)."""
        with self._read() as connection:
            row = connection.execute(
                select(tables.effects).where(*_effect_key(repository_id, kind, key))
            ).one_or_none()
        return StoredEffect(row.number, row.digest, row.note) if row else None

    def effects_of(self, repository_ids: Sequence[int], kind: str) -> dict[int, dict[str, StoredEffect]]:
        """All of a kind in these repositories, by id and key; those without one are left out."""
        with self._read() as connection:
            return many.effects(connection, repository_ids, kind)

    def save_effect(self, repository_id: int, kind: str, key: str, effect: StoredEffect) -> None:
        """Insert or replace."""
        row = {
            "repository_id": repository_id,
            "kind": kind,
            "key": key,
            "number": effect.number,
            "digest": effect.digest,
            "note": dict(effect.note),
            "saved_at": self._clock.now(),
        }
        with self._write() as connection:
            _hold(connection, repository_id)
            upsert(connection, tables.effects, [row])

    def drop_effect(self, repository_id: int, kind: str, key: str) -> None:
        """Forget it."""
        with self._write() as connection:
            connection.execute(delete(tables.effects).where(*_effect_key(repository_id, kind, key)))

    def recent_effects(self, kinds: Sequence[str], limit: int = 50) -> list[RecentEffect]:
        """What was published last of these kinds, newest first."""
        effects, repositories = tables.effects, tables.repositories
        statement = (
            select(effects, repositories.c.full_name, repositories.c.html_url)
            .join(repositories, repositories.c.id == effects.c.repository_id)
            .where(effects.c.kind.in_(kinds))
            .order_by(effects.c.saved_at.desc(), effects.c.number.desc())
            .limit(limit)
        )
        with self._read() as connection:
            return [
                RecentEffect(r.full_name, r.html_url, r.kind, r.key, r.number, r.note, r.saved_at)
                for r in connection.execute(statement)
            ]

    def standings(self, limit: int = 1000) -> list[Standing]:
        """Repositories of installations that are not deleted, by name."""
        repositories, verdicts = tables.repositories, tables.verdicts
        deleted = select(tables.installations.c.id).where(tables.installations.c.deleted_at.is_not(None))
        shown = (
            select(repositories)
            .where(repositories.c.installation_id.not_in(deleted))
            .order_by(repositories.c.full_name)
            .limit(limit)
        )
        parts = (verdicts.c.repository_id, verdicts.c.outcome, verdicts.c.last_outcome, verdicts.c.severity)
        latest = func.max(verdicts.c.judged_at).label("judged_at")
        counted = select(*parts, func.count().label("checks"), latest).group_by(*parts)
        groups: dict[int, list[Row[Any]]] = {}
        with self._read() as connection:
            rows = connection.execute(shown).all()
            for portion in chunks([row.id for row in rows]):
                for group in connection.execute(counted.where(verdicts.c.repository_id.in_(portion))):
                    groups.setdefault(group.repository_id, []).append(group)
        return [_standing(row, groups.get(row.id, [])) for row in rows]

    def names(self, repository_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
        """(full name, address) of those that are kept."""
        known = tables.repositories.c
        found: dict[int, tuple[str, str]] = {}
        with self._read() as connection:
            for portion in chunks(sorted(set(repository_ids))):
                statement = select(known.id, known.full_name, known.html_url).where(known.id.in_(portion))
                found |= {row.id: (row.full_name, row.html_url) for row in connection.execute(statement)}
        return found

    def policy(self, repository_id: int) -> StoredPolicy | None:
        """The last good policy file."""
        with self._read() as connection:
            row = connection.execute(
                select(tables.policies).where(tables.policies.c.repository_id == repository_id)
            ).one_or_none()
        return StoredPolicy(row.oid, row.text, row.commit) if row else None

    def policies(self, repository_ids: Sequence[int]) -> dict[int, StoredPolicy]:
        """The same of many, by id; those without one are left out."""
        with self._read() as connection:
            return many.policies(connection, repository_ids)

    def save_policy(self, repository_id: int, oid: str, text: str, commit: str = "") -> None:
        """Keep as the last good one."""
        row = {"oid": oid, "text": text, "commit": commit, "saved_at": self._clock.now()}
        with self._write() as connection:
            _hold(connection, repository_id)
            upsert(connection, tables.policies, [row | {"repository_id": repository_id}])

    def organisation(self, installation_id: int) -> StoredOrganisation | None:
        """The policy of an installation's owner; None when nobody looked for it yet."""
        table = tables.organisation_policies
        statement = select(*(table.c[name] for name in ORGANISATION_COLUMNS)).where(
            table.c.installation_id == installation_id
        )
        with self._read() as connection:
            row = connection.execute(statement).one_or_none()
        return StoredOrganisation(**row._mapping) if row else None

    def save_organisation(self, installation_id: int, policy: StoredOrganisation) -> None:
        """Insert or replace."""
        row = {name: getattr(policy, name) for name in ORGANISATION_COLUMNS}
        with self._write() as connection:
            upsert(connection, tables.organisation_policies, [row | {"installation_id": installation_id}])

    def described(self, installation_id: int) -> dict[int, Described]:
        """What is known of an installation's repositories, by id; those of which nothing is are left out."""
        repositories, attributes = tables.repositories, tables.attributes
        statement = (
            select(attributes)
            .join(repositories, repositories.c.id == attributes.c.repository_id)
            .where(repositories.c.installation_id == installation_id)
        )
        with self._read() as connection:
            return {row.repository_id: _described(row) for row in connection.execute(statement)}

    def description(self, repository_id: int) -> Described | None:
        """What is known of one repository."""
        statement = select(tables.attributes).where(tables.attributes.c.repository_id == repository_id)
        with self._read() as connection:
            row = connection.execute(statement).one_or_none()
        return _described(row) if row else None

    def save_described(self, described: Mapping[int, Described]) -> None:
        """Insert or replace, by repository; one that is not kept (any more) is passed over."""
        now, ids = self._clock.now(), tables.repositories.c.id
        with self._write() as connection:
            for portion in chunks(sorted(described)):
                # Held until the end, so that none of them goes meanwhile.
                held = select(ids).where(ids.in_(portion)).order_by(ids).with_for_update(key_share=True)
                rows = [
                    _described_row(described[number]) | {"repository_id": number, "saved_at": now}
                    for number in connection.execute(held).scalars()
                ]
                upsert(connection, tables.attributes, rows)

    def repository_named(self, installation_id: int, full_name: str) -> Repository | None:
        """The repository of that name (letters of either case), as last seen."""
        table = tables.repositories
        statement = select(table).where(
            table.c.installation_id == installation_id, func.lower(table.c.full_name) == full_name.lower()
        )
        with self._read() as connection:
            # After a renaming that nobody told of, two may have one name: the one seen last has it.
            row = connection.execute(statement.order_by(table.c.seen_at.desc()).limit(1)).one_or_none()
        return _repository(row) if row else None

    def exemptions(self, repository_id: int) -> tuple[StoredExemption, ...]:
        """Those given by commands, also lapsed ones, by check."""
        statement = select(*(tables.exemptions.c[name] for name in EXEMPTION_COLUMNS)).where(
            tables.exemptions.c.repository_id == repository_id
        )
        with self._read() as connection:
            rows = connection.execute(statement.order_by(tables.exemptions.c.check)).all()
        return tuple(StoredExemption(**row._mapping) for row in rows)

    def exemptions_of(self, repository_ids: Sequence[int]) -> dict[int, tuple[StoredExemption, ...]]:
        """The same of many, by id; those without one are left out."""
        with self._read() as connection:
            return many.exemptions(connection, repository_ids)

    def exemptions_over(self, before: date, since: date) -> list[tuple[int, int]]:
        """(installation id, repository id) where a check was exempt until such a day, as judged last."""
        repositories, verdicts = tables.repositories, tables.verdicts
        statement = (
            select(repositories.c.installation_id, repositories.c.id)
            .join(verdicts, repositories.c.id == verdicts.c.repository_id)
            .where(verdicts.c.exempt_until < before, verdicts.c.exempt_until >= since)
            .where(verdicts.c.off.is_(False))
            .distinct()
        )
        with self._read() as connection:
            return [(row[0], row[1]) for row in connection.execute(statement.order_by(repositories.c.id))]

    def save_exemption(self, repository_id: int, exemption: StoredExemption) -> None:
        """Insert, or replace the one of the same check."""
        row = {name: getattr(exemption, name) for name in EXEMPTION_COLUMNS}
        with self._write() as connection:
            _hold(connection, repository_id)
            upsert(connection, tables.exemptions, [row | {"repository_id": repository_id}])

    # The switch that stops everything

    def stop(self, installation_id: int, actor: str) -> None:
        """Keep that nothing shall be written by itself; who did so first is kept."""
        row = {"installation_id": installation_id, "actor": actor, "at": self._clock.now()}
        with self._write() as connection:
            insert_missing(connection, tables.stops, row)

    def resume(self, installation_id: int) -> bool:
        """Take it back; False when there was nothing to take back."""
        table = tables.stops
        with self._write() as connection:
            gone = connection.execute(delete(table).where(table.c.installation_id == installation_id))
        return gone.rowcount > 0

    def stopped(self, installation_id: int) -> bool:
        """It was stopped there, or everywhere."""
        column = tables.stops.c.installation_id
        with self._read() as connection:
            found = connection.execute(select(column).where(column.in_({installation_id, EVERYWHERE})))
            return found.first() is not None

    def stops(self) -> list[Stop]:
        """All that are in force, by installation."""
        table = tables.stops
        statement = select(table.c.installation_id, table.c.actor, table.c.at)
        with self._read() as connection:
            rows = connection.execute(statement.order_by(table.c.installation_id)).all()
        return [Stop(*row) for row in rows]

    # What belongs to nobody

    def cached(self, kind: str, keys: Sequence[str]) -> dict[str, Any]:
        """Values of a content-addressed cache that are known."""
        found: dict[str, Any] = {}
        with self._read() as connection:
            for portion in chunks(keys):
                statement = select(tables.cache.c.key, tables.cache.c.value).where(
                    tables.cache.c.kind == kind, tables.cache.c.key.in_(portion)
                )
                found |= {row.key: row.value for row in connection.execute(statement)}
        return found

    def cache(self, kind: str, values: Mapping[str, Any]) -> None:
        """Keep JSON-able values under their keys."""
        now = self._clock.now()
        rows = [{"kind": kind, "key": k, "value": v, "saved_at": now} for k, v in values.items()]
        with self._write() as connection:
            upsert(connection, tables.cache, rows)

    # Audit and retention

    def audit(self, installation_id: int, actor: str, action: str, detail: Mapping[str, Any]) -> None:
        """Append to the installation's hash chain.

        Args:
            actor: numeric id of an account, or what of ours acted (``plumbline``, ``operator``).
            detail: JSON-able; accounts and repositories by numeric id, never by name.
        """
        with self._write() as connection:
            audit.append(connection, installation_id, self._clock.now(), actor, action, dict(detail))

    def audit_events(self, installation_id: int, *, limit: int = 100) -> list[AuditEvent]:
        """The newest events of an installation, newest first."""
        with self._read() as connection:
            return audit.newest(connection, installation_id, limit)

    def verify_audit(self, installation_id: int) -> AuditVerification:
        """Check the installation's hash chain, all of it."""
        with self._read(snapshot=True) as connection:
            return audit.verify(connection, installation_id)

    def purge(self, now: datetime) -> int:
        """Delete what retention says, table by table; returns rows deleted."""
        kept = self._retention
        with self._write() as connection:
            count = _purge_uninstalled(connection, now - kept.uninstalled)
        with self._write() as connection:
            old = tables.verdict_changes.c.judged_at < now - kept.history
            count += connection.execute(delete(tables.verdict_changes).where(old)).rowcount
        with self._write() as connection:
            count += _purge_samples(connection, now - kept.history)
        with self._write() as connection:
            count += _purge_commands(connection, now - kept.history)
        with self._write() as connection:
            count += audit.purge(connection, now - kept.history)
        with self._write() as connection:
            count += connection.execute(
                delete(tables.cache).where(tables.cache.c.saved_at < now - kept.cache)
            ).rowcount
        return count

    @contextmanager
    def _read(self, *, snapshot: bool = False) -> Iterator[Connection]:
        with translated(), self._readers.connect() as connection:
            if snapshot and connection.dialect.name == "postgresql":
                # On SQLite every transaction reads one snapshot.
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with translated(), self._engine.begin() as connection:
            yield connection

    def _samples(self, table: Table, condition: Any, limit: int) -> list[Sample]:
        statement = select(table).where(condition).order_by(table.c.day.desc()).limit(limit)
        with self._read() as connection:
            return [_sample(row) for row in connection.execute(statement)][::-1]

    def _installations(self, condition: Any) -> list[Installation]:
        statement = select(tables.installations).where(condition, tables.installations.c.deleted_at.is_(None))
        with self._read() as connection:
            rows = connection.execute(statement.order_by(tables.installations.c.id)).all()
        return [Installation(**{name: row._mapping[name] for name in INSTALLATION_COLUMNS}) for row in rows]


def _hold(connection: Connection, repository_id: int) -> None:
    """Put writers of one repository in order, and refuse one that is gone."""
    statement = select(tables.repositories.c.id).where(tables.repositories.c.id == repository_id)
    if connection.execute(statement.with_for_update(key_share=True)).first() is None:
        raise Gone(f"repository {repository_id} is not kept (any more): save the repository first")


def _remove(connection: Connection, repository_ids: Sequence[int]) -> int:
    count = 0
    for portion in chunks(repository_ids):
        for table in tables.OF_REPOSITORY:
            count += connection.execute(delete(table).where(table.c.repository_id.in_(portion))).rowcount
        count += connection.execute(
            delete(tables.repositories).where(tables.repositories.c.id.in_(portion))
        ).rowcount
    return count


def _purge_uninstalled(connection: Connection, before: datetime) -> int:
    long_gone = select(tables.installations.c.id).where(tables.installations.c.deleted_at <= before)
    theirs = select(tables.repositories.c.id).where(tables.repositories.c.installation_id.in_(long_gone))
    count = _remove(connection, list(connection.execute(theirs.order_by(tables.repositories.c.id)).scalars()))
    for table in (tables.organisation_policies, tables.organisation_verdicts, tables.organisation_samples):
        count += connection.execute(delete(table).where(table.c.installation_id.in_(long_gone))).rowcount
    return (
        count
        + connection.execute(
            delete(tables.installations).where(tables.installations.c.deleted_at <= before)
        ).rowcount
    )


def _purge_samples(connection: Connection, before: datetime) -> int:
    return sum(
        connection.execute(delete(table).where(table.c.day < before.date())).rowcount
        for table in (tables.samples, tables.organisation_samples)
    )


def _purge_commands(connection: Connection, before: datetime) -> int:
    effects, exemptions = tables.effects, tables.exemptions
    kinds = (COMMAND_EFFECT, RESULT_EFFECT, CHECK_RUN_EFFECT)
    done = delete(effects).where(effects.c.kind.in_(kinds), effects.c.saved_at < before)
    lapsed = delete(exemptions).where(exemptions.c.until < before.date())
    return connection.execute(done).rowcount + connection.execute(lapsed).rowcount


def _repository_row(repository: Repository) -> dict[str, Any]:
    row = {name: getattr(repository, name) for name in REPOSITORY_COLUMNS}
    return row | {"visibility": repository.visibility.value}


def _repository(row: Row[Any]) -> Repository:
    values = {name: row._mapping[name] for name in REPOSITORY_COLUMNS}
    return Repository(**values | {"visibility": Visibility(row.visibility)})


def _described(row: Row[Any]) -> Described:
    values = row.properties
    return Described(
        topics=None if row.topics is None else tuple(row.topics),
        language=row.language,
        teams=None if row.teams is None else tuple(row.teams),
        properties=None if values is None else {name: tuple(said) for name, said in values.items()},
        owners=None if row.owners is None else tuple(row.owners),
    )


def _described_row(described: Described) -> dict[str, Any]:
    properties = described.properties
    return {
        "topics": None if described.topics is None else list(described.topics),
        "language": described.language,
        "teams": None if described.teams is None else list(described.teams),
        "properties": None if properties is None else {n: list(said) for n, said in properties.items()},
        "owners": None if described.owners is None else list(described.owners),
    }


def _standing(row: Row[Any], groups: Sequence[Row[Any]]) -> Standing:
    findings: dict[int, int] = {}
    for group in groups:
        if group.outcome == Outcome.FAIL.value:
            findings[group.severity] = findings.get(group.severity, 0) + group.checks
    unread = {Outcome.UNKNOWN.value, Outcome.ERROR.value}
    return Standing(
        repository_id=row.id,
        full_name=row.full_name,
        html_url=row.html_url,
        archived=row.archived,
        empty=row.empty,
        findings=findings,
        unknown=sum(group.checks for group in groups if group.last_outcome in unread),
        judged_at=max((group.judged_at for group in groups), default=None),
    )


def _verdicts_of(connection: Connection, repository_id: int) -> dict[str, StoredVerdict]:
    statement = (
        select(tables.verdicts)
        .where(tables.verdicts.c.repository_id == repository_id)
        .order_by(tables.verdicts.c.check)
    )
    return {row.check: _verdict(row) for row in connection.execute(statement)}


def _verdict(row: Row[Any]) -> StoredVerdict:
    known = row._mapping
    # Rows of the history have fewer columns.
    values = {name: known[name] for name in (*VERDICT_COLUMNS, *LATEST_COLUMNS) if name in known}
    lists: dict[str, Any] = {n: tuple(values[n]) for n in ("fingerprints", "baseline") if n in values}
    return StoredVerdict(**values | lists)


def _verdict_row(verdict: StoredVerdict) -> dict[str, Any]:
    return asdict(verdict) | {"fingerprints": list(verdict.fingerprints), "baseline": list(verdict.baseline)}


def _history_row(row: Mapping[str, Any], before: StoredVerdict | None, cause: str) -> dict[str, Any]:
    """Args: cause: of a change of the evidence alone, or where the verdict names none."""
    kept = {name: row[name] for name in ("repository_id", *VERDICT_COLUMNS)}
    turned = before is None or before.outcome != row["outcome"]
    return kept | {"cause": (row["cause"] if turned else "") or cause}


def _sample_row(sample: Sample) -> dict[str, Any]:
    return (
        {name: getattr(sample, name) for name in SAMPLE_COLUMNS}
        | {name: getattr(sample.score, name) for name in SCORE_COLUMNS}
        | {f"public_{name}": getattr(sample.public, name) for name in SCORE_COLUMNS}
    )


def _sample(row: Row[Any]) -> Sample:
    known = row._mapping
    return Sample(
        score=Score(*(known[name] for name in SCORE_COLUMNS)),
        public=Score(*(known[f"public_{name}"] for name in SCORE_COLUMNS)),
        **{name: known[name] for name in SAMPLE_COLUMNS},
    )


def _changed(before: StoredVerdict | None, row: Mapping[str, Any]) -> bool:
    if before is None:
        return True
    return before.outcome != clean(row["outcome"]) or set(before.fingerprints) != set(row["fingerprints"])


def _effect_key(repository_id: int, kind: str, key: str) -> tuple[Any, ...]:
    return (
        tables.effects.c.repository_id == repository_id,
        tables.effects.c.kind == kind,
        tables.effects.c.key == key,
    )
