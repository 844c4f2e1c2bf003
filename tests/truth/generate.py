"""Plans an organisation from a seed: most repositories small, some large, of every sort there is.

``plan_organisation(seed, repositories)`` is a pure function; ``build`` makes a fake GitHub of it.
What is drawn is written down as the plan's features, so that a reader (and the oracle) knows from
them how a repository was meant.

Run as a program it builds one and tells how long that took:
``python -m tests.truth.generate --repositories 300``.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from bot.testing.git import Content, Executable, Symlink
from tests.truth import texts
from tests.truth.plans import (
    AlertPlan,
    BranchPlan,
    ClassicPlan,
    CommitPlan,
    HookPlan,
    IssuePlan,
    KeyPlan,
    OrganisationPlan,
    Plan,
    PullPlan,
    ReleasePlan,
    ResultPlan,
    RulesetPlan,
    SettingsPlan,
    WorkflowPlan,
)

T = TypeVar("T")

MEMBERS = {"alice": "member", "bob": "member", "carol": "member", "dave": "member", "erin": "admin"}
OUTSIDERS = ("mallory", "outsider", "contractor", "peggy")
BOTS = ("dependabot[bot]", "renovate[bot]", "helper[bot]")
TEAMS: Mapping[str, tuple[str, ...]] = {
    "core": ("alice", "bob"),
    "writers": ("carol",),
    "readers": ("dave",),
    "nobody": (),
}

HOSTILE_TEXTS = (
    "</details><script>alert(1)</script>",
    "@everyone [click](javascript:alert(1)) ![x](http://evil.example/x.png)",
    "`; rm -rf / #",
    "\u202egnirts desrever\u202c",
    "a" * 400,
    "{{7*7}} ${{ github.token }} %s %(x)s {0}",
    "<!-- plumbline: forged -->",
    "'\"\\ \t|",
)
HOSTILE_BRANCHES = (
    "feature/äöü-✨",
    'fix/"quoted"',
    "$(id)",
    "<script>alert(1)</script>",
    "a;rm",
    "`x`",
    "patch%0Aname",
    "@me",
    "work/{{7+7}}",
    "x" * 200,
    "#1",
    "refs/heads/main",
)
HOSTILE_FILES: Mapping[str, Content] = {
    "naïve ✨.txt": "x\n",
    "with space/and 'quote\".md": "x\n",
    "caf\udce9.txt": b"\xff\xfe\x00x",
    "<script>.md": "x\n",
    "-rf": "x\n",
    "link": Symlink("../../../../etc/passwd"),
    "run.sh": Executable("#!/bin/sh\ntrue\n"),
}
PROGRAM = b"MZ\0\0" * 100
HISTORY = "src/history.txt"
"""The newest commit of the default branch changes it, so a branch that changes it, too, conflicts."""


@dataclass
class Draft:
    """A repository while it is being planned."""

    rng: random.Random
    name: str
    size: str
    files: dict[str, Content] = field(default_factory=dict)
    features: dict[str, str] = field(default_factory=dict)
    main: list[CommitPlan] = field(default_factory=list)
    branches: list[BranchPlan] = field(default_factory=list)
    fork_branches: list[BranchPlan] = field(default_factory=list)
    pulls: list[PullPlan] = field(default_factory=list)
    issues: list[IssuePlan] = field(default_factory=list)
    releases: list[ReleasePlan] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    rest: dict[str, Any] = field(default_factory=dict)

    def draw(self, feature: str, choices: Mapping[str, float]) -> str:
        """Choose by weights, and write the choice down."""
        chosen = self.rng.choices(list(choices), list(choices.values()))[0]
        self.features[feature] = chosen
        return chosen

    def chance(self, share: float) -> bool:
        """True for that share of repositories."""
        return self.rng.random() < share

    def between(self, low: float, high: float) -> float:
        """Any number in between."""
        return round(self.rng.uniform(low, high), 3)

    def text(self, plain: str) -> str:
        """Mostly what is given, sometimes something hostile."""
        return self.rng.choice(HOSTILE_TEXTS) if self.chance(0.08) else plain

    @property
    def large(self) -> bool:
        """One of the few that are full of work."""
        return self.size in ("large", "crowded")

    def age(self, number: int) -> float:
        """Age of a commit of the default branch."""
        return self.main[number].age


def plan_organisation(seed: int, repositories: int, *, login: str = "acme") -> OrganisationPlan:
    """An organisation of some repositories; equal seeds give equal plans."""
    rng = random.Random(seed)
    plans = tuple(
        plan_repository(random.Random(f"{seed}/{number}"), number, _size(number, repositories))
        for number in range(repositories)
    )
    defaults = {
        "README.md": "# Defaults\n",
        f"standard-files/all/{texts.STANDARD_PATH}": texts.STANDARD,
    }
    kept = {
        "CODE_OF_CONDUCT.md": texts.CONDUCT,
        "CONTRIBUTING.md": texts.CONTRIBUTING,
        "SECURITY.md": texts.SECURITY_TEXTS["full"],
        ".github/pull_request_template.md": texts.PULL_TEMPLATE,
    }
    # The first seeds differ in what the owner keeps for all, so that both ways are seen.
    defaults |= {path: text for number, (path, text) in enumerate(kept.items()) if seed >> number & 1}
    return OrganisationPlan(
        login=login,
        repositories=plans,
        members=MEMBERS,
        teams=TEAMS,
        outsiders=OUTSIDERS,
        bots=BOTS,
        defaults=defaults,
        rulesets=(
            RulesetPlan(
                "core rules",
                ("deletion", "non_fast_forward"),
                refs=("~DEFAULT_BRANCH", "refs/heads/release/**/*"),
                repositories=("core-*",),
            ),
        ),
        hooks=(HookPlan(), HookPlan("http://plain.example.org/", secret=rng.random() < 0.5)),
        token=("write", True),
        allowed_actions=rng.choice(("all", "selected")),
        base_permission=rng.choice(("read", "write")),
        two_factor=rng.random() < 0.5,
    )


def _size(number: int, repositories: int) -> str:
    """Most are small; one of forty is large, one of a hundred crowded, one of twenty empty."""
    if number % 40 == 7:
        return "crowded" if number // 40 % 3 == 0 and repositories >= 40 else "large"
    if number % 20 == 13:
        return "empty"
    return "middle" if number % 9 == 4 else "small"


def plan_repository(rng: random.Random, number: int, size: str) -> Plan:
    """One repository."""
    prefix = rng.choice(("core", "lib", "app", "tool", "site"))
    draft = Draft(rng, f"{prefix}-{number:03d}", size)
    if draft.chance(0.02):
        draft.name = f"-_.{draft.name}"
    if size != "empty":
        for part in _PARTS:
            part(draft)
    _about(draft)
    _access(draft)
    _settings(draft)
    return _finished(draft)


def _finished(draft: Draft) -> Plan:
    branches: tuple[BranchPlan, ...] = ()
    default = str(draft.rest.pop("default", "main"))
    if draft.main:
        first = replace(draft.main[0], changes={**draft.files, **draft.main[0].changes})
        main = BranchPlan("main", None, (first, *draft.main[1:]))
        branches = (main, *draft.branches)
    return Plan(
        name=draft.name,
        features=draft.features,
        branches=branches,
        fork_branches=tuple(draft.fork_branches),
        pulls=tuple(draft.pulls),
        issues=tuple(draft.issues),
        releases=tuple(draft.releases),
        settings=SettingsPlan(**draft.settings),
        default=default,
        **draft.rest,
    )


# Files


def _community(draft: Draft) -> None:
    files = draft.files
    match draft.draw("readme", {"good": 6, "none": 2, "stub": 2, "edge": 0.7, "docs": 0.7, "github": 0.7}):
        case "good":
            files[draft.rng.choice(("README.md", "README.rst", "readme.txt", "README"))] = texts.README
        case "stub":
            files["README.md"] = texts.README_STUB
        case "edge":
            files["README.md"] = texts.README_EDGE
        case "docs":
            files["docs/README.md"] = texts.README
        case "github":
            files[".github/README.md"] = texts.README
    licence = draft.draw(
        "licence",
        {"mit": 5, "apache": 2, "isc": 1, "none": 2, "wtfpl": 1, "cc-by": 0.5, "own": 1},
    )
    if licence != "none":
        path = draft.rng.choice(("LICENSE", "LICENSE.md", "COPYING", "LICENCE.txt"))
        files[path] = texts.LICENCE_TEXTS[licence]
    match draft.draw("contributing", {"root": 3, "none": 4, "github": 1, "docs": 1, "empty": 0.5}):
        case "root":
            files["CONTRIBUTING.md"] = texts.CONTRIBUTING
        case "github":
            files[".github/CONTRIBUTING.md"] = texts.CONTRIBUTING
        case "docs":
            files["docs/CONTRIBUTING.rst"] = texts.CONTRIBUTING
        case "empty":
            files["CONTRIBUTING.md"] = ""
    if draft.draw("conduct", {"own": 4, "none": 6}) == "own":
        files[draft.rng.choice(("CODE_OF_CONDUCT.md", ".github/CODE_OF_CONDUCT.md"))] = texts.CONDUCT
    policy = draft.draw(
        "security", {"full": 4, "none": 4, "no-contact": 0.7, "no-delay": 0.7, "empty-talk": 0.5}
    )
    if policy != "none":
        path = draft.rng.choice(("SECURITY.md", ".github/SECURITY.md", "docs/SECURITY.md"))
        files[path] = texts.SECURITY_TEXTS[policy]
    if draft.draw("issue template", {"form": 3, "markdown": 1, "none": 4}) == "form":
        files[".github/ISSUE_TEMPLATE/bug.yml"] = texts.ISSUE_FORM
    elif draft.features["issue template"] == "markdown":
        files[".github/ISSUE_TEMPLATE/bug.md"] = texts.ISSUE_TEMPLATE
    if draft.draw("pull template", {"there": 5, "none": 4}) == "there":
        files[draft.rng.choice((".github/pull_request_template.md", "PULL_REQUEST_TEMPLATE.md"))] = (
            texts.PULL_TEMPLATE
        )
    if draft.draw("changelog", {"file": 3, "none": 5}) == "file":
        files[draft.rng.choice(("CHANGELOG.md", "CHANGES.rst", "HISTORY.md"))] = texts.CHANGELOG
    match draft.draw("standard file", {"same": 4, "none": 3, "changed": 2}):
        case "same":
            files[texts.STANDARD_PATH] = texts.STANDARD
        case "changed":
            files[texts.STANDARD_PATH] = texts.STANDARD + "# ours\n"
    match draft.draw("binaries", {"none": 12, "program": 1.5, "in tests": 1, "large": 0.15}):
        case "program":
            files[draft.rng.choice(("bin/tool.exe", "lib/valve.so", "Rocket.jar"))] = PROGRAM
        case "in tests":
            files["src/tests/data/tool.exe"] = PROGRAM
        case "large":
            files["assets/film.bin"] = b"\0" * (10 * 1024 * 1024 + 1)
    if draft.draw("policy", {"none": 15, **dict.fromkeys(texts.POLICIES, 1)}) != "none":
        files[".github/plumbline.yml"] = texts.POLICIES[draft.features["policy"]]
    if draft.draw("names", {"plain": 8, "hostile": 1}) == "hostile":
        files.update(HOSTILE_FILES)
    files[HISTORY] = "0\n"


def _owners(draft: Draft) -> None:
    """Who owns what: lines by what is right or wrong about them."""
    lines = {
        "none": "",
        "team": "* @acme/core\n",
        "person": "* @alice\n/docs/ @acme/core\n",
        "address": "* someone@example.org\n",
        "part": "/nothing-here/ @acme/core\n",
        "bad line": "* @acme/core\n/docs/ docs@example.org nonsense\n",
        "departed": "* @acme/core @peggy\n",
        "empty team": "* @acme/core @acme/nobody\n",
        "reading team": "* @acme/core\n/docs/ @acme/readers\n",
        "comments": "# Nobody yet.\n\n",
    }
    weights = {"none": 8, "team": 4, "person": 2, **dict.fromkeys(list(lines)[3:], 1)}
    chosen = draft.draw("owners", weights)
    if chosen != "none":
        draft.files[draft.rng.choice((".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"))] = lines[chosen]


def _workflows(draft: Draft) -> None:
    """One or two workflows, or none; their names are the feature."""
    amount = draft.rng.choices((0, 1, 2), (2, 5, 2))[0]
    names = draft.rng.choices(list(texts.WORKFLOWS), [6, 3, 3, *[1] * (len(texts.WORKFLOWS) - 3)], k=amount)
    draft.features["workflows"] = ",".join(sorted(set(names)))
    for name in sorted(set(names)):
        draft.files[f".github/workflows/{name}.yml"] = texts.WORKFLOWS[name].text
    states = []
    for name in sorted(set(names)):
        kind = draft.draw(
            f"runs of {name}",
            {
                "none": 4,
                "green": 3,
                "always red": 1,
                "few red": 1,
                "red, then green": 1,
                "asleep": 1,
                "off": 0.5,
            },
        )
        runs = {
            "green": ("success",) * 6,
            "always red": ("failure",) * 6,
            "few red": ("failure",) * 4,
            "red, then green": ("failure",) * 6 + ("success",),
        }.get(kind, ())
        state = {"asleep": "disabled_inactivity", "off": "disabled_manually"}.get(kind, "active")
        states.append(WorkflowPlan(f".github/workflows/{name}.yml", state, runs))
    draft.settings["workflows"] = tuple(states)


def _dependencies(draft: Draft) -> None:
    """Manifests at the root, and what an update tool was told of them."""
    found = draft.rng.sample(list(texts.MANIFESTS), draft.rng.choices((0, 1, 2, 3), (3, 4, 2, 1))[0])
    draft.features["manifests"] = ",".join(sorted(found))
    for name in found:
        path, text = texts.MANIFESTS[name]
        draft.files[path] = text
    used = [n for n in draft.features["workflows"].split(",") if n and texts.WORKFLOWS[n].uses]
    needed = sorted(found) + (["github-actions"] if used else [])
    chosen = draft.draw(
        "updates",
        {"none": 5, "all": 4, "renovate": 2, "part": 2, **dict.fromkeys(texts.DEPENDABOT_WRONG, 0.5)},
    )
    covered: list[str] = []
    if chosen == "all":
        covered = needed or ["pip"]
    elif chosen == "part":
        covered = needed[1:] or ["bundler"]
    if covered:
        draft.features["covered"] = ",".join(covered)
        draft.files[".github/dependabot.yml"] = texts.dependabot(covered)
    elif chosen == "renovate":
        draft.files["renovate.json"] = texts.RENOVATE
    elif chosen in texts.DEPENDABOT_WRONG:
        draft.files[".github/dependabot.yml"] = texts.DEPENDABOT_WRONG[chosen]


# History


def _history(draft: Draft) -> None:
    """The default branch: how long it is, how old, and what was reported on its newest commits."""
    low, high = {"small": (2, 12), "middle": (18, 58), "large": (115, 140), "crowded": (130, 160)}[draft.size]
    length = draft.rng.randint(low, high)
    rhythm = draft.draw("rhythm", {"active": 6, "quiet": 2, "asleep": 1.5})
    if draft.large:
        rhythm = draft.features["rhythm"] = "active"
    newest = {
        "active": draft.between(0.1, 20),
        "quiet": draft.between(100, 330),
        "asleep": draft.between(380, 900),
    }[rhythm]
    oldest = newest + draft.between(150, 700)
    steps = sorted((draft.between(newest, oldest) for _ in range(length - 2)), reverse=True)
    ages = [oldest, *steps, newest]
    # No two commits of a second, so that the order of dates is that of the history.
    ages = [age + (length - number) * 0.001 for number, age in enumerate(ages)]
    signing = draft.draw("signing", {"none": 6, "all": 2, "one lacks": 1, "one invalid": 1})
    results = _results(draft, length)
    for number, age in enumerate(ages):
        last = number == length - 1
        signed = None if signing == "none" else True
        if last and signing == "one lacks":
            signed = None
        elif last and signing == "one invalid":
            signed = False
        message = draft.text(f"Change {number}")
        changes: dict[str, Content] = {HISTORY: f"{number}\n"} if last else {}
        draft.main.append(
            CommitPlan(age, changes, message, signed=signed, results=results.get(length - 1 - number, ()))
        )


def _results(draft: Draft, length: int) -> dict[int, tuple[ResultPlan, ...]]:
    """Results by how many commits ago."""
    good, bad = ResultPlan("test", "success"), ResultPlan("test", "failure")
    ours = ResultPlan("plumbline/health", "failure", ours=True)
    kinds: dict[str, dict[int, tuple[ResultPlan, ...]]] = {
        "none": {},
        "ours alone": {0: (ours,)},
        "green": {0: (good, ResultPlan("lint", "skipped")), 1: (good,)},
        "green by status": {0: (ResultPlan("ci/old", "success", status=True),)},
        "green, ours red": {0: (good, ours)},
        "red": {0: (bad, ResultPlan("lint", "success")), 1: (good,)},
        "red for some": {0: (bad,), 1: (bad,), 2: (good,)},
        "red by status": {0: (ResultPlan("ci/old", "failure", status=True),)},
        "cancelled": {0: (ResultPlan("test", "cancelled"),)},
        "neutral": {0: (ResultPlan("test", "neutral"),)},
        "running, green before": {0: (ResultPlan("test", "running"),), 1: (good,)},
        "running, red before": {0: (ResultPlan("test", "running"),), 1: (bad,)},
        "head has none": {1: (good,)},
        "other check": {0: (ResultPlan("build", "success"),)},
    }
    chosen = draft.draw(
        "results", {"none": 4, "green": 6, **dict.fromkeys(list(kinds)[2:], 1), "ours alone": 1}
    )
    return {ago: said for ago, said in kinds[chosen].items() if ago < length}


def _at(draft: Draft, low: float, high: float) -> int | None:
    """Number of a commit of the default branch whose age lies in between; None when there is none."""
    found = [number for number, commit in enumerate(draft.main) if low <= commit.age <= high]
    return draft.rng.choice(found) if found else None


def _own(
    draft: Draft, name: str, age: float, amount: int = 1, *, clash: bool = False
) -> tuple[CommitPlan, ...]:
    """Commits of a branch, the newest of that age."""
    path = HISTORY if clash else f"work-{hash_of(name) % 1000}.txt"
    return tuple(
        CommitPlan(age + (amount - 1 - number) * 0.01, {path: f"work {number}\n"}, f"Work {number}")
        for number in range(amount)
    )


def hash_of(name: str) -> int:
    """A number that is the same in every process, unlike ``hash``."""
    return sum((place + 1) * ord(letter) for place, letter in enumerate(name))


def _branch(draft: Draft, name: str, start: int, commits: Iterable[CommitPlan]) -> BranchPlan:
    branch = BranchPlan(name, ("main", start), tuple(commits))
    draft.branches.append(branch)
    return branch


def _work(draft: Draft) -> None:
    """Branches beside the default one."""
    amount = {
        "small": draft.rng.choices((0, 1, 2, 3), (5, 3, 2, 1))[0],
        "middle": draft.rng.randint(2, 9),
        "large": draft.rng.randint(60, 75),
        "crowded": draft.rng.randint(115, 125),
    }[draft.size]
    kinds: Mapping[str, float] = {"fresh": 5, "stale": 1.2, "merged": 2, "old base": 1, "merged in": 1}
    if draft.large:
        # Only now and then something is wrong, so that limits are what decides.
        kinds = {"fresh": 30, "stale": 0.1, "merged": 0.1, "old base": 0.1, "merged in": 0.1}
        draft.features["calm"] = "yes" if draft.chance(0.5) else "no"
        if draft.features["calm"] == "yes":
            kinds = {"fresh": 1}
    names = [f"work/{number}" for number in range(amount)]
    if amount:
        for place, name in enumerate(draft.rng.sample(HOSTILE_BRANCHES, min(len(HOSTILE_BRANCHES), amount))):
            if draft.chance(0.1):
                names[place] = name
    for name in names:
        _side(draft, name, draft.rng.choices(list(kinds), list(kinds.values()))[0])


def _side(draft: Draft, name: str, kind: str) -> None:
    length = len(draft.main)
    if kind == "fresh":
        start = draft.rng.randint(max(0, length - 8), length - 1)
        age = min(draft.between(0.05, 40), draft.age(start) - 0.05)
        if age > 0:
            _branch(draft, name, start, _own(draft, name, age, draft.rng.randint(1, 3)))
    elif kind == "stale":
        start = draft.rng.randint(0, length - 1)
        low = draft.age(start)
        age = low - draft.between(1, 10)
        if low > 110:
            _branch(draft, name, start, _own(draft, name, age))
    elif kind == "merged":
        start = draft.rng.randint(0, max(0, length - 2))
        _branch(draft, name, start, ())
    elif kind == "old base":
        start_ = _at(draft, 95, 10_000)
        if start_ is not None:
            _branch(draft, name, start_, _own(draft, name, draft.between(1, 60)))
    elif kind == "merged in" and length > 3:
        # A merge of the branch into the default one, between two commits of it.
        start = draft.rng.randint(0, length - 3)
        target = draft.rng.randint(start + 1, length - 1)
        after, before = draft.main[target], draft.age(start)
        if before - after.age > 0.02 and after.merges is None:
            own = _own(draft, name, (before + after.age) / 2)
            _branch(draft, name, start, own)
            draft.main[target] = replace(after, merges=(name, 0), changes={**after.changes, **own[0].changes})


def _custom(draft: Draft) -> None:
    """Branches with names that mean something."""
    length = len(draft.main)
    kind = draft.draw(
        "pair",
        {"none": 8, "level": 1, "ahead": 1, "behind": 1, "both, old": 1.5, "both, new": 1},
    )
    name = draft.rng.choice(("develop", "staging", "production"))
    last = length - 1
    if kind == "level":
        _branch(draft, name, last, ())
    elif kind == "ahead":
        age = max(0.01, draft.main[-1].age * 0.5)
        _branch(draft, name, last, _own(draft, name, age, 1))
    elif kind == "behind" and length > 2:
        _branch(draft, name, length // 2, ())
    elif kind == "both, old" and (start := _at(draft, 50, 10_000)) is not None and start < last:
        after = draft.age(start + 1)
        if after > 40:
            _branch(draft, name, start, _own(draft, name, min(draft.age(start) - 0.5, after + 3)))
        else:
            draft.features["pair"] = "none"
    elif kind == "both, new" and (start := _at(draft, 3, 28)) is not None and start < last:
        _branch(draft, name, start, _own(draft, name, draft.age(start) * 0.5))
    elif kind != "none":
        draft.features["pair"] = "none"
    names = {"none": 7, "release/1.x": 1, "v1": 0.7, "1.2.x": 0.7, "stable": 0.7, "rel/2": 0.5}
    if (release := draft.draw("release branch", names)) != "none":
        start = draft.rng.randint(0, last)
        _branch(
            draft, release, start, _own(draft, release, draft.age(start) * 0.9) if draft.chance(0.5) else ()
        )
    if draft.draw("kept branch", {"none": 8, "gh-pages": 1, "docs": 1}) != "none":
        kept = draft.features["kept branch"]
        history = CommitPlan(400.0, {"index.html": "<p>Hello</p>\n"}, "Publish")
        draft.branches.append(BranchPlan(kept, None, (history,)))


# People's work


def _pulls(draft: Draft) -> None:
    """Open pull requests."""
    amount = {
        "small": draft.rng.choices((0, 1, 2, 3), (4, 3, 2, 1))[0],
        "middle": draft.rng.randint(1, 7),
        "large": draft.rng.randint(10, 25),
        "crowded": draft.rng.choice((14, 40, 104)),
    }[draft.size]
    kinds: Mapping[str, float] = {
        "plain": 6,
        "draft": 1.5,
        "clash": 1,
        "stale": 1,
        "stale draft": 0.6,
        "waiting": 0.6,
        "update": 1.5,
        "old update": 0.8,
        "old base": 0.7,
        "fork": 0.7,
        "editable fork": 0.5,
        "stack": 0.8,
        "broken stack": 0.5,
        "orphan": 0.5,
        "young orphan": 0.3,
        "to kept": 0.4,
    }
    if draft.large and draft.features.get("calm") == "yes":
        kinds = {"plain": 5, "draft": 1, "update": 1}
    chosen = draft.rng.choices(list(kinds), list(kinds.values()), k=amount)
    draft.features["pulls"] = ",".join(sorted(set(chosen)))
    for number, kind in enumerate(chosen):
        _PULLS.get(kind, _plain_pull)(draft, f"pull/{number}", kind)


def _head(draft: Draft, name: str, *, clash: bool = False) -> float:
    """A branch from the newest commits; returns how old it is."""
    start = max(0, len(draft.main) - (4 if clash else draft.rng.randint(1, 4)))
    newest = min(draft.age(start) * 0.9, draft.between(0.5, 25))
    _branch(draft, name, start, _own(draft, name, newest, clash=clash))
    return newest


def _plain_pull(draft: Draft, name: str, kind: str) -> None:
    age = _head(draft, name, clash=kind == "clash")
    pull = PullPlan(name, opened=age, touched=age * 0.5, title=draft.text("A change"))
    if kind == "draft":
        pull = replace(pull, draft=True, author="bob")
    draft.pulls.append(pull)


def _old_pull(draft: Draft, name: str, kind: str) -> None:
    """One that nothing happened to for longer than it may lie."""
    touched = {"stale": 75.0, "stale draft": 110.0, "waiting": 40.0}[kind]
    opened = touched + 5
    start = _at(draft, opened + 6, 10_000)
    if start is None:
        return
    _branch(draft, name, start, _own(draft, name, opened + 1))
    review = "REVIEW_REQUIRED" if kind == "waiting" else None
    draft.pulls.append(
        PullPlan(name, opened=opened, touched=touched, draft=kind == "stale draft", review=review)
    )


def _update(draft: Draft, name: str, kind: str) -> None:
    """An update that a tool proposes."""
    opened = 45.0 if kind == "old update" else draft.between(1, 28)
    start = _at(draft, opened + 1, 10_000)
    if start is None:
        return
    branch = f"dependabot/pip/{name.rpartition('/')[2]}"
    _branch(draft, branch, start, _own(draft, branch, opened + 0.5))
    author = draft.rng.choice(("dependabot[bot]", "renovate[bot]"))
    draft.pulls.append(PullPlan(branch, author=author, opened=opened, touched=opened, title="Bump flask"))


def _old_base(draft: Draft, name: str, kind: str) -> None:
    start = _at(draft, 95, 10_000)
    if start is not None:
        age = draft.between(1, 50)
        _branch(draft, name, start, _own(draft, name, age))
        draft.pulls.append(PullPlan(name, opened=age, touched=min(age, 20.0)))


def _forked(draft: Draft, name: str, kind: str) -> None:
    start = max(0, len(draft.main) - draft.rng.randint(1, 4))
    age = min(draft.age(start) * 0.9, draft.between(0.5, 25))
    draft.fork_branches.append(BranchPlan(name, ("main", start), _own(draft, name, age)))
    draft.pulls.append(
        PullPlan(
            name,
            author="outsider",
            opened=age,
            touched=age * 0.5,
            fork=True,
            editable=kind == "editable fork",
        )
    )


def _stack(draft: Draft, name: str, kind: str) -> None:
    """A pull request upon another one's branch, which perhaps went on since."""
    start = len(draft.main) - 1
    age = min(draft.age(start) * 0.9, 20.0)
    lower = _branch(draft, f"{name}-lower", start, _own(draft, f"{name}-lower", age * 0.7, 2))
    upper = f"{name}-upper"
    below = 0 if kind == "broken stack" else 1
    draft.branches.append(BranchPlan(upper, (lower.name, below), _own(draft, upper, age * 0.5)))
    draft.pulls.append(PullPlan(lower.name, opened=age * 0.6, touched=age * 0.5))
    draft.pulls.append(PullPlan(upper, base=lower.name, opened=age * 0.45, touched=age * 0.4))


def _orphan(draft: Draft, name: str, kind: str) -> None:
    """One that goes into a branch which nobody proposes to merge."""
    start, base = len(draft.main) - 1, f"{name}-base"
    opened = 3.0 if kind == "young orphan" else 12.0
    if draft.age(start) < opened + 2:
        found = _at(draft, opened + 2, 80)
        if found is None:
            return
        start = found
    if kind == "to kept":
        base = "nightly"
        if any(branch.name == base for branch in draft.branches):
            return
    _branch(draft, base, start, _own(draft, base, opened + 1))
    draft.branches.append(BranchPlan(name, (base, 0), _own(draft, name, opened + 0.5)))
    draft.pulls.append(PullPlan(name, base=base, opened=opened, touched=2.0))


_PULLS: Mapping[str, Callable[[Draft, str, str], None]] = {
    "stale": _old_pull,
    "stale draft": _old_pull,
    "waiting": _old_pull,
    "update": _update,
    "old update": _update,
    "old base": _old_base,
    "fork": _forked,
    "editable fork": _forked,
    "stack": _stack,
    "broken stack": _stack,
    "orphan": _orphan,
    "young orphan": _orphan,
    "to kept": _orphan,
}


def _issues(draft: Draft) -> None:
    """Issues of strangers and members, answered or not."""
    amount = draft.rng.choices((0, 1, 3), (4, 4, 2))[0] if not draft.large else 40
    kinds: Mapping[str, tuple[str, float, tuple[str, ...]]] = {
        "answered": ("mallory", 60.0, ("peggy", "alice")),
        "fresh": ("mallory", 5.0, ()),
        "unanswered": ("mallory", 60.0, ()),
        "answered by strangers": ("mallory", 50.0, ("peggy",)),
        "answered by a bot": ("mallory", 50.0, ("helper[bot]",)),
        "of a member": ("bob", 90.0, ()),
        "of a bot": ("renovate[bot]", 90.0, ()),
        "edge": ("mallory", 29.9, ()),
    }
    weights = [6, 4, 1, 0.5, 0.5, 2, 1, 1]
    chosen = draft.rng.choices(list(kinds), weights, k=amount)
    draft.features["issues"] = ",".join(sorted(set(chosen)))
    for kind in chosen:
        author, age, answers = kinds[kind]
        title, body = draft.text("It does not work"), draft.text("Really.")
        draft.issues.append(
            IssuePlan(author, age + draft.between(0, 0.05), answers, draft.chance(0.1), title, body)
        )


def _releases(draft: Draft) -> None:
    """Releases and tags: how old, with what attached."""
    kind = draft.draw(
        "releases", {"none": 6, "recent": 3, "old": 2, "tag": 1, "old tag": 0.7, "pre": 0.7, "draft": 0.6}
    )
    if kind == "none":
        return
    limits = {"old": (370.0, 5000.0), "old tag": (370.0, 5000.0)}.get(kind, (0.0, 350.0))
    commit = _at(draft, *limits)
    if commit is None:
        draft.features["releases"] = "none"
        return
    files = draft.draw(
        "assets",
        {"none": 5, "bare": 2, "signed": 2, "provenance": 1, "signed before": 1},
    )
    assets: Mapping[str, tuple[str, ...]] = {
        "bare": ("rocket.tar.gz",),
        "signed": ("rocket.tar.gz", "rocket.tar.gz.asc"),
        "provenance": ("rocket.tar.gz", "multiple.intoto.jsonl"),
        "signed before": ("rocket.tar.gz",),
    }
    notes = draft.draw("notes", {"good": 4, "none": 3, "thin": 1})
    text = {"good": texts.NOTES, "none": "", "thin": "Fixes."}[notes]
    age = draft.age(commit) - 0.0005
    tag = draft.rng.choice(("v1.2.0", "1.2.0", "release-1.2.0"))
    release = ReleasePlan(
        tag,
        age,
        commit,
        notes=text,
        assets=assets.get(files, ()),
        prerelease=kind == "pre",
        draft=kind == "draft",
        release="tag" not in kind,
        annotated=draft.chance(0.4),
    )
    draft.releases.append(release)
    if files == "signed before" and commit > 0 and release.release:
        earlier = ReleasePlan("v0.9.0", draft.age(0) - 0.0005, 0, text, assets["signed"])
        draft.releases.append(earlier)


# Settings


def _about(draft: Draft) -> None:
    rng = draft.rng
    draft.rest |= {
        "description": draft.text("Carries things") if draft.chance(0.7) else None,
        "topics": tuple(rng.sample(("space", "python", "tools", "stable", "keep"), rng.choice((0, 1, 2)))),
        "pages": draft.chance(0.15),
        "private": draft.chance(0.25),
        "archived": draft.chance(0.06),
        "fork": draft.chance(0.05),
        "has_issues": draft.chance(0.9),
        "language": rng.choice((None, "Python", "Go", "Go")) if draft.size != "empty" else None,
    }
    if draft.rest["pages"] and draft.chance(0.5):
        draft.rest["homepage"] = "https://rocket.example.org"


def _access(draft: Draft) -> None:
    """Teams and people; ``peggy``, ``mallory`` and ``contractor`` are from outside."""
    roles = {
        "team admin": {"core": "admin", "writers": "write"},
        "team writes": {"core": "write"},
        "no team": {},
        "team maintains": {"core": "maintain", "readers": "read"},
    }
    teams = dict(
        roles[draft.draw("teams", {"team admin": 5, "team writes": 2, "no team": 1, "team maintains": 1})]
    )
    if draft.features.get("owners") == "empty team":
        teams["nobody"] = "write"
    if draft.features.get("owners") == "reading team":
        teams["readers"] = "read"
    people = {
        "none": {},
        "some admins": {"alice": "admin", "bob": "admin"},
        "many admins": {"alice": "admin", "bob": "admin", "carol": "admin", "dave": "admin"},
        "outside reads": {"contractor": "read"},
        "outside writes": {"contractor": "write"},
        "outside admin": {"mallory": "admin", "alice": "write"},
        "outside triages": {"contractor": "triage"},
    }
    weights = {"none": 6, **dict.fromkeys(list(people)[1:], 1)}
    draft.rest |= {"teams": teams, "people": people[draft.draw("people", weights)]}


_CLASSIC: Mapping[str, Mapping[str, Any]] = {
    "bare": {},
    "reviews": {"required_approvals": 1, "dismiss_stale_reviews": True},
    "lax reviews": {"required_approvals": 1},
    "no approval": {"required_approvals": 0, "dismiss_stale_reviews": True},
    "strict": {
        "required_approvals": 2,
        "last_push_approval": True,
        "required_checks": ("test",),
        "strict": True,
        "enforce_admins": True,
        "signatures": True,
    },
    "loose": {"allow_force_pushes": True, "allow_deletions": True},
    "checks": {"required_checks": ("test",), "strict": True},
    "stale checks": {"required_checks": ("test",)},
    "ghost": {"required_checks": ("long-gone",), "strict": True, "enforce_admins": True},
}


def _pull_rule(approvals: int, *, stale: bool) -> Mapping[str, Any]:
    parameters = {"required_approving_review_count": approvals, "dismiss_stale_reviews_on_push": stale}
    return {"type": "pull_request", "parameters": parameters}


def _check_rule(*contexts: str, strict: bool) -> Mapping[str, Any]:
    parameters = {"required_status_checks": list(contexts), "strict_required_status_checks_policy": strict}
    return {"type": "required_status_checks", "parameters": parameters}


_RULESETS: Mapping[str, tuple[str | Mapping[str, Any], ...]] = {
    "kept": ("deletion", "non_fast_forward"),
    "forced only": ("deletion",),
    "reviewed": ("deletion", "non_fast_forward", _pull_rule(1, stale=True)),
    "reviewed laxly": ("deletion", "non_fast_forward", _pull_rule(1, stale=False)),
    "by pull request": ("non_fast_forward", _pull_rule(0, stale=True)),
    "tested": ("deletion", "non_fast_forward", _check_rule("test", strict=True)),
    "tested late": ("deletion", "non_fast_forward", _check_rule("test", strict=False)),
    "queued": ("deletion", "non_fast_forward", _check_rule("test", strict=False), "merge_queue"),
    "ghost": ("deletion", "non_fast_forward", _check_rule("long-gone", "test", strict=True)),
    "signed": ("deletion", "non_fast_forward", "required_signatures"),
}


def _settings(draft: Draft) -> None:
    rng, settings = draft.rng, draft.settings
    kind = draft.draw("protection", {"none": 3, "classic": 3, "ruleset": 4, "both": 1})
    classic: list[ClassicPlan] = []
    rulesets: list[RulesetPlan] = []
    if kind in ("classic", "both"):
        chosen = draft.draw("classic", dict.fromkeys(_CLASSIC, 1))
        options = dict(_CLASSIC[chosen])
        if draft.chance(0.3):
            options["enforce_admins"] = True
        classic.append(ClassicPlan(rng.choice(("main", "main", "ma*")), options))
    if kind in ("ruleset", "both"):
        chosen = draft.draw("ruleset", dict.fromkeys(_RULESETS, 1))
        bypass: Mapping[str, tuple[str | Mapping[str, Any], ...]] = {
            "nobody": (),
            "administrators": ("admin",),
            "owners": ("OrganizationAdmin",),
            "in pull requests": (
                {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"},
            ),
        }
        who = bypass[
            draft.draw("bypass", {"nobody": 5, "administrators": 1, "owners": 1, "in pull requests": 1})
        ]
        state = draft.draw("enforcement", {"active": 8, "evaluate": 1, "disabled": 1})
        refs = draft.draw("targets", {"default": 5, "release too": 2, "all": 1})
        targets = {
            "default": ("~DEFAULT_BRANCH",),
            "release too": ("~DEFAULT_BRANCH", "refs/heads/release/**/*", "v*", "1.*", "stable", "rel/*"),
            "all": ("~ALL",),
        }[refs]
        rulesets.append(RulesetPlan("rules", _RULESETS[chosen], targets, state, who))
    if draft.chance(0.05):
        people = ({"type": "pull_request"},)
        rulesets.append(RulesetPlan("locked work", people, ("refs/heads/pull/**/*", "refs/heads/work/**/*")))
        draft.features["work is locked"] = "yes"
    settings["classic"], settings["rulesets"] = tuple(classic), tuple(rulesets)
    keys = {
        "none": (),
        "reads": (KeyPlan("reader", 30.0),),
        "writes": (KeyPlan(draft.text("writer"), 30.0, read_only=False),),
        "old": (KeyPlan("old", 400.0), KeyPlan("new", 3.0)),
        "edge": (KeyPlan("edge", 364.9),),
    }
    settings["keys"] = keys[draft.draw("keys", {"none": 6, "reads": 1, "writes": 1, "old": 1, "edge": 1})]
    hooks = {
        "none": (),
        "good": (HookPlan(), HookPlan("https://other.example.org/?x=%3Cscript%3E")),
        "no secret": (HookPlan(secret=False),),
        "http": (HookPlan("http://hooks.example.org/in"),),
        "unverified": (HookPlan(verified=False),),
        "off": (HookPlan("http://hooks.example.org/in", secret=False, active=False),),
    }
    weights = {"none": 6, "good": 2, **dict.fromkeys(list(hooks)[2:], 0.7)}
    settings["hooks"] = hooks[draft.draw("hooks", weights)]
    alerts = {
        "off": (),
        "none": (),
        "young": (AlertPlan("flask", "critical", 5.0), AlertPlan("jinja", "low", 300.0)),
        "old critical": (AlertPlan("flask", "critical", 9.0),),
        "old high": (AlertPlan("flask", "high", 40.0), AlertPlan("jinja", "high", 1.0)),
        "old medium": (AlertPlan("flask", "medium", 100.0),),
        "old low": (AlertPlan("flask", "low", 380.0),),
        "fixed": (AlertPlan("flask", "critical", 200.0, "fixed"), AlertPlan("x", "high", 200.0, "dismissed")),
    }
    kind = draft.draw("alerts", {"off": 2, "none": 5, **dict.fromkeys(list(alerts)[2:], 0.8)})
    settings["alerts"], settings["alerts_on"] = alerts[kind], kind != "off"
    match draft.draw("secrets", {"off": 3, "looked for": 1.5, "refused": 4}):
        case "looked for":
            settings |= {"secret_scanning": True}
        case "refused":
            settings |= {"secret_scanning": True, "push_protection": True}
    settings["advanced_security"] = draft.draw("advanced security", {"no": 3, "yes": 1}) == "yes"
    ages = {"never": None, "new": 20.0, "old": 120.0, "edge": 89.9}
    settings["analysed"] = ages[draft.draw("analysed", {"never": 3, "new": 3, "old": 1, "edge": 0.5})]
    tokens: Mapping[str, tuple[str, bool] | None] = {
        "as above": None,
        "reads": ("read", False),
        "writes": ("write", False),
        "approves": ("read", True),
    }
    settings["token"] = tokens[draft.draw("token", {"as above": 2, "reads": 5, "writes": 1, "approves": 1})]


_PARTS: Sequence[Callable[[Draft], None]] = (
    _community,
    _owners,
    _workflows,
    _dependencies,
    _history,
    _work,
    _custom,
    _pulls,
    _issues,
    _releases,
)


def _main() -> None:
    from bot.testing.clocks import ManualClock
    from bot.testing.fake import FakeGitHub
    from tests.truth.build import build

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repositories", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    start = time.perf_counter()
    plan = plan_organisation(asked.seed, asked.repositories)
    planned = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        fake = FakeGitHub(Path(folder), clock=ManualClock())
        build(fake, plan)
        built = time.perf_counter()
        fake.close()
    commits = sum(len(branch.commits) for one in plan.repositories for branch in one.branches)
    pulls = sum(len(one.pulls) for one in plan.repositories)
    branches = sum(len(one.branches) for one in plan.repositories)
    print(f"{asked.repositories} repositories, {branches} branches, {commits} commits, {pulls} pull requests")
    print(f"planned in {planned - start:.2f} s, built in {built - planned:.2f} s")


if __name__ == "__main__":
    _main()
