"""What is shown to whom, and that looking changes nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

import bot
from bot.simulator.pages.routing import ROUTES
from bot.testing.state import Reaction
from tests.integration.simulator.pages.conftest import Site

HOSTILE = "\"><script>alert('1')</script>{{ 7 * 7 }}"


def check_run(site: Site, **values: object) -> int:
    """A completed run of the App on the default branch of acme/rocket."""
    fake = site.simulator.fake
    repository = fake.repository("acme/rocket")
    number = fake.foreign_check_run(repository, repository.head, "plumbline/health", conclusion="neutral")
    run = repository.check_runs[number]
    for name, value in values.items():
        setattr(run, name, value)
    return number


def test_every_page_of_a_repository_answers(site: Site) -> None:
    person = site.person("wim")
    fake = site.simulator.fake
    fake.push("acme/rocket", "topic", {"src/app.py": 'NAME = "r"\n', "docs/guide.md": None}, actor="wim")
    number = fake.open_pull_request("acme/rocket", "topic", actor="wim", body="Closes #1")
    head = fake.repository("acme/rocket").head
    run = check_run(site, title="1 finding", summary="**One**", text="`two`")
    at = "/acme/rocket"
    for path in (
        "/",
        "/acme",
        "/wim",
        at,
        f"{at}/tree/topic/src",
        f"{at}/tree/{head}",
        f"{at}/blob/main/src/app.py",
        f"{at}/blob/main/blob.bin",
        f"{at}/commits",
        f"{at}/commits/topic",
        f"{at}/commit/{head}",
        f"{at}/branches",
        f"{at}/issues",
        f"{at}/issues?state=closed",
        f"{at}/issues/new",
        f"{at}/issues/1",
        f"{at}/pulls",
        f"{at}/pull/{number}",
        f"{at}/pull/{number}/commits",
        f"{at}/pull/{number}/checks",
        f"{at}/pull/{number}/files",
        f"{at}/compare/main...topic",
        f"{at}/edit/main/src/app.py",
        f"{at}/new/main/docs",
        f"{at}/runs/{run}",
    ):
        text = person.get(path)
        assert "<script src=" in text
        assert "style=" not in text
        assert not re.search(r"\son\w+=", text)


def test_unknown_addresses_say_so(site: Site) -> None:
    person = site.person("wim")
    for path in (
        "/acme/nothing",
        "/acme/rocket/nothing",
        "/acme/rocket/issues/99",
        "/acme/rocket/issues/99999999999999999999",
        "/acme/rocket/pull/1",
        "/acme/rocket/tree/nothing",
        "/acme/rocket/tree/main/nothing",
        "/acme/rocket/blob/main/docs",
        "/acme/rocket/commit/" + "0" * 40,
        "/acme/rocket/runs/1",
        "/acme/rocket/compare/main",
        "/acme/rocket/compare/main...sam:topic",
    ):
        assert "That did not work" in person.get(path, status=404)
    assert "only; nothing was done" in person.get("/acme/rocket/issues/1/comments", status=405)


def test_private_repositories_exist_for_their_people_only(site: Site) -> None:
    """Roles decide what is seen at all; a stranger is told the same as of nothing."""
    assert "vault" in site.person("rae").get("/acme")
    stranger = site.person("sam")
    assert "vault" not in stranger.get("/acme")
    for path in (
        "/acme/vault",
        "/acme/vault/issues",
        "/acme/vault/blob/main/README.md",
        "/acme/vault/raw/main/README.md",
    ):
        assert "or you may not see it" in stranger.get(path, status=404)


@pytest.mark.fault
def test_kg6_hostile_names_are_text(site: Site) -> None:
    """Descriptions, branches, files, titles, texts and check runs: nothing runs, nothing is evaluated."""
    fake = site.simulator.fake
    repository = fake.repository("acme/rocket")
    repository.description = HOSTILE
    branch = 'fix/"><script>alert(1)</script>'
    fake.push(
        repository, branch, {f"src/{HOSTILE.replace('/', '')}.py": "x = 1\n"}, message=HOSTILE, actor="wim"
    )
    issue = fake.open_issue(
        repository, HOSTILE, body=f"{HOSTILE} <img src=http://e.example/x onerror=alert(1)>", actor="sam"
    )
    fake.comment(repository, issue, HOSTILE, actor="sam")
    pull = fake.open_pull_request(repository, branch, title=HOSTILE, body=HOSTILE, actor="wim")
    annotation = {"path": "src/app.py", "start_line": 1, "end_line": 1, "annotation_level": "failure"}
    run = check_run(
        site,
        title=HOSTILE,
        summary=HOSTILE,
        text=HOSTILE,
        annotations=[annotation | {"message": HOSTILE, "title": HOSTILE}],
    )
    person = site.person("wim")
    at = "/acme/rocket"
    paths = [
        "/acme",
        at,
        f"{at}/branches",
        f"{at}/commits",
        f"{at}/issues",
        f"{at}/issues/{issue}",
        f"{at}/pulls",
    ]
    paths += [
        f"{at}/pull/{pull}",
        f"{at}/pull/{pull}/files",
        f"{at}/runs/{run}",
        f"{at}/blob/main/src/app.py",
    ]
    seen = ""
    for path in paths:
        text = person.get(path)
        assert "<script>" not in text, path
        assert "<img" not in text, path
        assert not re.search(r"<[^>]*\sonerror", text), path
        seen += text
    assert "{{ 7 * 7 }}" in seen
    assert "49" not in re.findall(r"\{\{ 7 \* 7 \}\}|(49)</", seen)


@pytest.mark.fault
def test_kg6_get_never_acts(site: Site) -> None:
    """Every address that a form is sent to, asked for with GET: nothing is announced, nothing changes."""
    person = site.person("olga")
    site.events.clear()
    before = dict(site.simulator.fake.repository("acme/rocket").refs)
    for method, pattern, _ in ROUTES:
        if method == "POST":
            path = re.sub(r"\(\?P<owner>.*?\)", "acme", pattern)
            path = re.sub(r"\(\?P<name>.*?\)", "rocket", path)
            path = re.sub(r"\(\?P<what>.*?\)", "edit", path)
            path = re.sub(r"\(\?P<rest>.*?\)", "main/src/app.py", path)
            path = re.sub(r"\(\?P<(number|id)>.*?\)", "1", path)
            answer = person.session.get(person.base + path, params={"who": "sam", "body": "x", "box": "0"})
            assert answer.status_code in (200, 404, 405)
    assert site.events == []
    assert site.simulator.fake.repository("acme/rocket").refs == before
    assert "olga</strong>" in person.get("/")


@pytest.mark.fault
def test_kg6_forms_from_elsewhere_are_refused(site: Site) -> None:
    """No token, somebody else's token, another site's page, another name of this host."""
    person, other = site.person("wim"), site.person("wim")
    site.events.clear()
    at = f"{person.base}/acme/rocket/issues/1/comments"
    token = person.token()
    sent = {"body": "hello"}
    send = person.session.post
    tries = [
        send(at, data=sent),
        send(at, data=sent | {"token": "0" * 64}),
        send(at, data=sent | {"token": other.token()}),
        send(at, data=sent | {"token": token}, headers={"Origin": "http://evil.example"}),
        send(at, data=sent | {"token": token}, headers={"Origin": "null"}),
        send(at, data=sent | {"token": token}, headers={"Sec-Fetch-Site": "cross-site"}),
        requests.post(at, data=sent | {"token": token}),
    ]
    assert [answer.status_code for answer in tries] == [403] * len(tries)
    assert all("nothing was done" in answer.text for answer in tries)
    rebound = send(at, data=sent | {"token": token}, headers={"Host": "evil.example"})
    assert rebound.status_code == 421
    huge = send(at, data={"token": token, "body": "x" * 3_000_000})
    assert huge.status_code == 413
    assert site.events == []
    assert site.simulator.fake.repository("acme/rocket").issues[1].comments == []


def test_a_forged_cookie_is_a_new_browser(site: Site) -> None:
    person = site.person("rae")
    name = next(iter(person.session.cookies)).name
    id_, _, signature = person.session.cookies[name].split(".")
    person.session.cookies.clear()
    person.session.cookies.set(name, f"{id_}.{b'olga'.hex()}.{signature}")

    cookie = person.session.get(f"{person.base}/", headers={"Accept": "text/html"}).headers["Set-Cookie"]
    assert id_ not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_the_api_and_git_keep_their_addresses(site: Site) -> None:
    base = site.simulator.base_url
    assert requests.get(f"{base}/", headers={"Accept": "application/json"}).status_code == 404
    assert (
        requests.get(f"{base}/repos/acme/rocket", headers={"Accept": "text/html"}).json()["name"] == "rocket"
    )
    listing = requests.get(f"{base}/acme/rocket.git/info/refs?service=git-upload-pack")
    assert "git-upload-pack" in listing.headers["Content-Type"]
    assert requests.head(f"{base}/acme/rocket").content == b""


def test_assets_are_kept_and_typed(site: Site) -> None:
    base = site.simulator.base_url
    for name, kind in (
        ("site.css", "text/css"),
        ("refresh.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ):
        answer = requests.get(f"{base}/-/{name}")
        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, kind)
        assert "immutable" in answer.headers["Cache-Control"]
    assert requests.get(f"{base}/-/../server.py").status_code == 404


def test_a_raw_file_is_plain_text(site: Site) -> None:
    person = site.person("wim")
    site.simulator.fake.push("acme/rocket", "main", {"x.html": "<script>alert(1)</script>"}, actor="wim")
    answer = person.session.get(f"{person.base}/acme/rocket/raw/main/x.html")

    assert answer.text == "<script>alert(1)</script>"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_readme_leads_to_the_files_beside_it(site: Site) -> None:
    assert 'href="/acme/rocket/blob/main/docs/guide.md"' in site.person("wim").get("/acme/rocket")


def test_reactions_are_seen_without_a_font_for_emoji(site: Site) -> None:
    """Drawn, or in words; nobody's emoji stand in a template of ours."""
    fake = site.simulator.fake
    number = fake.open_issue("acme/rocket", "A question")
    comment = fake.comment("acme/rocket", number, "Hello")
    reacted = fake.repository("acme/rocket").comments[comment].reactions
    reacted += [Reaction(1, fake.account("octocat"), content, fake.now()) for content in ("eyes", "+1")]

    text = site.person().get(f"/acme/rocket/issues/{number}")

    assert '<span class="pill" title="octocat"><svg class="icon"' in text
    assert 'aria-label="eyes"' in text
    assert '<span class="pill" title="octocat">+1</span>' in text
    templates = [p.read_text(encoding="utf-8") for p in Path(bot.__file__).parent.rglob("templates/*.html")]
    assert len(templates) > 10
    assert not any(re.search("[\U0001f000-\U0001faff\ufe0f]", template) for template in templates)


def test_health_is_told_at_a_glance(site: Site) -> None:
    fake = site.simulator.fake
    repository = fake.repository("acme/rocket")
    person = site.person("wim")
    assert "not judged yet" in person.get("/acme")
    run = check_run(site, title="5 findings, none new")
    bot = fake.app.account
    fake.add_issue(repository, bot, "Repository health", "<!-- m -->\n**5 findings**, the worst is high.", [])
    text = person.get("/acme")

    assert "5 findings, none new" in text
    assert f'href="/acme/rocket/runs/{run}"' in text
    assert 'class="severity severity-high">high' in text


def test_remarks_stand_on_the_lines_that_changed(site: Site) -> None:
    fake = site.simulator.fake
    repository = fake.repository("acme/rocket")
    sha = fake.push(repository, "topic", {"src/app.py": 'NAME = "rocket"\nBAD = 1\n'}, actor="wim")
    number = fake.open_pull_request(repository, "topic", actor="wim")
    run = repository.check_runs[
        fake.foreign_check_run(repository, sha, "plumbline/health", conclusion="failure")
    ]
    note = {"annotation_level": "failure", "message": "do not", "title": "Bad"}
    run.annotations = [
        {"path": "src/app.py", "start_line": 2, "end_line": 2, **note},
        {"path": "src/app.py", "start_line": 40, "end_line": 41, **note, "title": "Beyond"},
        {"path": "gone.py", "start_line": 1, "end_line": 1, **note, "title": "Elsewhere"},
    ]
    text = site.person("wim").get(f"/acme/rocket/pull/{number}/files")
    rows = re.split(r"<tr", text)
    marked = next(index for index, row in enumerate(rows) if "remarked" in row)
    assert "BAD" in rows[marked - 1]
    assert "Beyond" in text
    shown = site.person("wim").get(f"/acme/rocket/runs/{run.id}")
    assert "Elsewhere" in shown
    assert "lines 40 to 41" in shown


def test_empty_and_archived_repositories_say_what_they_are(site: Site) -> None:
    fake = site.simulator.fake
    fake.create_repository("acme", "empty", actor="olga")
    person = site.person("olga")
    assert "No commit yet" in person.get("/acme/empty")
    person.get("/acme/empty/commits", status=404)
    person.post("/acme/empty/new/main", path="README.md", text="# Empty", message="", seen="")
    assert "README.md" in person.get("/acme/empty")
    fake.archive("acme/empty", actor="olga")
    assert "archived" in person.get("/acme/empty")
    assert "archived" in person.get("/acme/empty/edit/main/README.md", status=403)
    assert "archived" in person.post("/acme/empty/issues", status=403, title="x", body="")
