"""What the store promises, on both databases."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy import delete, insert, select, text, update

from bot.adapters.store import SqlStore, open_store, tables
from bot.adapters.store.audit import GENESIS, AuditVerification
from bot.adapters.store.engine import open_engine
from bot.config.settings import Settings
from bot.model.attributes import Described
from bot.model.errors import Gone, Malformed, Unavailable
from bot.model.facts import Repository, Visibility
from bot.model.scores import Score
from bot.ports import (
    COMMAND_EFFECT,
    Installation,
    Sample,
    Store,
    StoredEffect,
    StoredExemption,
    StoredOrganisation,
    StoredVerdict,
)

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
ACME = Installation(7, "acme", 70, "Organization", {"contents": "read"}, suspended=False)
FULL = Repository(
    id=2**62,
    full_name="acme/\u0442\u0435\u0441\u0442-\U0001f600",
    default_branch="release/ü'; DROP TABLE facts; --",
    visibility=Visibility.INTERNAL,
    archived=True,
    disabled=True,
    fork=True,
    empty=True,
    has_issues=False,
    node_id="R_1",
    html_url="https://example.test/acme",
    pushed_at=NOON,
)


class Clock(Protocol):
    """The clock of conftest."""

    moment: datetime

    def forward(self, **units: float) -> datetime:
        """Move."""
        ...


def repository(number: int) -> Repository:
    """A plain repository."""
    return Repository(number, f"acme/r{number}", "main")


def verdict(check: str = "licence", outcome: str = "fail", *fingerprints: str, **other: Any) -> StoredVerdict:
    """A verdict with what tests do not look at filled in."""
    values = {
        "severity": 2,
        "summary": "s",
        "rule_version": 1,
        "commit": "c" * 40,
        "since": NOON,
        "judged_at": NOON,
        "last_outcome": outcome,
    }
    return StoredVerdict(check=check, outcome=outcome, fingerprints=fingerprints, **values | other)


def test_is_a_store(store: SqlStore) -> None:
    """The port's type holds, and the database answers."""
    port: Store = store

    port.ping()


def test_installation_round_trip(store: SqlStore) -> None:
    """What was saved last comes back; the unknown is None."""
    store.save_installation(ACME)
    later = replace(
        ACME, account="acme-renamed", suspended=True, permissions={}, repository_selection="selected"
    )
    store.save_installation(later)

    assert store.installation(7) == later
    assert store.installation(8) is None
    assert store.installations() == [later]


def test_removed_installation_is_gone_at_once_and_may_come_back(store: SqlStore) -> None:
    """Deleted means not listed; saving it again revives it."""
    store.save_installation(ACME)
    store.remove_installation(7)

    assert store.installation(7) is None
    assert store.installations() == []

    store.save_installation(ACME)

    assert store.installations() == [ACME]


def test_repository_round_trip(store: SqlStore) -> None:
    """Every field survives, names from outside included."""
    store.save_repositories(7, [FULL])

    assert store.repository(FULL.id) == (7, FULL)
    assert store.repository(1) is None


def test_repositories_move_with_their_last_owner(store: SqlStore) -> None:
    """A transfer changes the owner and keeps what is known."""
    store.save_repositories(7, [repository(2), repository(1), repository(2)])
    store.save_facts(1, "c", {"a": 1}, NOON)
    store.save_repositories(8, [replace(repository(1), full_name="other/r1")])

    assert [r.id for r in store.repositories(7)] == [2]
    assert store.repository(1) == (8, replace(repository(1), full_name="other/r1"))
    assert store.facts(1) == ("c", NOON, {"a": 1})


def test_saves_many_repositories_and_removes_them(store: SqlStore) -> None:
    """More than fit into one statement."""
    store.save_repositories(7, (repository(n) for n in range(1, 1302)))
    store.save_repositories(7, [])
    store.remove_repositories(range(1, 1301))

    assert store.repositories(7) == [repository(1301)]


def test_removing_a_repository_removes_all_but_the_audit(store: SqlStore, settings: Settings) -> None:
    """Nothing that names it is left, and the neighbour is untouched."""
    for number in (1, 2):
        fill(store, number)
    store.remove_repositories([1, 99])

    assert store.repository(1) is None
    assert store.facts(1) is None
    assert store.verdicts(1) == {}
    assert store.history(1) == []
    assert store.effect(1, "issue", "health") is None
    assert store.policy(1) is None
    assert len(store.audit_events(7)) == 2
    assert store.exemptions(1) == ()
    assert rows(settings, 2) == [1] * 9
    assert rows(settings, 1) == [0] * 9


def fill(store: SqlStore, number: int) -> None:
    """One row of every kind."""
    store.save_repositories(7, [repository(number)])
    store.save_facts(number, "c", {}, NOON)
    store.save_verdicts(number, [verdict()], "commit")
    store.save_sample(number, Sample(NOON.date(), Score(1, 1, 1, 1)))
    store.save_effect(number, "issue", "health", StoredEffect(1, "d", {}))
    store.save_policy(number, "o", "t")
    store.save_exemption(number, exempt())
    store.save_described({number: Described(topics=("tool",))})
    store.ratchet(number, ["licence"], 70)
    store.audit(7, "70", "fill", {"repository": number})


def rows(settings: Settings, number: int) -> list[int]:
    """Rows of a repository, per table."""
    engine = open_engine(settings)
    with engine.connect() as connection:
        counts = [
            len(connection.execute(select(table).where(table.c.repository_id == number)).all())
            for table in tables.OF_REPOSITORY
        ]
    engine.dispose()
    return counts


@pytest.mark.parametrize(
    "save",
    [
        pytest.param(lambda s: s.save_facts(1, "c", {}, NOON), id="facts"),
        pytest.param(lambda s: s.save_verdicts(1, [verdict()], "commit"), id="verdicts"),
        pytest.param(lambda s: s.save_sample(1, Sample(NOON.date(), Score())), id="sample"),
        pytest.param(lambda s: s.save_effect(1, "k", "k", StoredEffect(1, "", {})), id="effect"),
        pytest.param(lambda s: s.save_policy(1, "o", "t"), id="policy"),
    ],
)
def test_a_removed_repository_takes_nothing_more(store: SqlStore, save: Callable[[Store], None]) -> None:
    """Work that ends after the removal must not bring data back."""
    with pytest.raises(Gone, match="repository 1 is not kept"):
        save(store)


def test_facts_keep_the_latest_only(store: SqlStore) -> None:
    """Hostile text and deep values survive; other zones come back as UTC."""
    store.save_repositories(7, [repository(1)])
    hostile = {"name": "a\x00b\ud800c\u202e", "deep": [[{"x": None}]], "n": 10**30, "f": 0.1, "ü": True}
    east = datetime(2026, 6, 21, 17, 30, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    store.save_facts(1, "first", {"a": 1}, NOON)
    store.save_facts(1, "second", hostile, east)

    found = store.facts(1)

    assert found == ("second", east, hostile)
    assert found is not None
    assert found[1].tzinfo is UTC
    assert store.facts(2) is None


@pytest.mark.parametrize(
    ("facts", "at", "error"),
    [
        pytest.param({"a": float("nan")}, NOON, ValueError, id="NaN"),
        pytest.param({"a": NOON}, NOON, TypeError, id="not JSON-able"),
        pytest.param({}, NOON.replace(tzinfo=None), ValueError, id="no timezone"),
    ],
)
def test_refuses_what_it_could_not_give_back(
    store: SqlStore, facts: dict[str, Any], at: datetime, error: type[Exception]
) -> None:
    """A caller's mistake is told as what it is, and nothing is written."""
    store.save_repositories(7, [repository(1)])

    with pytest.raises(error):
        store.save_facts(1, "c", facts, at)

    assert store.facts(1) is None


@pytest.mark.fault
def test_ka5_a_number_beyond_64_bits_is_refused(store: SqlStore) -> None:
    """Ids in payloads are as long as the sender likes."""
    for call in (
        lambda: store.repository(10**30),
        lambda: store.save_installation(replace(ACME, id=10**30)),
        lambda: store.audit(10**30, "1", "a", {}),
    ):
        with pytest.raises(Malformed, match="refuses a value"):
            call()
    store.ping()


def test_hostile_text_is_kept_as_far_as_databases_can(store: SqlStore) -> None:
    """NUL and lone surrogates become the replacement character, also when looking up."""
    store.save_repositories(7, [replace(repository(1), full_name="a/\x00\udfff")])
    store.save_verdicts(1, [verdict("licence", "fail", "x\x00\ud800", summary="\x00")], "commit")
    store.save_verdicts(1, [verdict("licence", "fail", "x\x00\ud800", summary="\x00")], "commit")
    store.cache("k", {"\x00": 1})

    found = store.repository(1)

    assert found is not None
    assert found[1].full_name == "a/\ufffd\ufffd"
    assert store.verdicts(1)["licence"].fingerprints == ("x\x00\ud800",)
    assert len(store.history(1)) == 1
    assert list(store.cached("k", ["\x00"]).values()) == [1]


def test_verdicts_keep_the_latest_and_the_changes(store: SqlStore) -> None:
    """A history row appears where outcome or evidence changed, and only there."""
    store.save_repositories(7, [repository(1)])
    first = verdict("licence", "fail", "a", "b")
    reordered = replace(first, fingerprints=("b", "a"), judged_at=NOON + timedelta(1), last_outcome="unknown")
    more = replace(reordered, fingerprints=("a", "b", "c"))
    fixed = replace(more, outcome="pass", fingerprints=())
    store.save_verdicts(1, [first, verdict("behind", "pass")], "commit")
    store.save_verdicts(1, [reordered], "commit")

    assert store.verdicts(1) == {"behind": verdict("behind", "pass"), "licence": reordered}
    assert len(store.history(1)) == 2

    store.save_verdicts(1, [more], "commit")
    store.save_verdicts(1, [fixed], "policy")
    store.save_verdicts(1, [], "time")

    assert store.verdicts(1)["licence"] == fixed
    assert store.history(1)[:2] == [replace(fixed, cause="policy"), replace(more, cause="commit")]
    assert store.history(1, limit=1) == [replace(fixed, cause="policy")]
    assert len(store.history(1)) == 4
    assert store.verdicts(2) == {}


def test_effects_are_replaced_and_dropped(store: SqlStore) -> None:
    """One per kind and key."""
    store.save_repositories(7, [repository(1)])
    store.save_effect(1, "issue", "health", StoredEffect(1, "d1", {"muted": False}))
    store.save_effect(1, "issue", "health", StoredEffect(2**40, "d2", {"muted": True, "at": None}))
    store.save_effect(1, "check-run", "health", StoredEffect(3, "", {}))

    assert store.effect(1, "issue", "health") == StoredEffect(2**40, "d2", {"muted": True, "at": None})

    store.drop_effect(1, "issue", "health")
    store.drop_effect(1, "issue", "health")

    assert store.effect(1, "issue", "health") is None
    assert store.effect(1, "check-run", "health") == StoredEffect(3, "", {})


def test_policy_keeps_the_last_good_one(store: SqlStore) -> None:
    """Replaced, never merged."""
    store.save_repositories(7, [repository(1)])
    store.save_policy(1, "o1", "publish: observe\n")
    store.save_policy(1, "o2", "publish: advise\n", "c2")

    assert store.policy(1) == ("o2", "publish: advise\n", "c2")
    assert store.policy(2) is None


def test_keeps_the_policy_of_an_organisation_until_it_is_purged(store: SqlStore, clock: Clock) -> None:
    """One for each installation, replaced as a whole."""
    first = StoredOrganisation(NOON, 1, "acme/.github", "c1", "o1", "publish: observe\n", "o1")
    store.save_organisation(7, first)
    store.save_organisation(8, StoredOrganisation(NOON))
    second = replace(first, seen_oid="o2", looked_at=NOON + timedelta(days=1))
    store.save_organisation(7, second)

    assert store.organisation(7) == second
    assert store.organisation(8) == StoredOrganisation(NOON)
    assert store.organisation(9) is None
    store.remove_installation(7)
    store.purge(clock.moment + timedelta(days=30))
    assert (store.organisation(7), store.organisation(8)) == (None, StoredOrganisation(NOON))


def test_keeps_what_is_said_of_repositories(store: SqlStore) -> None:
    """What nobody knows stays unknown; a repository that is gone is passed over."""
    full = Described(("\0", "b"), "C++", ("core",), {"tier": ("1", "2"), "none": ()})
    store.save_repositories(7, [repository(1), repository(2), repository(3)])
    store.save_repositories(8, [repository(4)])
    store.save_described({1: Described(topics=("old",)), 2: Described(), 99: full})
    store.save_described({1: full, 4: Described(language="")})

    assert store.described(7) == {1: full, 2: Described()}
    assert store.described(8) == {4: Described(language="")}
    assert (store.description(1), store.description(3)) == (full, None)


def test_finds_a_repository_by_its_name(store: SqlStore, clock: Clock) -> None:
    """In one installation, in letters of either case; the one seen last has the name."""
    store.save_repositories(7, [Repository(1, "Acme/.github", "main")])
    clock.forward(minutes=1)
    store.save_repositories(7, [Repository(2, "acme/.GitHub", "main")])
    store.save_repositories(8, [Repository(3, "acme/.github", "main")])

    assert store.repository_named(7, "ACME/.github") == Repository(2, "acme/.GitHub", "main")
    assert store.repository_named(7, "acme/github") is None


def test_cache_tells_what_it_knows(store: SqlStore) -> None:
    """Kinds are apart; more keys than one statement takes."""
    store.cache("zizmor", {f"{n:040x}": [n, {"m": "x"}] for n in range(1200)})
    store.cache("other", {"0" * 40: None})
    store.cache("zizmor", {"0" * 40: "replaced"})
    store.cache("zizmor", {})

    found = store.cached("zizmor", [f"{n:040x}" for n in range(1199, 1202)] + ["0" * 40])

    assert found == {f"{1199:040x}": [1199, {"m": "x"}], "0" * 40: "replaced"}
    assert len(store.cached("zizmor", [f"{n:040x}" for n in range(1200)])) == 1200
    assert store.cached("other", ["0" * 40]) == {"0" * 40: None}
    assert store.cached("zizmor", []) == {}


def test_audit_is_a_chain_per_installation(store: SqlStore, clock: Clock) -> None:
    """Each event follows the one before; chains do not mix."""
    store.audit(7, "583231", "issue.create", {"repository": 1, "text": "\x00\ud800ü"})
    clock.forward(seconds=1)
    store.audit(7, "plumbline", "issue.close", {})
    store.audit(8, "1", "x", {})

    newest, oldest = store.audit_events(7)

    assert (newest.sequence, newest.actor, newest.action) == (2, "plumbline", "issue.close")
    assert newest.at - oldest.at == timedelta(seconds=1)
    assert oldest.detail == {"repository": 1, "text": "\x00\ud800ü"}
    assert oldest.follows(GENESIS)
    assert newest.follows(oldest.hash)
    assert store.audit_events(7, limit=1) == [newest]
    assert store.verify_audit(7) == AuditVerification(2)
    assert store.verify_audit(8).intact
    assert store.verify_audit(9) == AuditVerification(0)


EVENTS = tables.audit_events
SECOND = (EVENTS.c.installation_id == 7) & (EVENTS.c.sequence == 2)


@pytest.mark.parametrize(
    ("forgery", "broken_at"),
    [
        pytest.param(update(EVENTS).where(SECOND).values(actor="2"), 2, id="changed actor"),
        pytest.param(update(EVENTS).where(SECOND).values(detail={"n": 9}), 2, id="changed detail"),
        pytest.param(update(EVENTS).where(SECOND).values(at=NOON), 2, id="changed time"),
        pytest.param(update(EVENTS).where(SECOND).values(hash=GENESIS), 2, id="changed hash"),
        pytest.param(delete(EVENTS).where(SECOND), 2, id="removed from the middle"),
        pytest.param(delete(EVENTS).where(EVENTS.c.sequence == 1), 1, id="removed from the front"),
        pytest.param(delete(EVENTS).where(EVENTS.c.sequence == 3), 3, id="removed from the end"),
        pytest.param(delete(EVENTS), 1, id="removed altogether"),
        pytest.param(delete(tables.audit_chains), 4, id="newest link removed"),
        pytest.param(
            insert(EVENTS).values(
                installation_id=7, sequence=4, at=NOON, actor="1", action="x", detail={}, hash=GENESIS
            ),
            4,
            id="appended by hand",
        ),
    ],
)
def test_audit_tells_where_it_was_tampered_with(
    store: SqlStore, settings: Settings, forgery: Any, broken_at: int
) -> None:
    """Any change that is not an append of ours shows, with its place."""
    for n in range(3):
        store.audit(7, "1", "x", {"n": n})
    engine = open_engine(settings)
    with engine.begin() as connection:
        connection.execute(forgery)
    engine.dispose()

    found = store.verify_audit(7)

    assert not found.intact
    assert found.broken_at == broken_at


def test_purge_cuts_the_audit_without_breaking_it(store: SqlStore, clock: Clock) -> None:
    """400 days to the microsecond; what is left still verifies, and goes on."""
    store.audit(7, "1", "old", {})
    store.audit(8, "1", "old", {})
    first = clock.moment
    clock.forward(microseconds=1)
    store.audit(7, "1", "young", {})

    assert store.purge(first + timedelta(days=400)) == 0
    assert store.purge(first + timedelta(days=400, microseconds=1)) == 2
    assert store.verify_audit(7) == AuditVerification(1)
    assert store.verify_audit(8) == AuditVerification(0)

    store.audit(8, "1", "again", {})

    assert [e.sequence for e in store.audit_events(8)] == [2]
    assert store.verify_audit(8) == AuditVerification(1)


@pytest.mark.fault
def test_kb13_a_clock_that_steps_back_leaves_the_chain_whole(store: SqlStore, clock: Clock) -> None:
    """An old-looking event behind a young one stays until the young one is old."""
    store.audit(7, "1", "young", {})
    clock.forward(minutes=-10)
    store.audit(7, "1", "stamped earlier", {})

    assert store.purge(clock.moment + timedelta(days=400, minutes=5)) == 0
    assert store.verify_audit(7) == AuditVerification(2)


def test_purge_forgets_an_installation_30_days_after_uninstall(store: SqlStore, clock: Clock) -> None:
    """Its repositories go with it, one that moved away in time stays; a second removal changes nothing."""
    store.save_installation(ACME)
    fill(store, 1)
    fill(store, 2)
    store.remove_installation(7)
    removed = clock.moment
    clock.forward(days=3)
    store.remove_installation(7)
    store.save_repositories(8, [repository(2)])

    assert store.purge(removed + timedelta(days=30) - timedelta(microseconds=1)) == 0
    assert store.purge(removed + timedelta(days=30)) == 11
    assert store.repository(1) is None
    assert store.facts(2) is not None
    assert len(store.audit_events(7)) == 2


def test_purge_forgets_repositories_of_an_installation_never_saved(store: SqlStore, clock: Clock) -> None:
    """The uninstall event may be all that was ever heard of it."""
    store.save_repositories(7, [repository(1)])
    store.remove_installation(7)

    assert store.purge(clock.moment + timedelta(days=30)) == 2
    assert store.repository(1) is None


def test_purge_forgets_old_changes_and_cache(store: SqlStore, clock: Clock) -> None:
    """The latest verdict stays, however old."""
    store.save_repositories(7, [repository(1)])
    store.save_verdicts(1, [verdict()], "commit")
    store.cache("k", {"a": 1})

    assert store.purge(clock.moment + timedelta(days=91)) == 1
    assert store.cached("k", ["a"]) == {}
    assert store.purge(NOON + timedelta(days=401)) == 1
    assert store.history(1) == []
    assert store.verdicts(1) == {"licence": verdict()}


def exempt(check: str = "licence", **changes: Any) -> StoredExemption:
    """An exemption given by account 9."""
    values = {
        "check": check,
        "reason": "not yet \u0000'; --",
        "until": date(2026, 12, 31),
        "actor_id": 9,
        "comment_id": 77,
        "created_at": NOON,
    }
    return StoredExemption(**values | changes)


def test_keeps_one_exemption_of_a_check(store: SqlStore) -> None:
    """The newest replaces; they go with their repository."""
    store.save_repositories(7, [repository(1), repository(2)])
    store.save_exemption(1, exempt())
    store.save_exemption(1, exempt("behind"))
    store.save_exemption(2, exempt())
    store.save_exemption(1, exempt(reason="later", until=date(2027, 1, 31)))

    assert [(e.check, e.reason, e.until) for e in store.exemptions(1)] == [
        ("behind", "not yet \ufffd'; --", date(2026, 12, 31)),
        ("licence", "later", date(2027, 1, 31)),
    ]
    assert store.exemptions(1)[0] == exempt("behind", reason="not yet \ufffd'; --")
    store.remove_repositories([1])
    assert store.exemptions(1) == ()
    assert len(store.exemptions(2)) == 1
    with pytest.raises(Gone):
        store.save_exemption(1, exempt())


def test_purge_forgets_what_became_of_commands_and_lapsed_exemptions(store: SqlStore, clock: Clock) -> None:
    """After as long as the audit; other effects stay."""
    store.save_repositories(7, [repository(1)])
    for kind in (COMMAND_EFFECT, "issue"):
        store.save_effect(1, kind, "77", StoredEffect(1, "d", {}))
    store.save_exemption(1, exempt(until=clock.moment.date()))
    store.save_exemption(1, exempt("behind", until=clock.moment.date() + timedelta(days=2)))

    assert store.purge(clock.moment + timedelta(days=400)) == 0
    assert store.purge(clock.moment + timedelta(days=401)) == 2
    assert store.effect(1, COMMAND_EFFECT, "77") is None
    assert store.effect(1, "issue", "77") is not None
    assert [e.check for e in store.exemptions(1)] == ["behind"]


def test_threads_share_a_store(store: SqlStore) -> None:
    """Appends of many threads make one chain, and equal verdicts one change."""
    store.save_repositories(7, [repository(1)])
    start = threading.Barrier(8)

    def work(number: int) -> None:
        start.wait(timeout=30)
        for n in range(10):
            store.audit(7, str(number), "x", {"n": n})
            store.save_verdicts(1, [verdict()], "commit")
            store.cache("k", {f"{number}-{n}": n, "shared": n})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    assert store.verify_audit(7) == AuditVerification(80)
    assert len(store.history(1)) == 1
    assert len(store.cached("k", [f"{a}-{b}" for a in range(8) for b in range(10)])) == 80


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which Windows does not have")
def test_a_forked_child_opens_connections_of_its_own(store: SqlStore) -> None:
    """A worker forks after it opened the store; both go on, in one chain."""
    store.audit(7, "1", "before", {})
    child = os.fork()
    if child == 0:
        status = 1
        try:
            for _ in range(20):
                store.audit(7, "2", "child", {})
            status = 0
        finally:
            os._exit(status)
    for _ in range(20):
        store.audit(7, "1", "parent", {})

    assert os.waitpid(child, 0)[1] == 0
    assert store.verify_audit(7) == AuditVerification(41)


def test_says_unavailable_when_it_was_never_migrated(empty_settings: Settings) -> None:
    """Readiness must be red, and work must be tried again later."""
    store = open_store(empty_settings)

    with pytest.raises(Unavailable, match="alembic_version"):
        store.ping()
    with pytest.raises(Unavailable, match="can not be used"):
        store.repository(1)
    store.close()


def test_ping_refuses_a_database_whose_migration_was_undone(store: SqlStore, settings: Settings) -> None:
    """The table of revisions alone is not enough."""
    engine = open_engine(settings)
    with engine.begin() as connection:
        (revision,) = connection.execute(text("DELETE FROM alembic_version RETURNING version_num")).one()
    with pytest.raises(Unavailable, match="never migrated"):
        store.ping()
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
    engine.dispose()

    store.ping()


def test_survives_a_restart_of_the_server(postgresql_url: str, tmp_path: Path) -> None:
    """Connections that died while idle are replaced before use."""
    store = open_store(Settings(home=tmp_path, database_url=postgresql_url))
    store.ping()
    other = open_engine(Settings(home=tmp_path, database_url=postgresql_url))
    with other.connect() as connection:
        ended = connection.execute(
            text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        ).scalar_one()
    other.dispose()

    assert ended >= 1
    store.ping()
    store.close()
