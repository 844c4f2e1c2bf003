"""Releases, tags, and what was not released yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """A release that everybody who sees the repository can see.

    Args:
        commit: what its tag points to; empty when the tag is gone.
        assets: names of the files that were uploaded to it, at most 100.
        more_assets: there are others.
    """

    tag: str
    published_at: datetime | None
    commit: str = ""
    prerelease: bool = False
    assets: tuple[str, ...] = ()
    more_assets: bool = False


@dataclass(frozen=True, slots=True)
class VersionTag:
    """A tag that looks like a version; ``commit`` is empty when it points at no commit."""

    name: str
    at: datetime | None
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """Something that was released, with a release or a tag alone.

    Args:
        at: when it was published, or else when the tag was made.
        commit: what it was made from; empty when that is not known.
    """

    name: str
    at: datetime | None
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Releases:
    """The newest releases, newest first, and the newest tag that looks like a version.

    Args:
        more: there are older releases.
    """

    listed: tuple[PublishedRelease, ...] = ()
    tag: VersionTag | None = None
    more: bool = False

    def newest(self, *, prereleases: bool = True) -> Version | None:
        """What was released last: a release, or a tag that is newer than every release.

        Args:
            prereleases: they count, too.
        """
        found = next((r for r in self.listed if prereleases or not r.prerelease), None)
        release = Version(found.tag, found.published_at, found.commit) if found else None
        tag = Version(self.tag.name, self.tag.at, self.tag.commit) if self.tag else None
        if release is None or tag is None:
            return release or tag
        tagged_later = tag.at is not None and release.at is not None and tag.at > release.at
        known = any(r.tag == tag.name for r in self.listed)
        return tag if tagged_later and not known else release


@dataclass(frozen=True, slots=True)
class Unreleased:
    """What the default branch holds that was not released.

    Args:
        since: what was released last.
        commits: how many came after it; None when it has no history in common with the default
            branch, or is not there any more.
    """

    since: Version
    commits: int | None
