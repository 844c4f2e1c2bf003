"""The guard of ``tests/conftest.py`` sees wrong requests, in this process and in children."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import requests

from bot.simulator.client import SimulatorProcess
from bot.simulator.schemas import Validator
from bot.testing.fake import FakeGitHub
from bot.testing.http import Request

HEADERS = {"user-agent": "tests"}


def test_a_wrong_request_to_the_fake_is_seen(
    tmp_path: Path, schemas: Validator, requests_follow_the_schema: list[str]
) -> None:
    """The list would fail the test at its end; here it is emptied."""
    fake = FakeGitHub(tmp_path)
    fake.handle(Request("GET", "/rate_limit", headers=HEADERS))
    assert requests_follow_the_schema == []

    fake.handle(Request("GET", "/repos/a/b/nothing", headers=HEADERS))
    fake.close()

    assert "no such operation" in requests_follow_the_schema[0]
    requests_follow_the_schema.clear()


def test_a_wrong_request_to_a_child_is_seen(tmp_path: Path, schemas: Validator) -> None:
    """The child writes to the file that the guard reads."""
    with SimulatorProcess(tmp_path) as client:
        assert client.information()["validated"] is True
        requests.get(f"{client.base_url}/nothing", headers=HEADERS, timeout=10)
        assert "no such operation" in client.problems()[0]
    report = Path(os.environ["PLUMBLINE_PROBLEMS"])
    assert "GET /nothing" in report.read_text()
    report.unlink()


@pytest.mark.off_schema
def test_the_marker_switches_the_guard_off(tmp_path: Path, requests_follow_the_schema: list[str]) -> None:
    """For tests whose requests are wrong on purpose."""
    fake = FakeGitHub(tmp_path)
    fake.handle(Request("GET", "/nothing", headers=HEADERS))
    fake.close()
    assert requests_follow_the_schema == []
