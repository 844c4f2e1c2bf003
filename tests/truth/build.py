"""Builds a planned organisation into a fake GitHub, past its API and without events.

```python
fake = FakeGitHub(tmp_path, clock=ManualClock())
built = build(fake, plan_organisation(seed=1, repositories=300))
installation = fake.install("acme")
```
Three hundred repositories take a few seconds. They share one store of objects, as forks do on GitHub:
most of the time goes into making files and folders, and so each is made once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.testing.fake import FakeGitHub
from bot.testing.settings import CodeAnalysis, WorkflowPermissions, WorkflowRun
from bot.testing.state import (
    Account,
    AppIdentity,
    Asset,
    CheckRun,
    Comment,
    FakeRepository,
    Issue,
    PullDetails,
    Release,
    Status,
)
from tests.truth.objects import Files, ObjectWriter, write_refs
from tests.truth.plans import (
    BranchPlan,
    CommitPlan,
    IssuePlan,
    OrganisationPlan,
    Plan,
    PullPlan,
    ReleasePlan,
    ResultPlan,
    SettingsPlan,
    Where,
)

HEADS = "refs/heads/"
UPSTREAM = "upstream"
"""The account that forks came from."""

CI = "truth-ci"
"""The App that reports checks."""


def build(fake: FakeGitHub, plan: OrganisationPlan) -> Mapping[str, FakeRepository]:
    """Make the organisation with all its repositories; install the App afterwards.

    Returns:
        The repositories by their names.
    """
    with fake.transaction():
        owner = _people(fake, plan)
        ci = _ci(fake)
        if plan.defaults:
            defaults = fake.create_repository(plan.login, ".github")
            commit = CommitPlan(100.0, dict(plan.defaults))
            about = Plan(".github", branches=(BranchPlan("main", None, (commit,)),))
            _Building(fake, defaults, about, ci, ObjectWriter(defaults.git.path)).run()
        writer = ObjectWriter(fake.root / "shared.git")
        built = {one.name: _repository(fake, plan.login, one, ci, writer) for one in plan.repositories}
        for ruleset in plan.rulesets:
            fake.ruleset(
                owner,
                ruleset.name,
                ruleset.rules,
                refs=ruleset.refs,
                enforcement=ruleset.enforcement,
                bypass=ruleset.bypass,
                repositories=ruleset.repositories,
            )
        return built


def _people(fake: FakeGitHub, plan: OrganisationPlan) -> Account:
    owner = fake.create_organisation(plan.login)
    fake.create_organisation(UPSTREAM)
    for login in (*plan.members, *plan.outsiders):
        fake.create_user(login)
    for login in plan.bots:
        fake.create_user(login, "Bot")
    for login, role in plan.members.items():
        fake.add_member(plan.login, login, role=role)
    for slug, logins in plan.teams.items():
        fake.create_team(plan.login, slug, members=logins)
    for hook in plan.hooks:
        fake.add_hook(owner, hook.url, secret=hook.secret, verify_tls=hook.verified, active=hook.active)
    fake.set_workflow_permissions(owner, plan.token[0], may_approve=plan.token[1])
    fake.set_actions_policy(plan.login, allowed=plan.allowed_actions)
    owner.settings.options["default_repository_permission"] = plan.base_permission
    owner.settings.options["two_factor_requirement_enabled"] = plan.two_factor
    return owner


def _ci(fake: FakeGitHub) -> AppIdentity:
    """An App of somebody else's that reports checks."""
    octocat = fake.account("octocat")
    return AppIdentity(
        id=fake.new_id(),
        slug=CI,
        client_id="Iv23liCI",
        owner=octocat,
        account=fake.create_user(f"{CI}[bot]", "Bot"),
        created_at=fake.now(),
        permissions={"checks": "write"},
        events=[],
    )


def _repository(
    fake: FakeGitHub, login: str, plan: Plan, ci: AppIdentity, writer: ObjectWriter
) -> FakeRepository:
    if plan.fork:
        origin = fake.create_repository(UPSTREAM, plan.name)
        repository = fake.fork(origin, login)
        repository.private = plan.private
        repository.default_branch = plan.default
        repository.git.set_head(plan.default)
    else:
        repository = fake.create_repository(
            login, plan.name, private=plan.private, default_branch=plan.default
        )
    writer.serve(repository.git.path)
    _Building(fake, repository, plan, ci, writer).run()
    return repository


class _Building:
    """One repository being built."""

    def __init__(
        self,
        fake: FakeGitHub,
        repository: FakeRepository,
        plan: Plan,
        ci: AppIdentity,
        writer: ObjectWriter,
    ) -> None:
        self._fake, self._repository, self._plan, self._ci = fake, repository, plan, ci
        self._writer = writer
        self._commits: dict[Where, str] = {}
        self._files: dict[Where, Files] = {}

    def run(self) -> None:
        plan, repository = self._plan, self._repository
        # While it has no branch yet, forking it costs no process.
        forked = any(pull.fork for pull in plan.pulls)
        fork = self._fake.fork(repository, "outsider", name=f"fork-{repository.id}") if forked else None
        refs = {HEADS + branch.name: self._make(plan.tip(branch.name)) for branch in plan.branches}
        refs |= dict(self._tag(release) for release in plan.releases if not release.draft)
        repository.refs |= refs
        if fork is not None:
            self._fork(fork)
        # Pull requests, oldest first, as their numbers go.
        for pull in sorted(plan.pulls, key=lambda one: -one.opened):
            self._pull(pull, fork if pull.fork else repository, refs)
        if refs:
            write_refs(repository.git.path, refs)
            newest = min(plan.commit(plan.tip(branch.name)).age for branch in plan.branches)
            repository.pushed_at = self._ago(newest)
        oldest = max((c.age for branch in plan.branches for c in branch.commits), default=1.0)
        repository.created_at = self._ago(oldest + 1)
        repository.updated_at = repository.pushed_at or repository.created_at
        for issue in plan.issues:
            self._issue(issue)
        for release in sorted(plan.releases, key=lambda one: -one.age):
            if release.release:
                self._release(release)
        self._about()
        self._access()
        self._settings(plan.settings)

    def _ago(self, days: float) -> datetime:
        return (self._fake.now() - timedelta(days=days)).replace(microsecond=0)

    # Git

    def _make(self, where: Where) -> str:
        """Write a commit and all that it builds on; returns its id."""
        name, last = where
        branch = self._plan.branch(name)
        parent = branch.start
        if parent is not None:
            self._make(parent)
        for number, commit in enumerate(branch.commits[: last + 1]):
            if (name, number) not in self._commits:
                self._write((name, number), commit, parent)
            parent = (name, number)
        return self._commits[where]

    def _write(self, where: Where, commit: CommitPlan, parent: Where | None) -> None:
        files = self._writer.changed(self._files[parent] if parent else {}, commit.changes)
        parents = [self._commits[parent]] if parent else []
        parents += [self._make(commit.merges)] if commit.merges else []
        when = self._ago(commit.age)
        oid = self._writer.commit(self._writer.tree(files), parents, commit.message, when)
        self._files[where], self._commits[where] = files, oid
        if commit.signed is not None:
            self._repository.signatures[oid] = commit.signed
        for result in commit.results:
            self._report(oid, result, when)

    def _tag(self, release: ReleasePlan) -> tuple[str, str]:
        oid = self._commits[self._plan.line(self._plan.default)[release.commit]]
        if release.annotated:
            oid = self._writer.tag(release.tag, oid, self._ago(release.age))
        return f"refs/tags/{release.tag}", oid

    def _report(self, oid: str, result: ResultPlan, when: datetime) -> None:
        fake, repository = self._fake, self._repository
        if result.status:
            creator = fake.account("octocat")
            said = Status(fake.new_id(), result.state, result.name, None, None, creator, when)
            repository.statuses.setdefault(oid, []).append(said)
            return
        suite, _ = fake.suite_of(
            repository, oid, fake.app if result.ours else self._ci, branch=self._plan.default
        )
        done = result.state != "running"
        run = CheckRun(
            fake.new_id(),
            suite,
            result.name,
            when,
            "completed" if done else "in_progress",
            result.state if done else None,
            when if done else None,
        )
        suite.runs.append(run)
        repository.check_runs[run.id] = run

    # What people wrote

    def _fork(self, fork: FakeRepository) -> None:
        """The branches that only somebody's fork has."""
        for branch in self._plan.fork_branches:
            fork.refs[HEADS + branch.name] = self._make(self._plan.tip(branch.name))
        write_refs(fork.git.path, fork.refs)

    def _pull(self, pull: PullPlan, source: FakeRepository | None, refs: dict[str, str]) -> None:
        assert source is not None
        issue = self._numbered(pull.author, pull.title, None, pull.opened)
        issue.updated_at = self._ago(pull.touched)
        head = source.refs[HEADS + pull.head]
        issue.pull = PullDetails(
            id=self._fake.new_id(),
            head_repository=source,
            head_owner=source.owner,
            head_ref=pull.head,
            head_sha=head,
            base_ref=pull.base,
            # The base may have been deleted since.
            base_sha=self._repository.refs.get(HEADS + pull.base) or self._repository.head or head,
            draft=pull.draft,
            review_decision=pull.review,
            maintainer_can_modify=pull.editable,
        )
        refs[f"refs/pull/{issue.number}/head"] = head

    def _numbered(self, login: str, title: str, body: str | None, age: float) -> Issue:
        repository, when = self._repository, self._ago(age)
        repository.last_number += 1
        issue = Issue(
            self._fake.new_id(), repository.last_number, self._fake.account(login), title, body, when, when
        )
        repository.issues[issue.number] = issue
        return issue

    def _issue(self, plan: IssuePlan) -> None:
        issue = self._numbered(plan.author, plan.title, plan.body, plan.opened)
        for number, login in enumerate(plan.commenters, 1):
            when = self._ago(plan.opened * (1 - number / (len(plan.commenters) + 1)))
            comment = Comment(self._fake.new_id(), issue, self._fake.account(login), "Well.", when, when)
            issue.comments.append(comment)
            issue.updated_at = when
            self._repository.comments[comment.id] = comment
        if plan.closed:
            issue.state, issue.state_reason, issue.closed_at = "closed", "completed", issue.updated_at

    def _release(self, plan: ReleasePlan) -> None:
        when = self._ago(plan.age)
        page = f"{self._fake.html_url}/{self._repository.full_name}/releases/download/{plan.tag}"
        self._repository.releases.append(
            Release(
                id=self._fake.new_id(),
                tag=plan.tag,
                name=plan.tag,
                body=plan.notes,
                author=self._fake.account("octocat"),
                target=self._plan.default,
                created_at=when,
                published_at=None if plan.draft else when,
                draft=plan.draft,
                prerelease=plan.prerelease,
                assets=[
                    Asset(self._fake.new_id(), name, 100, "application/octet-stream", f"{page}/{name}", when)
                    for name in plan.assets
                ],
            )
        )

    # What is set

    def _about(self) -> None:
        plan, repository = self._plan, self._repository
        repository.description, repository.homepage = plan.description, plan.homepage
        repository.topics, repository.has_pages = list(plan.topics), plan.pages
        repository.archived, repository.has_issues = plan.archived, plan.has_issues
        repository.language = plan.language

    def _access(self) -> None:
        for login, role in self._plan.people.items():
            self._fake.set_collaborator(self._repository, login, role)
        for slug, role in self._plan.teams.items():
            team = self._repository.owner.settings.teams[slug]
            team.repositories[self._repository.id] = role

    def _settings(self, plan: SettingsPlan) -> None:
        fake, repository = self._fake, self._repository
        for classic in plan.classic:
            fake.protect(repository, classic.pattern, **classic.options)
        for ruleset in plan.rulesets:
            fake.ruleset(
                repository,
                ruleset.name,
                ruleset.rules,
                refs=ruleset.refs,
                enforcement=ruleset.enforcement,
                bypass=ruleset.bypass,
            )
        for key in plan.keys:
            fake.add_deploy_key(repository, key.title, read_only=key.read_only, created_at=self._ago(key.age))
        for hook in plan.hooks:
            fake.add_hook(
                repository, hook.url, secret=hook.secret, verify_tls=hook.verified, active=hook.active
            )
        for alert in plan.alerts:
            fake.add_dependabot_alert(
                repository, alert.package, alert.severity, state=alert.state, created_at=self._ago(alert.age)
            )
        fake.set_security(
            repository,
            dependency_alerts=plan.alerts_on,
            secret_scanning=plan.secret_scanning,
            secret_scanning_push_protection=plan.push_protection,
            advanced_security=plan.advanced_security,
        )
        if plan.analysed is not None and repository.head is not None:
            ref, when = f"{HEADS}{repository.default_branch}", self._ago(plan.analysed)
            repository.settings.analyses.append(
                CodeAnalysis(fake.new_id(), ref, repository.head, "CodeQL", when)
            )
        if plan.token is not None:
            repository.settings.workflow_permissions = WorkflowPermissions(*plan.token)
        self._workflows(plan)

    def _workflows(self, plan: SettingsPlan) -> None:
        """States and runs; what the files say is taken in by the fake itself."""
        known = (
            {found.path: found for found in self._fake.workflows(self._repository)} if plan.workflows else {}
        )
        for planned in plan.workflows:
            found = known[planned.path]
            found.state = planned.state
            found.runs = list(self._runs(planned.runs))

    def _runs(self, conclusions: Iterable[str]) -> Iterable[WorkflowRun]:
        octocat, head = self._fake.account("octocat"), self._repository.head or ""
        for number, conclusion in enumerate(conclusions, 1):
            when = self._ago(1.0 + len(tuple(conclusions)) - number)
            yield WorkflowRun(
                self._fake.new_id(), number, self._plan.default, head, "push", octocat, conclusion, when
            )
