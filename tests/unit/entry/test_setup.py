"""What a start without credentials says, refuses, and waits for."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.credentials import save
from bot.config.settings import PagesFor, Settings
from bot.entry import setup
from bot.model.errors import SettingsError
from tests.unit.entry.test_environment import STORED


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"app_id": 7}, "PLUMBLINE_PRIVATE_KEY", id="an id alone"),
        pytest.param({"webhook_secrets": ("x",)}, "unset all of them", id="a secret alone"),
        pytest.param({"pages": PagesFor.NOBODY}, "PLUMBLINE_PAGES", id="no pages"),
    ],
)
def test_set_up_is_for_those_who_have_nothing(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    setup.refuse_half_set(Settings(home=tmp_path))
    with pytest.raises(SettingsError, match=said):
        setup.refuse_half_set(Settings(home=tmp_path, **changes))


def test_stored_keys_that_the_environment_contradicts_are_named(tmp_path: Path) -> None:
    save(tmp_path, STORED)

    with pytest.raises(SettingsError, match=r"App 7 at https://ghes\.example.*names another"):
        setup.refuse_half_set(Settings(home=tmp_path, app_id=8))


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "[::1]")],
)
def test_invites_to_an_address_that_can_be_opened(host: str, address: str) -> None:
    told = setup.invitation(Settings(home=Path(), host=host, port=8123), "ABCD")

    assert f"http://{address}:8123/setup\n" in told
    assert "ABCD" in told


def test_goes_on_once_the_keys_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "LOOK_S", 0.01)
    went_on, stop = threading.Event(), threading.Event()
    thread = setup.when_registered(Settings(home=tmp_path), went_on.set, stop)
    assert not went_on.wait(0.1)

    save(tmp_path, STORED)

    assert went_on.wait(5)
    thread.join(5)
    assert not thread.is_alive()


def test_stops_looking_when_told(tmp_path: Path) -> None:
    stop = threading.Event()
    thread = setup.when_registered(Settings(home=tmp_path), lambda: pytest.fail("nothing is there"), stop)
    stop.set()
    thread.join(5)

    assert not thread.is_alive()
