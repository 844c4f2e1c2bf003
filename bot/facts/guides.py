"""Guides for people who want to take part: the repository's own, or else the owner's defaults.

Each is a fact of its own: where the owner's defaults can not be seen, one that the repository has is
known all the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.facts.community_files import CODE_OF_CONDUCT, CONTRIBUTING, FOLDERS
from bot.model.facts import CommunityFiles, Document, EntryKind
from bot.model.guides import Guide
from bot.ports import RepoReader
from bot.spec import fact

COST = "no call where the repository has one; else the folders of the owner's defaults"


@fact("contributing_guide", file_fed=True, permission="contents: read", cost=COST)
def contributing_guide(reader: RepoReader, community_files: CommunityFiles) -> Guide | None:
    """How to contribute: the repository's own guide, else the owner's default; None without either.

    Raises:
        PermissionMissing: there is none here and the owner's defaults can not be seen.

    Source: https://docs.github.com/en/communities/setting-up-your-project-for-healthy-contributions/creating-a-default-community-health-file
    """
    return _first(community_files.contributing) or _default(reader, CONTRIBUTING)


@fact("conduct_guide", file_fed=True, permission="contents: read", cost=COST)
def conduct_guide(reader: RepoReader, community_files: CommunityFiles) -> Guide | None:
    """How people treat each other: the repository's own code, else the owner's; None without either.

    Raises:
        PermissionMissing: there is none here and the owner's defaults can not be seen.
    """
    return _first(community_files.codes_of_conduct) or _default(reader, CODE_OF_CONDUCT)


def _first(found: Sequence[Document]) -> Guide | None:
    return Guide(found[0].path, found[0].size) if found else None


def _default(reader: RepoReader, name: re.Pattern[str]) -> Guide | None:
    for folder in FOLDERS:
        for entry in reader.owner_default_directory(folder):
            if entry.kind is EntryKind.FILE and name.fullmatch(entry.name):
                return Guide(entry.path, entry.size, by_default=True)
    return None
