"""Templates of issues and pull requests: the repository's own, or else the owner's defaults."""

from __future__ import annotations

from bot.facts.community_files import FOLDERS, Found, find_templates
from bot.model.facts import CommunityFiles, Templates
from bot.ports import RepoReader
from bot.spec import fact


@fact(
    "templates",
    file_fed=True,
    permission="contents: read",
    cost="no call where the repository has both kinds; else the folders of the owner's defaults",
)
def templates(reader: RepoReader, community_files: CommunityFiles) -> Templates:
    """What people are shown who open an issue or a pull request.

    GitHub takes the owner's default issue templates only where the repository has none of its own,
    not even a ``config.yml``; the two kinds are looked for apart.

    Raises:
        PermissionMissing: a kind is missing here and the owner's defaults can not be seen.
    """
    own = community_files
    chooser = (own.issue_chooser,) if own.issue_chooser else ()
    has_issue = bool(own.issue_templates or own.issue_forms or chooser)
    if has_issue and own.pull_request_templates:
        return Templates((*own.issue_templates, *chooser), own.issue_forms, own.pull_request_templates)
    default = _defaults(reader)
    default_chooser = (default.chooser,) if default.chooser else ()
    return Templates(
        issue=(*own.issue_templates, *chooser) if has_issue else (*default.issue, *default_chooser),
        forms=own.issue_forms if has_issue else default.forms,
        pull_request=own.pull_request_templates or default.pull_request,
        issue_by_default=not has_issue and bool(default.issue or default.forms or default_chooser),
        pull_request_by_default=not own.pull_request_templates and bool(default.pull_request),
    )


def _defaults(reader: RepoReader) -> Found:
    found = [
        find_templates(reader.owner_default_directory, reader.owner_default_directory(folder))
        for folder in FOLDERS
    ]
    return Found(
        issue=tuple(path for f in found for path in f.issue),
        forms=tuple(path for f in found for path in f.forms),
        chooser=next((f.chooser for f in found if f.chooser), ""),
        pull_request=tuple(path for f in found for path in f.pull_request),
    )
