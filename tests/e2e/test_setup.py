"""``plumbline up`` with nothing at all: the App is registered in a browser, and everything works at once."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from bot.simulator.client import Client, SimulatorProcess
from bot.simulator.journal import check_runs
from tests.e2e.conftest import processes_of
from tests.e2e.world import PLUMBLINE, eventually, free_port


class Browser(requests.Session):
    """Follows forms as a person does: fills fields in and presses the button."""

    def open(self, url: str) -> requests.Response:
        """Go to an address."""
        return self.get(url, timeout=20)

    def submit(self, page: requests.Response, **typed: str) -> requests.Response:
        """Send the page's form; ``typed`` replaces what its fields hold."""
        form = re.search(r'<form method="post" action="([^"]+)">(.*?)</form>', page.text, re.S)
        assert form is not None, page.text
        fields = {}
        for tag in re.findall(r"<input[^>]*>", form[2]):
            attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            chosen = attributes.get("type") not in ("radio", "checkbox") or " checked" in tag
            if chosen and "name" in attributes:
                fields[attributes["name"]] = unescape(attributes.get("value", ""))
        origin = "/".join(page.url.split("/")[:3])
        return self.post(
            urljoin(page.url, unescape(form[1])), fields | typed, headers={"Origin": origin}, timeout=40
        )


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Client]:
    """A simulated GitHub with an organisation, on which nothing is registered but an App of others."""
    with SimulatorProcess(tmp_path / "github") as client:
        client.act("create_organisation", login="acme")
        yield client


def start(tmp_path: Path, github: Client, port: int, **more: str) -> subprocess.Popen[bytes]:
    """``plumbline up`` with an empty home; its console goes into ``tmp_path/log``."""
    (tmp_path / "tmp").mkdir(exist_ok=True)
    environment = {
        **{k: v for k, v in os.environ.items() if k in ("PATH", "LANG") or k.startswith("COVERAGE_")},
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path / "tmp"),
        "PLUMBLINE_HOME": str(tmp_path / "home"),
        "PLUMBLINE_GITHUB_URL": f"{github.base_url}/api/v3",
        "PLUMBLINE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "PLUMBLINE_METRICS_PORT": str(free_port()),
        **more,
    }
    with (tmp_path / "log").open("ab") as log:
        return subprocess.Popen(
            [PLUMBLINE, "up", "--workers", "1"],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def end(up: subprocess.Popen[bytes]) -> int:
    """Press Ctrl-C."""
    os.killpg(up.pid, signal.SIGINT)
    try:
        return up.wait(40)
    finally:
        if up.poll() is None:
            os.killpg(up.pid, signal.SIGKILL)
            up.wait()


def answers(up: subprocess.Popen[bytes], url: str, log: Path) -> bool:
    """The web process listens."""
    assert up.poll() is None, log.read_text()
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def talk_to(github: Client, repository: int) -> None:
    """A policy with a mistake, a command without the right to it, and an exemption: each is answered."""
    policy = {".github/plumbline.yml": "version: 1\nblok: [licence]\n"}
    head = github.act("push", which=repository, branch="policy", files=policy, message="x")
    number = github.act("open_pull_request", which=repository, head="policy")
    runs = eventually(
        lambda: [
            run
            for run in check_runs(github.journal())
            if (run.head_sha, run.name) == (head, "plumbline/config") and run.conclusion
        ],
        within_s=30,
        what="the mistake is told on the pull request",
    )
    assert runs[0].conclusion == "action_required"

    day = (datetime.now(UTC) + timedelta(days=2)).date()
    command = f'/plumbline exempt licence reason="being chosen" until={day}'
    github.act("create_user", login="rae")
    for actor, said in (("rae", "you have the role read"), ("octocat", f"is exempt until {day}")):
        github.act("comment", which=repository, number=number, body=command, actor=actor)
        eventually(partial(answered, github, said), within_s=30, what=f"the answer to {actor}: {said}")


def answered(github: Client, said: str) -> bool:
    """A comment of ours says this."""
    return any(
        entry.path.endswith("/comments")
        and isinstance(entry.body, dict)
        and said in entry.body.get("body", "")
        for entry in github.journal()
        if entry.wrote
    )


def test_from_nothing_to_an_answered_push(tmp_path: Path, github: Client) -> None:
    port, log = free_port(), tmp_path / "log"
    here = f"http://127.0.0.1:{port}"
    up = start(tmp_path, github, port)
    try:
        eventually(lambda: answers(up, f"{here}/healthz", log), within_s=30, what="the web process answers")
        code = eventually(
            lambda: re.search(r"this code:  (\S+)", log.read_text()), within_s=5, what="a code on the console"
        )[1]
        assert requests.get(f"{here}/readyz", timeout=5).status_code == 503
        browser = Browser()

        page = browser.open(f"{here}/setup")
        assert browser.submit(page, code="WRONG").status_code == 403
        page = browser.submit(page, code=code.lower())
        assert "Where shall Plumbline work?" in page.text
        page = browser.submit(page, owner="acme", name="Acme Plumb")
        assert "Register <em>Acme Plumb</em>" in page.text
        page = browser.submit(page)
        assert page.url.startswith(f"{github.base_url}/organizations/acme/settings/apps/new?state=")
        page = browser.submit(page)

        assert page.url == f"{here}/setup/done", page.text
        assert f"{github.base_url}/apps/acme-plumb/installations/new" in page.text
        eventually(lambda: answers(up, f"{here}/readyz", log), within_s=5, what="it takes deliveries")
        stored = tmp_path / "home" / "credentials.json"
        assert stat.S_IMODE(stored.stat().st_mode) == 0o600
        eventually(
            lambda: (
                {"worker process started", "clock started"}
                <= {line for line in ("worker process started", "clock started") if line in log.read_text()}
            ),
            within_s=30,
            what="workers and the clock start by themselves",
        )

        many = [
            github.act("create_repository", owner="acme", name=f"part-{n}", files={"README.md": f"# {n}\n"})
            for n in range(30)
        ]
        github.act("install", account="acme", app="acme-plumb")
        made = github.act("create_repository", owner="acme", name="app", files={"README.md": "x"})
        sha = github.act("push", which=made["id"], branch="main", files={"a": "b"}, message="x")
        eventually(
            lambda: any(run.head_sha == sha and run.conclusion for run in check_runs(github.journal())),
            within_s=45,
            what="a check run on the pushed commit",
        )
        eventually(
            lambda: {m["id"] for m in many} <= {r.repository_id for r in check_runs(github.journal())},
            within_s=60,
            what="a check run on each of the thirty repositories",
        )
        talk_to(github, many[0]["id"])
        github.quiet(idle_s=1, timeout_s=20)
        assert github.violations() == []
        assert github.problems() == []
        assert "Plumbline is set up" in requests.get(f"{here}/setup", timeout=5).text
    finally:
        code_of_up = end(up)
    assert code_of_up == 0
    told = log.read_text()
    assert "Traceback" not in told
    secrets = json.loads(stored.read_text())
    for name in ("private_key", "webhook_secret", "client_secret"):
        assert secrets[name].splitlines()[1 if name == "private_key" else 0] not in told
    eventually(lambda: not processes_of(tmp_path / "home"), within_s=5, what="nobody of ours is left")

    # The next start finds what is stored, and offers no set-up.
    up = start(tmp_path, github, port)
    try:
        eventually(lambda: answers(up, f"{here}/readyz", log), within_s=30, what="it takes deliveries again")
        assert requests.get(f"{here}/setup", timeout=5).status_code == 404
    finally:
        assert end(up) == 0
    assert log.read_text().count("this code:") == 1
