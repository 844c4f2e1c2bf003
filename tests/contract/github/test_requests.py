"""The traps of PyGithub's way to send requests, each counted on a real socket.

The names carry the ids of the project's list of PyGithub's hazards (p1 to p12).
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from datetime import timedelta

import pytest

from bot import __version__
from bot.adapters.github import Bounds
from bot.model.errors import Ambiguous, Gone, LimitReached, Malformed, Unavailable
from bot.model.reports import CheckRun, Conclusion
from tests.contract.github.scripted import (
    APP_ANSWER,
    BLOB,
    BOUNDS,
    INSTALLATION,
    REPOSITORY,
    SHA,
    Desk,
    Reply,
    ref,
    repository,
)

RUN = CheckRun("plumbline/health", SHA, "id", Conclusion.SUCCESS, "All well", "Nothing found")

BROKEN = [
    pytest.param(Reply(502, {"message": "Server Error"}), id="502 after the write"),
    pytest.param(Reply(500, body=b"<html>", headers={"Content-Type": "text/html"}), id="500 with HTML"),
    pytest.param(Reply(cut=0), id="connection cut without an answer"),
    pytest.param(Reply(201, {"number": 7}, cut=60), id="answer cut in the middle"),
    pytest.param(Reply(201, {}), id="201 that does not say what was made"),
    pytest.param(
        Reply(201, body=b'{"number": 7', headers={"Content-Type": "application/json"}), id="broken JSON"
    ),
    pytest.param(Reply(200, body=b"<html>", headers={"Content-Type": "text/html"}), id="200 with HTML"),
]


@pytest.mark.fault
@pytest.mark.parametrize("reply", BROKEN)
def test_p2_kd1_a_write_is_sent_once_and_its_loss_is_ambiguous(desk: Desk, reply: Reply) -> None:
    """PyGithub's default made 11 issues of one call; here the caller is told to look."""
    desk.server.on_repository("POST", "/issues", reply)

    with pytest.raises(Ambiguous):
        desk.writer().create_issue("t", "b", ["plumbline"])

    assert len(desk.server.sent("POST", "/issues")) == 1


@pytest.mark.fault
def test_p3_kd1_a_write_that_times_out_is_sent_once(desk: Desk) -> None:
    """A time-out of the answer says nothing about the write."""
    desk.server.on_repository("POST", "/check-runs", Reply(stall=True))
    app = desk.another(bounds=Bounds(connect_s=1, read_s=0.2, call_s=2))

    with pytest.raises(Ambiguous):
        desk.writer(app).create_check_run(RUN)

    assert len(desk.server.sent("POST", "/check-runs")) == 1


def test_a_write_without_a_connection_was_certainly_not_sent(desk: Desk) -> None:
    """Then there is nothing to look for: it is an ordinary passing fault."""
    desk.server.on_repository("GET", "", Reply(200, repository(), {"Connection": "close"}))
    desk.reader().repository()
    desk.server.close()

    with pytest.raises(Unavailable, match="was not sent"):
        desk.writer().create_issue("t", "b", [])


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(502, {"message": "Server Error"}), id="502"),
        pytest.param(Reply(503, {"message": "down"}), id="503"),
        pytest.param(Reply(cut=0), id="cut"),
        pytest.param(Reply(200, {"ref": "refs/heads/main"}, cut=80), id="cut in the headers"),
        pytest.param(Reply(200, {"ref": "refs/heads/main"}, cut=110), id="cut in the body"),
        pytest.param(Reply(202, {}), id="202"),
    ],
)
def test_a_read_is_repeated_after_a_passing_fault(desk: Desk, reply: Reply) -> None:
    """Reads do no harm, so a short repetition is right."""
    desk.server.on_repository("GET", "/git/ref/heads/main", reply, ref("main"))

    assert desk.reader().head("main") == SHA
    assert desk.counts.counted["github_repeats"] == 1
    assert len(desk.slept) == 1
    assert desk.slept[0] < 1


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_read_is_given_up_after_a_few_attempts(desk: Desk, status: int) -> None:
    """Three requests in all; the work itself is tried again later."""
    desk.server.on_repository("GET", "/git/ref/heads/main", Reply(status, {"message": "x"}))

    with pytest.raises(Unavailable, match=str(status)):
        desk.reader().head("main")

    assert len(desk.server.sent("GET")) == 3


def test_a_500_is_not_repeated(desk: Desk) -> None:
    """Only named passing faults are."""
    desk.server.on_repository("GET", "/git/ref/heads/main", Reply(500, {"message": "x"}))

    with pytest.raises(Unavailable):
        desk.reader().head("main")

    assert len(desk.server.sent("GET")) == 1


LIMITS = [
    pytest.param(429, {}, "slow down", 60, "secondary", id="p4 429 without any header"),
    pytest.param(429, {"Retry-After": "3"}, "slow", 3, "secondary", id="429 with Retry-After"),
    pytest.param(
        403,
        {"Retry-After": "86400"},
        "You have exceeded a secondary rate limit.",
        86400,
        "secondary",
        id="p5 403 with a day",
    ),
    pytest.param(
        403,
        {},
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        60,
        "secondary",
        id="secondary without header",
    ),
    pytest.param(
        403,
        {},
        "You have exceeded a secondary rate limit and have been temporarily blocked from content "
        "creation. Please retry your request again later.",
        60,
        "content",
        id="content creation",
    ),
    pytest.param(
        403,
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "+1800"},
        "API rate limit exceeded for installation ID 77.",
        1801,
        "core",
        id="primary",
    ),
    pytest.param(
        429,
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "-30"},
        "API rate limit exceeded for installation ID 77.",
        60,
        "core",
        id="primary with a reset in the past",
    ),
]


@pytest.mark.fault
@pytest.mark.parametrize(("status", "headers", "message", "wait_s", "resource"), LIMITS)
def test_p4_p5_kd2_a_limit_is_a_date_and_nobody_calls_before_it(
    desk: Desk, status: int, headers: dict[str, str], message: str, wait_s: int, resource: str
) -> None:
    """Nothing sleeps; the pause holds for every process, and nothing is sent while it lasts (V10)."""
    reset = headers.get("X-RateLimit-Reset")
    if reset:
        at = int(desk.clock.now().timestamp()) + int(reset)
        headers = {**headers, "X-RateLimit-Reset": str(at)}
    desk.server.on_repository("POST", "/issues", Reply(status, {"message": message}, headers))
    started = time.monotonic()

    with pytest.raises(LimitReached) as caught:
        desk.writer().create_issue("t", "b", [])

    assert caught.value.until == desk.clock.now() + timedelta(seconds=wait_s)
    assert caught.value.resource == resource
    assert desk.pauses.kept[INSTALLATION, resource] == caught.value.until
    assert time.monotonic() - started < 2
    assert desk.slept == []

    sent = len(desk.server.sent("POST", "/issues"))
    with pytest.raises(LimitReached):
        desk.writer(desk.another()).create_issue("t", "b", [])
    assert len(desk.server.sent("POST", "/issues")) == sent

    desk.clock.advance(wait_s)
    desk.server.on_repository(
        "POST", "/issues", Reply(201, {"number": 5, "title": "t", "labels": [], "state": "open"})
    )
    assert desk.writer().create_issue("t", "b", []) == 5


def test_content_limit_leaves_reading_free(desk: Desk) -> None:
    """Blocked from creating is not blocked from looking."""
    desk.pauses.pause(INSTALLATION, "content", desk.clock.now() + timedelta(minutes=5))
    desk.server.on_repository("GET", "/git/ref/heads/main", ref("main"))

    assert desk.reader().head("main") == SHA
    with pytest.raises(LimitReached):
        desk.writer().create_issue("t", "b", [])


def test_a_limit_of_one_installation_leaves_others_alone(desk: Desk) -> None:
    """KD2: the others go on."""
    desk.pauses.pause(INSTALLATION, "core", desk.clock.now() + timedelta(minutes=5))
    desk.server.on_repository("GET", "/git/ref/heads/main", ref("main"))

    assert desk.app.reader(78, REPOSITORY).__enter__().head("main") == SHA


def test_the_last_call_of_an_hour_pauses_before_the_refusal(desk: Desk) -> None:
    """An answer that says nothing remains is taken at its word."""
    reset = desk.clock.now() + timedelta(minutes=10)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(reset.timestamp()))}
    desk.server.on_repository("GET", "/git/ref/heads/main", Reply(200, ref("main").data, headers))

    assert desk.reader().head("main") == SHA
    with pytest.raises(LimitReached):
        desk.reader().head("main")
    assert len(desk.server.sent("GET")) == 1


def test_no_rate_headers_mean_no_limit_known(desk: Desk) -> None:
    """GHES sends none by default; that is not a limit of zero."""
    desk.server.on_repository("GET", "/git/ref/heads/main", ref("main"))

    for _ in range(3):
        desk.reader().head("main")

    assert desk.pauses.kept == {}


def test_p12_nothing_waits_between_requests(desk: Desk) -> None:
    """PyGithub's spacing per object is off: it slows one client down and bounds nothing."""
    desk.server.on_repository("PATCH", "/issues/1", Reply(200, {}))
    writer = desk.writer()
    started = time.monotonic()

    for _ in range(4):
        writer.update_issue(1, body="b")

    assert time.monotonic() - started < 1


@pytest.mark.off_schema
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_p7_redirects_keep_the_query(desk: Desk, status: int) -> None:
    """PyGithub drops the query at 301, and "our open issues" becomes "all issues"."""
    moved = f"{desk.server.url}/repositories/{REPOSITORY}/new-pulls"
    desk.server.on_repository("GET", "/pulls", Reply(status, {"message": "Moved"}, {"Location": moved}))
    desk.server.on_repository("GET", "/new-pulls", Reply(200, []))

    assert desk.reader().open_pull_requests(limit=5) == ((), False)
    asked, followed = desk.server.sent("GET")
    assert followed.query == asked.query
    assert followed.query["state"] == "open"
    assert followed.secret == asked.secret


@pytest.mark.off_schema
@pytest.mark.parametrize("status", [301, 307, 308])
def test_p7_a_redirected_write_keeps_method_and_body(desk: Desk, status: int) -> None:
    """PyGithub takes 307 for the object itself, and nothing was written."""
    moved = f"/repositories/{REPOSITORY}/other-issues"
    desk.server.on_repository("POST", "/issues", Reply(status, {"message": "Moved"}, {"Location": moved}))
    desk.server.on_repository(
        "POST", "/other-issues", Reply(201, {"number": 9, "title": "t", "labels": [], "state": "open"})
    )

    assert desk.writer().create_issue("t", "b", []) == 9
    assert desk.server.sent("POST", "/other-issues")[0].body["title"] == "t"
    assert desk.guard.asked == 2


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("http://127.0.0.1:1/repositories/42/x", id="another port"),
        pytest.param("http://evil.example/repositories/42/x", id="another host"),
        pytest.param("https://127.0.0.1/repositories/42/x", id="another scheme"),
        pytest.param("http://127.0.0.1:99999/", id="not a URL"),
        pytest.param("", id="nowhere"),
    ],
)
@pytest.mark.fault
def test_kd5_no_token_leaves_the_host_by_redirect(desk: Desk, location: str) -> None:
    """V4: the pinned host alone ever sees the token."""
    headers = {"Location": location} if location else {}
    desk.server.on_repository("GET", "/git/ref/heads/main", Reply(302, {}, headers))

    with pytest.raises(Malformed):
        desk.reader().head("main")


def test_a_redirect_out_of_the_repository_is_gone(desk: Desk) -> None:
    """A transferred issue would otherwise be read, or written, in somebody else's repository."""
    target = f"{desk.server.url}/repositories/43/issues/1"
    desk.server.on_repository("GET", "/issues/1", Reply(301, {}, {"Location": target}))
    desk.server.on_repository("PATCH", "/issues/1", Reply(307, {}, {"Location": target}))

    with pytest.raises(Gone):
        desk.writer().issue(1)
    with pytest.raises(Gone):
        desk.writer().update_issue(1, body="b")
    assert not [r for r in desk.server.requests if r.path.startswith("/repositories/43")]


def test_redirects_end_after_three(desk: Desk) -> None:
    """A circle of redirects is a fault, not a hang."""
    here = f"/repositories/{REPOSITORY}/git/ref/heads/main"
    desk.server.on("GET", here, Reply(302, {}, {"Location": here}))

    with pytest.raises(Malformed, match="redirects"):
        desk.reader().head("main")
    assert len(desk.server.sent("GET")) == 4


@pytest.mark.fault
def test_p11_kd10_202_for_ever_ends(desk: Desk) -> None:
    """PyGithub asks again every two seconds without an end."""
    desk.server.on_repository("GET", "/git/ref/heads/main", Reply(202, {}))

    with pytest.raises(Unavailable, match="202"):
        desk.reader().head("main")
    assert len(desk.server.sent("GET")) == 3


@pytest.mark.fault
@pytest.mark.parametrize("status", [304, 303, 300])
def test_kd10_answers_that_nothing_asked_for(desk: Desk, status: int) -> None:
    """No conditional request was made, so 304 has nothing to stand for."""
    desk.server.on_repository("GET", "", Reply(status, body=b"", headers={"Location": "/x"}))

    with pytest.raises(Malformed):
        desk.reader().repository()


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(200, {}), id="empty object"),
        pytest.param(Reply(200, body=b"<html>ok</html>", headers={"Content-Type": "text/html"}), id="HTML"),
        pytest.param(Reply(200, body=b"", headers={}), id="nothing at all"),
        pytest.param(Reply(200, [repository()]), id="a list"),
        pytest.param(Reply(200, repository(archived=None)), id="archived null"),
        pytest.param(Reply(200, repository(id_=True)), id="id true"),
        pytest.param(Reply(200, repository(id_=43)), id="another repository"),
        pytest.param(
            Reply(200, body=b"[" * 200_000, headers={"Content-Type": "application/json"}), id="deep JSON"
        ),
        pytest.param(
            Reply(200, body=b'{"id": ' + b"9" * 5000 + b"}", headers={"Content-Type": "application/json"}),
            id="endless number",
        ),
    ],
)
def test_p6_an_answer_that_lacks_its_keys_is_malformed(desk: Desk, reply: Reply) -> None:
    """PyGithub gives an object whose fields are None; unknown is not healthy (V12)."""
    desk.server.on_repository("GET", "", reply)

    with pytest.raises(Malformed):
        desk.reader().repository()


@pytest.mark.fault
@pytest.mark.untraced
def test_p10_kd10_a_gzip_bomb_is_stopped_at_the_cap(desk: Desk) -> None:
    """200 kB on the wire, 200 MB in memory: decompression ends at the cap."""
    bomb = gzip.compress(b" " * (200 * 1024 * 1024), 9)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    desk.server.on_repository("GET", "", Reply(200, body=bomb, headers=headers))
    started = time.process_time()

    with pytest.raises(Malformed, match="larger than"):
        desk.reader().repository()
    assert time.process_time() - started < 0.5

    desk.server.on_repository("GET", "", Reply(200, repository()))
    assert desk.reader().repository().id == REPOSITORY


def test_p10_the_cap_counts_without_a_length_too(desk: Desk) -> None:
    """Chunked answers have no Content-Length to look at."""
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    desk.server.on_repository("GET", "", Reply(200, body=chunk * 200 + b"0\r\n\r\n", headers=headers))

    with pytest.raises(Malformed, match="larger than"):
        desk.reader().repository()


def test_gzip_within_the_cap_is_read(desk: Desk) -> None:
    """GitHub compresses its answers."""
    body = gzip.compress(json.dumps(repository()).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    desk.server.on_repository("GET", "", Reply(200, body=body, headers=headers))

    assert desk.reader().repository().full_name == "acme/repo"


@pytest.mark.parametrize("what", ["head", "body"])
def test_a_trickling_server_is_left_at_the_deadline(desk: Desk, what: str) -> None:
    """Each byte starts a socket's time-out anew; the deadline of the call does not."""
    pad = {"X-Pad": "x" * 3000} if what == "head" else {}
    data = {"message": "x" * 3000}
    desk.server.on_repository("GET", "", Reply(200, data, pad, trickle=0.02))
    app = desk.another(bounds=Bounds(connect_s=1, read_s=0.5, call_s=0.6))
    started = time.monotonic()

    with pytest.raises(Unavailable):
        desk.reader(app).repository()
    assert time.monotonic() - started < 2


def test_a_stalled_read_ends(desk: Desk) -> None:
    """No answer within the read time-out, no worker lost."""
    desk.server.on_repository("GET", "", Reply(stall=True))
    app = desk.another(bounds=Bounds(connect_s=1, read_s=0.1, call_s=5, backoff_s=0.001))

    with pytest.raises(Unavailable, match="ReadTimeout"):
        desk.reader(app).repository()
    assert len(desk.server.sent("GET")) == 3


def test_13_version_agent_and_token_are_sent(desk: Desk) -> None:
    """Section 13: PyGithub sends no API version unless told."""
    desk.server.on_repository("GET", "", Reply(200, repository()))

    desk.reader().repository()

    for seen in desk.server.requests:
        assert seen.headers["x-github-api-version"] == "2022-11-28"
        assert seen.headers["user-agent"] == f"plumbline/{__version__}"
        assert seen.headers["authorization"].startswith("Bearer ")
        assert seen.headers["accept"] == "application/vnd.github+json"


def test_connections_are_kept_and_cookies_are_not(desk: Desk) -> None:
    """One connection serves all installations of a thread; nothing else of a call stays on it."""
    reply = Reply(200, ref("main").data, {"Set-Cookie": "session=1; Path=/"})
    desk.server.on_repository("GET", "/git/ref/heads/main", reply)

    for installation in (77, 78, 77):
        desk.app.reader(installation, REPOSITORY).__enter__().head("main")

    assert desk.server.connections == 1
    assert not [r for r in desk.server.requests if "cookie" in r.headers]
    secrets = [r.secret for r in desk.server.sent("GET")]
    assert secrets[0] == secrets[2] != secrets[1]


def test_p1_threads_never_share_a_connection(desk: Desk) -> None:
    """PyGithub keeps verb, URL, headers and body of a request on one shared object."""

    def answer(seen: object) -> Reply:
        path = seen.path  # type: ignore[attr-defined]
        return ref(path.rpartition("/")[2], path.rpartition("/")[2].rjust(40, "0"))

    names = [f"{i:x}" for i in range(40)]
    for name in names:
        desk.server.on_repository("GET", f"/git/ref/heads/{name}", answer)
    wrong: list[str] = []

    def work(mine: list[str]) -> None:
        reader = desk.reader()
        for name in mine * 3:
            if reader.head(name) != name.rjust(40, "0"):
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(names[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert wrong == []
    assert len(desk.server.sent("GET")) == 120
    assert desk.server.connections == 4


@pytest.mark.fault
def test_p9_kd5_pages_that_go_in_a_circle_end(desk: Desk) -> None:
    """PyGithub keeps reading, 20,000 items in nine seconds."""
    own = f"{desk.server.url}/repositories/{REPOSITORY}/branches?per_page=100"
    branch = {"name": "a", "commit": {"sha": SHA}, "protected": False}
    desk.server.on_repository("GET", "/branches", Reply(200, [branch], {"Link": f'<{own}>; rel="next"'}))

    with pytest.raises(Malformed, match="circle"):
        desk.reader().branches(limit=1000)
    assert len(desk.server.sent("GET")) <= 2


@pytest.mark.fault
def test_p9_kd5_endless_pages_end_at_the_cap(desk: Desk) -> None:
    """Each page names a further one."""
    base = f"{desk.server.url}/repositories/{REPOSITORY}/branches"

    def page(seen: object) -> Reply:
        number = int(seen.query.get("page", "1"))  # type: ignore[attr-defined]
        branch = {"name": f"b{number}", "commit": {"sha": SHA}, "protected": False}
        return Reply(200, [branch], {"Link": f'<{base}?page={number + 1}>; rel="next"'})

    desk.server.on_repository("GET", "/branches", page)
    app = desk.another(bounds=Bounds(pages=20))

    with pytest.raises(Malformed, match="more than 20 pages"):
        desk.reader(app).branches(limit=10_000)
    assert len(desk.server.sent("GET")) == 21


@pytest.mark.fault
@pytest.mark.parametrize(
    "target", ["http://evil.example/repositories/42/branches?page=2", "/repositories/43/branches?page=2"]
)
def test_p9b_kd5_a_next_page_elsewhere_is_refused(desk: Desk, target: str) -> None:
    """Another host, or another repository: nothing is sent there."""
    url = target if target.startswith("http") else desk.server.url + target
    branch = {"name": "a", "commit": {"sha": SHA}, "protected": False}
    desk.server.on_repository("GET", "/branches", Reply(200, [branch], {"Link": f'<{url}>; rel="next"'}))

    with pytest.raises(Malformed):
        desk.reader().branches(limit=100)
    assert len(desk.server.sent("GET")) == 1


def test_13_the_base_url_of_ghes_has_a_path(desk: Desk) -> None:
    """``https://HOST/api/v3``: calls, redirects and pages stay below it."""
    root = "/api/v3"
    desk.server.on(
        "POST",
        f"{root}/app/installations/{INSTALLATION}/access_tokens",
        lambda seen: desk.server._default(seen),
    )
    base = f"{root}/repositories/{REPOSITORY}"
    pages = [
        [{"name": "a", "commit": {"sha": SHA}, "protected": False}],
        [{"name": "b", "commit": {"sha": SHA}, "protected": False}],
    ]
    following = {"Link": f'<{desk.server.url}{base}/branches?page=2>; rel="next"'}
    desk.server.on("GET", f"{base}/branches", Reply(200, pages[0], following), Reply(200, pages[1]))
    desk.server.on("GET", base, Reply(302, {}, {"Location": f"{desk.server.url}/login"}))

    reader = desk.reader(desk.another(path=root))

    assert [b.name for b in reader.branches(limit=10)[0]] == ["a", "b"]
    with pytest.raises(Malformed):
        reader.repository()


def test_a_blob_has_its_own_cap(desk: Desk) -> None:
    """A small limit keeps a large answer from being read at all."""
    desk.server.on_repository(
        "GET", f"/git/blobs/{BLOB}", Reply(200, {"size": 1, "content": "x" * 500_000, "encoding": "base64"})
    )

    with pytest.raises(Malformed, match="larger than"):
        desk.reader().blob(BLOB, limit=1000)


def test_interrupted_reading_never_reaches_the_next_call(desk: Desk) -> None:
    """Half an answer is never taken for the next one's."""
    desk.server.on("GET", "/app", Reply(200, APP_ANSWER, cut=90), Reply(200, APP_ANSWER))

    assert desk.app.app().slug == "plumbline"
    assert desk.server.connections == 2


def test_bounds_without_attempts_send_nothing(desk: Desk) -> None:
    """A setting that allows no attempt is told as such."""
    app = desk.another(bounds=Bounds(attempts=0))

    with pytest.raises(Unavailable, match="no attempt"):
        app.app()
    assert BOUNDS.attempts == 3


def test_a_proxy_of_the_environment_is_used(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed networks have one; the caps hold through it as well."""
    monkeypatch.setenv("http_proxy", desk.server.url)
    monkeypatch.setenv("no_proxy", "")
    app = desk.another(github_url="http://github.invalid")
    desk.server.on_repository("GET", "", Reply(200, repository()))

    assert desk.reader(app).repository().id == REPOSITORY
    assert desk.server.requests[-1].headers["host"] == "github.invalid"
