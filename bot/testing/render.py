"""GitHub's JSON for each record: the shapes of its OpenAPI description, version 2022-11-28."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.testing.git import Change, Commit, Entry
from bot.testing.settings import is_protected, property_values, protection_of
from bot.testing.state import (
    Account,
    AppIdentity,
    Asset,
    CheckRun,
    CheckSuite,
    Comment,
    FakeRepository,
    Installation,
    Issue,
    Label,
    LoggedDelivery,
    PullDetails,
    Reaction,
    Release,
    Status,
)

Json = dict[str, Any]

_REPOSITORY_URLS = {
    "archive_url": "{archive_format}{/ref}",
    "assignees_url": "assignees{/user}",
    "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}",
    "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}",
    "commits_url": "commits{/sha}",
    "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}",
    "contributors_url": "contributors",
    "deployments_url": "deployments",
    "downloads_url": "downloads",
    "events_url": "events",
    "forks_url": "forks",
    "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "hooks_url": "hooks",
    "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}",
    "keys_url": "keys{/key_id}",
    "labels_url": "labels{/name}",
    "languages_url": "languages",
    "merges_url": "merges",
    "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}",
    "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}",
    "stargazers_url": "stargazers",
    "statuses_url": "statuses/{sha}",
    "subscribers_url": "subscribers",
    "subscription_url": "subscription",
    "tags_url": "tags",
    "teams_url": "teams",
    "trees_url": "git/trees{/sha}",
}
_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def stamp(when: datetime) -> str:
    """A time as GitHub writes it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_or_none(when: datetime | None) -> str | None:
    """The same, None for None."""
    return None if when is None else stamp(when)


def from_epoch(seconds: int) -> str:
    """Epoch seconds as GitHub writes a time."""
    return stamp(datetime.fromtimestamp(seconds, UTC))


class Renderer:
    """Turns records into JSON with the URLs of one host.

    Args:
        base_url: API root without a slash at the end; may be set later.
        html_url: where people look, without a slash at the end.
    """

    def __init__(self, base_url: str, html_url: str) -> None:
        self.base_url = base_url
        self.html_url = html_url

    # Accounts, Apps, installations

    def user(self, account: Account) -> Json:
        """A ``simple-user``."""
        url = f"{self.base_url}/users/{quote(account.login)}"
        slug = account.login.removesuffix("[bot]")
        page = f"apps/{slug}" if account.type == "Bot" else account.login
        return {
            "login": account.login,
            "id": account.id,
            "node_id": f"U_{account.id:08d}",
            "avatar_url": f"{self.html_url}/avatars/u/{account.id}?v=4",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.html_url}/{page}",
            **{key: url + tail for key, tail in _USER_URLS.items()},
            "type": account.type,
            "user_view_type": "public",
            "site_admin": False,
        }

    def user_or_none(self, account: Account | None) -> Json | None:
        """The same, None for None."""
        return None if account is None else self.user(account)

    def public_user(self, account: Account) -> Json:
        """A ``public-user``."""
        unknown = ("name", "company", "location", "email", "hireable", "bio", "twitter_username")
        return self.user(account) | {
            **dict.fromkeys(unknown),
            "blog": "",
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": stamp(account.created_at),
            "updated_at": stamp(account.created_at),
        }

    def organization(self, account: Account) -> Json:
        """An ``organization-simple``."""
        url = f"{self.base_url}/orgs/{account.login}"
        return {
            "login": account.login,
            "id": account.id,
            "node_id": f"O_{account.id:08d}",
            "url": url,
            "repos_url": f"{url}/repos",
            "events_url": f"{url}/events",
            "hooks_url": f"{url}/hooks",
            "issues_url": f"{url}/issues",
            "members_url": url + "/members{/member}",
            "public_members_url": url + "/public_members{/member}",
            "avatar_url": f"{self.html_url}/avatars/u/{account.id}?v=4",
            "description": "",
        }

    def app(self, app: AppIdentity) -> Json:
        """An ``integration``."""
        return {
            "id": app.id,
            "slug": app.slug,
            "client_id": app.client_id,
            "node_id": f"A_{app.id:08d}",
            "owner": self.user(app.owner),
            "name": app.slug,
            "description": None,
            "external_url": f"{self.html_url}/apps/{app.slug}/about",
            "html_url": f"{self.html_url}/apps/{app.slug}",
            "created_at": stamp(app.created_at),
            "updated_at": stamp(app.created_at),
            "permissions": dict(app.permissions),
            "events": list(app.events),
        }

    def installation(self, installation: Installation, app: AppIdentity) -> Json:
        """An ``installation``."""
        url = f"{self.base_url}/app/installations/{installation.id}"
        return {
            "id": installation.id,
            "client_id": app.client_id,
            "account": self.user(installation.account),
            "repository_selection": "all" if installation.repositories is None else "selected",
            "access_tokens_url": f"{url}/access_tokens",
            "repositories_url": f"{self.base_url}/installation/repositories",
            "html_url": f"{self.html_url}/settings/installations/{installation.id}",
            "app_id": app.id,
            "app_slug": app.slug,
            "target_id": installation.account.id,
            "target_type": installation.account.type,
            "permissions": dict(installation.permissions),
            "events": list(installation.events),
            "created_at": stamp(installation.created_at),
            "updated_at": stamp(installation.updated_at),
            "single_file_name": None,
            "has_multiple_single_files": False,
            "single_file_paths": [],
            "suspended_by": self.user_or_none(installation.suspended_by),
            "suspended_at": stamp_or_none(installation.suspended_at),
        }

    # Repositories

    def repository_url(self, repository: FakeRepository) -> str:
        """The API address by name."""
        return f"{self.base_url}/repos/{repository.full_name}"

    def repository_page(self, repository: FakeRepository) -> str:
        """The address for people."""
        return f"{self.html_url}/{repository.full_name}"

    def repository(self, repository: FakeRepository) -> Json:
        """A ``repository``, also valid as ``minimal-repository``."""
        url = self.repository_url(repository)
        page = self.repository_page(repository)
        host = self.html_url.split("://", 1)[-1]
        issues = sum(issue.state == "open" and not issue.deleted for issue in repository.issues.values())
        return {
            "id": repository.id,
            "node_id": repository.node_id,
            "name": repository.name,
            "full_name": repository.full_name,
            "private": repository.private,
            "owner": self.user(repository.owner),
            "html_url": page,
            "description": repository.description,
            "fork": repository.parent is not None,
            "url": url,
            **{key: f"{url}/{tail}" for key, tail in _REPOSITORY_URLS.items()},
            "git_url": f"git://{host}/{repository.full_name}.git",
            "ssh_url": f"git@{host}:{repository.full_name}.git",
            "clone_url": f"{page}.git",
            "svn_url": page,
            "mirror_url": None,
            "homepage": repository.homepage,
            "language": repository.language,
            "license": None,
            "size": 0 if repository.empty else 1,
            "stargazers_count": 0,
            "watchers_count": 0,
            "watchers": 0,
            "forks_count": repository.forks,
            "forks": repository.forks,
            "open_issues_count": issues,
            "open_issues": issues,
            "default_branch": repository.default_branch,
            "has_issues": repository.has_issues,
            "has_projects": True,
            "has_wiki": True,
            "has_pages": repository.has_pages,
            "has_downloads": True,
            "has_discussions": False,
            "allow_forking": True,
            "is_template": repository.is_template,
            "web_commit_signoff_required": False,
            "topics": list(repository.topics),
            "archived": repository.archived,
            "disabled": False,
            "visibility": "private" if repository.private else "public",
            "created_at": stamp(repository.created_at),
            "updated_at": stamp(repository.updated_at),
            "pushed_at": stamp(repository.pushed_at or repository.created_at),
        }

    def full_repository(self, repository: FakeRepository) -> Json:
        """A ``full-repository``."""
        body = self.repository(repository)
        body |= {"network_count": 0, "subscribers_count": 0}
        if repository.owner.type == "Organization":
            body["organization"] = self.user(repository.owner)
            has = property_values(repository).items()
            body["custom_properties"] = {k: list(v) if isinstance(v, tuple) else v for k, v in has}
        if repository.parent is not None:
            body["parent"] = body["source"] = self.repository(repository.parent)
        return body

    def installed_repository(self, repository: FakeRepository) -> Json:
        """An entry of ``installation.created`` and ``installation_repositories``."""
        return {
            "id": repository.id,
            "node_id": repository.node_id,
            "name": repository.name,
            "full_name": repository.full_name,
            "private": repository.private,
        }

    def release(self, repository: FakeRepository, release: Release) -> Json:
        """A ``release``."""
        url = f"{self.repository_url(repository)}/releases/{release.id}"
        page = self.repository_page(repository)
        tag = quote(release.tag, safe="")
        return {
            "id": release.id,
            "node_id": f"RE_{release.id:08d}",
            "url": url,
            "html_url": f"{page}/releases/tag/{tag}",
            "assets_url": f"{url}/assets",
            "upload_url": f"{url}/assets{{?name,label}}",
            "tarball_url": f"{self.repository_url(repository)}/tarball/{tag}",
            "zipball_url": f"{self.repository_url(repository)}/zipball/{tag}",
            "tag_name": release.tag,
            "target_commitish": release.target,
            "name": release.name,
            "body": release.body,
            "draft": release.draft,
            "prerelease": release.prerelease,
            "immutable": False,
            "author": self.user(release.author),
            "assets": [self._asset(url, page, release, asset) for asset in release.assets],
            "created_at": stamp(release.created_at),
            "updated_at": stamp(release.created_at),
            "published_at": stamp_or_none(release.published_at),
        }

    def _asset(self, url: str, page: str, release: Release, asset: Asset) -> Json:
        tag, name = quote(release.tag, safe=""), quote(asset.name)
        return {
            "url": f"{url.rpartition('/')[0]}/assets/{asset.id}",
            "browser_download_url": f"{page}/releases/download/{tag}/{name}",
            "id": asset.id,
            "node_id": f"RA_{asset.id:08d}",
            "name": asset.name,
            "label": None,
            "state": "uploaded",
            "content_type": asset.content_type,
            "size": asset.size,
            "digest": None,
            "download_count": 0,
            "created_at": stamp(asset.created_at),
            "updated_at": stamp(asset.created_at),
            "uploader": self.user(release.author),
        }

    # Commits and trees

    def branch(self, repository: FakeRepository, name: str, sha: str) -> Json:
        """A ``short-branch``."""
        url = self.repository_url(repository)
        return {
            "name": name,
            "commit": {"sha": sha, "url": f"{url}/commits/{sha}"},
            "protected": is_protected(repository, name),
        }

    def full_branch(self, repository: FakeRepository, name: str, commit: Commit) -> Json:
        """A ``branch-with-protection``."""
        url = f"{self.repository_url(repository)}/branches/{quote(name, safe='')}"
        page = f"{self.repository_page(repository)}/tree/{quote(name)}"
        rule = protection_of(repository, name)
        contexts = list(rule.required_checks or ()) if rule else []
        asked = "off" if rule is None or rule.required_checks is None else "non_admins"
        checks = {
            "enforcement_level": "everyone" if asked != "off" and rule and rule.enforce_admins else asked,
            "contexts": contexts,
            "checks": [{"context": context, "app_id": None} for context in contexts],
        }
        return {
            "name": name,
            "commit": self.commit(repository, commit),
            "_links": {"self": url, "html": page},
            "protected": is_protected(repository, name),
            "protection": {"enabled": rule is not None, "required_status_checks": checks},
            "protection_url": f"{url}/protection",
        }

    def ref(self, repository: FakeRepository, ref: str, sha: str) -> Json:
        """A ``git-ref``."""
        url = self.repository_url(repository)
        return {
            "ref": ref,
            "node_id": f"REF_{repository.id}_{ref}",
            "url": f"{url}/git/{quote(ref)}",
            "object": {"sha": sha, "type": "commit", "url": f"{url}/git/commits/{sha}"},
        }

    def git_commit(self, repository: FakeRepository, commit: Commit) -> Json:
        """A ``git-commit``."""
        url, page = self.repository_url(repository), self.repository_page(repository)
        return {
            "sha": commit.oid,
            "node_id": f"C_{commit.oid}",
            "url": f"{url}/git/commits/{commit.oid}",
            "html_url": f"{page}/commit/{commit.oid}",
            "author": _git_user(commit.author),
            "committer": _git_user(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": f"{url}/git/trees/{commit.tree}"},
            "parents": self._parents(repository, commit, "git/commits"),
            "verification": _verification(repository, commit),
        }

    def commit(self, repository: FakeRepository, commit: Commit) -> Json:
        """A ``commit``; authors are not matched to accounts."""
        url, page = self.repository_url(repository), self.repository_page(repository)
        return {
            "url": f"{url}/commits/{commit.oid}",
            "sha": commit.oid,
            "node_id": f"C_{commit.oid}",
            "html_url": f"{page}/commit/{commit.oid}",
            "comments_url": f"{url}/commits/{commit.oid}/comments",
            "commit": {
                "url": f"{url}/git/commits/{commit.oid}",
                "author": _git_user(commit.author),
                "committer": _git_user(commit.committer),
                "message": commit.message,
                "comment_count": 0,
                "tree": {"sha": commit.tree, "url": f"{url}/git/trees/{commit.tree}"},
                "verification": _verification(repository, commit),
            },
            "author": None,
            "committer": None,
            "parents": self._parents(repository, commit, "commits"),
        }

    def _parents(self, repository: FakeRepository, commit: Commit, kind: str) -> list[Json]:
        url, page = self.repository_url(repository), self.repository_page(repository)
        return [
            {"sha": sha, "url": f"{url}/{kind}/{sha}", "html_url": f"{page}/commit/{sha}"}
            for sha in commit.parents
        ]

    def simple_commit(self, commit: Commit) -> Json:
        """A ``simple-commit``, as in check suites."""
        return {
            "id": commit.oid,
            "tree_id": commit.tree,
            "message": commit.message,
            "timestamp": from_epoch(commit.committer[2]),
            "author": {"name": commit.author[0], "email": commit.author[1]},
            "committer": {"name": commit.committer[0], "email": commit.committer[1]},
        }

    def change(self, repository: FakeRepository, sha: str, change: Change) -> Json:
        """A ``diff-entry`` without the patch, as for files whose patch is too large."""
        url, page = self.repository_url(repository), self.repository_page(repository)
        path = quote(change.path)
        body = {
            "sha": change.oid,
            "filename": change.path,
            "status": change.status,
            "additions": change.additions,
            "deletions": change.deletions,
            "changes": change.additions + change.deletions,
            "blob_url": f"{page}/blob/{sha}/{path}",
            "raw_url": f"{page}/raw/{sha}/{path}",
            "contents_url": f"{url}/contents/{path}?ref={sha}",
        }
        return body | ({"previous_filename": change.previous} if change.previous else {})

    def tree_entry(self, repository: FakeRepository, entry: Entry) -> Json:
        """An entry of a ``git-tree``."""
        body: Json = {"path": entry.path, "mode": entry.mode, "type": entry.type, "sha": entry.oid}
        if entry.size is not None:
            body["size"] = entry.size
        if entry.type != "commit":
            kind = "trees" if entry.type == "tree" else "blobs"
            body["url"] = f"{self.repository_url(repository)}/git/{kind}/{entry.oid}"
        return body

    def content(self, repository: FakeRepository, ref: str, entry: Entry) -> Json:
        """What is common to every kind of ``contents`` answer; ``entry.path`` is the full path."""
        url, page = self.repository_url(repository), self.repository_page(repository)
        path = quote(entry.path)
        tree = entry.type == "tree"
        this = f"{url}/contents/{path}?ref={quote(ref)}"
        git = f"{url}/git/{'trees' if tree else 'blobs'}/{entry.oid}"
        shown = f"{page}/{'tree' if tree else 'blob'}/{quote(ref)}/{path}"
        return {
            "name": entry.path.rpartition("/")[2],
            "path": entry.path,
            "sha": entry.oid,
            "size": entry.size or 0,
            "url": this,
            "html_url": shown,
            "git_url": git,
            "download_url": None if tree else f"{page}/raw/{quote(ref)}/{path}",
            "type": {"tree": "dir", "commit": "submodule"}.get(
                entry.type, "symlink" if entry.mode == "120000" else "file"
            ),
            "_links": {"self": this, "git": git, "html": shown},
        }

    # Issues and pull requests

    def label(self, repository: FakeRepository, label: Label) -> Json:
        """A ``label``."""
        return {
            "id": label.id,
            "node_id": f"LA_{label.id:08d}",
            "url": f"{self.repository_url(repository)}/labels/{quote(label.name, safe='')}",
            "name": label.name,
            "color": label.color,
            "default": False,
            "description": label.description,
        }

    def reaction(self, reaction: Reaction) -> Json:
        """A ``reaction``."""
        return {
            "id": reaction.id,
            "node_id": f"REA_{reaction.id:08d}",
            "user": self.user(reaction.user),
            "content": reaction.content,
            "created_at": stamp(reaction.created_at),
        }

    def _reactions(self, url: str, reactions: Iterable[Reaction]) -> Json:
        contents = [reaction.content for reaction in reactions]
        counts = {name: contents.count(name) for name in _REACTIONS}
        return {"url": f"{url}/reactions", "total_count": len(contents), **counts}

    def association(self, repository: FakeRepository, user: Account) -> str:
        """``author_association`` as computed without a viewer: organisation members show as strangers."""
        if user is repository.owner:
            return "OWNER"
        return "COLLABORATOR" if user.login.lower() in repository.collaborators else "NONE"

    def issue(self, repository: FakeRepository, issue: Issue, app: AppIdentity) -> Json:
        """An ``issue``; ``app`` is shown as author when its bot wrote it."""
        url = f"{self.repository_url(repository)}/issues/{issue.number}"
        page = f"{self.repository_page(repository)}/{'pull' if issue.pull else 'issues'}/{issue.number}"
        body: Json = {
            "id": issue.id,
            "node_id": f"I_{issue.id:08d}",
            "url": url,
            "repository_url": self.repository_url(repository),
            "labels_url": url + "/labels{/name}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "timeline_url": f"{url}/timeline",
            "html_url": page,
            "number": issue.number,
            "state": issue.state,
            "state_reason": issue.state_reason,
            "title": issue.title,
            "body": issue.body,
            "user": self.user(issue.user),
            "labels": [self.label(repository, label) for label in issue.labels],
            "assignee": self.user_or_none(issue.assignees[0] if issue.assignees else None),
            "assignees": [self.user(account) for account in issue.assignees],
            "milestone": None,
            "locked": False,
            "active_lock_reason": None,
            "comments": len(issue.comments),
            "closed_at": stamp_or_none(issue.closed_at),
            "closed_by": self.user_or_none(issue.closed_by),
            "created_at": stamp(issue.created_at),
            "updated_at": stamp(issue.updated_at),
            "author_association": self.association(repository, issue.user),
            "performed_via_github_app": self.app(app) if issue.user is app.account else None,
            "reactions": self._reactions(url, issue.reactions),
        }
        if issue.pull is not None:
            api = f"{self.repository_url(repository)}/pulls/{issue.number}"
            body["draft"] = issue.pull.draft
            body["pull_request"] = {
                "url": api,
                "html_url": page,
                "diff_url": f"{page}.diff",
                "patch_url": f"{page}.patch",
                "merged_at": stamp_or_none(issue.pull.merged_at),
            }
        return body

    def comment(self, repository: FakeRepository, comment: Comment, app: AppIdentity) -> Json:
        """An ``issue-comment``."""
        base = f"{self.repository_url(repository)}/issues"
        url = f"{base}/comments/{comment.id}"
        kind = "pull" if comment.issue.pull else "issues"
        page = f"{self.repository_page(repository)}/{kind}/{comment.issue.number}"
        return {
            "id": comment.id,
            "node_id": f"IC_{comment.id:08d}",
            "url": url,
            "html_url": f"{page}#issuecomment-{comment.id}",
            "issue_url": f"{base}/{comment.issue.number}",
            "body": comment.body,
            "user": self.user(comment.user),
            "created_at": stamp(comment.created_at),
            "updated_at": stamp(comment.updated_at),
            "author_association": self.association(repository, comment.user),
            "performed_via_github_app": self.app(app) if comment.user is app.account else None,
            "reactions": self._reactions(url, comment.reactions),
        }

    def pull(self, repository: FakeRepository, issue: Issue, pull: PullDetails) -> Json:
        """A ``pull-request-simple``."""
        base = self.repository_url(repository)
        url = f"{base}/pulls/{issue.number}"
        page = f"{self.repository_page(repository)}/pull/{issue.number}"
        issue_url = f"{base}/issues/{issue.number}"
        links = {
            "self": url,
            "html": page,
            "issue": issue_url,
            "comments": f"{issue_url}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{base}/pulls/comments{{/number}}",
            "commits": f"{url}/commits",
            "statuses": f"{base}/statuses/{pull.head_sha}",
        }
        return {
            "url": url,
            "id": pull.id,
            "node_id": f"PR_{pull.id:08d}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": issue_url,
            "commits_url": links["commits"],
            "review_comments_url": links["review_comments"],
            "review_comment_url": links["review_comment"],
            "comments_url": links["comments"],
            "statuses_url": links["statuses"],
            "number": issue.number,
            "state": issue.state,
            "locked": False,
            "active_lock_reason": None,
            "title": issue.title,
            "user": self.user(issue.user),
            "body": issue.body,
            "labels": [self.label(repository, label) for label in issue.labels],
            "milestone": None,
            "created_at": stamp(issue.created_at),
            "updated_at": stamp(issue.updated_at),
            "closed_at": stamp_or_none(issue.closed_at),
            "merged_at": stamp_or_none(pull.merged_at),
            "merge_commit_sha": pull.merge_commit_sha,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "head": self._side(pull.head_owner, pull.head_ref, pull.head_sha, pull.head_repository),
            "base": self._side(repository.owner, pull.base_ref, pull.base_sha, repository),
            "_links": {name: {"href": href} for name, href in links.items()},
            "author_association": self.association(repository, issue.user),
            "auto_merge": None,
            "draft": pull.draft,
        }

    def _side(self, owner: Account, ref: str, sha: str, repository: FakeRepository | None) -> Json:
        return {
            "label": f"{owner.login}:{ref}",
            "ref": ref,
            "sha": sha,
            "user": self.user(owner),
            "repo": None if repository is None or repository.deleted else self.repository(repository),
        }

    def minimal_pull(self, repository: FakeRepository, issue: Issue, pull: PullDetails) -> Json:
        """A ``pull-request-minimal``."""
        url = self.repository_url(repository)
        place = {"id": repository.id, "url": url, "name": repository.name}
        return {
            "url": f"{url}/pulls/{issue.number}",
            "id": pull.id,
            "number": issue.number,
            "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": place},
            "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": place},
        }

    # Checks and statuses

    def matching_pulls(self, repository: FakeRepository, sha: str) -> list[Json]:
        """Open pull requests inside the repository whose head is ``sha``; never those of forks."""
        return [
            self.minimal_pull(repository, issue, pull)
            for issue, pull in repository.open_pulls()
            if pull.head_sha == sha and pull.head_repository is repository
        ]

    def check_run(self, repository: FakeRepository, run: CheckRun) -> Json:
        """A ``check-run``."""
        url = f"{self.repository_url(repository)}/check-runs/{run.id}"
        page = f"{self.repository_page(repository)}/runs/{run.id}"
        return {
            "id": run.id,
            "name": run.name,
            "node_id": f"CR_{run.id:08d}",
            "head_sha": run.suite.head_sha,
            "external_id": run.external_id,
            "url": url,
            "html_url": page,
            "details_url": run.details_url or page,
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": stamp_or_none(run.started_at),
            "completed_at": stamp_or_none(run.completed_at),
            "output": {
                "title": run.title,
                "summary": run.summary,
                "text": run.text,
                "annotations_count": len(run.annotations),
                "annotations_url": f"{url}/annotations",
            },
            "check_suite": {"id": run.suite.id},
            "app": self.app(run.suite.app),
            "pull_requests": self.matching_pulls(repository, run.suite.head_sha),
        }

    def annotation(self, repository: FakeRepository, sha: str, note: Json) -> Json:
        """A ``check-annotation``."""
        page = self.repository_page(repository)
        return {
            "path": note["path"],
            "blob_href": f"{page}/blob/{sha}/{quote(note['path'])}",
            "start_line": note["start_line"],
            "end_line": note["end_line"],
            "start_column": note.get("start_column"),
            "end_column": note.get("end_column"),
            "annotation_level": note["annotation_level"],
            "title": note.get("title"),
            "message": note["message"],
            "raw_details": note.get("raw_details"),
        }

    def suite(self, repository: FakeRepository, suite: CheckSuite) -> Json:
        """A ``check-suite`` without ``repository``, as in events."""
        url = f"{self.repository_url(repository)}/check-suites/{suite.id}"
        status, conclusion = suite.outcome()
        return {
            "id": suite.id,
            "node_id": f"CS_{suite.id:08d}",
            "head_branch": suite.head_branch,
            "head_sha": suite.head_sha,
            "status": status,
            "conclusion": conclusion,
            "url": url,
            "before": suite.before,
            "after": suite.head_sha,
            "pull_requests": self.matching_pulls(repository, suite.head_sha),
            "app": self.app(suite.app),
            "created_at": stamp(suite.created_at),
            "updated_at": stamp(suite.updated_at),
            "rerequestable": True,
            "runs_rerequestable": True,
            "latest_check_runs_count": len(suite.runs),
            "check_runs_url": f"{url}/check-runs",
            "head_commit": self.simple_commit(repository.git.commit(suite.head_sha)),
        }

    def full_suite(self, repository: FakeRepository, suite: CheckSuite) -> Json:
        """A ``check-suite``."""
        return self.suite(repository, suite) | {"repository": self.repository(repository)}

    def status(self, repository: FakeRepository, sha: str, status: Status) -> Json:
        """A ``status``, also valid as ``simple-commit-status``."""
        creator = self.user(status.creator)
        return {
            "url": f"{self.repository_url(repository)}/statuses/{sha}",
            "avatar_url": creator["avatar_url"],
            "id": status.id,
            "node_id": f"SC_{status.id:08d}",
            "state": status.state,
            "description": status.description,
            "target_url": status.target_url,
            "context": status.context,
            "created_at": stamp(status.created_at),
            "updated_at": stamp(status.created_at),
            "creator": creator,
        }

    # Deliveries

    def delivery(self, logged: LoggedDelivery) -> Json:
        """A ``hook-delivery-item``."""
        return {
            "id": logged.id,
            "guid": logged.guid,
            "delivered_at": stamp(logged.delivered_at),
            "redelivery": logged.redelivery,
            "duration": round(logged.duration, 2),
            "status": logged.status,
            "status_code": logged.status_code,
            "event": logged.event,
            "action": logged.action or None,
            "installation_id": logged.installation_id,
            "repository_id": logged.repository_id,
            "throttled_at": None,
        }

    def full_delivery(self, logged: LoggedDelivery) -> Json:
        """A ``hook-delivery`` with the bodies of request and answer."""
        return self.delivery(logged) | {
            "url": "",
            "request": {"headers": dict(logged.request_headers), "payload": dict(logged.payload)},
            "response": {"headers": dict(logged.response_headers), "payload": logged.response_body},
        }


def _verification(repository: FakeRepository, commit: Commit) -> Json:
    valid = repository.signatures.get(commit.oid)
    if valid is None:
        return _UNSIGNED
    return _UNSIGNED | {
        "verified": valid,
        "reason": "valid" if valid else "unknown_key",
        "signature": "-----BEGIN PGP SIGNATURE-----",
        "payload": f"tree {commit.tree}",
        "verified_at": from_epoch(commit.committer[2]) if valid else None,
    }


_UNSIGNED: Json = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}


def _git_user(person: tuple[str, str, int]) -> Json:
    return {"name": person[0], "email": person[1], "date": from_epoch(person[2])}
