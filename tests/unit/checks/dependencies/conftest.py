"""Tools and manifests made by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.model.facts import Manifest, Manifests, Repository, UpdateRule, UpdateTool


@pytest.fixture
def repository() -> Repository:
    return Repository(1, "acme/tool", "main")


@pytest.fixture
def dependabot() -> Callable[..., UpdateTool]:
    """Rules as (ecosystem, directory, ...)."""

    def make(*rules: tuple[str, ...], **changes: object) -> UpdateTool:
        made = tuple(UpdateRule(ecosystem, directories) for ecosystem, *directories in rules)
        return UpdateTool("dependabot", ".github/dependabot.yml", made, **changes)

    return make


@pytest.fixture
def holding() -> Callable[..., Manifests]:
    """Manifests as ecosystem=path, nested when the path has a folder."""

    def make(**paths: str) -> Manifests:
        all_of_them = [
            Manifest(path, name.replace("_", "-").rstrip("-0123456789")) for name, path in paths.items()
        ]
        return Manifests(
            tuple(m for m in all_of_them if not m.directory or m.ecosystem == "github-actions"),
            tuple(m for m in all_of_them if m.directory and m.ecosystem != "github-actions"),
        )

    return make
