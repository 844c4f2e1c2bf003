"""The second calculation: what each check must say of a planned repository.

Written from the documentation of the checks (``docs/reference/checks.md``: what holds when a check
passes, and the default of each option) and from how a repository was planned. Nothing here knows the
code that reads or judges, nor may it: a test walks the imports of this package.

What the documentation says of limits is here, too: at most 100 branches and 100 open pull requests
are listed, at most 30 branches are compared with the default one, at most 15 pull requests are asked
whether they conflict. Where such a limit leaves something out, and nothing that was looked at is
wrong, the answer is *unknown*.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.model.verdicts import Outcome
from tests.truth import texts
from tests.truth.plans import (
    BranchPlan,
    OrganisationPlan,
    Plan,
    PullPlan,
    ReleasePlan,
    ResultPlan,
    RulesetPlan,
    Where,
)

PASS, FAIL = Outcome.PASS, Outcome.FAIL
NOT_APPLICABLE, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN

Expectation = Callable[[Plan, OrganisationPlan], Outcome]

OF_REPOSITORIES: dict[str, Expectation] = {}
"""Check -> what it must say of a repository."""

OF_ORGANISATIONS: dict[str, Callable[[OrganisationPlan], Outcome]] = {}
"""The same for checks that judge an organisation."""

LISTED = 100
COMPARED = 30
ASKED = 15

LONG_LIVED = (
    *(
        "release*",
        "rel/*",
        "rel-*",
        "v[0-9]*",
        "[0-9]",
        "[0-9][0-9]",
        "[0-9][0-9][0-9][0-9]",
        "*-v[0-9]*",
        "*/v[0-9]*",
        "*[0-9].[0-9]*",
    ),
    *("stable*", "*-stable", "lts*", "maint*", "support/*", "backport*", "*.x", "gh-pages"),
    *("gh-readonly-queue/*", "develop", "main", "master"),
)
"""Default of ``exclude`` of ``behind``."""

KEPT = (
    *LONG_LIVED,
    *("*release*", "*/stable*", "dev", "development", "trunk", "next", "latest", "edge", "canary"),
    *("nightly*", "alpha*", "beta*", "prod*", "staging*", "live", "deploy*", "env/*", "preview*"),
    *("archive*", "pages", "website", "docs"),
)
"""Default of ``exclude`` of ``stale-branches``, ``merged-branches``; of ``targets`` of ``orphan-base``."""

RELEASED_FROM = (
    *("release/*", "releases/*", "release-[0-9]*", "release[0-9]*", "rel/*", "rel-[0-9]*", "v[0-9]*"),
    *("[0-9]*.x", "[0-9].[0-9]*", "[0-9][0-9].[0-9]*", "stable", "stable/*", "stable-*", "*-stable"),
    *("lts*", "maint/*", "maintenance/*", "support/*"),
)
"""Default of ``branches`` of ``release-branches`` and ``force-push-delete``."""


def expects(*names: str) -> Callable[[Expectation], Expectation]:
    """Say what checks must say of a repository."""

    def keep(function: Expectation) -> Expectation:
        OF_REPOSITORIES.update(dict.fromkeys(names, function))
        return function

    return keep


def verdict(well: bool) -> Outcome:
    """Pass or fail."""
    return PASS if well else FAIL


def unless_limited(wrong: bool, limited: bool) -> Outcome:
    """What is wrong is told; else what was left out may be."""
    if wrong:
        return FAIL
    return UNKNOWN if limited else PASS


def named(name: str, patterns: Iterable[str]) -> bool:
    """A branch's name is one of these patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


# Community


@expects("readme")
def readme(plan: Plan, _: OrganisationPlan) -> Outcome:
    """At least 150 bytes, in the root, .github or docs."""
    if plan.empty or plan.archived:
        return NOT_APPLICABLE
    sizes = [
        len(data)
        for path, data in plan.files.items()
        if re.fullmatch(r"(\.github/|docs/)?readme(\.\w+)?", path, re.IGNORECASE)
    ]
    return verdict(any(size >= 150 for size in sizes))


@expects("licence")
def licence(plan: Plan, _: OrganisationPlan) -> Outcome:
    """The text of a licence that is on the list; who can not see the code needs none."""
    if plan.empty or plan.private:
        return NOT_APPLICABLE
    return verdict(plan.features["licence"] in ("mit", "apache", "isc"))


def _guide(plan: Plan) -> bool:
    """Guides are for public repositories in which changes are proposed."""
    return not (plan.empty or plan.archived or plan.fork or plan.private)


@expects("contributing")
def contributing(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Here with something in it, or for all."""
    if not _guide(plan):
        return NOT_APPLICABLE
    own = plan.features["contributing"]
    return verdict(own != "empty" and (own != "none" or "CONTRIBUTING.md" in organisation.defaults))


@expects("code-of-conduct")
def code_of_conduct(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Here, or for all."""
    if not _guide(plan):
        return NOT_APPLICABLE
    return verdict(plan.features["conduct"] == "own" or "CODE_OF_CONDUCT.md" in organisation.defaults)


@expects("security-policy")
def security_policy(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """With a contact and a time; the repository's own before the owner's."""
    if plan.empty or plan.archived or plan.private:
        return NOT_APPLICABLE
    own = plan.features["security"]
    return verdict(own == "full" or (own == "none" and "SECURITY.md" in organisation.defaults))


@expects("templates")
def templates(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """For issues, where there are any, and for pull requests."""
    if not _guide(plan):
        return NOT_APPLICABLE
    issue = not plan.has_issues or plan.features["issue template"] != "none"
    by_default = any("pull_request_template" in path for path in organisation.defaults)
    return verdict(issue and (plan.features["pull template"] == "there" or by_default))


@expects("changelog")
def changelog(plan: Plan, _: OrganisationPlan) -> Outcome:
    """A file, or three words in the notes of the latest release."""
    if not _guide(plan):
        return NOT_APPLICABLE
    if plan.features["changelog"] == "file":
        return PASS
    published = [r for r in plan.releases if r.release and not r.draft and not r.prerelease]
    if not published:
        return NOT_APPLICABLE
    return verdict(len(min(published, key=lambda r: r.age).notes.split()) >= 3)


@expects("metadata")
def metadata(plan: Plan, _: OrganisationPlan) -> Outcome:
    """A description, a topic, and the website where there is one."""
    if not _guide(plan):
        return NOT_APPLICABLE
    site = plan.homepage is not None or not plan.pages
    return verdict(plan.description is not None and bool(plan.topics) and site)


@expects("binaries-large")
def binaries_large(plan: Plan, _: OrganisationPlan) -> Outcome:
    """What tests read does not count."""
    if plan.empty or plan.archived:
        return NOT_APPLICABLE
    return verdict(plan.features["binaries"] in ("none", "in tests"))


@expects("standard-file-drift")
def standard_file_drift(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Byte for byte what the owner keeps under ``standard-files/all``."""
    if plan.empty or plan.archived or plan.fork:
        return NOT_APPLICABLE
    kept = {
        path.removeprefix("standard-files/all/"): text.encode()
        for path, text in organisation.defaults.items()
        if path.startswith("standard-files/all/")
    }
    return verdict(all(plan.files.get(path) == data for path, data in kept.items()))


# Ownership


def _owned(plan: Plan) -> str:
    """How CODEOWNERS was planned; "none" where there is no such file."""
    return plan.features.get("owners", "none")


@expects("codeowners-present")
def codeowners_present(plan: Plan, _: OrganisationPlan) -> Outcome:
    """There is the file, and it says something."""
    if plan.empty or plan.archived or plan.fork:
        return NOT_APPLICABLE
    return verdict(_owned(plan) not in ("none", "comments"))


@expects("codeowners-valid")
def codeowners_valid(plan: Plan, _: OrganisationPlan) -> Outcome:
    """Each line can be read."""
    if plan.empty or plan.archived or _owned(plan) == "none":
        return NOT_APPLICABLE
    return verdict(_owned(plan) != "bad line")


@expects("codeowners-coverage")
def codeowners_coverage(plan: Plan, _: OrganisationPlan) -> Outcome:
    """All but two of the planned files begin with ``*``."""
    if plan.empty or plan.archived or plan.fork or _owned(plan) == "none":
        return NOT_APPLICABLE
    return verdict(_owned(plan) not in ("part", "comments"))


@expects("codeowners-departed")
def codeowners_departed(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Whoever is named can write, by whatever gives it; teams have a grant, and members."""
    if plan.empty or plan.archived or plan.fork or _owned(plan) in ("none", "comments"):
        return NOT_APPLICABLE
    return verdict(all(_answers(name, plan, organisation) for name in _named_owners(plan)))


def _named_owners(plan: Plan) -> set[str]:
    """People and teams of a CODEOWNERS file; mail is left out."""
    lines = next(data for path, data in plan.files.items() if path.endswith("CODEOWNERS")).decode()
    return set(re.findall(r"@([\w/-]+)(?!\S*\.)", re.sub(r"\S+@\S+", "", lines)))


_WRITES = ("write", "maintain", "admin")


def _answers(name: str, plan: Plan, organisation: OrganisationPlan) -> bool:
    _, slash, slug = name.partition("/")
    if slash:
        return plan.teams.get(slug) in _WRITES and bool(organisation.teams.get(slug))
    if organisation.members.get(name) == "admin" or plan.people.get(name) in _WRITES:
        return True
    if name in organisation.members and organisation.base_permission in _WRITES:
        return True
    return any(
        name in members and plan.teams.get(slug) in _WRITES for slug, members in organisation.teams.items()
    )


@expects("admins")
def admins(plan: Plan, _: OrganisationPlan) -> Outcome:
    """A team, and at most three people by a grant of their own."""
    if plan.archived:
        return NOT_APPLICABLE
    people = sum(1 for role in plan.people.values() if role == "admin")
    return verdict("admin" in plan.teams.values() and people <= 3)


@expects("outside-access")
def outside_access(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Nobody from outside may push."""
    if plan.archived:
        return NOT_APPLICABLE
    return verdict(
        not any(role in _WRITES for who, role in plan.people.items() if who not in organisation.members)
    )


# Protection


def _unprotectable(plan: Plan) -> bool:
    return plan.empty or plan.archived or plan.fork


def _targets(rules: RulesetPlan, branch: str, default: str) -> bool:
    """A ruleset is for a branch: patterns in which ``*`` stops at a slash and ``**/`` does not."""
    for ref in rules.refs:
        if ref == "~ALL" or (ref == "~DEFAULT_BRANCH" and branch == default):
            return True
        pattern = ref.removeprefix("refs/heads/")
        words = re.split(r"(\*\*/|\*)", pattern)
        glob = {"**/": "(?:.+/)?", "*": "[^/]*"}
        if re.fullmatch("".join(glob.get(word) or re.escape(word) for word in words), branch):
            return True
    return False


def _rulesets(plan: Plan, organisation: OrganisationPlan, branch: str) -> list[RulesetPlan]:
    """Rulesets in force for a branch, the organisation's included."""
    above = [
        r
        for r in organisation.rulesets
        if any(p == "~ALL" or fnmatchcase(plan.name, p) for p in r.repositories)
    ]
    return [
        r
        for r in (*plan.settings.rulesets, *above)
        if r.enforcement == "active" and _targets(r, branch, plan.default)
    ]


def _classic(plan: Plan, branch: str) -> Mapping[str, Any] | None:
    """Options of the classic rule for a branch."""
    for rule in plan.settings.classic:
        if fnmatchcase(branch, rule.pattern) and "/" not in branch:
            return rule.options
    return None


def _protected(plan: Plan, organisation: OrganisationPlan, branch: str) -> bool:
    return _classic(plan, branch) is not None or bool(_rulesets(plan, organisation, branch))


def _kept_by_rule(plan: Plan, organisation: OrganisationPlan, branch: str) -> bool:
    """A rule names the branch; one for all branches alike says nothing of any."""
    naming = [r for r in _rulesets(plan, organisation, branch) if "~ALL" not in r.refs]
    return _classic(plan, branch) is not None or bool(naming)


Demands = frozenset[tuple[str, Any]]


def _classic_demands(options: Mapping[str, Any]) -> Demands:
    found: set[tuple[str, Any]] = set()
    found |= set() if options.get("allow_force_pushes") else {("no force push", True)}
    found |= set() if options.get("allow_deletions") else {("no deletion", True)}
    approvals = options.get("required_approvals")
    if approvals is not None:
        found |= {("pull request", True), *(("approvals", n) for n in range(1, approvals + 1))}
        found |= {("stale", True)} if options.get("dismiss_stale_reviews") else set()
        found |= {("last push", True)} if options.get("last_push_approval") else set()
    checks = options.get("required_checks")
    if checks is not None:
        found |= {("check", context) for context in checks}
        found |= {("up to date", True)} if options.get("strict") else set()
    found |= {("signed", True)} if options.get("signatures") else set()
    return frozenset(found)


def _ruleset_demands(rules: RulesetPlan) -> Demands:
    found: set[tuple[str, Any]] = set()
    for rule in rules.rules:
        kind = rule if isinstance(rule, str) else rule["type"]
        parameters: Mapping[str, Any] = {} if isinstance(rule, str) else rule.get("parameters", {})
        match kind:
            case "deletion":
                found.add(("no deletion", True))
            case "non_fast_forward":
                found.add(("no force push", True))
            case "required_signatures":
                found.add(("signed", True))
            case "merge_queue":
                found.add(("queue", True))
            case "pull_request":
                count = parameters.get("required_approving_review_count", 1)
                found |= {("pull request", True), *(("approvals", n) for n in range(1, count + 1))}
                if parameters.get("dismiss_stale_reviews_on_push"):
                    found.add(("stale", True))
            case "required_status_checks":
                found |= {("check", context) for context in parameters["required_status_checks"]}
                if parameters.get("strict_required_status_checks_policy"):
                    found.add(("up to date", True))
    return frozenset(found)


def _demands(plan: Plan, organisation: OrganisationPlan, branch: str) -> Demands:
    """What is demanded of a branch by all rules together."""
    classic = _classic(plan, branch)
    found = frozenset() if classic is None else _classic_demands(classic)
    for rules in _rulesets(plan, organisation, branch):
        found |= _ruleset_demands(rules)
    return found


def _branches(plan: Plan) -> tuple[list[str], bool]:
    """Branches that are listed, by name, and whether there are more."""
    names = sorted(branch.name for branch in plan.branches)
    return names[:LISTED], len(names) > LISTED


@expects("default-protected")
def default_protected(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Any rule will do."""
    if _unprotectable(plan):
        return NOT_APPLICABLE
    return verdict(_protected(plan, organisation, plan.default))


@expects("force-push-delete")
def force_push_delete(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Both are blocked for the default branch and for those of releases."""
    if _unprotectable(plan):
        return NOT_APPLICABLE
    listed, more = _branches(plan)
    wanted = [plan.default, *(name for name in listed if named(name, RELEASED_FROM))]
    both = {("no force push", True), ("no deletion", True)}
    return unless_limited(any(not both <= _demands(plan, organisation, name) for name in wanted), more)


@expects("release-branches")
def release_branches(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Any rule, for each branch that is called like one of releases."""
    if _unprotectable(plan):
        return NOT_APPLICABLE
    listed, more = _branches(plan)
    wanted = [name for name in listed if named(name, RELEASED_FROM)]
    if not wanted and not more:
        return NOT_APPLICABLE
    return unless_limited(any(not _protected(plan, organisation, name) for name in wanted), more)


@expects("reviews")
def reviews(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """By pull request, with one approval that a new commit takes away or that comes after the last push."""
    if _unprotectable(plan):
        return NOT_APPLICABLE
    found = _demands(plan, organisation, plan.default)
    fresh = ("stale", True) in found or ("last push", True) in found
    return verdict({("pull request", True), ("approvals", 1)} <= found and fresh)


@expects("status-checks")
def status_checks(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """One check at least, on the newest state."""
    if _unprotectable(plan):
        return NOT_APPLICABLE
    found = _demands(plan, organisation, plan.default)
    newest = ("up to date", True) in found or ("queue", True) in found
    return verdict(newest and any(kind == "check" for kind, _ in found))


@expects("bypass")
def bypass(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Nobody is let past something that no other rule holds them to."""
    if _unprotectable(plan) or not _protected(plan, organisation, plan.default):
        return NOT_APPLICABLE
    # Whoever owns the organisation administers its repositories, too.
    people = {"admin": {"administrators", "owners"}, "OrganizationAdmin": {"owners"}}
    sources: list[tuple[Demands, set[str]]] = []
    classic = _classic(plan, plan.default)
    if classic is not None:
        free = set() if classic.get("enforce_admins") else people["admin"]
        sources.append((_classic_demands(classic), free))
    for rules in _rulesets(plan, organisation, plan.default):
        free = set().union(*(people[who] for who in rules.bypass if isinstance(who, str)))
        sources.append((_ruleset_demands(rules), free))
    for demand in set().union(*(demands for demands, _ in sources)):
        bound = [free for demands, free in sources if demand in demands]
        if set.intersection(*bound):
            return FAIL
    return PASS


@expects("signed-commits")
def signed_commits(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Demanded, or done for the newest thirty."""
    if _unprotectable(plan):
        return NOT_APPLICABLE
    if ("signed", True) in _demands(plan, organisation, plan.default):
        return PASS
    newest = sorted(map(plan.commit, plan.history(plan.default)), key=lambda commit: commit.age)[:30]
    return verdict(all(commit.signed for commit in newest))


@expects("ghost-required-checks")
def ghost_required_checks(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Each has reported on the head, or on that of a pull request; without one that can not be told."""
    if _unprotectable(plan):
        return NOT_APPLICABLE
    demanded = {name for kind, name in _demands(plan, organisation, plan.default) if kind == "check"}
    if not demanded:
        return NOT_APPLICABLE
    heads = [plan.tip(pull.head) for pull in plan.pulls if pull.base == plan.default]
    reported = {
        result.name for where in (plan.tip(plan.default), *heads) for result in plan.commit(where).results
    }
    if demanded <= reported:
        return PASS
    return FAIL if heads else UNKNOWN


@expects("merge-group-wiring")
def merge_group_wiring(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """A workflow with a job that is required runs for the queue, or for pushes to its branches."""
    if _unprotectable(plan):
        return NOT_APPLICABLE
    found = _demands(plan, organisation, plan.default)
    if ("queue", True) not in found:
        return NOT_APPLICABLE
    workflows = list(_workflows(plan))
    for name in (name for kind, name in found if kind == "check"):
        reporting = [_triggers(w) for w in workflows if w is not None and name in w["jobs"]]
        if reporting and not any({"merge_group", "push"} & set(triggers) for triggers in reporting):
            return FAIL
    return UNKNOWN if None in workflows else PASS


# Results


def _results(plan: Plan) -> list[tuple[float, list[ResultPlan]]]:
    """(age, results of others than us) of the commits of the default branch, newest first."""
    if plan.empty:
        return []
    commits = [plan.commit(where) for where in reversed(plan.line(plan.default))]
    return [(commit.age, [r for r in commit.results if not r.ours]) for commit in commits]


def _settled(plan: Plan) -> list[tuple[float, bool]]:
    """(age, all passed) of commits with results of which none is running."""
    good = ("success", "skipped", "neutral")
    return [
        (age, all(result.state in good for result in said))
        for age, said in _results(plan)
        if said and not any(result.state == "running" for result in said)
    ]


@expects("default-green")
def default_green(plan: Plan, _: OrganisationPlan) -> Outcome:
    """The newest commit with results."""
    settled = _settled(plan)
    if plan.archived or not settled:
        return NOT_APPLICABLE
    return verdict(settled[0][1])


@expects("red-age")
def red_age(plan: Plan, _: OrganisationPlan) -> Outcome:
    """Red for at most three days, counted from the first red commit after a green one."""
    settled = _settled(plan)
    if plan.archived or not settled:
        return NOT_APPLICABLE
    since = 0.0
    for age, well in settled:
        if well:
            break
        since = age
    return verdict(since <= 3)


@expects("tests-run")
def tests_run(plan: Plan, _: OrganisationPlan) -> Outcome:
    """Any result of others."""
    if plan.empty or plan.archived:
        return NOT_APPLICABLE
    return verdict(any(said for _, said in _results(plan)))


# Workflows


def _workflows(plan: Plan) -> Iterator[Mapping[str, Any] | None]:
    """Each workflow as YAML 1.2 tells it; None for one that is no YAML."""
    for path, data in sorted(plan.files.items()):
        if re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", path):
            try:
                yield YAML(typ="safe", pure=True).load(io.BytesIO(data))
            except YAMLError:
                yield None


def _triggers(workflow: Mapping[str, Any]) -> list[str]:
    on = workflow["on"]
    return [on] if isinstance(on, str) else list(on)


def _jobs(workflow: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(workflow["jobs"].values())


def _audited(plan: Plan, wrong: Callable[[Mapping[str, Any]], bool]) -> Outcome:
    """Any workflow that is wrong tells; else one that can not be read may be."""
    found = list(_workflows(plan))
    if plan.archived or not found:
        return NOT_APPLICABLE
    return unless_limited(any(wrong(w) for w in found if w is not None), None in found)


@expects("pinned-actions")
def pinned_actions(plan: Plan, _: OrganisationPlan) -> Outcome:
    """Forty digits after each ``@``."""

    def loose(workflow: Mapping[str, Any]) -> bool:
        uses = [step["uses"] for job in _jobs(workflow) for step in job["steps"] if "uses" in step]
        return any(not re.search(r"@[0-9a-f]{40}$", name) for name in uses)

    return _audited(plan, loose)


@expects("token-permissions")
def token_permissions(plan: Plan, _: OrganisationPlan) -> Outcome:
    """Said at the top, and nothing that all jobs may write."""

    def wide(workflow: Mapping[str, Any]) -> bool:
        said = workflow.get("permissions")
        if said is None:
            return any("permissions" not in job for job in _jobs(workflow))
        return bool(said == "write-all")

    return _audited(plan, wide)


@expects("self-hosted-public")
def self_hosted_public(plan: Plan, _: OrganisationPlan) -> Outcome:
    """No job of a public repository; what can not be read matters where it holds the word."""
    if plan.private:
        return NOT_APPLICABLE
    found = _audited(plan, lambda w: any("self-hosted" in job["runs-on"] for job in _jobs(w)))
    held = any(b"self-hosted" in data for path, data in plan.files.items() if "/workflows/" in path)
    return PASS if found is UNKNOWN and not held else found


def _as_planned(check: str) -> Expectation:
    """What the texts were written for: they name the checks that must tell of them."""

    def judged(plan: Plan, _: OrganisationPlan) -> Outcome:
        names = [name for name in plan.features.get("workflows", "").split(",") if name]
        if plan.archived or not names:
            return NOT_APPLICABLE
        used = [texts.WORKFLOWS[name] for name in names]
        return unless_limited(any(check in t.faults for t in used), any(not t.readable for t in used))

    return judged


for _name in (
    "cache-poisoning",
    "credential-persistence",
    "dangerous-trigger",
    "doubtful-actions",
    "environment-files",
    "obfuscated-workflows",
    "pinned-downloads",
    "template-injection",
    "trusted-publishing",
    "unsound-conditions",
    "workflow-secrets",
):
    expects(_name)(_as_planned(_name))


@expects("dormant-workflows")
def dormant_workflows(plan: Plan, _: OrganisationPlan) -> Outcome:
    """None asleep, none that failed five times without a success."""
    if plan.archived or not plan.settings.workflows:
        return NOT_APPLICABLE
    return verdict(
        not any(
            workflow.state == "disabled_inactivity"
            or (workflow.runs.count("failure") >= 5 and "success" not in workflow.runs)
            for workflow in plan.settings.workflows
        )
    )


@expects("default-workflow-token")
def default_workflow_token(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """What the repository chose, else what the organisation has."""
    if plan.archived:
        return NOT_APPLICABLE
    return verdict((plan.settings.token or organisation.token) == ("read", False))


# Dependencies and security


def _ecosystems(plan: Plan) -> set[str]:
    """Ecosystems with something to update."""
    found = {name for name in plan.features.get("manifests", "").split(",") if name}
    names = [name for name in plan.features.get("workflows", "").split(",") if name]
    return found | ({"github-actions"} if any(texts.WORKFLOWS[name].uses for name in names) else set())


@expects("update-tool")
def update_tool(plan: Plan, _: OrganisationPlan) -> Outcome:
    """Configured so that it works."""
    if plan.empty or plan.archived or plan.fork:
        return NOT_APPLICABLE
    match plan.features["updates"]:
        case "all" | "part" | "renovate":
            return PASS
        case "none":
            return FAIL if _ecosystems(plan) else NOT_APPLICABLE
    return FAIL


@expects("update-coverage")
def update_coverage(plan: Plan, _: OrganisationPlan) -> Outcome:
    """Each ecosystem has its entry; Renovate finds them by itself."""
    if plan.empty or plan.archived or plan.fork:
        return NOT_APPLICABLE
    needed = _ecosystems(plan)
    kind = plan.features["updates"]
    if kind not in ("all", "part", "renovate") or not needed:
        return NOT_APPLICABLE
    return verdict(kind == "renovate" or needed <= set(plan.features["covered"].split(",")))


UPDATERS = ("dependabot[bot]", "renovate[bot]")


def _pulls(plan: Plan) -> tuple[list[PullPlan], bool]:
    """Pull requests that are listed, and whether there are more."""
    newest = sorted(plan.pulls, key=lambda pull: pull.opened)
    return newest[:LISTED], len(newest) > LISTED


@expects("bot-pr-backlog")
def bot_pr_backlog(plan: Plan, _: OrganisationPlan) -> Outcome:
    """No update older than thirty days."""
    if plan.archived:
        return NOT_APPLICABLE
    pulls, more = _pulls(plan)
    return unless_limited(any(p.author in UPDATERS and p.opened > 30 for p in pulls), more)


@expects("open-alerts")
def open_alerts(plan: Plan, _: OrganisationPlan) -> Outcome:
    """As long as the severity allows."""
    if plan.archived:
        return NOT_APPLICABLE
    days = {"critical": 7, "high": 30, "medium": 90, "low": 365}
    late = any(a.state == "open" and a.age > days[a.severity] for a in plan.settings.alerts)
    return verdict(plan.settings.alerts_on and not late)


@expects("deploy-keys")
def deploy_keys(plan: Plan, _: OrganisationPlan) -> Outcome:
    """None writes, none is older than a year."""
    if plan.archived:
        return NOT_APPLICABLE
    return verdict(all(key.read_only and key.age <= 365 for key in plan.settings.keys))


@expects("webhook-hygiene")
def webhook_hygiene(plan: Plan, _: OrganisationPlan) -> Outcome:
    """With a secret, to a verified https address; those that are off do not count."""
    if plan.archived:
        return NOT_APPLICABLE
    return verdict(
        all(
            hook.secret and hook.verified and hook.url.startswith("https://")
            for hook in plan.settings.hooks
            if hook.active
        )
    )


@expects("secret-scanning")
def secret_scanning(plan: Plan, _: OrganisationPlan) -> Outcome:
    """Looked for and refused; a private repository without has not bought it."""
    settings = plan.settings
    if plan.archived or (plan.private and not settings.secret_scanning):
        return NOT_APPLICABLE
    return verdict(settings.secret_scanning and settings.push_protection)


@expects("code-scanning")
def code_scanning(plan: Plan, _: OrganisationPlan) -> Outcome:
    """Analysed within ninety days, where there is code and GitHub offers it."""
    settings = plan.settings
    if plan.archived or plan.language is None or (plan.private and not settings.advanced_security):
        return NOT_APPLICABLE
    return verdict(settings.analysed is not None and settings.analysed <= 90)


# Staleness


@expects("repo-inactive")
def repo_inactive(plan: Plan, _: OrganisationPlan) -> Outcome:
    """A commit within a year."""
    finished = {"feature-complete", "keep", "stable"} & set(plan.topics)
    if plan.empty or plan.archived or plan.fork or finished:
        return NOT_APPLICABLE
    return verdict(plan.commit(plan.tip(plan.default)).age <= 365)


def _left_alone(plan: Plan, organisation: OrganisationPlan) -> Iterator[BranchPlan]:
    """Listed branches that nothing keeps: no rule, no pull request, no name."""
    used = {pull.base for pull in plan.pulls} | {pull.head for pull in plan.pulls if not pull.fork}
    listed, _ = _branches(plan)
    for name in listed:
        kept = name == plan.default or name in used or named(name, KEPT)
        if not kept and not _kept_by_rule(plan, organisation, name):
            yield plan.branch(name)


@expects("stale-branches")
def stale_branches(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Work of its own that is older than ninety days."""
    if plan.empty or plan.archived:
        return NOT_APPLICABLE
    stale = any(
        plan.commit(plan.tip(branch.name)).age > 90 and plan.lacks(plan.default, branch.name)
        for branch in _left_alone(plan, organisation)
    )
    return unless_limited(stale, _branches(plan)[1] or len(plan.pulls) > LISTED)


@expects("merged-branches")
def merged_branches(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Nothing of its own, for more than a fortnight."""
    if plan.empty or plan.archived:
        return NOT_APPLICABLE
    left = any(
        plan.commit(plan.tip(branch.name)).age >= 14 and not plan.lacks(plan.default, branch.name)
        for branch in _left_alone(plan, organisation)
    )
    return unless_limited(left, _branches(plan)[1] or len(plan.pulls) > LISTED)


@expects("stale-prs")
def stale_prs(plan: Plan, _: OrganisationPlan) -> Outcome:
    """Sixty days; ninety for a draft, thirty where only a review is missing; not those of bots."""
    if plan.archived:
        return NOT_APPLICABLE
    pulls, more = _pulls(plan)

    def late(pull: PullPlan) -> bool:
        limit = 90 if pull.draft else 30 if pull.review == "REVIEW_REQUIRED" else 60
        return not pull.author.endswith("[bot]") and pull.touched > limit

    return unless_limited(any(map(late, pulls)), more)


@expects("unanswered-issues")
def unanswered_issues(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Of the thirty oldest that are open, none of a stranger's waits for more than thirty days."""
    if plan.archived or not plan.has_issues:
        return NOT_APPLICABLE
    inside = {*organisation.members, *plan.people, "octocat"}
    oldest = sorted((i for i in plan.issues if not i.closed), key=lambda i: -i.opened)[:30]
    return verdict(
        not any(
            issue.opened > 30
            and issue.author not in inside
            and not issue.author.endswith("[bot]")
            and not inside & set(issue.commenters)
            for issue in oldest
        )
    )


# Alignment


@expects("behind")
def behind(plan: Plan, _: OrganisationPlan) -> Outcome:
    """At most 100 commits behind; from ten on, in touch within ninety days."""
    if plan.empty or plan.archived:
        return NOT_APPLICABLE
    default = plan.default
    pulls, more_pulls = _pulls(plan)
    listed, more_branches = _branches(plan)
    proposed = [pull.head for pull in pulls if pull.base == default]
    ours = {pull.head for pull in pulls if pull.base == default and not pull.fork}
    others = [name for name in listed if name != default and name not in ours]
    # What nobody worked on for half a year is history and is not compared at all.
    others = [name for name in others if plan.commit(plan.tip(name)).age <= 180]
    others.sort(key=lambda name: plan.commit(plan.tip(name)).age)
    measured = [(name, True) for name in proposed] + [(name, False) for name in others]

    def late(name: str, proposal: bool) -> bool:
        counts = proposal or (
            plan.lacks(default, name) and not named(name, LONG_LIVED) and plan.commit(plan.tip(name)).age < 90
        )
        common = plan.common_age(default, name)
        lacking = plan.lacks(name, default)
        return bool(counts) and (lacking > 100 or (lacking >= 10 and (common is None or common > 90)))

    left_out = measured[COMPARED:]
    active = any(plan.commit(plan.tip(name)).age < 90 for name, _ in left_out)
    return unless_limited(
        any(late(*one) for one in measured[:COMPARED]), active or more_pulls or more_branches
    )


def _changed(plan: Plan, since: frozenset[Where], commits: frozenset[Where]) -> Mapping[str, object]:
    """Path -> newest content of what commits changed that others lack."""
    found: dict[str, object] = {}
    for where in sorted(commits - since, key=lambda w: -plan.commit(w).age):
        found |= plan.commit(where).changes
    return found


def _conflicts(plan: Plan, pull: PullPlan) -> bool:
    """Both sides changed a file, and not to the same."""
    ours, theirs = plan.history(pull.base), plan.history(pull.head)
    left, right = _changed(plan, theirs, ours), _changed(plan, ours, theirs)
    return any(left[path] != right[path] for path in left.keys() & right.keys())


@expects("conflict-now")
def conflict_now(plan: Plan, _: OrganisationPlan) -> Outcome:
    """No draft, touched within ninety days; fifteen are asked, the latest first."""
    if plan.archived:
        return NOT_APPLICABLE
    pulls, more = _pulls(plan)
    active = sorted((p for p in pulls if not p.draft and p.touched <= 90), key=lambda p: p.touched)
    conflict = any(_conflicts(plan, pull) for pull in active[:ASKED])
    return unless_limited(conflict, more or len(active) > ASKED)


STANDING = ("develop", "staging", "production")


@expects("long-lived-divergence")
def long_lived_divergence(plan: Plan, _: OrganisationPlan) -> Outcome:
    """Both went their own ways for more than thirty days."""
    if plan.empty or plan.archived:
        return NOT_APPLICABLE
    listed, more = _branches(plan)
    pairs = [name for name in listed if name in STANDING]
    if not pairs:
        return UNKNOWN if more else NOT_APPLICABLE

    def since(name: str) -> float:
        """Days for which each has had commits that the other lacks."""
        ours = [plan.commit(w).age for w in plan.history(plan.default) - plan.history(name)]
        theirs = [plan.commit(w).age for w in plan.history(name) - plan.history(plan.default)]
        return min(max(ours), max(theirs)) if ours and theirs else 0.0

    return verdict(not any(since(name) > 30 for name in pairs))


@expects("orphan-base")
def orphan_base(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Into the default branch, a protected or kept one, or that of a pull request; after a week."""
    if plan.empty or plan.archived:
        return NOT_APPLICABLE
    pulls, more = _pulls(plan)
    heads = {pull.head for pull in plan.pulls if not pull.fork}
    lost = any(
        pull.opened > 7
        and pull.base != plan.default
        and pull.base not in heads
        and not named(pull.base, KEPT)
        and not _kept_by_rule(plan, organisation, pull.base)
        for pull in pulls
    )
    return unless_limited(lost, more)


@expects("stack-broken")
def stack_broken(plan: Plan, _: OrganisationPlan) -> Outcome:
    """The upper one has all commits of the lower one."""
    if plan.archived:
        return NOT_APPLICABLE
    pulls, more = _pulls(plan)
    heads = {pull.head for pull in pulls if not pull.fork}
    stacked = [pull for pull in pulls if pull.base in heads]
    return unless_limited(any(plan.lacks(pull.head, pull.base) for pull in stacked), more)


@expects("update-blocked")
def update_blocked(plan: Plan, organisation: OrganisationPlan) -> Outcome:
    """Behind, and its branch may not be pushed to by who maintains the repository."""
    if plan.archived:
        return NOT_APPLICABLE
    pulls, more = _pulls(plan)

    def blocked(pull: PullPlan) -> bool:
        if pull.fork:
            return not pull.editable
        return any(
            not any(isinstance(who, str) for who in rules.bypass)
            and ("pull request", True) in _ruleset_demands(rules)
            for rules in _rulesets(plan, organisation, pull.head)
        )

    compared = [p for p in pulls if p.base == plan.default]
    counting = [
        pull
        for pull in compared[:COMPARED]
        if not pull.draft and not pull.author.endswith("[bot]") and plan.lacks(pull.head, plan.default)
    ]
    return unless_limited(any(map(blocked, counting)), more or len(compared) > COMPARED)


# Release


def _published(plan: Plan) -> list[ReleasePlan]:
    return [release for release in plan.releases if not release.draft]


def _moment(plan: Plan, release: ReleasePlan) -> float:
    """Age of a release: its own, or that of what its tag points to."""
    if release.release or release.annotated:
        return release.age
    return plan.commit(plan.line(plan.default)[release.commit]).age


@expects("recent-release")
def recent_release(plan: Plan, _: OrganisationPlan) -> Outcome:
    """Within a year, or nothing came since."""
    found = _published(plan)
    if plan.empty or plan.archived or plan.fork or not found:
        return NOT_APPLICABLE
    newest = min(_moment(plan, release) for release in found)
    return verdict(newest <= 365 or plan.commit(plan.tip(plan.default)).age >= newest)


@expects("unreleased-work")
def unreleased_work(plan: Plan, _: OrganisationPlan) -> Outcome:
    """At most fifty commits, or a release that is younger than ninety days."""
    found = _published(plan)
    if plan.archived or plan.fork or not found:
        return NOT_APPLICABLE
    newest = min(found, key=lambda release: _moment(plan, release))
    at = plan.line(plan.default)[newest.commit]
    waiting = len(plan.history(plan.default) - plan.holds(at))
    return verdict(waiting <= 50 or _moment(plan, newest) <= 90)


_SIGNED = (".asc", ".sig", ".sigstore", ".intoto.jsonl")


@expects("signed-artifacts")
def signed_artifacts(plan: Plan, _: OrganisationPlan) -> Outcome:
    """Each with files has a signature or provenance, from the first that has on."""
    if plan.archived:
        return NOT_APPLICABLE
    newest = sorted((r for r in _published(plan) if r.release), key=lambda r: r.age)[:5]
    signed = [any(a.endswith(_SIGNED) for a in r.assets) for r in newest if r.assets]
    if not signed:
        return NOT_APPLICABLE
    while len(signed) > 1 and not signed[-1]:
        signed.pop()
    return verdict(all(signed))


# Organisations


def of_organisation(name: str) -> Callable[[Callable[[OrganisationPlan], Outcome]], None]:
    """Say what a check must say of an organisation."""

    def keep(function: Callable[[OrganisationPlan], Outcome]) -> None:
        OF_ORGANISATIONS[name] = function

    return keep


of_organisation("two-factor-required")(lambda plan: verdict(plan.two_factor))
of_organisation("default-permission")(lambda plan: verdict(plan.base_permission in ("none", "read")))
of_organisation("organisation-owners")(
    # Who made it owns it, too.
    lambda plan: verdict(2 <= 1 + list(plan.members.values()).count("admin") <= 10)
)
of_organisation("organisation-webhooks")(
    lambda plan: verdict(
        all(h.secret and h.verified and h.url.startswith("https://") for h in plan.hooks if h.active)
    )
)
of_organisation("actions-policy")(
    lambda plan: verdict(plan.allowed_actions != "all" and plan.token == ("read", False))
)


def _departed(plan: OrganisationPlan) -> Outcome:
    """Somebody whom a file names is neither member nor collaborator, or no team."""
    asked = [one for one in plan.repositories if not (one.empty or one.archived or one.fork)]
    named = {n for one in asked if _owned(one) not in ("none", "comments") for n in _named_owners(one)}
    known = {"octocat", *plan.members, *(who for one in plan.repositories for who in one.people)}
    known |= {f"{plan.login}/{slug}" for slug in plan.teams}
    return verdict(named <= known) if named else NOT_APPLICABLE


of_organisation("departed-owners")(_departed)


# Permissions

NEEDS: Mapping[str, frozenset[str]] = {
    "admins": frozenset({"administration"}),
    "code-scanning": frozenset({"security_events"}),
    "default-green": frozenset({"checks", "statuses"}),
    "default-workflow-token": frozenset({"administration"}),
    "deploy-keys": frozenset({"administration"}),
    "dormant-workflows": frozenset({"actions"}),
    "open-alerts": frozenset({"vulnerability_alerts"}),
    "red-age": frozenset({"checks", "statuses"}),
    "secret-scanning": frozenset({"administration"}),
    "tests-run": frozenset({"checks", "statuses"}),
    "webhook-hygiene": frozenset({"repository_hooks"}),
}
"""Check -> permissions without which it can say nothing, as its documentation lists them."""

PARTLY_KNOWN = frozenset(
    {
        *("bypass", "default-protected", "force-push-delete", "ghost-required-checks", "merge-group-wiring"),
        *("release-branches", "reviews", "signed-commits", "status-checks"),
        *("codeowners-departed", "outside-access", "unanswered-issues"),
    }
)
"""Checks that know part of the answer without a permission, which may be enough: nothing is expected then."""


def expected(
    plan: Plan, organisation: OrganisationPlan, granted: Iterable[str] = ()
) -> Mapping[str, Outcome]:
    """What each covered check must say of a repository.

    Args:
        granted: permissions of the installation; empty for all that there are.
    """
    has = set(granted)
    return {
        check: UNKNOWN if has and NEEDS.get(check, frozenset()) - has else judged(plan, organisation)
        for check, judged in OF_REPOSITORIES.items()
        if not has or check not in PARTLY_KNOWN
    }
