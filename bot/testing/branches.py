"""Branches and pull requests: what happens when a ref moves, and real merges."""

from __future__ import annotations

from collections.abc import Iterable

from bot.testing.checks import Checks
from bot.testing.git import ZERO, Commit, Identity
from bot.testing.render import Json, from_epoch
from bot.testing.state import Account, FakeRepository, Issue, PullDetails

MAX_PUSH_COMMITS = 2048
_HEADS = "refs/heads/"
_TAGS = "refs/tags/"


class MergeConflict(Exception):
    """A three-way merge by git ended in a conflict."""


class Branches(Checks):
    """Changes to refs and pull requests, with their events."""

    def identity(self, account: Account) -> Identity:
        """The account as an author, now."""
        address = f"{account.id}+{account.login}@users.noreply.github.com"
        return Identity(account.login, address, self.now())

    # Refs

    def refs_changed(
        self, repository: FakeRepository, changes: Iterable[tuple[str, str, str]], actor: Account
    ) -> None:
        """Take in refs that have moved on disk, and cause everything that follows from it.

        Args:
            changes: (old, new, full ref); forty zeros for "none".
        """
        for old, new, ref in changes:
            if new == ZERO:
                repository.refs.pop(ref, None)
            else:
                repository.refs[ref] = new
            repository.pushed_at = repository.updated_at = self.now()
            if ref.startswith((_HEADS, _TAGS)):
                self._announce_ref(repository, ref, old, new, actor)
            if ref.startswith(_HEADS):
                branch = ref.removeprefix(_HEADS)
                self._follow_heads(repository, branch, new, actor)
                if new != ZERO:
                    before = None if old == ZERO else old
                    self.request_suite(repository, new, branch, before, actor)
                    self._follow_bases(repository, branch, actor)

    def _announce_ref(self, repository: FakeRepository, ref: str, old: str, new: str, actor: Account) -> None:
        kind = "branch" if ref.startswith(_HEADS) else "tag"
        short: Json = {
            "ref": ref.removeprefix(_HEADS).removeprefix(_TAGS),
            "ref_type": kind,
            "pusher_type": "user",
        }
        if old == ZERO:
            made = {
                **short,
                "master_branch": repository.default_branch,
                "description": repository.description,
            }
            self.emit("create", "", lambda: made, repository=repository, sender=actor)
        if new == ZERO:
            self.emit("delete", "", lambda: short, repository=repository, sender=actor)
        self.emit(
            "push",
            "",
            lambda: self._push_body(repository, ref, old, new, actor),
            repository=repository,
            sender=actor,
        )

    def _push_body(self, repository: FakeRepository, ref: str, old: str, new: str, actor: Account) -> Json:
        git, page = repository.git, self.render.repository_page(repository)
        commits: tuple[str, ...] = ()
        if new != ZERO and ref.startswith(_HEADS):
            known = [sha for name, sha in repository.refs.items() if name.startswith(_HEADS) and name != ref]
            exclude = [old] if old != ZERO else list(dict.fromkeys(known))
            commits = git.log([new], [sha for sha in exclude if sha != new], limit=MAX_PUSH_COMMITS)
            if old == ZERO and new in known:
                commits = ()
        forced = ZERO not in (old, new) and not git.is_ancestor(old, new)
        place = self.render.full_repository(repository)
        place |= {
            "url": page,
            "created_at": int(repository.created_at.timestamp()),
            "pushed_at": int((repository.pushed_at or repository.created_at).timestamp()),
            "stargazers": 0,
            "master_branch": repository.default_branch,
        }
        place["owner"] |= {"name": repository.owner.login, "email": None}
        if "organization" in place:
            place["organization"] = repository.owner.login
        return {
            "ref": ref,
            "before": old,
            "after": new,
            "created": old == ZERO,
            "deleted": new == ZERO,
            "forced": forced,
            "base_ref": None,
            "compare": f"{page}/compare/{old[:12]}...{new[:12]}",
            "commits": [self._pushed_commit(repository, git.commit(sha)) for sha in reversed(commits)],
            "head_commit": None if new == ZERO else self._pushed_commit(repository, git.commit(new)),
            "pusher": {"name": actor.login, "email": self.identity(actor).email},
            "repository": place,
        }

    def _pushed_commit(self, repository: FakeRepository, commit: Commit) -> Json:
        added, removed, modified = repository.git.touched(commit.oid)
        people = {
            role: {"name": person[0], "email": person[1], "username": person[0]}
            for role, person in (("author", commit.author), ("committer", commit.committer))
        }
        return {
            "id": commit.oid,
            "tree_id": commit.tree,
            "distinct": True,
            "message": commit.message,
            "timestamp": from_epoch(commit.committer[2]),
            "url": f"{self.render.repository_page(repository)}/commit/{commit.oid}",
            **people,
            "added": added,
            "removed": removed,
            "modified": modified,
        }

    def point(self, repository: FakeRepository, ref: str, sha: str, actor: Account) -> None:
        """Move or make a ref. Raises GitFailed when git does not accept the name."""
        repository.git.set_ref(ref, sha)
        self.refs_changed(repository, [(repository.refs.get(ref, ZERO), sha, ref)], actor)

    def unpoint(self, repository: FakeRepository, ref: str, actor: Account) -> None:
        """Delete a ref."""
        repository.git.delete_ref(ref)
        self.refs_changed(repository, [(repository.refs[ref], ZERO, ref)], actor)

    # Pull requests

    def _follow_heads(self, repository: FakeRepository, branch: str, new: str, actor: Account) -> None:
        """Pull requests from a branch move with it, and are closed when it is deleted."""
        for base in self.repositories.values():
            for issue, pull in base.open_pulls():
                if pull.head_repository is not repository or pull.head_ref != branch:
                    continue
                if new == ZERO:
                    self.close_pull(base, issue, actor)
                    continue
                before, pull.head_sha = pull.head_sha, new
                pull.merge_commit_sha = None
                issue.updated_at = self.now()
                base.git.set_ref(f"refs/pull/{issue.number}/head", new)
                self.emit_pull(base, issue, "synchronize", actor, before=before, after=new)

    def _follow_bases(self, repository: FakeRepository, branch: str, actor: Account) -> None:
        """Pull requests whose head the base now contains are merged by that."""
        tip = repository.branches[branch]
        for issue, pull in repository.open_pulls():
            if pull.base_ref == branch and repository.git.is_ancestor(pull.head_sha, tip):
                pull.merge_commit_sha = tip
                self._mark_merged(repository, issue, pull, actor)

    def _mark_merged(
        self, repository: FakeRepository, issue: Issue, pull: PullDetails, actor: Account
    ) -> None:
        pull.merged_at, pull.merged_by = self.now(), actor
        self.close_pull(repository, issue, actor)

    def close_pull(self, repository: FakeRepository, issue: Issue, actor: Account) -> None:
        """Close a pull request, merged or not."""
        self.set_issue_state(repository, issue, actor, "closed", None)
        self.emit_pull(repository, issue, "closed", actor)

    def add_pull(
        self,
        repository: FakeRepository,
        head_repository: FakeRepository,
        head: str,
        base: str,
        user: Account,
        title: str,
        body: str | None,
        *,
        draft: bool = False,
    ) -> Issue:
        """Open a pull request between two existing branches."""
        issue = self._number_issue(repository, user, title, body)
        issue.pull = PullDetails(
            id=self.new_id(),
            head_repository=head_repository,
            head_owner=head_repository.owner,
            head_ref=head,
            head_sha=head_repository.branches[head],
            base_ref=base,
            base_sha=repository.branches[base],
            draft=draft,
        )
        repository.git.set_ref(f"refs/pull/{issue.number}/head", issue.pull.head_sha)
        self.emit_pull(repository, issue, "opened", user)
        return issue

    def emit_pull(
        self, repository: FakeRepository, issue: Issue, action: str, sender: Account, **extra: object
    ) -> None:
        """Announce something about a pull request."""
        self.emit(
            "pull_request",
            action,
            lambda: {"number": issue.number, "pull_request": self.full_pull(repository, issue), **extra},
            repository=repository,
            sender=sender,
        )

    def full_pull(self, repository: FakeRepository, issue: Issue) -> Json:
        """A ``pull-request``; ``mergeable`` is null until a look at it has asked for the test merge."""
        pull = issue.pull
        if pull is None:
            raise LookupError(f"number {issue.number} is no pull request")
        if pull.merged_at is None:
            pull.base_sha = repository.branches.get(pull.base_ref, pull.base_sha)
        git = repository.git
        ours = git.log([pull.head_sha], [pull.base_sha])
        changes = self.pull_changes(repository, pull)
        mergeable, state = self._mergeable(repository, issue, pull)
        return self.render.pull(repository, issue, pull) | {
            "merged": pull.merged_at is not None,
            "mergeable": mergeable,
            "mergeable_state": state,
            "rebaseable": mergeable,
            "merged_by": self.render.user_or_none(pull.merged_by),
            "comments": len(issue.comments),
            "review_comments": 0,
            "maintainer_can_modify": pull.maintainer_can_modify,
            "commits": len(ours),
            "additions": sum(change["additions"] for change in changes),
            "deletions": sum(change["deletions"] for change in changes),
            "changed_files": len(changes),
        }

    def pull_changes(self, repository: FakeRepository, pull: PullDetails) -> list[Json]:
        """The files of a pull request, against the merge base."""
        git = repository.git
        start = git.merge_base(pull.base_sha, pull.head_sha)
        found = git.changes(start, pull.head_sha) if start else ()
        return [self.render.change(repository, pull.head_sha, change) for change in found]

    def _mergeable(
        self, repository: FakeRepository, issue: Issue, pull: PullDetails
    ) -> tuple[bool | None, str]:
        if issue.state == "closed":
            return None, "unknown"
        if pull.examined != (pull.base_sha, pull.head_sha):
            return None, "unknown"
        if repository.git.merge_tree(pull.base_sha, pull.head_sha) is None:
            return False, "dirty"
        return True, "draft" if pull.draft else "clean"

    def mergeability(
        self, repository: FakeRepository, issue: Issue, pull: PullDetails
    ) -> tuple[bool | None, str]:
        """(mergeable, state) as the last look has left them; for the branch as it is now."""
        if pull.merged_at is None:
            pull.base_sha = repository.branches.get(pull.base_ref, pull.base_sha)
        return self._mergeable(repository, issue, pull)

    def examine(self, pull: PullDetails) -> None:
        """Start the test merge of what is there now; its result is known at the next look."""
        pull.examined = (pull.base_sha, pull.head_sha)

    def look_at_pull(self, repository: FakeRepository, issue: Issue) -> Json:
        """A ``pull-request`` as a GET sees it: this look starts the test merge for the next one."""
        body = self.full_pull(repository, issue)
        if issue.pull is not None:
            self.examine(issue.pull)
        return body

    # Merging

    def merge_into(
        self, repository: FakeRepository, branch: str, other: str, message: str, actor: Account
    ) -> str | None:
        """Merge a commit into a branch with git; None when there is nothing to do.

        Raises:
            MergeConflict: with the branch untouched.
        """
        tip = repository.branches[branch]
        if repository.git.is_ancestor(other, tip):
            return None
        sha = self._merge_commit(repository, tip, other, message, actor)
        self.point(repository, _HEADS + branch, sha, actor)
        return sha

    def _merge_commit(
        self, repository: FakeRepository, ours: str, theirs: str, message: str, actor: Account
    ) -> str:
        tree = repository.git.merge_tree(ours, theirs)
        if tree is None:
            raise MergeConflict
        return repository.git.write_commit(tree, [ours, theirs], message, self.identity(actor))

    def complete_pull(
        self, repository: FakeRepository, issue: Issue, pull: PullDetails, actor: Account, *, squash: bool
    ) -> str:
        """Merge an open pull request. Raises MergeConflict."""
        tip = repository.branches[pull.base_ref]
        source = f"{pull.head_owner.login}/{pull.head_ref}"
        message = f"Merge pull request #{issue.number} from {source}\n\n{issue.title}"
        tree = repository.git.merge_tree(tip, pull.head_sha)
        if tree is None:
            raise MergeConflict
        parents = [tip] if squash else [tip, pull.head_sha]
        if squash:
            message = f"{issue.title} (#{issue.number})"
        sha = repository.git.write_commit(tree, parents, message, self.identity(actor))
        pull.base_sha = tip
        self.point(repository, _HEADS + pull.base_ref, sha, actor)
        if pull.merged_at is None:
            # A squashed head is no ancestor of the base, so moving the base has not closed it.
            pull.merge_commit_sha = sha
            self._mark_merged(repository, issue, pull, actor)
        return sha

    def queue_pull(self, repository: FakeRepository, issue: Issue, pull: PullDetails, actor: Account) -> str:
        """Put a pull request into the merge queue: a temporary branch, and a request for checks."""
        tip = repository.branches[pull.base_ref]
        message = f"Merge pull request #{issue.number} from {pull.head_owner.login}/{pull.head_ref}"
        sha = self._merge_commit(repository, tip, pull.head_sha, message, actor)
        ref = f"{_HEADS}gh-readonly-queue/{pull.base_ref}/pr-{issue.number}-{tip}"
        self.point(repository, ref, sha, actor)
        group: Json = {
            "head_sha": sha,
            "head_ref": ref,
            "base_sha": tip,
            "base_ref": _HEADS + pull.base_ref,
            "head_commit": self.render.simple_commit(repository.git.commit(sha)),
        }
        self.emit(
            "merge_group",
            "checks_requested",
            lambda: {"merge_group": group},
            repository=repository,
            sender=actor,
        )
        return sha
