"""Commands as a person runs them, in a home of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.testing.deliveries import SECRET

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def pem() -> str:
    """A private key made for this run."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture
def environment(tmp_path: Path, pem: str) -> dict[str, str]:
    """A clean environment with credentials; GitHub is an address where nobody listens."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PLUMBLINE_", "REDIS_", "DATABASE_"))}
    return clean | {
        "PLUMBLINE_HOME": str(tmp_path / "home"),
        "PLUMBLINE_GITHUB_URL": "http://127.0.0.1:9",
        "PLUMBLINE_APP_ID": "42",
        "PLUMBLINE_PRIVATE_KEY": pem,
        "PLUMBLINE_WEBHOOK_SECRET": SECRET,
        "PLUMBLINE_METRICS_PORT": "0",
        "PORT": "0",
    }


@pytest.fixture
def plumbline(environment: dict[str, str]) -> Command:
    """Run ``plumbline`` with arguments; keywords replace variables, None removes one."""

    def run(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        env = {k: v for k, v in (environment | changes).items() if v is not None}
        return subprocess.run(
            [sys.executable, "-P", "-m", "bot.entry.cli", *arguments],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run
