"""Check 37: the update tool knows of every ecosystem that the repository uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from itertools import groupby

from pydantic import Field

from bot.model.facts import Manifest, Manifests, Repository, UpdateRule, UpdateTool
from bot.model.verdicts import (
    Evidence,
    Outcome,
    Place,
    Reason,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check

NAMED = {
    "bun": ("bun", "npm"),
    "bundler": ("bundler", "gemspec", "ruby-version"),
    "cargo": ("cargo",),
    "composer": ("composer",),
    "docker": ("docker", "dockerfile", "docker-compose"),
    "github-actions": ("github-actions",),
    "gomod": ("gomod",),
    "gradle": ("gradle", "gradle-wrapper"),
    "helm": ("helm", "helmv3", "helm-requirements", "helm-values"),
    "maven": ("maven",),
    "mix": ("mix",),
    "npm": ("npm", "bun"),
    "nuget": ("nuget",),
    "pip": (
        *("pip", "uv", "conda", "pep621", "poetry", "pipenv", "setup-cfg", "pip_requirements", "pip_setup"),
        *("pip-compile", "pip-tools"),
    ),
    "pub": ("pub",),
    "swift": ("swift",),
    "terraform": ("terraform", "opentofu", "terragrunt"),
}
"""Ecosystem -> what Dependabot and Renovate call it."""

WHOLE = frozenset({"bun", "bundler", "cargo", "gradle", "maven", "npm", "nuget", "pip", "pub"})
"""Ecosystems in which a manifest of a folder may belong to one further up, which then covers it."""


class Config(Section):
    """Options under ``checks.update-coverage``."""

    ignore: tuple[str, ...] = Field(
        default=(), max_length=50, description="Ecosystems, in Dependabot's words, that need no updates."
    )
    nested: bool = Field(default=True, description="Judge manifests of folders as well.")
    forks: bool = Field(default=False, description="Judge forks as well.")


@check("update-coverage", family="dependencies", severity=Severity.MEDIUM, config=Config, number=37)
def update_coverage(
    update_tools: tuple[UpdateTool, ...], manifests: Manifests, repository: Repository, config: Config
) -> Verdict:
    """The update tool that is configured covers every ecosystem that has manifests.

    Manifests of folders weigh less than those of the root; folders of tests, examples and others'
    code do not count. A folder's manifest counts as covered with one of its ecosystem further up
    where ecosystems have workspaces.

    Why: what the tool was not told of grows old unseen, while everyone believes it is looked after.
    Fix: add an entry with the ecosystem and the directory to `.github/dependabot.yml`, or the
    manager to `enabledManagers` of Renovate.
    Source: https://docs.github.com/en/code-security/reference/supply-chain-security/dependabot-options-reference#package-ecosystem-
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: nothing will be updated")
    if repository.fork and not config.forks:
        return not_applicable("a fork takes its dependencies from where it was forked")
    if not update_tools:
        return not_applicable("no update tool is configured")
    working = [tool for tool in update_tools if tool.works]
    unread = [tool for tool in update_tools if tool.unread is not None]
    if not working and not unread:
        return not_applicable("the update tool can not work as it is configured")
    ignored = set(config.ignore)
    root = [m for m in manifests.root if m.ecosystem not in ignored]
    nested = [m for m in manifests.nested if m.ecosystem not in ignored] if config.nested else []
    if not root and not nested:
        return not_applicable("no file names dependencies that a tool could update")
    lacking = [manifest for manifest in root if not _covered(manifest, working, ())]
    lacking_nested = [m for m in nested if not _covered(m, working, (*root, *nested))]
    if unread and (lacking or lacking_nested):
        return Verdict(
            Outcome.UNKNOWN,
            f"{unread[0].path} could not be read",
            tuple(Evidence(f"not read: {tool.unread}", Place(path=tool.path)) for tool in unread),
            reason=Reason.FAULT,
        )
    if lacking or lacking_nested:
        evidence = [*_evidence(lacking, None), *_evidence(lacking_nested, Severity.LOW)]
        return failed(
            f"{counted(len(evidence), 'place')} with dependencies that {_names(working)} does not cover",
            *evidence,
        )
    ecosystems = {manifest.ecosystem for manifest in (*root, *nested)}
    return passed(f"{_names(working)} covers {', '.join(sorted(ecosystems))}")


def _names(tools: Iterable[UpdateTool]) -> str:
    return " and ".join(tool.path for tool in tools)


def _covered(manifest: Manifest, tools: Iterable[UpdateTool], others: Iterable[Manifest]) -> bool:
    """Some tool is told of the manifest's folder, or of one above it that has the same ecosystem."""
    folders = {manifest.directory}
    if manifest.ecosystem == "github-actions":
        folders.add("")
    elif manifest.ecosystem in WHOLE:
        folders |= {o.directory for o in others if o.ecosystem == manifest.ecosystem and _above(o, manifest)}
    return any(
        rule is None or (_same(rule, manifest.ecosystem) and any(_reaches(rule, f) for f in folders))
        for tool in tools
        for rule in ((None,) if tool.rules is None else tool.rules)
    )


def _above(other: Manifest, manifest: Manifest) -> bool:
    return not other.directory or manifest.directory.startswith(f"{other.directory}/")


def _same(rule: UpdateRule, ecosystem: str) -> bool:
    return rule.ecosystem in NAMED.get(ecosystem, (ecosystem,))


def _reaches(rule: UpdateRule, folder: str) -> bool:
    names = folder.split("/") if folder else []
    return any(_matches(_parts(directory), names) for directory in rule.directories)


def _parts(directory: str) -> list[str]:
    return [part for part in directory[:500].split("/") if part not in ("", ".")]


def _matches(pattern: list[str], names: list[str]) -> bool:
    """``**`` stands for any folders, none included; a last ``*`` after it may stand for none, too."""
    if pattern[-2:] == ["**", "*"]:
        pattern = pattern[:-1]
    # Numbers of names that the parts looked at so far can stand for; never more than there are names.
    ends = {0}
    for part in pattern:
        if part == "**":
            ends = set(range(min(ends), len(names) + 1)) if ends else ends
        else:
            ends = {end + 1 for end in ends if end < len(names) and fnmatchcase(names[end], part)}
    return len(names) in ends


def _evidence(manifests: list[Manifest], severity: Severity | None) -> Iterator[Evidence]:
    """One for each ecosystem and folder, at its first manifest."""
    by = sorted(manifests, key=lambda m: (m.directory, m.ecosystem, m.path))
    for (folder, ecosystem), found in groupby(by, key=lambda m: (m.directory, m.ecosystem)):
        first = next(found)
        where = f" in {folder}" if severity is not None else ""
        yield Evidence(
            f"dependencies of {ecosystem}{where} are not covered",
            Place(path=first.path),
            key=f"{ecosystem}:{folder}",
            severity=severity,
        )
