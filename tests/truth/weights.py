"""What goes with a verdict beside its outcome: how much a finding matters, and which unknowns are faults."""

from __future__ import annotations

from tests.truth.oracle import RELEASED_FROM, _branches, _demands, _ecosystems, named
from tests.truth.plans import OrganisationPlan, Plan

AUDITS = frozenset(
    {
        *("cache-poisoning", "credential-persistence", "dangerous-trigger", "doubtful-actions"),
        *("environment-files", "obfuscated-workflows", "pinned-actions", "pinned-downloads"),
        *("self-hosted-public", "template-injection", "token-permissions", "trusted-publishing"),
        *("unsound-conditions", "workflow-secrets"),
    }
)
"""Checks that are unknown where a workflow is no YAML: a fault, where all others meet a limit."""


def lighter(check: str, plan: Plan, organisation: OrganisationPlan) -> str | None:
    """The severity of a finding that matters less than its check, as all that it observed does; else None."""
    settings = plan.settings
    light: str | None = None
    match check:
        case "binaries-large" if plan.features["binaries"] == "large":
            light = "medium"
        case "default-workflow-token" if (settings.token or organisation.token)[0] == "read":
            light = "medium"
        case "deploy-keys" if all(key.read_only for key in settings.keys):
            light = "low"
        case "force-push-delete":
            # GitHub deletes no default branch, so a rule against that matters less there.
            wanted = [plan.default, *(n for n in _branches(plan)[0] if named(n, RELEASED_FROM))]
            both = {("no force push", True), ("no deletion", True)}
            forced = [n for n in wanted if ("no force push", True) not in _demands(plan, organisation, n)]
            others = [n for n in wanted[1:] if not both <= _demands(plan, organisation, n)]
            light = None if forced or others else "low"
        case "orphan-base":
            light = "low"
        case "outside-access":
            outside = {role for who, role in plan.people.items() if who not in organisation.members}
            light = None if "admin" in outside else "medium"
        case "secret-scanning" if settings.secret_scanning:
            light = "medium"
        case "security-policy" if plan.features["security"] == "no-delay":
            light = "low"
        case "token-permissions" if "writes-all" not in plan.features["workflows"].split(","):
            light = "medium"
        case "update-tool" if plan.features["updates"] == "none" and _ecosystems(plan) == {"github-actions"}:
            light = "medium"
    return light
