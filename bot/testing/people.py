"""What people do: the driver of tests and of the demo. Every act causes the events it causes on GitHub."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from bot.testing.branches import Branches, MergeConflict
from bot.testing.git import ZERO, Content
from bot.testing.registration import Registering
from bot.testing.settings_people import Settings
from bot.testing.state import (
    Account,
    AppIdentity,
    Asset,
    CheckRun,
    Comment,
    FakeRepository,
    Installation,
    Issue,
    LoggedDelivery,
    PullDetails,
    Release,
)
from bot.testing.world import RepositoryLike

_HEADS = "refs/heads/"


class People(Branches, Registering, Settings):
    """Acts of people. ``actor`` is a login; ``octocat`` exists from the start and owns organisations."""

    # Accounts

    def create_organisation(self, login: str, *, owner: str = "octocat") -> Account:
        """Make an organisation; its owner administers all its repositories."""
        with self.transaction():
            return self._add_account(login, "Organization", self.account(owner))

    def create_user(self, login: str, type: Literal["User", "Bot"] = "User") -> Account:  # noqa: A002
        """Make a person or a bot."""
        with self.transaction():
            return self._add_account(login, type)

    # Repositories

    def create_repository(
        self,
        owner: str,
        name: str,
        *,
        private: bool = False,
        files: Mapping[str, Content] | None = None,
        default_branch: str = "main",
        actor: str = "octocat",
    ) -> FakeRepository:
        """Make a repository, with one commit when files are given, else empty."""
        with self.transaction():
            person = self.account(actor)
            repository = self._new_repository(
                self.account(owner), name, private=private, default_branch=default_branch
            )
            self._announce_new(repository, person)
            if files:
                self.push(repository, default_branch, files, message="Initial commit", actor=actor)
            return repository

    def fork(self, which: RepositoryLike, owner: str, *, name: str | None = None) -> FakeRepository:
        """Fork a repository with all its branches; objects are shared, as on GitHub."""
        with self.transaction():
            parent, account = self.repository(which), self.account(owner)
            forked = self._new_repository(
                account,
                name or parent.name,
                private=parent.private,
                default_branch=parent.default_branch,
                parent=parent,
            )
            for branch, sha in parent.branches.items():
                forked.git.set_ref(_HEADS + branch, sha)
                forked.refs[_HEADS + branch] = sha
            parent.forks += 1
            self._announce_new(forked, account)
            return forked

    def describe(
        self,
        which: RepositoryLike,
        *,
        description: str | None = None,
        homepage: str | None = None,
        topics: Sequence[str] = (),
        pages: bool = False,
        actor: str = "octocat",
    ) -> None:
        """Write down what the repository's page says of it."""
        with self.transaction():
            repository = self.repository(which)
            repository.description, repository.homepage = description, homepage
            repository.topics, repository.has_pages = list(topics), pages
            self._emit_repository(repository, "edited", self.account(actor), changes={})

    def publish_release(
        self,
        which: RepositoryLike,
        tag: str,
        *,
        notes: str | None = None,
        prerelease: bool = False,
        draft: bool = False,
        assets: Mapping[str, int] | None = None,
        actor: str = "octocat",
    ) -> Release:
        """Publish a release of the default branch; its tag is made when it is not there.

        Args:
            draft: only prepare it: no tag is made.
            assets: name -> bytes of the files attached to it.
        """
        with self.transaction():
            repository, now = self.repository(which), self.now()
            if repository.head is not None and not draft and f"refs/tags/{tag}" not in repository.refs:
                self.point(repository, f"refs/tags/{tag}", repository.head, self.account(actor))
            release = Release(
                id=self.new_id(),
                tag=tag,
                name=tag,
                body=notes,
                author=self.account(actor),
                target=repository.default_branch,
                created_at=now,
                published_at=None if draft else now,
                draft=draft,
                prerelease=prerelease,
            )
            page = f"{self.render.repository_page(repository)}/releases/download/{tag}"
            release.assets = [
                Asset(self.new_id(), name, size, "application/octet-stream", f"{page}/{name}", now)
                for name, size in (assets or {}).items()
            ]
            repository.releases.append(release)
            body = {"release": self.render.release(repository, release)}
            actions = ("created",) if draft else ("created", "published", "released")
            for action in actions[:2] if prerelease else actions:
                self.emit("release", action, lambda: body, repository=repository, sender=release.author)
            return release

    def sign_commit(self, which: RepositoryLike, oid: str, *, valid: bool = True) -> None:
        """Put a signature on a commit that is there, without changing its id."""
        with self.transaction():
            self.repository(which).signatures[oid] = valid

    def review(
        self,
        which: RepositoryLike,
        number: int,
        decision: str | None,
        *,
        waiting_for: Sequence[str] = (),
    ) -> None:
        """Say how reviews of a pull request stand.

        Args:
            decision: APPROVED, CHANGES_REQUESTED, REVIEW_REQUIRED, or None.
            waiting_for: logins of who was asked and has not reviewed yet.
        """
        with self.transaction():
            pull = self.repository(which).issues[number].pull
            if pull is None:
                raise LookupError(f"number {number} is no pull request")
            pull.review_decision, pull.reviewers = decision, [self.account(login) for login in waiting_for]

    def _announce_new(self, repository: FakeRepository, actor: Account) -> None:
        self._emit_repository(repository, "created", actor)
        for installation in self.all_covering(repository):
            self._emit_selection(installation, actor, added=[repository])

    def _emit_repository(
        self, repository: FakeRepository, action: str, actor: Account, **extra: object
    ) -> None:
        self.emit("repository", action, lambda: dict(extra), repository=repository, sender=actor)

    def _emit_selection(
        self,
        installation: Installation,
        actor: Account,
        *,
        added: Iterable[FakeRepository] = (),
        removed: Iterable[FakeRepository] = (),
    ) -> None:
        lists = {
            "repositories_added": [self.render.installed_repository(r) for r in added],
            "repositories_removed": [self.render.installed_repository(r) for r in removed],
        }
        for action in ("added", "removed"):
            if lists[f"repositories_{action}"]:
                self.emit_installation(
                    "installation_repositories",
                    action,
                    installation,
                    actor,
                    repository_selection="all" if installation.repositories is None else "selected",
                    **lists,
                )

    def rename(self, which: RepositoryLike, name: str, *, actor: str = "octocat") -> None:
        """Give a repository another name; the old one redirects until it is taken."""
        with self.transaction():
            repository = self.repository(which)
            before, repository.name = repository.name, name
            self.claim_name(repository)
            changes = {"repository": {"name": {"from": before}}}
            self._emit_repository(repository, "renamed", self.account(actor), changes=changes)

    def transfer(self, which: RepositoryLike, owner: str, *, actor: str = "octocat") -> None:
        """Give a repository to another account; the App keeps it only if it is installed there too."""
        with self.transaction():
            repository, person = self.repository(which), self.account(actor)
            all_left, before = self.all_covering(repository), repository.owner
            repository.owner = self.account(owner)
            self.claim_name(repository)
            for left in all_left:
                if left.repositories is not None:
                    left.repositories.discard(repository.id)
                self._emit_selection(left, person, removed=[repository])
            for joined in self.all_covering(repository):
                self._emit_selection(joined, person, added=[repository])
            kind = "organization" if before.type == "Organization" else "user"
            who = self.render.organization(before) if kind == "organization" else self.render.user(before)
            changes = {"owner": {"from": {kind: who}}}
            self._emit_repository(repository, "transferred", person, changes=changes)

    def archive(self, which: RepositoryLike, *, actor: str = "octocat") -> None:
        """Make a repository read-only."""
        with self.transaction():
            repository = self.repository(which)
            repository.archived = True
            self._emit_repository(repository, "archived", self.account(actor))

    def unarchive(self, which: RepositoryLike, *, actor: str = "octocat") -> None:
        """Make it writable again."""
        with self.transaction():
            repository = self.repository(which)
            repository.archived = False
            self._emit_repository(repository, "unarchived", self.account(actor))

    def delete(self, which: RepositoryLike, *, actor: str = "octocat") -> None:
        """Delete a repository: it answers 404 from now on."""
        with self.transaction():
            repository, person = self.repository(which), self.account(actor)
            self._emit_repository(repository, "deleted", person)
            losing = self.all_covering(repository)
            repository.deleted = True
            for installation in losing:
                self._emit_selection(installation, person, removed=[repository])

    def publicize(self, which: RepositoryLike, *, actor: str = "octocat") -> None:
        """Make a repository public."""
        self._set_private(which, actor, private=False)

    def privatize(self, which: RepositoryLike, *, actor: str = "octocat") -> None:
        """Make a repository private."""
        self._set_private(which, actor, private=True)

    def _set_private(self, which: RepositoryLike, actor: str, *, private: bool) -> None:
        with self.transaction():
            repository = self.repository(which)
            repository.private = private
            self._emit_repository(repository, "privatized" if private else "publicized", self.account(actor))

    def set_default_branch(self, which: RepositoryLike, branch: str, *, actor: str = "octocat") -> None:
        """Make another existing branch the default one."""
        with self.transaction():
            repository = self.repository(which)
            if branch not in repository.branches:
                raise LookupError(f"{repository.full_name} has no branch '{branch}'")
            before, repository.default_branch = repository.default_branch, branch
            repository.git.set_head(branch)
            changes = {"default_branch": {"from": before}}
            self._emit_repository(repository, "edited", self.account(actor), changes=changes)

    def set_collaborator(self, which: RepositoryLike, login: str, role: str) -> None:
        """Give somebody a role: read, triage, write, maintain, admin; "" takes it away."""
        self.collaborate(which, login, role)

    # Apps and installations

    def register_app(self, owner: str, manifest: Mapping[str, Any], *, actor: str = "octocat") -> str:
        """Make an App from a manifest; returns the code that fetches its keys, good for an hour.

        Raises:
            ValueError: the manifest is not one that GitHub takes, or ``actor`` does not own ``owner``.
        """
        with self.transaction():
            account, person = self.account(owner), self.account(actor)
            if person not in (account, account.owner):
                raise ValueError(f"{actor} may not register Apps for '{owner}'")
            return self.make_app(manifest, account)

    def install(
        self,
        account: str,
        *,
        permissions: Mapping[str, str] | None = None,
        repositories: Literal["all"] | Sequence[str] = "all",
        actor: str = "octocat",
        app: str = "",
    ) -> int:
        """Install an App; returns the installation's id.

        Args:
            app: its slug; by default the App under test.
            permissions: None means what the App asks for; ``metadata: read`` is always in.
            repositories: "all", or names without the owner.
        """
        with self.transaction():
            owner, now, identity = self.account(account), self.now(), self.app_named(app)
            if any(i.account is owner and i.app is identity for i in self.installations.values()):
                raise ValueError(f"the App is installed on '{account}' already")
            chosen: set[int] | None = None
            if not isinstance(repositories, str):
                chosen = {self.repository(f"{owner.login}/{name}").id for name in repositories}
            granted = dict(identity.permissions if permissions is None else permissions)
            installation = Installation(
                id=self.new_id(),
                app=identity,
                account=owner,
                permissions={"metadata": "read", **granted},
                repositories=chosen,
                created_at=now,
                updated_at=now,
                events=list(identity.events),
            )
            self.installations[installation.id] = installation
            shown = [self.render.installed_repository(r) for r in self.covered(installation)]
            self.emit_installation(
                "installation", "created", installation, self.account(actor), repositories=shown
            )
            return installation.id

    def uninstall(self, installation_id: int, *, actor: str = "octocat") -> None:
        """Remove the App from an account; its tokens die."""
        with self.transaction():
            installation = self.installations[installation_id]
            shown = [self.render.installed_repository(r) for r in self.covered(installation)]
            self.emit_installation(
                "installation", "deleted", installation, self.account(actor), repositories=shown
            )
            del self.installations[installation_id]
            for token in self.tokens.values():
                token.revoked = token.revoked or token.installation is installation

    def suspend(self, installation_id: int, *, actor: str = "octocat") -> None:
        """Suspend: no API, no events until ``unsuspend``."""
        with self.transaction():
            installation, person = self.installations[installation_id], self.account(actor)
            installation.suspended_at, installation.suspended_by = self.now(), person
            self.emit_installation("installation", "suspend", installation, person)

    def unsuspend(self, installation_id: int, *, actor: str = "octocat") -> None:
        """End a suspension."""
        with self.transaction():
            installation, person = self.installations[installation_id], self.account(actor)
            installation.suspended_at = installation.suspended_by = None
            self.emit_installation("installation", "unsuspend", installation, person)

    def set_permissions(
        self, installation_id: int, permissions: Mapping[str, str], *, actor: str = "octocat"
    ) -> None:
        """Accept another set of permissions; tokens minted before keep at most the smaller one."""
        with self.transaction():
            installation = self.installations[installation_id]
            installation.permissions = {"metadata": "read", **permissions}
            installation.updated_at = self.now()
            self.emit_installation(
                "installation", "new_permissions_accepted", installation, self.account(actor)
            )

    def select_repositories(
        self, installation_id: int, repositories: Literal["all"] | Sequence[str], *, actor: str = "octocat"
    ) -> None:
        """Change which repositories an installation has: "all", or names without the owner."""
        with self.transaction():
            installation = self.installations[installation_id]
            before = self.covered(installation)
            installation.repositories = (
                None
                if isinstance(repositories, str)
                else {self.repository(f"{installation.account.login}/{name}").id for name in repositories}
            )
            after = self.covered(installation)
            self._emit_selection(
                installation,
                self.account(actor),
                added=[r for r in after if r not in before],
                removed=[r for r in before if r not in after],
            )

    # Commits and branches

    def push(
        self,
        which: RepositoryLike,
        branch: str,
        files: Mapping[str, Content],
        *,
        message: str = "Change",
        actor: str = "octocat",
        force: bool = False,
        parents: Sequence[str] | None = None,
    ) -> str:
        """Write one real commit and push it; returns its sha.

        Args:
            files: path -> content on top of the first parent; None deletes.
            force: needed when ``parents`` leaves the branch's present commit out.
            parents: default: the branch; for a new branch the default branch; () for no history.

        Raises:
            ValueError: not a fast-forward, and no ``force``.
            GitFailed: git does not accept the branch name or a path.
        """
        with self.transaction():
            repository, person = self.repository(which), self.account(actor)
            ref = _HEADS + branch
            old = repository.refs.get(ref, ZERO)
            if parents is None:
                start = repository.refs.get(ref) or repository.head
                parents = [start] if start else []
            if old != ZERO and not force and not any(repository.git.is_ancestor(old, p) for p in parents):
                raise ValueError(f"'{branch}' would not move forward: pass force=True to rewrite it")
            sha = repository.git.write_files(
                ref, files, message=message, author=self.identity(person), parents=parents
            )
            self.refs_changed(repository, [(old, sha, ref)], person)
            return sha

    def set_branch(self, which: RepositoryLike, branch: str, sha: str, *, actor: str = "octocat") -> None:
        """Point a branch to an existing commit, as a (forced) push of it would."""
        with self.transaction():
            self.point(self.repository(which), _HEADS + branch, sha, self.account(actor))

    def delete_branch(self, which: RepositoryLike, branch: str, *, actor: str = "octocat") -> None:
        """Delete a branch; pull requests from it are closed."""
        with self.transaction():
            self.unpoint(self.repository(which), _HEADS + branch, self.account(actor))

    def receive_pushed_refs(
        self, repository_id: int, changes: Sequence[tuple[str, str, str]], actor: str
    ) -> None:
        """Take in what a real ``git push`` over HTTP has done to the repository on disk.

        Args:
            changes: (old, new, full ref); forty zeros for a ref that was made or deleted.
        """
        with self.transaction():
            self.refs_changed(self.repository(repository_id), changes, self.account(actor))

    # Pull requests

    def open_pull_request(
        self,
        which: RepositoryLike,
        head: str,
        base: str = "main",
        *,
        title: str = "A change",
        body: str | None = None,
        actor: str = "octocat",
        head_repository: RepositoryLike | None = None,
        draft: bool = False,
    ) -> int:
        """Open a pull request; returns its number."""
        with self.transaction():
            repository = self.repository(which)
            source = repository if head_repository is None else self.repository(head_repository)
            for place, branch in ((source, head), (repository, base)):
                if branch not in place.branches:
                    raise LookupError(f"{place.full_name} has no branch '{branch}'")
            person = self.account(actor)
            return self.add_pull(repository, source, head, base, person, title, body, draft=draft).number

    def merge_pull_request(
        self, which: RepositoryLike, number: int, *, actor: str = "octocat", squash: bool = False
    ) -> str:
        """Merge; returns the commit. Raises MergeConflict."""
        with self.transaction():
            repository = self.repository(which)
            issue, pull = self._pull(repository, number)
            return self.complete_pull(repository, issue, pull, self.account(actor), squash=squash)

    def close_pull_request(self, which: RepositoryLike, number: int, *, actor: str = "octocat") -> None:
        """Close without merging."""
        with self.transaction():
            repository = self.repository(which)
            issue, _ = self._pull(repository, number)
            self.close_pull(repository, issue, self.account(actor))

    def reopen_pull_request(self, which: RepositoryLike, number: int, *, actor: str = "octocat") -> None:
        """Open again what was closed without merging."""
        with self.transaction():
            repository, person = self.repository(which), self.account(actor)
            issue, _ = self._pull(repository, number)
            self.set_issue_state(repository, issue, person, "open", None)
            self.emit_pull(repository, issue, "reopened", person)

    def retarget_pull_request(
        self, which: RepositoryLike, number: int, base: str, *, actor: str = "octocat"
    ) -> None:
        """Change the base branch."""
        with self.transaction():
            repository = self.repository(which)
            issue, pull = self._pull(repository, number)
            before, before_sha = pull.base_ref, pull.base_sha
            pull.base_ref, pull.base_sha = base, repository.branches[base]
            changes = {"base": {"ref": {"from": before}, "sha": {"from": before_sha}}}
            self.emit_pull(repository, issue, "edited", self.account(actor), changes=changes)

    def add_to_merge_queue(self, which: RepositoryLike, number: int, *, actor: str = "octocat") -> str:
        """Queue a pull request; returns the sha of the merge group. Raises MergeConflict."""
        with self.transaction():
            repository = self.repository(which)
            issue, pull = self._pull(repository, number)
            return self.queue_pull(repository, issue, pull, self.account(actor))

    def _pull(self, repository: FakeRepository, number: int) -> tuple[Issue, PullDetails]:
        issue = self._issue(repository, number)
        if issue.pull is None:
            raise LookupError(f"{repository.full_name}#{number} is no pull request")
        return issue, issue.pull

    # Issues and comments

    def _issue(self, repository: FakeRepository, number: int) -> Issue:
        try:
            return repository.issues[number]
        except KeyError:
            raise LookupError(f"{repository.full_name} has no number {number}") from None

    def open_issue(
        self,
        which: RepositoryLike,
        title: str,
        *,
        body: str | None = None,
        labels: Sequence[str] = (),
        actor: str = "octocat",
    ) -> int:
        """Open an issue; returns its number."""
        with self.transaction():
            person = self.account(actor)
            return self.add_issue(self.repository(which), person, title, body, list(labels)).number

    def comment(self, which: RepositoryLike, number: int, body: str, *, actor: str = "octocat") -> int:
        """Comment on an issue or pull request; returns the comment's id."""
        with self.transaction():
            repository = self.repository(which)
            issue = self._issue(repository, number)
            return self.add_comment(repository, issue, self.account(actor), body).id

    def change_comment(
        self, which: RepositoryLike, comment_id: int, body: str, *, actor: str = "octocat"
    ) -> None:
        """Edit a comment, perhaps somebody else's."""
        with self.transaction():
            repository = self.repository(which)
            self.edit_comment(repository, self._comment(repository, comment_id), self.account(actor), body)

    def delete_comment(self, which: RepositoryLike, comment_id: int, *, actor: str = "octocat") -> None:
        """Delete a comment."""
        with self.transaction():
            repository = self.repository(which)
            self.remove_comment(repository, self._comment(repository, comment_id), self.account(actor))

    @staticmethod
    def _comment(repository: FakeRepository, comment_id: int) -> Comment:
        return repository.comments[comment_id]

    def change_issue(
        self,
        which: RepositoryLike,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        actor: str = "octocat",
    ) -> None:
        """Edit an issue, as ticking a box in its body does."""
        with self.transaction():
            repository = self.repository(which)
            issue = self._issue(repository, number)
            self.edit_issue(repository, issue, self.account(actor), title, body)

    def close_issue(
        self, which: RepositoryLike, number: int, actor: str = "octocat", reason: str = "completed"
    ) -> None:
        """Close an issue: completed, not_planned or duplicate."""
        with self.transaction():
            repository = self.repository(which)
            issue = self._issue(repository, number)
            self.set_issue_state(repository, issue, self.account(actor), "closed", reason)

    def reopen_issue(self, which: RepositoryLike, number: int, *, actor: str = "octocat") -> None:
        """Open an issue again."""
        with self.transaction():
            repository = self.repository(which)
            issue = self._issue(repository, number)
            self.set_issue_state(repository, issue, self.account(actor), "open", None)

    def delete_issue(self, which: RepositoryLike, number: int, *, actor: str = "octocat") -> None:
        """Delete an issue: it answers 410 from now on."""
        with self.transaction():
            repository = self.repository(which)
            self.remove_issue(repository, self._issue(repository, number), self.account(actor))

    def set_issues_enabled(self, which: RepositoryLike, *, enabled: bool) -> None:
        """Switch a repository's issues on or off."""
        with self.transaction():
            self.repository(which).has_issues = enabled

    # Checks

    def check_run(self, check_run_id: int) -> tuple[FakeRepository, CheckRun]:
        """A check run and where it is. Raises LookupError."""
        for repository in self.repositories.values():
            if check_run_id in repository.check_runs:
                return repository, repository.check_runs[check_run_id]
        raise LookupError(f"there is no check run {check_run_id}")

    def rerequest_check_run(self, check_run_id: int, actor: str = "octocat") -> None:
        """Press "Re-run" beside a check run."""
        with self.transaction():
            repository, run = self.check_run(check_run_id)
            self.request_run_again(repository, run, self.account(actor))

    def rerequest_check_suite(
        self, sha: str, actor: str = "octocat", *, repository: RepositoryLike | None = None
    ) -> None:
        """Press "Re-run all" on a commit."""
        with self.transaction():
            places = self.repositories.values() if repository is None else [self.repository(repository)]
            found = [
                (place, suite)
                for place in places
                for suite in place.check_suites.values()
                if suite.head_sha == sha and suite.app.id in self.apps
            ]
            if not found:
                raise LookupError(f"there is no check suite on {sha}")
            for place, suite in found:
                if place is found[0][0]:
                    self.request_suite_again(place, suite, self.account(actor))

    def press_button(self, check_run_id: int, identifier: str, actor: str = "octocat") -> None:
        """Press one of a completed run's buttons."""
        with self.transaction():
            repository, run = self.check_run(check_run_id)
            if identifier not in [action["identifier"] for action in run.actions]:
                raise LookupError(f"check run {check_run_id} has no button '{identifier}'")
            asked = {"requested_action": {"identifier": identifier}}
            self.emit_run(repository, run, "requested_action", self.account(actor), **asked)

    def foreign_check_run(
        self,
        which: RepositoryLike,
        sha: str,
        name: str,
        *,
        conclusion: str = "success",
        slug: str = "other-ci",
    ) -> int:
        """A completed check run by another App; returns its id."""
        with self.transaction():
            repository, now = self.repository(which), self.now()
            suite, _ = self.suite_of(repository, sha, self._foreign_app(slug))
            run = CheckRun(self.new_id(), suite, name, now, "completed", conclusion, now)
            self.add_run(repository, run, suite.app.account)
            return run.id

    def _foreign_app(self, slug: str) -> AppIdentity:
        for repository in self.repositories.values():
            for suite in repository.check_suites.values():
                if suite.app.slug == slug:
                    return suite.app
        return self._identity(self.new_id(), slug, self.account("octocat"), {"checks": "write"})

    # Deliveries

    def record_delivery(
        self,
        *,
        guid: str,
        event: str,
        action: str,
        status_code: int,
        payload: Mapping[str, Any],
        installation_id: int | None = None,
        repository_id: int | None = None,
        redelivery: bool = False,
        duration: float = 0.0,
        status: str | None = None,
        request_headers: Mapping[str, str] | None = None,
        response_headers: Mapping[str, str] | None = None,
        response_body: str = "",
        app_id: int = 0,
    ) -> int:
        """Log an attempt of the sender; returns the delivery's id.

        Args:
            status_code: of the receiver's answer; 0 when there was none.
            duration: seconds.
            app_id: in whose log; 0 is the App under test.
        """
        with self.transaction():
            words = "OK" if 200 <= status_code < 400 else "Invalid HTTP Response"
            logged = LoggedDelivery(
                id=self.new_id(),
                guid=guid,
                delivered_at=self.now(),
                redelivery=redelivery,
                duration=duration,
                status=status or (words if status_code else "Failed to connect to host"),
                status_code=status_code,
                event=event,
                action=action or None,
                installation_id=installation_id,
                repository_id=repository_id,
                request_headers=dict(request_headers or {}),
                payload=payload,
                response_headers=dict(response_headers or {}),
                response_body=response_body,
                app_id=app_id or self.app.id,
            )
            self.deliveries.append(logged)
            return logged.id


__all__ = ["MergeConflict", "People"]
