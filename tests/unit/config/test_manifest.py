"""The manifest as it is read, and as GitHub is sent it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config.manifest import MANIFEST, Manifest, read_manifest
from bot.model.errors import SettingsError


def test_every_permission_has_its_reason() -> None:
    found = read_manifest()

    assert found.permissions
    assert all(reason for _, reason in found.asked(maintenance=True).values())


def test_the_file_in_the_package_is_the_one_at_the_top() -> None:
    assert MANIFEST.resolve() == Path(__file__).parents[3] / "app.yml"


def test_maintenance_changes_levels_and_keeps_reasons() -> None:
    asked = Manifest("p", "u", "d", {"contents": "read"}, (), {"contents": "workflows"}).asked(
        maintenance=True
    )

    assert asked["contents"][0] == asked["pull_requests"][0] == "write"
    assert asked["contents"][1].startswith("workflows; merge")


@pytest.mark.parametrize("text", [None, "", "name: [", "name: x", "default_permissions: 1"])
def test_a_broken_file_is_named(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "app.yml"
    if text is not None:
        path.write_text(text)

    with pytest.raises(SettingsError, match=r"app\.yml can not be read"):
        read_manifest(path)
