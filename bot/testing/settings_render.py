"""GitHub's JSON for settings: the shapes of its OpenAPI description, version 2022-11-28."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from bot.testing.render import Json, Renderer, stamp_or_none
from bot.testing.settings import (
    PERMISSION_OF_ROLE,
    ROLE_ORDER,
    ActionsPolicy,
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
    WorkflowRun,
    property_values,
)
from bot.testing.state import Account, AppIdentity, FakeRepository

_ON_OFF = {True: "enabled", False: "disabled"}
_EVERYONE = {True: "everyone", False: "off"}


# Protection and rules


def protection(render: Renderer, repository: FakeRepository, branch: str, rule: BranchProtection) -> Json:
    """A ``branch-protection``: what is not asked for is left out, as GitHub does."""
    url = f"{render.repository_url(repository)}/branches/{quote(branch, safe='')}/protection"
    body: Json = {"url": url}
    if rule.required_checks is not None:
        body["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": rule.strict,
            "contexts": list(rule.required_checks),
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": [{"context": name, "app_id": None} for name in rule.required_checks],
        }
    if rule.required_approvals is not None:
        body["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": rule.dismiss_stale_reviews,
            "require_code_owner_reviews": rule.code_owner_reviews,
            "require_last_push_approval": rule.last_push_approval,
            "required_approving_review_count": rule.required_approvals,
        }
        if rule.bypass_reviews:
            actors = rule.bypass_reviews
            body["required_pull_request_reviews"]["bypass_pull_request_allowances"] = {
                "users": [render.user(a) for a in actors if isinstance(a, Account)],
                "teams": [team(render, a) for a in actors if isinstance(a, Team)],
                "apps": [render.app(a) for a in actors if isinstance(a, AppIdentity)],
            }
    return body | {
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": rule.signatures},
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": rule.enforce_admins},
        "required_linear_history": {"enabled": rule.linear_history},
        "allow_force_pushes": {"enabled": rule.allow_force_pushes},
        "allow_deletions": {"enabled": rule.allow_deletions},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": rule.conversation_resolution},
        "lock_branch": {"enabled": rule.lock_branch},
        "allow_fork_syncing": {"enabled": False},
    }


def protection_event(repository: FakeRepository, rule: BranchProtection) -> Json:
    """A ``webhooks_rule``, the rule as ``branch_protection_rule`` tells it."""
    checks = "off" if rule.required_checks is None else _bound(rule)
    reviews = "off" if rule.required_approvals is None else _bound(rule)
    return {
        "id": rule.id,
        "repository_id": repository.id,
        "name": rule.pattern,
        "created_at": stamp_or_none(rule.created_at),
        "updated_at": stamp_or_none(rule.updated_at),
        "admin_enforced": rule.enforce_admins,
        "allow_deletions_enforcement_level": _EVERYONE[rule.allow_deletions],
        "allow_force_pushes_enforcement_level": _EVERYONE[rule.allow_force_pushes],
        "authorized_actor_names": [],
        "authorized_actors_only": False,
        "authorized_dismissal_actors_only": False,
        "create_protected": False,
        "dismiss_stale_reviews_on_push": rule.dismiss_stale_reviews,
        "ignore_approvals_from_contributors": False,
        "linear_history_requirement_enforcement_level": _EVERYONE[rule.linear_history],
        "lock_branch_enforcement_level": _EVERYONE[rule.lock_branch],
        "lock_allows_fork_sync": False,
        "merge_queue_enforcement_level": "off",
        "pull_request_reviews_enforcement_level": reviews,
        "require_code_owner_review": rule.code_owner_reviews,
        "require_last_push_approval": rule.last_push_approval,
        "required_approving_review_count": rule.required_approvals or 0,
        "required_conversation_resolution_level": _EVERYONE[rule.conversation_resolution],
        "required_deployments_enforcement_level": "off",
        "required_status_checks": list(rule.required_checks or ()),
        "required_status_checks_enforcement_level": checks,
        "signature_requirement_enforcement_level": _EVERYONE[rule.signatures],
        "strict_required_status_checks_policy": rule.strict,
    }


def _bound(rule: BranchProtection) -> str:
    """Whom a demand of a classic rule binds, in the words of its event."""
    return "everyone" if rule.enforce_admins else "non_admins"


def ruleset(render: Renderer, found: Ruleset, *, full: bool, bypass: bool) -> Json:
    """A ``repository-ruleset``.

    Args:
        full: with rules and conditions, which lists leave out.
        bypass: with the bypass actors, which only those see who may change the ruleset.
    """
    kind, name = source(found)
    place = f"repos/{name}" if kind == "Repository" else f"orgs/{name}"
    page = f"{name}/rules" if kind == "Repository" else f"organizations/{name}/settings/rules"
    body: Json = {
        "id": found.id,
        "name": found.name,
        "target": found.target,
        "source_type": kind,
        "source": name,
        "enforcement": found.enforcement,
        "node_id": found.node_id,
        "_links": {
            "self": {"href": f"{render.base_url}/{place}/rulesets/{found.id}"},
            "html": {"href": f"{render.html_url}/{page}/{found.id}"},
        },
        "created_at": stamp_or_none(found.created_at),
        "updated_at": stamp_or_none(found.updated_at),
    }
    if full:
        body |= {"conditions": conditions(found), "rules": [dict(rule) for rule in found.rules]}
    if full and bypass:
        body["bypass_actors"] = [dict(actor) for actor in found.bypass]
    return body


def source(found: Ruleset) -> tuple[str, str]:
    """(``source_type``, ``source``) of a ruleset."""
    full_name = getattr(found.source, "full_name", None)
    return ("Repository", full_name) if full_name else ("Organization", getattr(found.source, "login", ""))


def conditions(found: Ruleset) -> Json:
    """What a ruleset is for, as REST tells it."""
    body: Json = {}
    if found.target != "push":
        body["ref_name"] = {"include": list(found.refs), "exclude": list(found.excluded_refs)}
    if source(found)[0] == "Organization":
        if found.properties is None:
            body["repository_name"] = {
                "include": list(found.repositories),
                "exclude": list(found.excluded_repositories),
            }
        else:
            include = [
                {"name": name, "property_values": list(values), "source": "custom"}
                for name, values in found.properties.items()
            ]
            body["repository_property"] = {"include": include, "exclude": []}
    return body


def active_rule(found: Ruleset, rule: Mapping[str, Any]) -> Json:
    """A ``repository-rule-detailed``."""
    kind, name = source(found)
    return {**rule, "ruleset_source_type": kind, "ruleset_source": name, "ruleset_id": found.id}


# Access


def deploy_key(render: Renderer, repository: FakeRepository, key: DeployKey) -> Json:
    """A ``deploy-key``."""
    return {
        "id": key.id,
        "key": key.key,
        "url": f"{render.repository_url(repository)}/keys/{key.id}",
        "title": key.title,
        "verified": True,
        "created_at": stamp_or_none(key.created_at),
        "read_only": key.read_only,
        "added_by": key.added_by.login,
        "last_used": stamp_or_none(key.last_used),
        "enabled": True,
    }


def hook(base: str, found: Hook, *, organisation: bool) -> Json:
    """A ``hook`` or an ``org-hook``; ``base`` is the address of what it belongs to."""
    url = f"{base}/hooks/{found.id}"
    secret = {"secret": "********"} if found.secret else {}
    body: Json = {
        "type": "Organization" if organisation else "Repository",
        "id": found.id,
        "name": "web",
        "active": found.active,
        "events": list(found.events),
        "config": {
            "content_type": found.content_type,
            "insecure_ssl": "0" if found.verify_tls else "1",
            "url": found.url,
            **secret,
        },
        "updated_at": stamp_or_none(found.created_at),
        "created_at": stamp_or_none(found.created_at),
        "url": url,
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
    }
    if organisation:
        return body
    code = found.last_code
    status = "unused" if code is None else "active" if code < 400 else "invalid"
    message = None if code is None else "OK" if code < 400 else f"Invalid HTTP Response: {code}"
    return body | {
        "test_url": f"{url}/test",
        "last_response": {"code": code, "status": status, "message": message},
    }


def abilities(role: str) -> dict[str, bool]:
    """What a role lets somebody do, by the names of REST."""
    rank = ROLE_ORDER.index(role) if role in ROLE_ORDER else 1
    return {PERMISSION_OF_ROLE[name]: rank >= ROLE_ORDER.index(name) for name in ROLE_ORDER[1:]}


def collaborator(render: Renderer, person: Account, role: str) -> Json:
    """A ``collaborator``."""
    return render.user(person) | {"permissions": abilities(role), "role_name": role}


def team(render: Renderer, found: Team, role: str | None = None) -> Json:
    """A ``team``; with ``role``, as a repository tells it."""
    body = _simple_team(render, found)
    if role is not None:
        body |= {"permission": PERMISSION_OF_ROLE.get(role, role), "permissions": abilities(role)}
    return body | {"parent": None if found.parent is None else _simple_team(render, found.parent)}


def _simple_team(render: Renderer, found: Team) -> Json:
    organisation = found.organisation
    url = f"{render.base_url}/organizations/{organisation.id}/team/{found.id}"
    return {
        "id": found.id,
        "node_id": found.node_id,
        "name": found.name,
        "slug": found.slug,
        "description": found.description,
        "privacy": found.privacy,
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "url": url,
        "html_url": f"{render.html_url}/orgs/{organisation.login}/teams/{found.slug}",
        "members_url": url + "/members{/member}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "organization_id": organisation.id,
    }


# Actions


def workflow(render: Renderer, repository: FakeRepository, found: Workflow) -> Json:
    """A ``workflow``."""
    page = render.repository_page(repository)
    return {
        "id": found.id,
        "node_id": f"W_{found.id:08d}",
        "name": found.name,
        "path": found.path,
        "state": found.state,
        "created_at": stamp_or_none(found.created_at),
        "updated_at": stamp_or_none(found.updated_at),
        "url": f"{render.repository_url(repository)}/actions/workflows/{found.id}",
        "html_url": f"{page}/blob/{quote(repository.default_branch)}/{quote(found.path)}",
        "badge_url": f"{page}/workflows/{quote(found.name)}/badge.svg",
    }


def run(render: Renderer, repository: FakeRepository, of: Workflow, found: WorkflowRun) -> Json:
    """A ``workflow-run``."""
    url = f"{render.repository_url(repository)}/actions/runs/{found.id}"
    place = render.repository(repository)
    commit = repository.git.commit(found.sha) if repository.git.has_commit(found.sha) else None
    return {
        "id": found.id,
        "name": of.name,
        "node_id": f"WFR_{found.id:08d}",
        "head_branch": found.branch,
        "head_sha": found.sha,
        "path": of.path,
        "display_title": of.name if commit is None else commit.message.split("\n", 1)[0],
        "run_number": found.number,
        "run_attempt": 1,
        "event": found.event,
        "status": "in_progress" if found.conclusion is None else "completed",
        "conclusion": found.conclusion,
        "workflow_id": of.id,
        "url": url,
        "html_url": f"{render.repository_page(repository)}/actions/runs/{found.id}",
        "pull_requests": [],
        "created_at": stamp_or_none(found.created_at),
        "updated_at": stamp_or_none(found.created_at),
        "run_started_at": stamp_or_none(found.created_at),
        "actor": render.user(found.actor),
        "triggering_actor": render.user(found.actor),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{render.repository_url(repository)}/check-suites/{found.id}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": None,
        "workflow_url": f"{render.repository_url(repository)}/actions/workflows/{of.id}",
        "head_commit": None if commit is None else render.simple_commit(commit),
        "repository": place,
        "head_repository": place,
    }


def actions_policy(render: Renderer, organisation: Account, policy: ActionsPolicy) -> Json:
    """An ``actions-organization-permissions``."""
    url = f"{render.base_url}/orgs/{organisation.login}/actions/permissions"
    body: Json = {
        "enabled_repositories": policy.repositories,
        "sha_pinning_required": policy.pinning_required,
    }
    if policy.repositories == "selected":
        body["selected_repositories_url"] = f"{url}/repositories"
    if policy.repositories != "none":
        body["allowed_actions"] = policy.allowed
    if policy.allowed == "selected":
        body["selected_actions_url"] = f"{url}/selected-actions"
    return body


def selected_actions(policy: ActionsPolicy) -> Json:
    """A ``selected-actions``."""
    return {
        "github_owned_allowed": policy.github_owned,
        "verified_allowed": policy.verified,
        "patterns_allowed": list(policy.patterns),
    }


# Security


def security_and_analysis(repository: FakeRepository) -> Json:
    """A ``security-and-analysis``; code of public repositories is scanned without the licence."""
    features = repository.settings.features
    shown = (
        features if repository.private else {k: v for k, v in features.items() if k != "advanced_security"}
    )
    return {name: {"status": _ON_OFF[on]} for name, on in shown.items()}


def dependabot_alert(render: Renderer, repository: FakeRepository, found: DependabotAlert) -> Json:
    """A ``dependabot-alert``."""
    package = {"ecosystem": found.ecosystem, "name": found.package}
    first = None if found.fixed_in is None else {"identifier": found.fixed_in}
    vulnerability = {
        "package": package,
        "severity": found.severity,
        "vulnerable_version_range": "> 0" if found.fixed_in is None else f"< {found.fixed_in}",
        "first_patched_version": first,
    }
    ended = stamp_or_none(found.updated_at)
    return {
        "number": found.number,
        "state": found.state,
        "dependency": {
            "package": package,
            "manifest_path": found.manifest,
            "scope": found.scope,
            "relationship": "unknown",
        },
        "security_advisory": {
            "ghsa_id": found.ghsa,
            "cve_id": None,
            "summary": f"A vulnerability in {found.package}",
            "description": f"A vulnerability in {found.package}.",
            "vulnerabilities": [vulnerability],
            "severity": found.severity,
            "cvss": {"score": 0.0, "vector_string": None},
            "cwes": [],
            "identifiers": [{"type": "GHSA", "value": found.ghsa}],
            "references": [],
            "published_at": stamp_or_none(found.created_at),
            "updated_at": stamp_or_none(found.created_at),
            "withdrawn_at": None,
        },
        "security_vulnerability": vulnerability,
        "url": f"{render.repository_url(repository)}/dependabot/alerts/{found.number}",
        "html_url": f"{render.repository_page(repository)}/security/dependabot/{found.number}",
        "created_at": stamp_or_none(found.created_at),
        "updated_at": stamp_or_none(found.updated_at),
        "dismissed_at": ended if found.state == "dismissed" else None,
        "dismissed_by": None,
        "dismissed_reason": "tolerable_risk" if found.state == "dismissed" else None,
        "dismissed_comment": None,
        "fixed_at": ended if found.state == "fixed" else None,
        "auto_dismissed_at": ended if found.state == "auto_dismissed" else None,
    }


def secret_alert(render: Renderer, repository: FakeRepository, found: SecretAlert) -> Json:
    """A ``secret-scanning-alert``; the secret itself is hidden."""
    url = f"{render.repository_url(repository)}/secret-scanning/alerts/{found.number}"
    return {
        "number": found.number,
        "created_at": stamp_or_none(found.created_at),
        "updated_at": stamp_or_none(found.created_at),
        "url": url,
        "html_url": f"{render.repository_page(repository)}/security/secret-scanning/{found.number}",
        "locations_url": f"{url}/locations",
        "state": "open" if found.resolution is None else "resolved",
        "resolution": found.resolution,
        "resolved_at": None if found.resolution is None else stamp_or_none(found.created_at),
        "resolved_by": None,
        "resolution_comment": None,
        "secret_type": found.kind,
        "secret_type_display_name": found.kind.replace("_", " ").title(),
        "secret": "*" * 20,
        "push_protection_bypassed": found.bypassed_push_protection,
        "push_protection_bypassed_by": None,
        "push_protection_bypassed_at": stamp_or_none(found.created_at)
        if found.bypassed_push_protection
        else None,
        "validity": found.validity,
        "publicly_leaked": False,
        "multi_repo": False,
    }


def code_alert(render: Renderer, repository: FakeRepository, found: CodeAlert) -> Json:
    """A ``code-scanning-alert-items``."""
    url = f"{render.repository_url(repository)}/code-scanning/alerts/{found.number}"
    page = f"{render.repository_page(repository)}/security/code-scanning/{found.number}"
    return {
        "number": found.number,
        "created_at": stamp_or_none(found.created_at),
        "updated_at": stamp_or_none(found.created_at),
        "url": url,
        "html_url": page,
        "instances_url": f"{url}/instances",
        "state": found.state,
        "fixed_at": stamp_or_none(found.created_at) if found.state == "fixed" else None,
        "dismissed_by": None,
        "dismissed_at": stamp_or_none(found.created_at) if found.state == "dismissed" else None,
        "dismissed_reason": "won't fix" if found.state == "dismissed" else None,
        "dismissed_comment": None,
        "rule": {
            "id": found.rule,
            "name": found.rule,
            "severity": "warning",
            "security_severity_level": found.level,
            "description": found.rule,
            "tags": [] if found.level is None else ["security"],
        },
        "tool": {"name": found.tool, "guid": None, "version": None},
        "most_recent_instance": {
            "ref": found.ref,
            "analysis_key": "analyze",
            "environment": "{}",
            "state": found.state,
            "commit_sha": found.sha,
            "message": {"text": found.rule},
            "location": {
                "path": found.path,
                "start_line": found.line,
                "end_line": found.line,
                "start_column": 1,
                "end_column": 2,
            },
            "classifications": [],
        },
    }


def analysis(render: Renderer, repository: FakeRepository, found: CodeAnalysis) -> Json:
    """A ``code-scanning-analysis``."""
    return {
        "ref": found.ref,
        "commit_sha": found.sha,
        "analysis_key": "analyze",
        "environment": "{}",
        "category": "analyze",
        "error": found.error,
        "created_at": stamp_or_none(found.created_at),
        "results_count": found.results,
        "rules_count": 1,
        "id": found.id,
        "url": f"{render.repository_url(repository)}/code-scanning/analyses/{found.id}",
        "sarif_id": f"sarif-{found.id}",
        "tool": {"name": found.tool, "guid": None, "version": None},
        "deletable": True,
        "warning": "",
    }


def default_setup(repository: FakeRepository) -> Json:
    """A ``code-scanning-default-setup``."""
    languages = repository.settings.languages
    on = languages is not None
    return {
        "state": "configured" if on else "not-configured",
        "languages": list(languages or ()),
        "query_suite": "default",
        "updated_at": stamp_or_none(repository.updated_at) if on else None,
        "schedule": "weekly" if on else None,
    }


# Properties and organisations


def shown_value(value: PropertyValue) -> str | list[str] | None:
    """A value as JSON."""
    return list(value) if isinstance(value, tuple) else value


def values(repository: FakeRepository) -> list[Json]:
    """``custom-property-value`` of all that have one, by name."""
    return told(property_values(repository).items())


def told(found: Iterable[tuple[str, PropertyValue]]) -> list[Json]:
    """The same for any (name, value)."""
    return [{"property_name": name, "value": shown_value(value)} for name, value in sorted(found)]


def definition(render: Renderer, organisation: Account, found: PropertyDefinition) -> Json:
    """A ``custom-property``."""
    choice = found.kind in ("single_select", "multi_select")
    return {
        "property_name": found.name,
        "url": f"{render.base_url}/orgs/{organisation.login}/properties/schema/{quote(found.name)}",
        "source_type": "organization",
        "value_type": found.kind,
        "required": found.required,
        "default_value": shown_value(found.default),
        "description": found.description,
        "allowed_values": list(found.allowed) if choice else None,
        "values_editable_by": "org_actors",
    }


def full_organisation(
    render: Renderer, organisation: Account, repositories: Iterable[FakeRepository], *, full: bool
) -> Json:
    """An ``organization-full``; ``full`` adds what only its administrators see."""
    kept = list(repositories)
    private = sum(repository.private for repository in kept)
    body = render.organization(organisation) | {
        "name": organisation.login,
        "is_verified": False,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": len(kept) - private,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": f"{render.html_url}/{organisation.login}",
        "created_at": stamp_or_none(organisation.created_at),
        "updated_at": stamp_or_none(organisation.created_at),
        "archived_at": None,
        "type": "Organization",
    }
    if full:
        people = len(organisation.settings.members)
        body |= {
            "total_private_repos": private,
            "owned_private_repos": private,
            "private_gists": 0,
            "disk_usage": len(kept),
            "collaborators": 0,
            "billing_email": None,
            "plan": {"name": "team", "space": 976562499, "private_repos": 999999, "filled_seats": people + 1},
            **organisation.settings.options,
        }
    return body
