"""A repository itself: its name, its switches, its topics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.testing.authentication import token_covers
from bot.testing.graphql.declaring import Asked, connection, field, represent
from bot.testing.routing import level_of
from bot.testing.state import FakeRepository

represent(FakeRepository, "Repository")


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, or its place in a repository."""

    id: str
    name: str
    url: str
    resource_path: str

    @property
    def topic(self) -> Topic:
        """The topic itself."""
        return self


represent(Topic, "Topic")


@field("Repository", "id")
def node_id(repository: FakeRepository, _asked: Asked) -> str:
    """The global id."""
    return repository.node_id


@field("Repository", "databaseId")
def database_id(repository: FakeRepository, _asked: Asked) -> int:
    """REST's id."""
    return repository.id


@field("Repository", "nameWithOwner")
def name_with_owner(repository: FakeRepository, _asked: Asked) -> str:
    """``owner/name``."""
    return repository.full_name


@field("Repository", "url")
def url(repository: FakeRepository, asked: Asked) -> str:
    """The page for people."""
    return asked.world.render.repository_page(repository)


@field("Repository", "sshUrl")
def ssh_url(repository: FakeRepository, asked: Asked) -> str:
    """Where git finds it over SSH."""
    return f"git@{asked.world.html_url.split('://', 1)[-1]}:{repository.full_name}.git"


@field("Repository", "homepageUrl")
def homepage_url(repository: FakeRepository, _asked: Asked) -> str | None:
    """The homepage."""
    return repository.homepage


@field("Repository", "visibility")
def visibility(repository: FakeRepository, _asked: Asked) -> str:
    """The fake has no internal ones."""
    return "PRIVATE" if repository.private else "PUBLIC"


@field("Repository", "isPrivate")
def is_private(repository: FakeRepository, _asked: Asked) -> bool:
    """Not for everybody."""
    return repository.private


@field("Repository", "isArchived")
def is_archived(repository: FakeRepository, _asked: Asked) -> bool:
    """Read-only."""
    return repository.archived


@field("Repository", "archivedAt")
def archived_at(repository: FakeRepository, _asked: Asked) -> datetime | None:
    """When it was last changed, as archiving is the last change."""
    return repository.updated_at if repository.archived else None


@field("Repository", "isFork")
def is_fork(repository: FakeRepository, _asked: Asked) -> bool:
    """Has a parent."""
    return repository.parent is not None


@field("Repository", "isEmpty")
def is_empty(repository: FakeRepository, _asked: Asked) -> bool:
    """Has no commit."""
    return repository.empty


@field("Repository", "isDisabled")
@field("Repository", "isLocked")
@field("Repository", "isMirror")
@field("Repository", "hasDiscussionsEnabled")
def never(_repository: FakeRepository, _asked: Asked) -> bool:
    """The fake has none of these."""
    return False


@field("Repository", "hasWikiEnabled")
@field("Repository", "hasProjectsEnabled")
def always(_repository: FakeRepository, _asked: Asked) -> bool:
    """As in REST."""
    return True


@field("Repository", "hasIssuesEnabled")
def has_issues_enabled(repository: FakeRepository, _asked: Asked) -> bool:
    """Issues are switched on."""
    return repository.has_issues


@field("Repository", "mirrorUrl")
def nothing(_repository: FakeRepository, _asked: Asked) -> None:
    """The fake has none."""


@field("Repository", "forkCount")
def fork_count(repository: FakeRepository, _asked: Asked) -> int:
    """How many forks were made."""
    return repository.forks


@field("Repository", "stargazerCount")
def stargazer_count(_repository: FakeRepository, _asked: Asked) -> int:
    """As in REST."""
    return 0


@field("Repository", "parent")
def parent(repository: FakeRepository, asked: Asked) -> FakeRepository | None:
    """What it is a fork of, where the token may see that."""
    found = repository.parent
    return found if found is not None and asked.sees(found) else None


@field("Repository", "viewerPermission")
def viewer_permission(repository: FakeRepository, asked: Asked) -> str | None:
    """What an App is told of itself: what its token may do to contents."""
    if not token_covers(asked.world, asked.token, repository):
        return "READ" if not repository.private else None
    return "WRITE" if level_of(asked.token, "contents") >= 2 else "READ"


@connection("Repository", "repositoryTopics")
def repository_topics(repository: FakeRepository, asked: Asked) -> Sequence[Topic]:
    """The topics."""
    return [
        Topic(f"RT_{repository.id}_{name}", name, f"{asked.world.html_url}/topics/{name}", f"/topics/{name}")
        for name in repository.topics
    ]


_MERGING = {
    "deleteBranchOnMerge": "delete_branch_on_merge",
    "allowUpdateBranch": "allow_update_branch",
    "autoMergeAllowed": "allow_auto_merge",
    "mergeCommitAllowed": "allow_merge_commit",
    "squashMergeAllowed": "allow_squash_merge",
    "rebaseMergeAllowed": "allow_rebase_merge",
}


def _merging(attribute: str) -> Callable[[FakeRepository, Asked], bool]:
    return lambda repository, _asked: bool(getattr(repository.merging, attribute))


for _name, _attribute in _MERGING.items():
    field("Repository", _name)(_merging(_attribute))
