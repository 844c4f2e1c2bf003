"""Facts and ports' values: the little they compute."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.model.facts import EntryKind, Repository, TreeEntry, Visibility
from bot.ports import HookDelivery


@pytest.mark.parametrize(
    ("full_name", "owner", "name"),
    [("acme/tool", "acme", "tool"), ("a/b/c", "a", "b/c"), ("local", "local", ""), ("", "", "")],
)
def test_repository_splits_its_name(full_name: str, owner: str, name: str) -> None:
    """At the first slash; a local clone may have none."""
    repository = Repository(0, full_name, "main")

    assert (repository.owner, repository.name) == (owner, name)


def test_only_public_is_public() -> None:
    """Internal repositories are not for logged-out readers, and unknown means private."""
    assert [v for v in Visibility if Repository(1, "a/b", "main", visibility=v).public] == [Visibility.PUBLIC]
    assert not Repository(1, "a/b", "main").public


@pytest.mark.parametrize(("path", "name"), [("a/b.yml", "b.yml"), ("LICENSE", "LICENSE"), ("a/", "")])
def test_entry_name_is_the_last_part(path: str, name: str) -> None:
    """Also for paths that no honest tree has."""
    assert TreeEntry(path, EntryKind.FILE, "0" * 40).name == name


@pytest.mark.parametrize(
    ("status", "good"), [(199, False), (200, True), (202, True), (399, True), (400, False), (0, False)]
)
def test_hook_delivery_succeeded_on_2xx_and_3xx(status: int, good: bool) -> None:
    """0 is what GitHub notes when nobody answered."""
    delivery = HookDelivery(1, "g", datetime(2026, 1, 1, tzinfo=UTC), False, status, "push", "", None, None)

    assert delivery.succeeded is good
