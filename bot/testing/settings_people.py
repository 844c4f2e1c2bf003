"""What administrators do: each act is one line in a test or in the simulator's population.

```python
github.protect("acme/rocket", "main", required_approvals=1, enforce_admins=True)
github.ruleset("acme", "base", ["deletion", "non_fast_forward"], repositories=["~ALL"])
github.add_deploy_key("acme/rocket", "deploy", read_only=False)
github.set_properties("acme/rocket", {"team": "engines"})
```
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from bot.testing import settings_render as shown
from bot.testing.render import Json
from bot.testing.settings import (
    FEATURES,
    ROLE_ORDER,
    BranchProtection,
    CodeAlert,
    CodeAnalysis,
    DependabotAlert,
    DeployKey,
    Hook,
    PropertyDefinition,
    PropertyValue,
    Ruleset,
    SecretAlert,
    Team,
    Workflow,
    WorkflowPermissions,
    WorkflowRun,
    property_values,
)
from bot.testing.state import ROLES, Account, AppIdentity, FakeRepository
from bot.testing.world import RepositoryLike, World

_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_WORKFLOW_NAME = re.compile(rb"^name:[ \t]*(\S.*?)[ \t\r]*(?:#.*)?$", re.MULTILINE)
_FIXED = frozenset({"id", "repository", "pattern", "creator", "created_at", "updated_at"})
_PROTECTION_OPTIONS = frozenset(f.name for f in fields(BranchProtection)) - _FIXED
_ACTOR_IDS = {"OrganizationAdmin": 1, "read": 1, "triage": 3, "write": 4, "maintain": 2, "admin": 5}
_RULE_DEFAULTS: Mapping[str, Json] = {
    "pull_request": {
        "allowed_merge_methods": ["merge", "squash", "rebase"],
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_approving_review_count": 1,
        "required_review_thread_resolution": False,
    },
    "required_status_checks": {
        "do_not_enforce_on_create": False,
        "required_status_checks": [],
        "strict_required_status_checks_policy": False,
    },
    "merge_queue": {
        "check_response_timeout_minutes": 60,
        "grouping_strategy": "ALLGREEN",
        "max_entries_to_build": 5,
        "max_entries_to_merge": 5,
        "merge_method": "MERGE",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 5,
    },
    "update": {"update_allows_fetch_and_merge": False},
}
"""Parameters that a rule has when nobody says otherwise."""


class Settings(World):
    """Acts of administrators. ``actor`` is a login, in the role of the event's sender."""

    # Branch protection

    def protect(
        self, which: RepositoryLike, pattern: str = "main", *, actor: str = "octocat", **options: Any
    ) -> BranchProtection:
        """Make or change the classic rule of a pattern.

        Args:
            options: fields of ``BranchProtection``, such as ``required_approvals=1``; what is not
                named is off in a new rule and stays in an old one. Actors are logins, ``owner/team``
                or slugs of Apps.

        Raises:
            TypeError: there is no such option.
        """
        unknown = sorted(set(options) - _PROTECTION_OPTIONS)
        if unknown:
            raise TypeError(f"protect has no option {', '.join(unknown)}")
        with self.transaction():
            repository, person, now = self.repository(which), self.account(actor), self.now()
            rules = repository.settings.protections
            rule, action, changes = rules.get(pattern), "edited", {}
            if rule is None:
                rule, action = (
                    BranchProtection(self.new_id(), repository, pattern, person, now, now),
                    "created",
                )
                rules[pattern] = rule
            before = shown.protection_event(repository, rule)
            for name, value in options.items():
                if name.startswith("bypass_"):
                    value = tuple(self._actor(one) for one in value)
                setattr(rule, name, tuple(value) if isinstance(value, list) else value)
            rule.updated_at = now
            after = shown.protection_event(repository, rule)
            if action == "edited":
                changes = {"changes": _protection_changes(before, after)}
            self._emit_protection(repository, action, rule, person, **changes)
            return rule

    def _actor(self, name: str) -> Account | Team | AppIdentity:
        """Whom a name stands for. Raises LookupError."""
        owner, slash, slug = name.partition("/")
        if slash:
            return self.account(owner).settings.teams[slug]
        app = next((a for a in self.apps.values() if a.slug == name), None)
        return app or self.account(name)

    def unprotect(self, which: RepositoryLike, pattern: str = "main", *, actor: str = "octocat") -> None:
        """Delete the classic rule of a pattern."""
        with self.transaction():
            repository = self.repository(which)
            rule = repository.settings.protections.pop(pattern)
            self._emit_protection(repository, "deleted", rule, self.account(actor))

    def _emit_protection(
        self, repository: FakeRepository, action: str, rule: BranchProtection, actor: Account, **extra: object
    ) -> None:
        body = {"rule": shown.protection_event(repository, rule), **extra}
        self.emit("branch_protection_rule", action, lambda: body, repository=repository, sender=actor)

    # Rulesets

    def ruleset(
        self,
        where: RepositoryLike | Account,
        name: str,
        rules: Iterable[str | Mapping[str, Any]],
        *,
        target: str = "branch",
        enforcement: str = "active",
        refs: Sequence[str] = ("~DEFAULT_BRANCH",),
        excluded_refs: Sequence[str] = (),
        repositories: Sequence[str] = ("~ALL",),
        excluded_repositories: Sequence[str] = (),
        properties: Mapping[str, Sequence[str]] | None = None,
        bypass: Iterable[str | Mapping[str, Any]] = (),
        actor: str = "octocat",
    ) -> Ruleset:
        """Make a ruleset, or replace the one of that name.

        Args:
            where: a repository, or an organisation's login.
            rules: types, or objects as REST has them; parameters that are missing are GitHub's defaults,
                and a required status check may be a plain context.
            repositories: which of an organisation's repositories: names, patterns, ``~ALL``.
            properties: custom property -> values, instead of ``repositories``.
            bypass: role names, ``OrganizationAdmin``, ``DeployKey``, or objects as REST has them.
        """
        with self.transaction():
            place, person, now = self._place(where), self.account(actor), self.now()
            kept = place.settings.rulesets
            old = next((r for r in kept if r.name == name), None)
            found = Ruleset(
                id=self.new_id() if old is None else old.id,
                name=name,
                source=place,
                created_at=now if old is None else old.created_at,
                updated_at=now,
                rules=tuple(_rule(rule) for rule in rules),
                target=target,
                enforcement=enforcement,
                refs=tuple(_full_ref(ref, target) for ref in refs),
                excluded_refs=tuple(_full_ref(ref, target) for ref in excluded_refs),
                repositories=tuple(repositories),
                excluded_repositories=tuple(excluded_repositories),
                properties=None if properties is None else {k: tuple(v) for k, v in properties.items()},
                bypass=tuple(_bypass(one) for one in bypass),
            )
            if old is None:
                kept.append(found)
            else:
                kept[kept.index(old)] = found
            changes: Json = {}
            if old is not None:
                changed = {"enforcement": {"from": old.enforcement}} if old.enforcement != enforcement else {}
                changes = {"changes": changed}
            self._emit_ruleset(found, "created" if old is None else "edited", person, **changes)
            return found

    def delete_ruleset(self, where: RepositoryLike | Account, name: str, *, actor: str = "octocat") -> None:
        """Delete a ruleset. Raises LookupError."""
        with self.transaction():
            kept = self._place(where).settings.rulesets
            found = next((r for r in kept if r.name == name), None)
            if found is None:
                raise LookupError(f"there is no ruleset '{name}'")
            kept.remove(found)
            self._emit_ruleset(found, "deleted", self.account(actor))

    def _emit_ruleset(self, found: Ruleset, action: str, actor: Account, **extra: object) -> None:
        body = {"repository_ruleset": shown.ruleset(self.render, found, full=True, bypass=True), **extra}
        if isinstance(found.source, FakeRepository):
            place = found.source
            self.emit("repository_ruleset", action, lambda: body, repository=place, sender=actor)
        else:
            self._emit_organisation("repository_ruleset", action, lambda: body, found.source, actor)

    def _place(self, where: RepositoryLike | Account) -> FakeRepository | Account:
        if isinstance(where, Account):
            return where
        if isinstance(where, str) and "/" not in where:
            return self.account(where)
        return self.repository(where)

    def _emit_organisation(
        self,
        event: str,
        action: str,
        build: Callable[[], Json],
        organisation: Account,
        sender: Account,
    ) -> None:
        """Emit an event of an organisation to each App that is installed there and may have it."""
        for installation in tuple(self.installations.values()):
            if installation.account is organisation and self._may_have(installation, event, action):
                body = {
                    "action": action,
                    **build(),
                    "organization": self.render.organization(organisation),
                    "sender": self.render.user(sender),
                    "installation": {"id": installation.id, "node_id": f"IN_{installation.id:08d}"},
                }
                self._post(event, action, installation.id, None, body, installation.app)

    # Access

    def add_deploy_key(
        self,
        which: RepositoryLike,
        title: str,
        *,
        read_only: bool = True,
        created_at: datetime | None = None,
        last_used: datetime | None = None,
        actor: str = "octocat",
    ) -> DeployKey:
        """Add a deploy key; ``created_at`` makes an old one."""
        with self.transaction():
            number = self.new_id()
            text = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{number:032d}"
            when = created_at or self.now()
            repository, person = self.repository(which), self.account(actor)
            key = DeployKey(number, title, text, read_only, when, person, last_used)
            repository.settings.deploy_keys.append(key)
            body = {"key": shown.deploy_key(self.render, repository, key)}
            self.emit("deploy_key", "created", lambda: body, repository=repository, sender=person)
            return key

    def add_hook(
        self,
        where: RepositoryLike | Account,
        url: str,
        *,
        events: Sequence[str] = ("push",),
        secret: bool = True,
        verify_tls: bool = True,
        active: bool = True,
        last_code: int | None = None,
    ) -> Hook:
        """Add a webhook to a repository, or to an organisation by its login."""
        with self.transaction():
            hook = Hook(self.new_id(), url, tuple(events), self.now(), secret, verify_tls, active)
            hook.last_code = last_code
            self._place(where).settings.hooks.append(hook)
            return hook

    def collaborate(
        self, which: RepositoryLike, login: str, role: str = "write", *, actor: str = "octocat"
    ) -> None:
        """Invite somebody to a repository with a role, or change it; "" takes it away."""
        with self.transaction():
            repository, person = self.repository(which), self.account(login)
            before = repository.collaborators.pop(person.login.lower(), "")
            if role:
                repository.collaborators[person.login.lower()] = role
            body: Json = {"member": self.render.user(person)}
            legacy = ROLES.get(role, "read")
            if role and before:
                body["changes"] = {"permission": {"from": ROLES.get(before, "read"), "to": legacy}}
            elif role:
                body["changes"] = {"permission": {"to": legacy}, "role_name": {"to": role}}
            action = "removed" if not role else "edited" if before else "added"
            if role != before:
                self.emit("member", action, lambda: body, repository=repository, sender=self.account(actor))

    def add_member(
        self, organisation: str, login: str, *, role: str = "member", two_factor: bool = True
    ) -> None:
        """Let somebody belong to an organisation; ``role`` is ``member`` or ``admin`` (an owner)."""
        with self.transaction():
            settings, key = self.account(organisation).settings, self.account(login).login.lower()
            settings.members[key] = role
            self._set_two_factor(settings.without_two_factor, key, on=two_factor)

    def remove_member(self, organisation: str, login: str) -> None:
        """Take somebody out of an organisation and of its teams."""
        with self.transaction():
            settings, key = self.account(organisation).settings, login.lower()
            settings.members.pop(key, None)
            for team in settings.teams.values():
                team.members.pop(key, None)

    def set_two_factor(self, organisation: str, login: str, *, on: bool) -> None:
        """Say whether somebody of an organisation, member or collaborator, uses a second factor."""
        with self.transaction():
            without = self.account(organisation).settings.without_two_factor
            self._set_two_factor(without, login.lower(), on=on)

    @staticmethod
    def _set_two_factor(without: set[str], login: str, *, on: bool) -> None:
        (without.discard if on else without.add)(login)

    def create_team(
        self,
        organisation: str,
        name: str,
        *,
        members: Iterable[str] = (),
        maintainers: Iterable[str] = (),
        repositories: Mapping[str, str] | None = None,
        parent: str | None = None,
        actor: str = "octocat",
    ) -> Team:
        """Make a team; its people become members of the organisation.

        Args:
            repositories: name without the owner -> role.
            parent: slug of the team above it.
        """
        with self.transaction():
            account = self.account(organisation)
            slug = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")
            above = None if parent is None else account.settings.teams[parent]
            team = Team(self.new_id(), account, name, slug, self.now(), parent=above)
            account.settings.teams[slug] = team
            person = self.account(actor)
            body = {"team": shown.team(self.render, team)}
            self._emit_organisation("team", "created", lambda: body, account, person)
            for role, logins in (("member", members), ("maintainer", maintainers)):
                for login in logins:
                    self.join_team(organisation, slug, login, role=role, actor=actor)
            for repository, role in (repositories or {}).items():
                self.give_team(organisation, slug, f"{account.login}/{repository}", role, actor=actor)
            return team

    def join_team(
        self, organisation: str, slug: str, login: str, *, role: str = "member", actor: str = "octocat"
    ) -> None:
        """Put somebody into a team, and into the organisation."""
        with self.transaction():
            account, person = self.account(organisation), self.account(login)
            team, key = account.settings.teams[slug], person.login.lower()
            if person is not account.owner:
                account.settings.members.setdefault(key, "member")
            team.members[key] = role
            body = {
                "scope": "team",
                "member": self.render.user(person),
                "team": shown.team(self.render, team),
            }
            self._emit_organisation("membership", "added", lambda: body, account, self.account(actor))

    def give_team(
        self, organisation: str, slug: str, which: RepositoryLike, role: str, *, actor: str = "octocat"
    ) -> None:
        """Give a team a role in a repository; "" takes it away."""
        with self.transaction():
            repository, person = self.repository(which), self.account(actor)
            team = self.account(organisation).settings.teams[slug]
            if role:
                team.repositories[repository.id] = role
            else:
                team.repositories.pop(repository.id, None)
            action = "added_to_repository" if role else "removed_from_repository"
            # Here, unlike in other events, the repository does not carry its organisation as an object.
            place = self.render.repository(repository)
            body = {"team": shown.team(self.render, team, role or None), "repository": place}
            self.emit("team", action, lambda: body, repository=repository, sender=person)

    # Actions

    def set_workflow_permissions(
        self, where: RepositoryLike | Account, default: str, *, may_approve: bool = False
    ) -> None:
        """What tokens of workflows may do by default, ``read`` or ``write``: in a repository or below.

        Raises:
            ValueError: a repository can not have more than its organisation lets it.
        """
        with self.transaction():
            place, permissions = self._place(where), WorkflowPermissions(default, may_approve)
            if isinstance(place, FakeRepository):
                above = place.owner.settings.actions.token
                wider = (default == "write" != above.default) or (may_approve and not above.may_approve)
                if wider and place.owner.type == "Organization":
                    raise ValueError(f"'{place.owner.login}' does not let its repositories do that")
                place.settings.workflow_permissions = permissions
            else:
                place.settings.actions.token = permissions

    def set_actions_policy(
        self,
        organisation: str,
        *,
        repositories: str = "all",
        allowed: str = "all",
        pinning_required: bool = False,
        github_owned: bool = True,
        verified: bool = False,
        patterns: Sequence[str] = (),
    ) -> None:
        """Which actions an organisation lets run: ``allowed`` is all, local_only or selected."""
        with self.transaction():
            policy = self.account(organisation).settings.actions
            policy.repositories, policy.allowed = repositories, allowed
            policy.pinning_required, policy.github_owned = pinning_required, github_owned
            policy.verified, policy.patterns = verified, tuple(patterns)

    def workflows(self, which: RepositoryLike) -> list[Workflow]:
        """The workflows of a repository, oldest first: those of its default branch, taken in when read."""
        with self.transaction():
            repository = self.repository(which)
            known, present = repository.settings.workflows, _workflow_files(repository)
            for path, text in present.items():
                name = _WORKFLOW_NAME.search(text)
                title = name[1].decode("utf-8", "replace").strip("'\"") if name else path
                if path not in known:
                    when = repository.pushed_at or repository.created_at
                    known[path] = Workflow(self.new_id(), path, title, when, when)
                known[path].name = title
            return [workflow for path, workflow in known.items() if path in present]

    def set_workflow_state(self, which: RepositoryLike, path: str, state: str) -> None:
        """Disable a workflow, ``disabled_manually`` or ``disabled_inactivity``; or make it ``active``."""
        with self.transaction():
            self._workflow(which, path).state = state

    def workflow_ran(
        self,
        which: RepositoryLike,
        path: str,
        conclusion: str | None = "success",
        *,
        branch: str | None = None,
        event: str = "push",
        created_at: datetime | None = None,
        actor: str = "octocat",
    ) -> WorkflowRun:
        """Let a workflow have run on a branch's head; ``conclusion`` None is still running."""
        with self.transaction():
            repository, workflow = self.repository(which), self._workflow(which, path)
            branch = branch or repository.default_branch
            run = WorkflowRun(
                id=self.new_id(),
                number=len(workflow.runs) + 1,
                branch=branch,
                sha=repository.branches[branch],
                event=event,
                actor=self.account(actor),
                conclusion=conclusion,
                created_at=created_at or self.now(),
            )
            workflow.runs.append(run)
            return run

    def _workflow(self, which: RepositoryLike, path: str) -> Workflow:
        for workflow in self.workflows(which):
            if path in (workflow.path, workflow.path.rpartition("/")[2]):
                return workflow
        raise LookupError(f"the default branch has no workflow '{path}'")

    # Security

    def set_security(
        self,
        which: RepositoryLike,
        *,
        dependency_alerts: bool | None = None,
        private_reporting: bool | None = None,
        code_scanning: Sequence[str] | None = None,
        **features: bool,
    ) -> None:
        """Switch security features; what is not named stays.

        Args:
            code_scanning: languages of the default set-up.
            features: those of ``FEATURES``, such as ``secret_scanning=True``.

        Raises:
            TypeError: there is no such feature.
        """
        unknown = sorted(set(features) - set(FEATURES))
        if unknown:
            raise TypeError(f"set_security has no feature {', '.join(unknown)}")
        with self.transaction():
            settings = self.repository(which).settings
            settings.features |= features
            if dependency_alerts is not None:
                settings.dependency_alerts_enabled = dependency_alerts
            if private_reporting is not None:
                settings.private_reporting = private_reporting
            if code_scanning is not None:
                settings.languages = tuple(code_scanning)

    def add_dependabot_alert(
        self,
        which: RepositoryLike,
        package: str,
        severity: str = "high",
        *,
        ecosystem: str = "pip",
        manifest: str = "requirements.txt",
        state: str = "open",
        scope: str = "runtime",
        fixed_in: str | None = None,
        created_at: datetime | None = None,
        actor: str = "octocat",
    ) -> DependabotAlert:
        """Find a vulnerable dependency; switches the alerts on."""
        with self.transaction():
            repository, when = self.repository(which), created_at or self.now()
            settings = repository.settings
            settings.dependency_alerts_enabled = True
            number = len(settings.dependabot_alerts) + 1
            alert = DependabotAlert(
                number, package, ecosystem, severity, manifest, when, when, state, scope, fixed_in
            )
            alert.ghsa = f"GHSA-{number:04d}-2345-6789"
            settings.dependabot_alerts.append(alert)
            body = {"alert": shown.dependabot_alert(self.render, repository, alert)}
            person = self.account(actor)
            self.emit("dependabot_alert", "created", lambda: body, repository=repository, sender=person)
            return alert

    def add_secret_alert(
        self,
        which: RepositoryLike,
        kind: str = "github_personal_access_token",
        *,
        resolution: str | None = None,
        validity: str = "unknown",
        bypassed: bool = False,
        created_at: datetime | None = None,
    ) -> SecretAlert:
        """Find a secret; switches secret scanning on."""
        with self.transaction():
            settings = self.repository(which).settings
            settings.features["secret_scanning"] = True
            number, when = len(settings.secret_alerts) + 1, created_at or self.now()
            alert = SecretAlert(number, kind, when, resolution, validity, bypassed)
            settings.secret_alerts.append(alert)
            return alert

    def add_code_alert(
        self,
        which: RepositoryLike,
        rule: str,
        level: str | None = "high",
        *,
        path: str = "README.md",
        line: int = 1,
        tool: str = "CodeQL",
        state: str = "open",
        created_at: datetime | None = None,
    ) -> CodeAlert:
        """Find something in the code; an analysis is uploaded with it."""
        with self.transaction():
            repository, when = self.repository(which), created_at or self.now()
            upload = self.analyse(repository, tool=tool, results=1, created_at=when)
            number = len(repository.settings.code_alerts) + 1
            alert = CodeAlert(number, rule, level, path, line, tool, upload.ref, upload.sha, when, state)
            repository.settings.code_alerts.append(alert)
            return alert

    def analyse(
        self,
        which: RepositoryLike,
        *,
        tool: str = "CodeQL",
        results: int = 0,
        error: str = "",
        created_at: datetime | None = None,
    ) -> CodeAnalysis:
        """Upload results of code scanning for the head of the default branch. Raises LookupError."""
        with self.transaction():
            repository = self.repository(which)
            if repository.head is None:
                raise LookupError(f"{repository.full_name} has no commit to analyse")
            ref, when = f"refs/heads/{repository.default_branch}", created_at or self.now()
            upload = CodeAnalysis(self.new_id(), ref, repository.head, tool, when, results, error)
            repository.settings.analyses.append(upload)
            return upload

    # Custom properties and options of organisations

    def define_property(
        self,
        organisation: str,
        name: str,
        kind: str = "string",
        *,
        required: bool = False,
        default: PropertyValue = None,
        allowed: Sequence[str] = (),
        actor: str = "octocat",
    ) -> PropertyDefinition:
        """Define a custom property, or anew: string, single_select, multi_select, true_false or url."""
        with self.transaction():
            account, person = self.account(organisation), self.account(actor)
            found = PropertyDefinition(name, kind, required, default, tuple(allowed))
            action = "updated" if name in account.settings.properties else "created"
            account.settings.properties[name] = found
            body = {"definition": shown.definition(self.render, account, found)}
            self._emit_organisation("custom_property", action, lambda: body, account, person)
            return found

    def set_properties(
        self, which: RepositoryLike, values: Mapping[str, PropertyValue], *, actor: str = "octocat"
    ) -> None:
        """Set values of custom properties, None takes one away; unknown properties are defined as texts."""
        with self.transaction():
            repository = self.repository(which)
            defined, before = repository.owner.settings.properties, property_values(repository)
            for name, value in values.items():
                kind = "multi_select" if isinstance(value, tuple) else "string"
                defined.setdefault(name, PropertyDefinition(name, kind))
                repository.settings.values[name] = value
            after = property_values(repository)
            changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
            if changed:
                body = {
                    "new_property_values": shown.told((name, after.get(name)) for name in changed),
                    "old_property_values": shown.told((name, before.get(name)) for name in changed),
                }
                sender = self.account(actor)
                self.emit(
                    "custom_property_values", "updated", lambda: body, repository=repository, sender=sender
                )

    def set_organisation(self, login: str, **options: object) -> None:
        """Change what ``GET /orgs/{org}`` tells, by GitHub's names.

        Raises:
            TypeError: the fake knows no such option.
        """
        with self.transaction():
            known = self.account(login).settings.options
            unknown = sorted(set(options) - set(known))
            if unknown:
                raise TypeError(f"set_organisation has no option {', '.join(unknown)}")
            known |= options


def _protection_changes(before: Json, after: Json) -> Json:
    """What ``branch_protection_rule.edited`` says was different; it does not tell of every field."""
    told = (
        "admin_enforced",
        "linear_history_requirement_enforcement_level",
        "lock_branch_enforcement_level",
        "pull_request_reviews_enforcement_level",
        "require_last_push_approval",
        "required_status_checks",
        "required_status_checks_enforcement_level",
    )
    return {name: {"from": before[name]} for name in told if before[name] != after[name]}


def _rule(rule: str | Mapping[str, Any]) -> Json:
    """A rule as REST has it, parameters completed."""
    given: Mapping[str, Any] = {"type": rule} if isinstance(rule, str) else rule
    kind = str(given["type"])
    parameters = {**_RULE_DEFAULTS.get(kind, {}), **given.get("parameters", {})}
    if kind == "required_status_checks":
        checks = parameters["required_status_checks"]
        parameters["required_status_checks"] = [
            {"context": check} if isinstance(check, str) else dict(check) for check in checks
        ]
    return {"type": kind, "parameters": parameters} if parameters else {"type": kind}


def _full_ref(ref: str, target: str) -> str:
    if ref.startswith(("~", "refs/")):
        return ref
    return f"refs/{'tags' if target == 'tag' else 'heads'}/{ref}"


def _bypass(one: str | Mapping[str, Any]) -> Json:
    """A bypass actor as REST has it."""
    if not isinstance(one, str):
        return {"bypass_mode": "always", **one}
    if one == "DeployKey":
        return {"actor_id": None, "actor_type": one, "bypass_mode": "always"}
    kind = "RepositoryRole" if one in ROLE_ORDER else "OrganizationAdmin"
    return {"actor_id": _ACTOR_IDS[one], "actor_type": kind, "bypass_mode": "always"}


def _workflow_files(repository: FakeRepository) -> dict[str, bytes]:
    """Path -> text of the workflow files at the head of the default branch."""
    if repository.head is None:
        return {}
    git = repository.git
    tree = git.commit(repository.head).tree
    folder = git.entry(tree, ".github/workflows")
    if folder is None or folder.type != "tree":
        return {}
    paths = {f".github/workflows/{e.path.rpartition('/')[2]}": e for e in git.entries(folder.oid)}
    return {
        path: git.read(entry.oid)[1]
        for path, entry in sorted(paths.items())
        if entry.type == "blob" and _WORKFLOW.fullmatch(path)
    }
