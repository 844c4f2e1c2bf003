"""What a repository's files tell of it: licence, conduct, security, templates, owners, funding, language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.testing.graphql.declaring import Asked, field
from bot.testing.licences import OTHER, Licence, licence_of
from bot.testing.state import FakeRepository

_PLACES = (".github", "", "docs")
"""Where community files may lie, the first found counts."""

_TEMPLATE_ENDS = (".md", ".yml", ".yaml")
_PLATFORMS = {
    "buy_me_a_coffee": "https://buymeacoffee.com/",
    "github": "https://github.com/",
    "issuehunt": "https://issuehunt.io/r/",
    "ko_fi": "https://ko-fi.com/",
    "liberapay": "https://liberapay.com/",
    "open_collective": "https://opencollective.com/",
    "patreon": "https://patreon.com/",
    "polar": "https://polar.sh/",
    "thanks_dev": "https://thanks.dev/",
    "tidelift": "https://tidelift.com/funding/github/",
    "custom": "",
}


def _files(repository: FakeRepository, directory: str) -> dict[str, str]:
    """Name -> blob of a directory of the default branch's head."""
    head = repository.head
    if head is None:
        return {}
    git = repository.git
    entry = git.entry(git.commit(head).tree, directory)
    if entry is None or entry.type != "tree":
        return {}
    return {e.path: e.oid for e in git.entries(entry.oid) if e.type == "blob"}


def _text(repository: FakeRepository, oid: str) -> str:
    return repository.git.read(oid)[1].decode(errors="replace")


def _community_file(repository: FakeRepository, pattern: str) -> tuple[str, str] | None:
    """(path, text) of a file by its name, in any of the places where GitHub looks."""
    for place in _PLACES:
        for name, oid in _files(repository, place).items():
            if re.fullmatch(pattern, name, re.IGNORECASE):
                return f"{place}/{name}".lstrip("/"), _text(repository, oid)
    return None


def _with_defaults(
    repository: FakeRepository, asked: Asked, pattern: str
) -> tuple[FakeRepository, str, str] | None:
    """The same with where it is: here, or in the owner's public ``.github`` repository."""
    community, _ = asked.world.named(f"{repository.owner.login}/.github")
    for place in (repository, community):
        if place is not None and (place is repository or not place.private):
            found = _community_file(place, pattern)
            if found is not None:
                return place, *found
    return None


@field("Repository", "licenseInfo")
def license_info(repository: FakeRepository, _asked: Asked) -> dict[str, Any] | None:
    """The licence as its file tells it; ``NOASSERTION`` for a text that is not known."""
    found = licence_of(repository)
    return _licence(found) if found is not None else None


def _licence(licence: Licence) -> dict[str, Any]:
    return {
        "__typename": "License",
        "id": f"LI_{licence.key}",
        "key": licence.key,
        "name": licence.name,
        "spdxId": licence.spdx,
        "pseudoLicense": licence is OTHER,
        "url": None if licence is OTHER else f"http://choosealicense.com/licenses/{licence.key}/",
    }


@field("Repository", "codeOfConduct")
def code_of_conduct(repository: FakeRepository, asked: Asked) -> dict[str, Any] | None:
    """The code of conduct, the owner's where there is none here."""
    found = _with_defaults(repository, asked, r"code_of_conduct(\.\w+)?")
    if found is None:
        return None
    place, path, text = found
    known = "contributor covenant" in text.lower()
    return {
        "__typename": "CodeOfConduct",
        "id": f"CC_{place.id}",
        "key": "contributor_covenant" if known else "other",
        "name": "Contributor Covenant" if known else "Other",
        "url": f"{asked.world.render.repository_page(place)}/blob/{place.default_branch}/{path}",
    }


@field("Repository", "isSecurityPolicyEnabled")
def is_security_policy_enabled(repository: FakeRepository, asked: Asked) -> bool:
    """There is a security policy, here or with the owner."""
    return _with_defaults(repository, asked, r"security(\.\w+)?") is not None


@field("Repository", "securityPolicyUrl")
def security_policy_url(repository: FakeRepository, asked: Asked) -> str | None:
    """Where to read it."""
    if not is_security_policy_enabled(repository, asked):
        return None
    return f"{asked.world.render.repository_page(repository)}/security/policy"


@field("Repository", "fundingLinks")
def funding_links(repository: FakeRepository, _asked: Asked) -> list[dict[str, str]]:
    """What ``.github/FUNDING.yml`` names, one line for each platform."""
    oid = _files(repository, ".github").get("FUNDING.yml")
    found = []
    for line in _text(repository, oid).splitlines() if oid else ():
        platform, _, names = line.partition(":")
        if platform.strip() in _PLATFORMS:
            for name in re.findall(r"[^\s,\[\]'\"#]+", names):
                url = _PLATFORMS[platform.strip()] + name
                found.append({"platform": platform.strip().upper(), "url": url})
    return found


@field("Repository", "issueTemplates")
def issue_templates(repository: FakeRepository, _asked: Asked) -> list[dict[str, str | None]]:
    """The templates and forms for issues."""
    found = []
    for name, oid in _files(repository, ".github/ISSUE_TEMPLATE").items():
        if name.lower().endswith(_TEMPLATE_ENDS) and name.lower() not in ("config.yml", "config.yaml"):
            told = dict(_head_lines(_text(repository, oid)))
            about = told.get("about") or told.get("description")
            entry = {"name": told.get("name", name), "title": told.get("title"), "about": about}
            found.append({**entry, "body": _text(repository, oid), "filename": name})
    return found


def _head_lines(text: str) -> Iterator[tuple[str, str]]:
    """``name: value`` lines at the beginning of a line, front matter or form."""
    for match in re.finditer(r"^(name|about|description|title):[ \t]*(.+?)[ \t]*$", text, re.MULTILINE):
        yield match[1], match[2].strip("'\"")


@field("Repository", "pullRequestTemplates")
def pull_request_templates(repository: FakeRepository, _asked: Asked) -> list[dict[str, str]]:
    """The templates for pull requests."""
    found = []
    for place in _PLACES:
        for name, oid in _files(repository, place).items():
            if re.fullmatch(r"pull_request_template(\.\w+)?", name, re.IGNORECASE):
                path = f"{place}/{name}".lstrip("/")
                found.append({"filename": path, "body": _text(repository, oid)})
    for name, oid in _files(repository, ".github/PULL_REQUEST_TEMPLATE").items():
        path = f".github/PULL_REQUEST_TEMPLATE/{name}"
        found.append({"filename": path, "body": _text(repository, oid)})
    return found


@field("Repository", "primaryLanguage")
def primary_language(repository: FakeRepository, _asked: Asked) -> dict[str, Any] | None:
    """The language that a test has said."""
    name = repository.language
    if name is None:
        return None
    return {"__typename": "Language", "id": f"LN_{name}", "name": name, "color": None}


@field("Repository", "diskUsage")
def disk_usage(repository: FakeRepository, _asked: Asked) -> int:
    """Kilobytes, as in REST."""
    return 0 if repository.empty else 1


# CODEOWNERS


@field("Repository", "codeowners", needs="contents=read")
def codeowners(
    repository: FakeRepository, asked: Asked, *, ref_name: str | None = None
) -> dict[str, Any] | None:
    """What is wrong in ``CODEOWNERS``; null without such a file."""
    commit = repository.head if ref_name is None else repository.branches.get(ref_name)
    if commit is None:
        return None
    git = repository.git
    for place in (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"):
        entry = git.entry(git.commit(commit).tree, place)
        if entry is not None and entry.type == "blob":
            lines = _text(repository, entry.oid).splitlines()
            errors = (
                error
                for number, line in enumerate(lines, 1)
                for error in _line_errors(line, number, place, repository, asked)
            )
            return {"errors": list(errors)}
    return None


def _line_errors(
    line: str, number: int, path: str, repository: FakeRepository, asked: Asked
) -> Iterator[dict[str, Any]]:
    words = list(re.finditer(r"\S+", line.partition("#")[0]))

    def error(kind: str, column: int, message: str) -> dict[str, Any]:
        return {
            "kind": kind,
            "line": number,
            "column": column,
            "message": f"{kind} on line {number}: {message}",
            "path": path,
            "source": f"{line}\n",
            "suggestion": None,
        }

    if words and (words[0][0].startswith("!") or "[" in words[0][0]):
        yield error("Invalid pattern", words[0].start() + 1, "this pattern is not supported in CODEOWNERS")
    for word in words[1:]:
        if not re.fullmatch(r"@[\w.-]+(/[\w.-]+)?|[^@\s]+@[^@\s]+", word[0]):
            yield error("Invalid owner", word.start() + 1, f"{word[0]} is no user, team or address")
        elif word[0].startswith("@") and not _is_owner(word[0][1:], repository, asked):
            yield error("Unknown owner", word.start() + 1, f"make sure {word[0]} exists and has write access")


def _is_owner(name: str, repository: FakeRepository, asked: Asked) -> bool:
    organisation, slash, slug = name.partition("/")
    account, writing = asked.world.accounts.get(organisation.lower()), ("write", "maintain", "admin")
    if account is None:
        return False
    if slash:
        team = account.settings.teams.get(slug.lower())
        if team is None or team.privacy == "secret":
            return False
        return team.repositories.get(repository.id, "") in writing
    return asked.world.role(repository, account) in writing
