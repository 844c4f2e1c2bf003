"""What happened a day later: some repositories were changed, and all of them are older."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.testing.fake import FakeGitHub
from bot.testing.git import Content
from tests.truth import texts
from tests.truth.plans import BranchPlan, CommitPlan, KeyPlan, Plan, WorkflowPlan

DAYS = 1.0


@dataclass(frozen=True)
class Event:
    """What happened to a repository.

    Args:
        changes: of a commit on the default branch; none: no commit came.
        features: that say how it is meant now.
        key: a deploy key that may write was added.
    """

    name: str
    changes: Mapping[str, Content] | None = None
    message: str = ""
    features: Mapping[str, str] | None = None
    workflow: str = ""
    key: bool = False

    def after(self, plan: Plan) -> Plan:
        """The repository as it is then."""
        found = older(plan, DAYS)
        if self.changes is not None:
            new = CommitPlan(0.0, self.changes, self.message)
            branches = tuple(
                replace(branch, commits=(*branch.commits, new)) if branch.name == plan.default else branch
                for branch in found.branches
            )
            found = replace(found, branches=branches, features={**plan.features, **(self.features or {})})
        settings = found.settings
        if self.workflow:
            settings = replace(settings, workflows=(*settings.workflows, WorkflowPlan(self.workflow)))
        if self.key:
            settings = replace(settings, keys=(*settings.keys, KeyPlan("late", 0.0, read_only=False)))
        return replace(found, settings=settings)

    def happen(self, fake: FakeGitHub, login: str, plan: Plan) -> None:
        """Do it; the clock stands at the later day."""
        which = f"{login}/{plan.name}"
        if self.changes is not None:
            fake.push(which, plan.default, self.changes, message=self.message)
        if self.key:
            fake.add_deploy_key(fake.repository(which), "late", read_only=False, created_at=fake.now())

    @property
    def pull_request(self) -> int | None:
        """The one that the commit says it merged."""
        found = re.search(r"\(#(\d+)\)$", self.message)
        return int(found[1]) if found else None


def older(plan: Plan, days: float) -> Plan:
    """The same repository some days later, in which nothing was done."""

    def aged(branch: BranchPlan) -> BranchPlan:
        return replace(branch, commits=tuple(replace(c, age=c.age + days) for c in branch.commits))

    settings = plan.settings
    return replace(
        plan,
        branches=tuple(map(aged, plan.branches)),
        fork_branches=tuple(map(aged, plan.fork_branches)),
        pulls=tuple(replace(p, opened=p.opened + days, touched=p.touched + days) for p in plan.pulls),
        issues=tuple(replace(i, opened=i.opened + days) for i in plan.issues),
        releases=tuple(replace(r, age=r.age + days) for r in plan.releases),
        settings=replace(
            settings,
            keys=tuple(replace(k, age=k.age + days) for k in settings.keys),
            alerts=tuple(replace(a, age=a.age + days) for a in settings.alerts),
            analysed=None if settings.analysed is None else settings.analysed + days,
        ),
    )


def events(plans: Iterable[Plan], each: int = 3) -> tuple[Event, ...]:
    """Something for a few repositories of each kind; no repository twice.

    Args:
        plans: those that are judged.
    """
    left = [plan for plan in plans if not (plan.empty or plan.archived or plan.fork)]
    found: list[Event] = []
    for kind in (_without_readme, _with_stranger, _unreadable, _licensed, _unlicensed, _key, _only_time):
        made = 0
        for plan in left:
            event = next(kind(plan), None)
            if event is not None and made < each:
                found.append(event)
                made += 1
        names = {event.name for event in found}
        left = [plan for plan in left if plan.name not in names]
    return tuple(found)


def _files(plan: Plan, pattern: str) -> list[str]:
    return [path for path in plan.files if re.fullmatch(pattern, path, re.IGNORECASE)]


def _without_readme(plan: Plan) -> Iterator[Event]:
    paths = _files(plan, r"(\.github/|docs/)?readme(\.\w+)?")
    if plan.features["readme"] == "good" and paths:
        yield Event(plan.name, dict.fromkeys(paths), f"Remove the README (#{len(plan.name)})")


def _workflow(plan: Plan, name: str) -> Iterator[Event]:
    names = {one for one in plan.features["workflows"].split(",") if one}
    path = f".github/workflows/{name}.yml"
    if names and name not in names:
        features = {"workflows": ",".join(sorted({*names, name}))}
        yield Event(plan.name, {path: texts.WORKFLOWS[name].text}, f"Add {name}", features, path)


def _with_stranger(plan: Plan) -> Iterator[Event]:
    return _workflow(plan, "stranger-code")


def _unreadable(plan: Plan) -> Iterator[Event]:
    return _workflow(plan, "no-yaml")


_LICENCE = r"(licen[cs]e|copying)(\.\w+)?"


def _licensed(plan: Plan) -> Iterator[Event]:
    if plan.features["licence"] == "none" and not plan.private and not _files(plan, _LICENCE):
        yield Event(plan.name, {"LICENSE": texts.LICENCE_TEXTS["mit"]}, "Add a licence", {"licence": "mit"})


def _unlicensed(plan: Plan) -> Iterator[Event]:
    paths = _files(plan, _LICENCE)
    if plan.features["licence"] in ("mit", "apache", "isc") and not plan.private and len(paths) == 1:
        yield Event(plan.name, {paths[0]: None}, "Remove the licence", {"licence": "none"})


def _key(plan: Plan) -> Iterator[Event]:
    if plan.features["keys"] == "none":
        yield Event(plan.name, key=True)


def _only_time(plan: Plan) -> Iterator[Event]:
    if plan.private and (plan.features["keys"] == "edge" or "edge" in plan.features["issues"]):
        yield Event(plan.name)
