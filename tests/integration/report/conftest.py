"""The organisation and a shell, anew for each test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.report.organisation import Organisation, Shell


@pytest.fixture
def organisation(tmp_path: Path) -> Iterator[Organisation]:
    made = Organisation(tmp_path)
    yield made
    made.close()


@pytest.fixture
def shell(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    level = logging.getLogger("bot").level
    yield Shell(organisation, monkeypatch)
    logging.getLogger("bot").setLevel(level)
