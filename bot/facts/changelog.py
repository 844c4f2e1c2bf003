"""Where people can read what changed: a file, or else the notes of the latest release."""

from __future__ import annotations

import re

from bot.model.facts import Changelog, CommunityFiles
from bot.ports import RepoReader
from bot.selections import LATEST_RELEASE
from bot.spec import fact

MAX_NOTES = 64 * 1024

_BY_ITSELF = re.compile(
    r"^[ \t*_]{0,6}(?:Full Changelog|Changelog)[*_]{0,2}:.{0,2000}$|<!--.{0,2000}?-->", re.MULTILINE
)


@fact(
    "changelog",
    permission="contents: read",
    cost="no call where there is a file; else one for the latest release",
    graph={"release": LATEST_RELEASE},
)
def changelog(reader: RepoReader, community_files: CommunityFiles) -> Changelog:
    """Files or folders that tell what changed; without any, how much the latest release tells.

    Raises:
        PermissionMissing: there is no file, and a clone does not hold releases.
    """
    if community_files.changelogs:
        return Changelog(community_files.changelogs)
    release = reader.latest_release()
    if release is None:
        return Changelog(())
    return Changelog((), release.tag, written_words(release.notes))


def written_words(notes: str) -> int:
    """Words of release notes without comments and the link that GitHub adds to generated notes."""
    return len(_BY_ITSELF.sub("", notes[:MAX_NOTES]).split())
