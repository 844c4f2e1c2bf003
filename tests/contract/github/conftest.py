"""Fixtures of the adapter's contract tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.adapters.github import build
from bot.config.settings import Settings
from bot.simulator.schemas import Validator
from bot.testing.clocks import ManualClock
from tests.contract.github.scripted import APP, BOUNDS, Counts, Desk, Pauses, ScriptedGitHub


@pytest.fixture(scope="session")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.fixture
def desk(private_key: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A scripted GitHub; requests are held to GitHub's published description where it is at hand."""
    clock = ManualClock()
    server = ScriptedGitHub(clock)
    settings = Settings(
        home=tmp_path,
        github_url=server.url,
        app_id=APP,
        private_key=private_key,
        webhook_secrets=("w",),
        secret_keys=("current key",),
    )
    pauses, counts, slept = Pauses(clock), Counts(), []
    app = build(
        settings,
        ledger=pauses,
        clock=clock,
        metrics=counts,
        bounds=BOUNDS,
        sleep=slept.append,
    )
    yield Desk(server, clock, pauses, counts, settings, slept, app)
    server.close()
    schemas = Validator.load()
    if schemas is not None and request.node.get_closest_marker("off_schema") is None:
        problems = [p for seen in server.requests for p in schemas.check_request(seen.request)]
        assert problems == []
