"""The ledger's rules, on a real redis-server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from bot.adapters.ledger import RedisLedger
from bot.model.errors import LeaseLost, LedgerUnavailable
from bot.model.events import Acceptance, Delivery, Lane
from bot.model.work import Claim, ClaimedWork, State, Work

Make = Callable[..., RedisLedger]


def delivery(
    guid: str, *, fair: str = "1", lane: Lane = Lane.EVENT, body: bytes = b'{"a":1}', hook: str = "9"
) -> Delivery:
    return Delivery(hook, guid, "push", lane, fair, body)


def work(key: str = "scan:1", **changes: object) -> Work:
    fields: dict[str, object] = {
        "job": "scan",
        "key": key,
        "lane": Lane.EVENT,
        "installation_id": 1,
        "payload": {"n": 1},
    }
    return Work(**(fields | changes))  # type: ignore[arg-type]


def claim(ledger: RedisLedger, lane: Lane = Lane.EVENT, id_: str | None = None) -> ClaimedWork:
    claimed = ledger.claim_work(lane, id_)
    assert claimed is not None
    return claimed


def eventually(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.005)


def swept_until(ledger: RedisLedger, condition: Callable[[], bool]) -> None:
    def pass_() -> bool:
        ledger.sweep()
        return condition()

    eventually(pass_)


def without_lifetime(client: Redis) -> list[bytes]:
    return [key for key in client.scan_iter() if client.ttl(key) < 0]


class TestAccept:
    @pytest.mark.fault
    def test_ka1_fifty_equal_deliveries_at_once_make_one_record(self, make_ledger: Make) -> None:
        """One is new, all others are told that it is known; one record is claimed."""
        ledgers = [make_ledger() for _ in range(4)]
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda i: ledgers[i % 4].accept(delivery("g")), range(50)))

        assert answers.count(Acceptance.NEW) == 1
        assert answers.count(Acceptance.OPEN) == 49
        assert len(ledgers[0].claim_deliveries(100)) == 1

    @pytest.mark.fault
    def test_ka2_a_redelivery_after_done_has_no_effect(self, ledger: RedisLedger, client: Redis) -> None:
        """Also four days later: the record's lifetime is seven days and more."""
        ledger.accept(delivery("g"))
        ledger.complete_delivery(ledger.claim_deliveries(1)[0].claim, [work()])
        four_days = 4 * 86_400
        for key in client.scan_iter():
            left = client.ttl(key) - four_days
            if left > 0:
                client.expire(key, left)
            else:
                client.delete(key)

        assert ledger.accept(delivery("g")) is Acceptance.DONE
        assert ledger.claim_deliveries(1) == []
        assert ledger.known_guids(["g", "other"]) == {"g"}

    @pytest.mark.fault
    def test_ka8_a_redelivery_after_a_crash_before_the_answer_counts_once(self, ledger: RedisLedger) -> None:
        """The record was written and the sender never knew: it sends again, also while we work."""
        ledger.accept(delivery("g"))
        assert ledger.accept(delivery("g")) is Acceptance.OPEN
        claimed = ledger.claim_deliveries(10)
        assert ledger.accept(delivery("g")) is Acceptance.OPEN
        ledger.complete_delivery(claimed[0].claim, [])

        assert ledger.accept(delivery("g")) is Acceptance.DONE
        assert len(claimed) == 1

    def test_a_parked_delivery_is_reopened_with_attempts_0(self, ledger: RedisLedger) -> None:
        ledger.accept(delivery("g"))
        ledger.fail(ledger.claim_deliveries(1)[0].claim, "broken", permanent=True)

        assert ledger.accept(delivery("g", body=b"{}")) is Acceptance.REOPENED

        claimed = ledger.claim_deliveries(1)[0]
        assert (claimed.body, claimed.claim.attempt) == (b"{}", 1)
        assert ledger.parked() == []
        assert ledger.stats().bytes_held == 2

    def test_one_guid_of_two_hooks_is_two_deliveries(self, ledger: RedisLedger) -> None:
        assert ledger.accept(delivery("g", hook="1")) is Acceptance.NEW
        assert ledger.accept(delivery("g", hook="2")) is Acceptance.NEW

    def test_of_a_large_body_only_the_reference_is_kept(self, make_ledger: Make) -> None:
        """The limit itself is kept; one byte more is not."""
        ledger = make_ledger(body_limit=10)
        ledger.accept(delivery("kept", body=b"x" * 10))
        ledger.accept(delivery("large", body=b"x" * 11))

        bodies = {c.claim.id: c.body for c in ledger.claim_deliveries(2)}

        assert bodies == {"9:kept": b"x" * 10, "9:large": None}

    def test_the_byte_ceiling_refuses_until_bodies_are_routed(self, make_ledger: Make) -> None:
        ledger = make_ledger(ledger_bytes=20)
        ledger.accept(delivery("a", body=b"x" * 12))
        with pytest.raises(LedgerUnavailable, match="ceiling"):
            ledger.accept(delivery("b", body=b"x" * 12))
        assert ledger.record("9:b") is None

        ledger.complete_delivery(ledger.claim_deliveries(1)[0].claim, [])

        assert ledger.accept(delivery("b", body=b"x" * 12)) is Acceptance.NEW

    def test_it_is_one_round_trip(self, ledger: RedisLedger, client: Redis) -> None:
        """The script is sent by its hash; the first call of all is the only one that sends its text."""
        ledger.accept(delivery("first"))
        client.config_resetstat()

        ledger.accept(delivery("second"))

        calls = client.info("commandstats")
        assert calls["cmdstat_evalsha"]["calls"] == 1
        assert "cmdstat_eval" not in calls


class TestRouting:
    def test_interactive_comes_first_then_event_then_sweep(self, ledger: RedisLedger) -> None:
        for lane in (Lane.SWEEP, Lane.EVENT, Lane.INTERACTIVE):
            ledger.accept(delivery(lane.value, lane=lane))

        assert [c.lane for c in ledger.claim_deliveries(3)] == list(Lane)

    @pytest.mark.fault
    def test_ka11_one_loud_installation_does_not_hold_up_the_others(self, ledger: RedisLedger) -> None:
        """900 of 1000 deliveries are one installation's; the others' 100 are within the first 200."""
        for n in range(900):
            ledger.accept(delivery(f"loud-{n}", fair="666"))
        for n in range(100):
            ledger.accept(delivery(f"quiet-{n}", fair=str(n % 10)))

        first = [c.claim.id for c in ledger.claim_deliveries(110)]
        rest = [c.claim.id for c in ledger.claim_deliveries(2000)]

        assert sum("quiet" in id_ for id_ in first) == 100
        assert len(first) + len(rest) == 1000 == len({*first, *rest})

    def test_completing_writes_the_works_and_drops_the_body(self, ledger: RedisLedger, client: Redis) -> None:
        ledger.accept(delivery("g"))
        ids = ledger.complete_delivery(ledger.claim_deliveries(1)[0].claim, [work("a"), work("b"), work("a")])

        record = ledger.record("9:g")
        assert record is not None
        assert (record.state, record.works) == (State.DONE, tuple(ids))
        assert ids[0] == ids[2] != ids[1]
        assert client.exists("pl:b:9:g") == 0
        assert ledger.stats().bytes_held == 0
        assert claim(ledger).work.key == "a"

    def test_completing_again_after_a_lost_answer_returns_the_same_ids(self, ledger: RedisLedger) -> None:
        ledger.accept(delivery("g"))
        claimed = ledger.claim_deliveries(1)[0].claim

        assert ledger.complete_delivery(claimed, [work()]) == ledger.complete_delivery(claimed, [work()])
        assert ledger.stats().open_work[Lane.EVENT] == 1

    def test_a_stale_fence_can_not_complete(self, ledger: RedisLedger) -> None:
        ledger.accept(delivery("g"))
        old = ledger.claim_deliveries(1)[0].claim
        swept_until(ledger, lambda: ledger.due_deliveries() == 1)
        new = ledger.claim_delivery("9:g")

        with pytest.raises(LeaseLost):
            ledger.complete_delivery(old, [work()])
        with pytest.raises(LeaseLost):
            ledger.fail(old, "x")
        assert new is not None
        assert ledger.complete_delivery(new.claim, []) == []
        assert ledger.stats().open_work[Lane.EVENT] == 0

    def test_a_delivery_that_is_leased_or_done_can_not_be_claimed_by_name(self, ledger: RedisLedger) -> None:
        ledger.accept(delivery("g"))
        assert ledger.claim_delivery("9:unknown") is None
        claimed = ledger.claim_delivery("9:g")
        assert claimed is not None
        assert ledger.claim_delivery("9:g") is None
        ledger.complete_delivery(claimed.claim, [])
        assert ledger.claim_delivery("9:g") is None

    @pytest.mark.fault
    def test_kb8_a_poisoned_delivery_parks_without_its_neighbours(self, ledger: RedisLedger) -> None:
        """Whoever claims the poison dies; all others are routed, none of them parks."""
        for n in range(9):
            ledger.accept(delivery(f"good-{n}", fair=str(n)))
        ledger.accept(delivery("poison", fair="4"))
        routed: list[str] = []

        def one_worker() -> bool:
            ledger.sweep()
            batch = ledger.claim_deliveries(50)
            for claimed in batch:
                if "poison" in claimed.claim.id:
                    break
                ledger.complete_delivery(claimed.claim, [])
                routed.append(claimed.claim.id)
            return len(ledger.parked()) == 1 and len(routed) == 9

        eventually(one_worker)

        parked = ledger.parked()[0]
        assert (parked.id, parked.attempts) == ("9:poison", 3)
        assert "vanished" in parked.error
        assert ledger.stats().open_deliveries == 0


class TestWork:
    def test_merged_work_keeps_what_each_asked_for(self, ledger: RedisLedger) -> None:
        """A wish is not lost to an ordinary event that comes while it waits, nor to a failure."""
        asked = work("scan:1", payload={"number": 1, "request": "wish", "all": False})
        plain = work("scan:1", payload={"number": 2, "request": "", "all": True})
        (id_,) = ledger.submit([asked])
        assert ledger.submit([plain]) == ledger.submit([plain]) == [id_]

        claimed = ledger.claim_work(Lane.EVENT)
        assert claimed is not None
        assert claimed.work.payload == {"number": 2, "request": "wish", "all": True}
        (newer,) = ledger.submit([work("scan:1", payload={"number": 3, "request": "", "all": False})])
        ledger.postpone(claimed.claim, ledger.now(), "later")

        again = ledger.claim_work(Lane.EVENT)
        assert again is not None
        assert (again.claim.id, again.work.payload) == (
            newer,
            {"number": 3, "request": "wish", "all": True},
        )

    def test_merged_work_tells_everybody_who_asked(self, ledger: RedisLedger) -> None:
        """Lists of names are joined, in the order of asking; other lists are the newest's."""
        for payload in (
            {"tell": ["a"], "ids": [1]},
            {"tell": [], "ids": [2]},
            {"tell": ["b", "a"], "ids": [3]},
        ):
            ledger.submit([work("scan:1", payload=payload)])

        claimed = ledger.claim_work(Lane.EVENT)

        assert claimed is not None
        assert claimed.work.payload == {"tell": ["a", "b"], "ids": [3]}

    def test_equal_waiting_work_merges_newest_payload_and_most_urgent_lane_win(
        self, ledger: RedisLedger
    ) -> None:
        first = ledger.submit([work(lane=Lane.SWEEP)])
        second = ledger.submit([work(payload={"n": 2}, lane=Lane.INTERACTIVE)])
        third = ledger.submit([work(payload={"n": 3}, lane=Lane.EVENT)])

        assert first == second == third
        assert ledger.claim_work(Lane.SWEEP) is None
        claimed = claim(ledger, Lane.INTERACTIVE)
        assert (claimed.work.payload, claimed.work.lane) == ({"n": 3}, Lane.INTERACTIVE)
        assert ledger.claim_work(Lane.INTERACTIVE) is None

    def test_two_works_of_one_key_never_run_at_once(self, ledger: RedisLedger) -> None:
        """A newer work waits for the running one, also when it is named."""
        ledger.submit([work()])
        running = claim(ledger)
        (waiting,) = ledger.submit([work(payload={"n": 2})])
        assert waiting != running.claim.id
        assert ledger.claim_work(Lane.EVENT) is None
        assert ledger.claim_work(Lane.EVENT, waiting) is None
        assert ledger.submit([work(payload={"n": 3})]) == [waiting]

        ledger.complete_work(running.claim)

        assert claim(ledger).work.payload == {"n": 3}

    def test_a_waiting_work_moves_to_a_more_urgent_lane_behind_a_running_one(
        self, ledger: RedisLedger
    ) -> None:
        ledger.submit([work(lane=Lane.SWEEP)])
        running = claim(ledger, Lane.SWEEP)
        ledger.submit([work(lane=Lane.SWEEP)])
        ledger.submit([work(lane=Lane.INTERACTIVE)])
        assert ledger.claim_work(Lane.INTERACTIVE) is None

        ledger.complete_work(running.claim)

        assert claim(ledger, Lane.INTERACTIVE).work.key == "scan:1"
        assert ledger.stats().open_work == dict.fromkeys(Lane, 0)

    def test_installations_take_turns(self, ledger: RedisLedger) -> None:
        ledger.submit([work(f"loud:{n}", installation_id=1) for n in range(5)])
        ledger.submit([work("quiet", installation_id=2)])

        keys = [claim(ledger).work.key for _ in range(3)]

        assert "quiet" in keys[:2]

    def test_a_failed_work_gives_way_to_the_newer_one_and_hands_on_its_attempts(
        self, ledger: RedisLedger
    ) -> None:
        (old,) = ledger.submit([work()])
        running = claim(ledger)
        (new,) = ledger.submit([work(payload={"n": 2})])

        assert ledger.fail(running.claim, "broken") is False

        record = ledger.record(old)
        assert record is not None
        assert (record.state, record.works) == (State.DONE, (new,))
        eventually(lambda: ledger.claim_work(Lane.EVENT, new) is not None)
        claimed = ledger.record(new)
        assert claimed is not None
        assert claimed.attempts == 2

    def test_postponing_does_not_count_the_attempt(self, ledger: RedisLedger) -> None:
        (id_,) = ledger.submit([work()])
        for _ in range(5):
            claimed = claim(ledger, id_=id_)
            assert claimed.claim.attempt == 1
            ledger.postpone(claimed.claim, ledger.now() - timedelta(seconds=1), "limit")
        ledger.postpone(claim(ledger).claim, ledger.now() + timedelta(hours=1), "limit")

        assert ledger.claim_work(Lane.EVENT) is None
        assert ledger.claim_work(Lane.EVENT, id_) is None
        record = ledger.record(id_)
        assert record is not None
        assert (record.error, record.attempts, record.state) == ("limit", 0, State.OPEN)

    def test_failures_back_off_and_park_at_the_cap(self, ledger: RedisLedger) -> None:
        (id_,) = ledger.submit([work()])
        began = time.monotonic()
        for attempt in (1, 2, 3):
            eventually(
                lambda: (found := ledger.claim_work(Lane.EVENT)) is not None and not held.append(found)
            )
            claimed = held.pop()
            assert claimed.claim.attempt == attempt
            assert ledger.fail(claimed.claim, f"error {attempt}") is (attempt == 3)

        # Without jitter half of 20 ms, then half of 40 ms.
        assert time.monotonic() - began >= 0.03
        (parked,) = ledger.parked()
        assert (parked.id, parked.error, parked.attempts, parked.payload) == (id_, "error 3", 3, '{"n":1}')

    def test_parked_work_lets_the_next_of_its_key_run(self, ledger: RedisLedger) -> None:
        ledger.submit([work()])
        running = claim(ledger)
        ledger.submit([work(payload={"n": 2})])
        assert ledger.fail(running.claim, "no", permanent=True)

        assert claim(ledger).work.payload == {"n": 2}

    def test_replay_opens_parked_work_again(self, ledger: RedisLedger) -> None:
        (id_,) = ledger.submit([work()])
        assert not ledger.replay(id_)
        ledger.fail(claim(ledger).claim, "no", permanent=True)

        assert ledger.replay(id_)

        assert claim(ledger).claim.attempt == 1
        assert ledger.parked() == []

    def test_replay_merges_into_an_equal_work_that_waits(self, ledger: RedisLedger) -> None:
        (old,) = ledger.submit([work()])
        ledger.fail(claim(ledger).claim, "no", permanent=True)
        (new,) = ledger.submit([work(payload={"n": 2})])

        assert ledger.replay(old)

        assert claim(ledger).claim.id == new
        record = ledger.record(old)
        assert record is not None
        assert record.works == (new,)
        assert ledger.claim_work(Lane.EVENT) is None

    def test_replay_waits_for_a_running_equal_work(self, ledger: RedisLedger) -> None:
        (old,) = ledger.submit([work()])
        ledger.fail(claim(ledger).claim, "no", permanent=True)
        ledger.submit([work(payload={"n": 2})])
        running = claim(ledger)

        assert ledger.replay(old)
        assert ledger.claim_work(Lane.EVENT, old) is None
        ledger.complete_work(running.claim)

        assert claim(ledger).claim.id == old

    def test_a_dropped_delivery_stays_known(self, ledger: RedisLedger) -> None:
        """A redelivery must not bring back what an operator gave up."""
        ledger.accept(delivery("g"))
        ledger.fail(ledger.claim_deliveries(1)[0].claim, "no", permanent=True)

        assert ledger.drop("9:g")
        assert not ledger.drop("9:g")

        assert ledger.accept(delivery("g")) is Acceptance.DONE
        assert ledger.parked() == []
        assert ledger.stats().bytes_held == 0

    def test_a_secret_in_an_error_is_not_kept(self, ledger: RedisLedger) -> None:
        (id_,) = ledger.submit([work()])
        ledger.fail(claim(ledger).claim, "token ghs_" + "a" * 40, permanent=True)

        record = ledger.record(id_)

        assert record is not None
        assert "aaaa" not in record.error

    @pytest.mark.fault
    def test_kb18_an_old_worker_leaves_newer_work_alone(self, make_ledger: Make) -> None:
        """Not claimed by lane, not by name, and still there for a newer worker."""
        old, new = make_ledger(work_version=1), make_ledger(work_version=2)
        (id_,) = new.submit([work(version=2)])

        assert old.claim_work(Lane.EVENT) is None
        assert old.claim_work(Lane.EVENT, id_) is None
        old.sweep()

        assert claim(new).work.version == 2

    def test_a_merged_work_takes_the_newer_version(self, make_ledger: Make) -> None:
        old, new = make_ledger(work_version=1), make_ledger(work_version=2)
        old.submit([work()])
        new.submit([work(version=2)])

        assert old.claim_work(Lane.EVENT) is None
        assert claim(new).work.version == 2


held: list[ClaimedWork] = []


class TestLeases:
    def test_a_lease_ends_unless_renewed(self, ledger: RedisLedger) -> None:
        ledger.submit([work("kept"), work("lost")])
        kept, lost = claim(ledger).claim, claim(ledger).claim
        until = time.monotonic() + 0.4
        while time.monotonic() < until:
            assert ledger.renew([kept]) == [True]
            ledger.sweep()
            time.sleep(0.02)

        assert ledger.holds(kept)
        assert not ledger.holds(lost)
        assert ledger.renew([kept, lost]) == [True, False]
        with pytest.raises(LeaseLost):
            ledger.complete_work(lost)
        ledger.complete_work(kept)

    @pytest.mark.fault
    def test_kb8_a_work_whose_worker_vanished_is_given_out_to_run_alone(self, ledger: RedisLedger) -> None:
        """Only after a death; a failure that was told, or a new work of its key, is none."""
        (id_,) = ledger.submit([work()])
        first = claim(ledger)
        eventually(lambda: ledger.sweep() and ledger.record(id_).state is State.OPEN)  # type: ignore[union-attr]

        second = claim(ledger)
        ledger.complete_work(second.claim)
        ledger.submit([work()])

        assert [first.alone, second.alone, claim(ledger).alone] == [False, True, False]

    def test_holds_says_no_as_soon_as_the_lease_has_ended(self, ledger: RedisLedger) -> None:
        """Also before the sweeper has seen it."""
        ledger.submit([work()])
        claimed = claim(ledger).claim

        assert ledger.holds(claimed)
        eventually(lambda: not ledger.holds(claimed))

    def test_completing_twice_is_harmless(self, ledger: RedisLedger) -> None:
        ledger.submit([work()])
        claimed = claim(ledger).claim
        ledger.complete_work(claimed, "fine")
        ledger.complete_work(claimed)

        record = ledger.record(claimed.id)
        assert record is not None
        assert (record.state, record.error) == (State.DONE, "fine")

    @pytest.mark.fault
    def test_kb10_a_finished_work_can_not_be_claimed_again(self, ledger: RedisLedger) -> None:
        """A stale hint names it: nothing happens."""
        (id_,) = ledger.submit([work()])
        ledger.complete_work(claim(ledger).claim)

        assert ledger.claim_work(Lane.EVENT, id_) is None
        assert ledger.claim_work(Lane.EVENT, "w404") is None

    @pytest.mark.fault
    def test_kb8_a_work_that_kills_its_worker_parks_at_the_cap(self, ledger: RedisLedger) -> None:
        (id_,) = ledger.submit([work()])

        def claim_and_die() -> bool:
            ledger.sweep()
            ledger.claim_work(Lane.EVENT)
            return bool(ledger.parked())

        eventually(claim_and_die)

        assert (ledger.parked()[0].id, ledger.parked()[0].attempts) == (id_, 3)

    @pytest.mark.fault
    def test_kb13_no_decision_goes_by_a_workers_clock(
        self, ledger: RedisLedger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With this process ten minutes ahead nothing is stolen and nothing comes early."""
        ledger.submit([work("running"), work("later")])
        running, later = claim(ledger).claim, claim(ledger).claim
        ledger.postpone(later, ledger.now() + timedelta(seconds=60), "limit")
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + 600)

        ledger.sweep()

        assert ledger.holds(running)
        assert ledger.claim_work(Lane.EVENT) is None
        assert abs(ledger.now().timestamp() - real()) < 5


class TestSweep:
    def test_names_what_was_not_looked_at_and_never_floods(self, ledger: RedisLedger) -> None:
        """A fresh work has a hint of its own; then each look is twice as late as the last."""
        ledger.submit([work()])
        assert ledger.sweep() == []
        began, looks = time.monotonic(), 0
        while time.monotonic() - began < 0.5:
            looks += len(ledger.sweep())
            time.sleep(0.002)

        assert 2 <= looks <= 4

    def test_the_limit_bounds_a_pass_and_0_only_ends_leases(self, ledger: RedisLedger) -> None:
        ids = ledger.submit([work(f"k{n}") for n in range(5)])
        leased = claim(ledger).claim
        time.sleep(0.2)
        assert ledger.sweep(0) == []
        assert not ledger.holds(leased)

        first = {id_ for _, _, id_ in ledger.sweep(2)}
        assert len(first) == 2
        # On a slow machine the first ones may be due again.
        assert {id_ for _, _, id_ in ledger.sweep(10)} | first == set(ids)

    def test_two_sweepers_share_the_work(self, make_ledger: Make) -> None:
        ledgers = [make_ledger(), make_ledger()]
        ledgers[0].submit([work(f"k{n}") for n in range(100)])
        time.sleep(0.05)
        with ThreadPoolExecutor(2) as pool:
            found = [item for part in pool.map(lambda one: one.sweep(), ledgers) for item in part]

        assert len(found) == 100 == len(set(found))

    def test_due_deliveries_are_named_once_for_a_lane(self, ledger: RedisLedger) -> None:
        for n in range(3):
            ledger.accept(delivery(f"g{n}"))

        assert ledger.sweep() == [("delivery", Lane.EVENT, "9:g0")]
        assert ledger.sweep() == []
        eventually(lambda: ledger.sweep() != [])

    def test_what_is_postponed_is_named_when_due(self, ledger: RedisLedger) -> None:
        (id_,) = ledger.submit([work()])
        ledger.postpone(claim(ledger).claim, ledger.now() + timedelta(milliseconds=100), "limit")

        assert ledger.sweep() == []
        eventually(lambda: ledger.sweep() == [("work", Lane.EVENT, id_)])


class TestSmallThings:
    def test_a_drain_is_wanted_once_in_a_while(self, ledger: RedisLedger) -> None:
        assert ledger.want_drain()
        assert not ledger.want_drain()
        ledger.drain_done()
        assert ledger.want_drain()
        eventually(ledger.want_drain)

    @pytest.mark.fault
    def test_kb14_each_tick_is_taken_once(self, make_ledger: Make) -> None:
        ledgers = [make_ledger() for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(lambda one: one.take_occurrence("scan", 7, lifetime_s=60), ledgers))

        assert taken.count(True) == 1
        assert ledgers[0].take_occurrence("scan", 8, lifetime_s=60)

    @pytest.mark.fault
    def test_kb16_only_the_newest_generation_publishes(self, ledger: RedisLedger) -> None:
        """The scan that read later publishes first; the older one then may not."""
        older, newer = ledger.next_generation(42), ledger.next_generation(42)

        assert older < newer
        assert ledger.claim_publication(42, "health", newer)
        assert not ledger.claim_publication(42, "health", older)
        assert ledger.claim_publication(42, "health", newer)
        assert ledger.claim_publication(42, "pull:7", older)

    @pytest.mark.fault
    def test_kc7_generations_grow_over_a_wiped_redis(self, ledger: RedisLedger, client: Redis) -> None:
        """All scripts work again at once, the epoch tells that there was a wipe, old claims are void."""
        before = [ledger.next_generation(42) for _ in range(100)]
        (old_id,) = ledger.submit([work()])
        claimed = claim(ledger).claim
        epoch, made = ledger.epoch()
        assert (made, ledger.epoch()) == (True, (epoch, False))

        client.flushall()
        client.script_flush()

        assert ledger.next_generation(42) > max(before)
        assert not ledger.holds(claimed)
        with pytest.raises(LeaseLost):
            ledger.complete_work(claimed)
        assert ledger.submit([work()]) != [old_id]
        again, made = ledger.epoch()
        assert made
        assert again != epoch

    def test_a_pause_keeps_its_later_end(self, ledger: RedisLedger, client: Redis) -> None:
        later = ledger.now() + timedelta(seconds=60)
        ledger.pause(1, "core", later)
        ledger.pause(1, "core", later - timedelta(seconds=30))
        ledger.pause(2, "core", ledger.now() - timedelta(seconds=1))

        until = ledger.paused_until(1, "core")
        assert until is not None
        assert abs(until - later) < timedelta(milliseconds=2)
        assert ledger.paused_until(1, "graphql") is None
        assert ledger.paused_until(2, "core") is None
        assert 0 < client.pttl("pl:pause:1:core") <= 60_000

    def test_stats_count(self, ledger: RedisLedger) -> None:
        ledger.accept(delivery("a", body=b"12345"))
        ledger.accept(delivery("b", body=b"123"))
        ledger.claim_deliveries(1)
        ledger.submit([work("x"), work("y", lane=Lane.SWEEP), work("z")])
        claim(ledger)
        ledger.fail(claim(ledger).claim, "no", permanent=True)
        time.sleep(0.01)

        stats = ledger.stats()

        assert (stats.open_deliveries, stats.leased_deliveries, stats.bytes_held) == (1, 1, 8)
        assert stats.open_work == {Lane.INTERACTIVE: 0, Lane.EVENT: 0, Lane.SWEEP: 1}
        assert (stats.leased_work, stats.parked) == (1, 1)
        assert 0 < stats.oldest_due_s < 5
        assert ledger.due_deliveries() == 1

    def test_a_record_tells_all(self, ledger: RedisLedger) -> None:
        ledger.accept(delivery("g", fair="77", body=b"\xff{"))

        record = ledger.record("9:g")

        assert record is not None
        assert (record.kind, record.name, record.lane, record.installation_id, record.attempts) == (
            "delivery",
            "push",
            Lane.EVENT,
            "77",
            0,
        )
        assert record.payload == "�{"
        assert abs(record.accepted_at - datetime.now(UTC)) < timedelta(seconds=60)
        assert ledger.record("9:none") is None
        assert ledger.record("w1") is None

    def test_nothing_to_do_costs_nothing(self, ledger: RedisLedger, client: Redis) -> None:
        assert ledger.submit([]) == []
        assert ledger.renew([]) == []
        assert ledger.known_guids([]) == set()
        assert client.dbsize() == 0

    def test_two_threads_never_claim_the_same(self, make_ledger: Make) -> None:
        ledgers = [make_ledger(lease_s=30) for _ in range(4)]
        ledgers[0].submit([work(f"k{n}", installation_id=n % 3) for n in range(200)])
        lock, claims = threading.Lock(), list[str]()

        def take(ledger: RedisLedger) -> None:
            while (claimed := ledger.claim_work(Lane.EVENT)) is not None:
                with lock:
                    claims.append(claimed.claim.id)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(take, ledgers))

        assert len(claims) == 200 == len(set(claims))


class TestKeys:
    @pytest.mark.fault
    def test_kc8_every_key_has_a_lifetime_and_their_number_stays_flat(
        self, ledger: RedisLedger, client: Redis
    ) -> None:
        """What remains of 300 rounds is one record for each delivery and work, and fixed indexes."""

        def rounds(first: int, count: int) -> None:
            for n in range(first, first + count):
                ledger.accept(delivery(f"g{n}", fair=str(n % 7)))
                routed = ledger.claim_deliveries(1)[0]
                ledger.complete_delivery(routed.claim, [work(f"k{n}", installation_id=n % 7)])
                done = claim(ledger).claim
                if n % 3 == 0:
                    ledger.fail(done, "no", permanent=True)
                    ledger.drop(done.id)
                else:
                    ledger.complete_work(done)
                ledger.sweep()
                assert n % 50 or without_lifetime(client) == []

        def others() -> Iterator[bytes]:
            return (k for k in client.scan_iter() if not k.startswith((b"pl:d:", b"pl:w:w", b"pl:k:")))

        rounds(0, 20)
        before = set(others())
        rounds(20, 280)

        assert set(others()) <= before
        assert without_lifetime(client) == []
        assert ledger.stats().bytes_held == 0

    def test_every_key_of_every_operation_has_a_lifetime(self, ledger: RedisLedger, client: Redis) -> None:
        ledger.accept(delivery("a"))
        ledger.accept(delivery("b"))
        ledger.fail(ledger.claim_deliveries(1)[0].claim, "no", permanent=True)
        ledger.claim_deliveries(1)
        ledger.submit([work("a"), work("b"), work("c"), work("d")])
        ledger.postpone(claim(ledger).claim, ledger.now() + timedelta(hours=1), "limit")
        ledger.fail(claim(ledger).claim, "again")
        ledger.fail(claim(ledger).claim, "no", permanent=True)
        claim(ledger)
        ledger.pause(1, "core", ledger.now() + timedelta(hours=1))
        ledger.next_generation(1)
        ledger.claim_publication(1, "health", 1)
        ledger.epoch()
        ledger.take_occurrence("scan", 1, lifetime_s=10)
        ledger.want_drain()
        ledger.ping()
        ledger.sweep()

        assert without_lifetime(client) == []
        assert client.dbsize() > 25


def test_a_claim_is_what_the_port_says(ledger: RedisLedger) -> None:
    (id_,) = ledger.submit([work(payload={"text": "é\n"})])

    claimed = claim(ledger, id_=id_)

    assert claimed.claim == Claim("work", id_, fence=1, attempt=1)
    assert claimed.work == work(payload={"text": "é\n"})
    assert claimed.waited_s >= 0
