"""Which requests a fault hits, and what it shows them."""

from __future__ import annotations

import gzip
import json

import pytest

from bot.simulator.faults import OTHER_HOST, Fault, FaultKind, FaultPlan, answer, parse_faults
from bot.simulator.journal import limit_of
from bot.testing.http import Request, Response

URL = "http://127.0.0.1:1/repos/a/b/issues?page=2"
POST = Request("POST", "/repos/a/b/issues", body=b'{"title": "broken"}')
GET = Request("GET", "/repos/a/b")
TRUE = Response(201, {"Link": "<x>; rel=next", "X": "y"}, b'{"id": 1, "number": 2}')


class Carried:
    """Counts how often the request was carried out."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Response:
        self.times += 1
        return TRUE


def play(fault: Fault, request: Request = POST) -> tuple[Response | None, int, list[float]]:
    """(what is sent, times carried out, seconds slept)."""
    carried, slept = Carried(), []
    sent = answer(fault, request, carried, url=URL, now=lambda: 1000.0, sleep=slept.append, installation_id=5)
    return sent, carried.times, slept


@pytest.mark.parametrize(
    ("fault", "request_", "hit"),
    [
        (Fault(FaultKind.ERROR, method="POST", path="/issues$"), POST, True),
        (Fault(FaultKind.ERROR, method="GET|PATCH"), POST, False),
        (Fault(FaultKind.ERROR, path="/pulls"), POST, False),
        (Fault(FaultKind.ERROR, body="broken"), POST, True),
        (Fault(FaultKind.ERROR, body="whole"), POST, False),
        (Fault(FaultKind.ERROR, installation_id=5), POST, True),
        (Fault(FaultKind.ERROR, installation_id=6), POST, False),
        (Fault(FaultKind.FRESH_TOKEN, within_s=5), POST, True),
        (Fault(FaultKind.FRESH_TOKEN, within_s=1), POST, False),
    ],
)
def test_a_rule_hits_what_it_describes(fault: Fault, request_: Request, hit: bool) -> None:
    """Method, path, body, installation and age of the token must all fit."""
    plan = FaultPlan()
    plan.add(fault)

    chosen = plan.choose(request_, installation_id=5, token_digest="t", token_age_s=2.0)

    assert (chosen is not None) is hit


def test_a_rule_counts_its_matches() -> None:
    """Only the second and fourth match, never more than ``count`` hits; other requests do not count."""
    plan = FaultPlan()
    plan.add(Fault(FaultKind.ERROR, method="POST", nth=(2, 4)), Fault(FaultKind.HTML, method="GET", count=1))

    hits = [plan.choose(request) is not None for request in (POST, GET, POST, GET, POST, POST)]

    assert hits == [False, True, True, False, False, True]
    assert [(rule["matched"], rule["hit"]) for rule in plan.rules()] == [(4, 2), (2, 1)]


def test_a_share_is_drawn_by_the_seed() -> None:
    """The same seed hits the same requests; the share is about kept."""

    def drawn(seed: int) -> list[bool]:
        plan = FaultPlan(seed)
        plan.add(Fault(FaultKind.CUT, share=0.3))
        return [plan.choose(GET) is not None for _ in range(400)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 80 < sum(drawn(1)) < 160


def test_delays_add_up_and_the_first_other_rule_wins() -> None:
    """A slow network does not hide what else goes wrong."""
    plan = FaultPlan()
    plan.add(
        Fault(FaultKind.DELAY, delay_s=1),
        Fault(FaultKind.ERROR, delay_s=2, name="first"),
        Fault(FaultKind.HTML),
        Fault(FaultKind.DELAY, delay_s=4),
    )

    chosen = plan.choose(GET)

    assert chosen is not None
    assert (chosen.label, chosen.delay_s) == ("first", 7)


def test_a_revoked_token_stays_revoked() -> None:
    """The rule hits once; the token is dead until all rules are cleared, other tokens live."""
    plan = FaultPlan()
    plan.add(Fault(FaultKind.REVOKE_TOKEN, count=1))

    first, again = (plan.choose(GET, token_digest="old") for _ in range(2))

    assert first is not None
    assert again is not None
    assert play(again)[0] == play(first)[0]
    assert plan.choose(GET, token_digest="new") is None
    plan.clear()
    assert plan.choose(GET, token_digest="old") is None


def test_rules_are_cleared_by_name() -> None:
    """Others stay."""
    plan = FaultPlan()
    plan.add(Fault(FaultKind.ERROR, name="a"), Fault(FaultKind.HTML))
    plan.clear("a")
    assert [rule["kind"] for rule in plan.rules()] == ["html"]


@pytest.mark.parametrize(
    ("fault", "status", "carried"),
    [
        (Fault(FaultKind.DELAY), 201, 1),
        (Fault(FaultKind.DELAY, applied=True), 201, 1),
        (Fault(FaultKind.ERROR), 502, 0),
        (Fault(FaultKind.ERROR, applied=True, status=503), 503, 1),
        (Fault(FaultKind.CUT), None, 0),
        (Fault(FaultKind.CUT, applied=True), None, 1),
        (Fault(FaultKind.TRUNCATED), 201, 1),
        (Fault(FaultKind.HTML), 200, 0),
        (Fault(FaultKind.EMPTY_OBJECT), 200, 0),
        (Fault(FaultKind.ACCEPTED), 202, 0),
        (Fault(FaultKind.REDIRECT), 301, 0),
        (Fault(FaultKind.REDIRECT, status=307), 307, 0),
        (Fault(FaultKind.UNAUTHORIZED), 401, 0),
        (Fault(FaultKind.FRESH_TOKEN), 401, 0),
        (Fault(FaultKind.FRESH_TOKEN, status=403), 403, 0),
        (Fault(FaultKind.SUSPENDED), 403, 0),
        (Fault(FaultKind.PRIMARY_LIMIT), 403, 0),
        (Fault(FaultKind.PRIMARY_LIMIT, status=429), 429, 0),
        (Fault(FaultKind.SECONDARY_LIMIT), 403, 0),
        (Fault(FaultKind.BARE_LIMIT), 429, 0),
    ],
    ids=lambda value: (
        f"{value.kind}{'-applied' if value.applied else ''}" if isinstance(value, Fault) else None
    ),
)
def test_the_status_sent_and_whether_the_write_was_done(
    fault: Fault, status: int | None, carried: int
) -> None:
    """Before or after the write is the difference that matters to a client."""
    sent, times, slept = play(Fault.from_json({**fault.to_json(), "delay_s": 1.5}))

    assert (sent.status if sent is not None else None) == status
    assert times == carried
    assert slept == [1.5]


@pytest.mark.parametrize(
    ("fault", "resource", "until"),
    [
        (Fault(FaultKind.PRIMARY_LIMIT, reset_in_s=90), "core", 1090),
        (Fault(FaultKind.PRIMARY_LIMIT, reset_in_s=-90), "core", 910),
        (Fault(FaultKind.SECONDARY_LIMIT, retry_after_s=3), "all", 1003),
        (Fault(FaultKind.SECONDARY_LIMIT), "all", 1060),
        (Fault(FaultKind.CONTENT_LIMIT, retry_after_s=7), "content", 1007),
        (Fault(FaultKind.BARE_LIMIT), "all", 1060),
    ],
)
def test_limits_tell_when_to_come_back(fault: Fault, resource: str, until: float) -> None:
    """Each kind of refusal is understood by the journal as GitHub's documentation says."""
    sent, _, _ = play(fault)

    assert sent is not None
    limit = limit_of(sent, 1000.0)
    assert limit is not None
    assert (limit.resource, limit.until) == (resource, until)


def test_a_graphql_limit_is_a_success_with_errors() -> None:
    """GraphQL says 200 and tells the limit in the body."""
    sent, _, _ = play(Fault(FaultKind.PRIMARY_LIMIT), Request("POST", "/graphql"))

    assert sent is not None
    assert sent.status == 200
    assert json.loads(sent.body)["errors"][0]["type"] == "RATE_LIMITED"
    limit = limit_of(sent, 1000.0)
    assert limit is not None
    assert limit.resource == "graphql"


def test_a_refusal_for_lack_of_permission_is_no_limit() -> None:
    """403 alone says nothing."""
    sent, _, _ = play(Fault(FaultKind.SUSPENDED))
    assert sent is not None
    assert limit_of(sent, 1000.0) is None
    assert limit_of(TRUE, 1000.0) is None


@pytest.mark.parametrize(
    ("kind", "link"),
    [
        (FaultKind.NEXT_SELF, f'<{URL}>; rel="next"'),
        (FaultKind.NEXT_OTHER_HOST, f'<{OTHER_HOST}/repos/a/b/issues?page=2>; rel="next"'),
    ],
)
def test_links_lead_astray(kind: FaultKind, link: str) -> None:
    """The answer is true but for its Link."""
    sent, _, _ = play(Fault(kind))

    assert sent == Response(201, {"X": "y", "Link": link}, TRUE.body)


def test_a_truncated_body_is_no_json() -> None:
    """Half of the true body."""
    sent, _, _ = play(Fault(FaultKind.TRUNCATED))
    assert sent is not None
    assert sent.body == TRUE.body[: len(TRUE.body) // 2]


def test_a_gzip_bomb_is_small_on_the_wire() -> None:
    """It unpacks to the size asked for, and to valid JSON."""
    sent, _, _ = play(Fault(FaultKind.GZIP_BOMB, size=3_000_000))

    assert sent is not None
    assert len(sent.body) < 10_000
    unpacked = gzip.decompress(sent.body)
    assert 3_000_000 <= len(unpacked) < 3_000_010
    assert json.loads(unpacked)[0].isspace()


def test_a_fault_survives_json() -> None:
    """What goes through the control plane is the same rule."""
    fault = Fault(FaultKind.CUT, path="x", nth=(1, 2), share=0.5, applied=True)
    assert Fault.from_json(json.loads(json.dumps(fault.to_json()))) == fault
    assert parse_faults([{"kind": "cut", "nth": 3}])[0].nth == (3,)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("cut", "JSON object"),
        ({"kind": "explode"}, "must be one of"),
        ({"kind": "cut", "when": 1}, "unknown key `when`"),
        ({"kind": "cut", "share": 2}, "`share`"),
        ({"kind": "cut", "path": "("}, "`path`"),
        ({"kind": "cut", "nth": [0]}, "`nth`"),
    ],
)
def test_a_wrong_fault_is_refused(value: object, message: str) -> None:
    """The message names the key."""
    with pytest.raises(ValueError, match=message):
        parse_faults(value)
