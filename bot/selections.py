"""What facts ask of GitHub's GraphQL, as texts on the type ``Repository``: values, no network.

One document serves many repositories and many facts: what the enabled facts declare is put
together, equal texts once, sizes filled in from the pulse. ``bot.adapters.github.graph`` does it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

PAGE = 100
"""GitHub's largest page."""


@dataclass(frozen=True, slots=True)
class Selection:
    """One field of ``Repository``, or of ``Organization``, with all that is asked below it.

    Args:
        text: a field with its arguments and braces; may name sizes as ``$branches`` (see ``SIZES``).
        pages: how many pages are read at most; more than one only when the field itself is a
            connection and the text asks for ``pageInfo { hasNextPage endCursor }``.
        permission: what lets it be read, for who is told that it may not be.
    """

    text: str
    pages: int = 1
    permission: str | None = None

    def __post_init__(self) -> None:
        if self.pages > 1 and "pageInfo" not in self.text:
            raise ValueError(f"a selection of several pages must ask for pageInfo: {self.text[:80]!r}")

    @property
    def sizes(self) -> frozenset[str]:
        """Names of the sizes that the text uses."""
        return frozenset(re.findall(r"\$(\w+)", self.text))


@dataclass(frozen=True, slots=True)
class Size:
    """How many nodes a connection is asked for, learnt from the pulse.

    Args:
        pulse: a connection on ``Repository`` of which ``totalCount`` is asked.
        most: never more than this; at most 100.
    """

    pulse: str
    most: int = PAGE


SIZES: Mapping[str, Size] = MappingProxyType(
    {
        "branches": Size('refs(refPrefix: "refs/heads/", first: 1)', 30),
        "pulls": Size("pullRequests(states: OPEN, first: 1)"),
        "issues": Size("issues(states: OPEN, first: 1)", 30),
        "releases": Size("releases(first: 1)", 5),
        "rulesets": Size("rulesets(first: 1, includeParents: true)", 50),
        "protections": Size("branchProtectionRules(first: 1)", 50),
    }
)
"""Name of a size -> where it comes from."""


def directory(path: str, *, texts: bool = False) -> Selection:
    """The entries of a directory of the default branch's head; read through ``reader.directory``.

    Args:
        texts: with the texts of the files in it, read through ``reader.blob``.
    """
    body = " ... on Blob { byteSize isTruncated isBinary text }" if texts else ""
    inside = f" object {{{body} }}" if texts else ""
    return Selection(
        f"object(expression: {json.dumps(f'HEAD:{path}')}) "
        f"{{ ... on Tree {{ entries {{ name type mode oid size{inside} }} }} }}"
    )


DEFAULT_BRANCH = Selection("defaultBranchRef { name target { oid ... on Commit { committedDate } } }")
"""Where the default branch stands; asked always, with the scalar fields that tell a ``Repository``."""

TOPICS = Selection("repositoryTopics(first: 20) { nodes { topic { name } } }")
"""With description and homepage, which are asked always, this is what ``reader.about`` tells."""

BRANCHES = Selection(
    'refs(refPrefix: "refs/heads/", first: $branches, orderBy: {field: ALPHABETICAL, direction: ASC}) '
    "{ totalCount pageInfo { hasNextPage endCursor } "
    "nodes { name refUpdateRule { pattern } "
    "target { oid ... on Commit { committedDate } } compare(headRef: $default) { aheadBy behindBy } } }",
    pages=4,
    permission="contents: read",
)
"""Branches with how they stand to the default branch; read through ``reader.branches`` and ``.compare``."""

OPEN_PULL_REQUESTS = Selection(
    "pullRequests(states: OPEN, first: $pulls, orderBy: {field: CREATED_AT, direction: DESC}) "
    "{ totalCount pageInfo { hasNextPage endCursor } "
    "nodes { number isDraft isCrossRepository maintainerCanModify title createdAt updatedAt mergeable "
    "reviewDecision author { login __typename } baseRefName baseRefOid headRefName headRefOid "
    "headRepository { databaseId } headRepositoryOwner { login } } }",
    permission="pull_requests: read",
)
"""Open pull requests, newest first; read through ``reader.open_pull_requests``."""


def proposal(number: int) -> Selection:
    """One pull request, with its commits; read through ``reader.pull_request`` and ``.compare``."""
    fields = OPEN_PULL_REQUESTS.text.partition("nodes {")[2].rpartition("}")[0].rpartition("}")[0]
    return Selection(
        f"pullRequest(number: {number}) {{ state {fields} baseRef {{ target {{ oid }} }} "
        "commits(first: 100) { totalCount nodes { commit "
        "{ oid parents(first: 4) { totalCount nodes { oid committedDate } } } } } }",
        permission="pull_requests: read",
    )


LATEST_RELEASE = Selection(
    "latestRelease { tagName name description publishedAt }",
)
"""The release that GitHub calls the latest; read through ``reader.latest_release``."""
