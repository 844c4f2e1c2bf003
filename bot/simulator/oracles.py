"""What must hold whatever fails, judged from the simulator's journal alone.

Each oracle is a pure function over entries that returns violations; none means that it holds. The
names V1 to V10 are those of the fault catalogue.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.simulator.journal import Entry, check_runs, in_order

MARKER = re.compile(r"<!--\s*(plumbline:[^\s>]+)")
"""The hidden comment by which an issue or comment of ours is found again."""

_COMMIT = re.compile(r"\b[0-9a-f]{40}\b")
_LINKED_COMMIT = re.compile(r"/commit/([0-9a-f]{40})\b")


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken promise, with the entries that prove it."""

    oracle: str
    text: str
    entries: tuple[int, ...]


def duplicate_check_runs(entries: Iterable[Entry]) -> list[Violation]:
    """V1: one check run per (repository, commit, name, external id)."""
    found: dict[tuple[int | None, str, str, str], list[int]] = defaultdict(list)
    for run in check_runs(e for e in entries if e.method == "POST"):
        found[run.repository_id, run.head_sha, run.name, run.external_id].append(run.seq)
    return [
        Violation(
            "V1",
            f"{len(seqs)} check runs `{name}` ({external_id=}) on {sha} of repository {repository}",
            tuple(seqs),
        )
        for (repository, sha, name, external_id), seqs in found.items()
        if len(seqs) > 1
    ]


def marker_of(text: str) -> str | None:
    """The hidden marker of a text of ours, or None."""
    match = MARKER.search(text)
    return match[1] if match else None


def duplicate_issues(
    entries: Iterable[Entry], mark: Callable[[str], str | None] = marker_of
) -> list[Violation]:
    """V1: no issue is created while another one with the same marker is open in that repository."""
    markers: dict[tuple[int | None, int], str] = {}
    open_issues: dict[tuple[int | None, str], dict[int, int]] = defaultdict(dict)
    violations = []
    for entry in in_order(entries):
        number = _issue_number(entry)
        if number is None:
            continue
        key = (entry.repository_id, number)
        if entry.kind == "request" and entry.method == "POST":
            marker = mark(str(entry.body.get("body") or ""))
            if marker is not None:
                markers[key] = marker
        if key not in markers:
            continue
        others = open_issues[entry.repository_id, markers[key]]
        change = _state_change(entry)
        if change == "closes":
            others.pop(number, None)
        elif change == "opens" and number not in others:
            if others and entry.kind == "request":
                text = (
                    f"issue #{number} repeats open issue #{next(iter(others))} "
                    f"(`{markers[key]}`) of repository {entry.repository_id}"
                )
                violations.append(Violation("V1", text, (*others.values(), entry.seq)))
            others[number] = entry.seq
    return violations


def duplicate_comments(
    entries: Iterable[Entry], mark: Callable[[str], str | None] = marker_of
) -> list[Violation]:
    """V1: one comment per marker on an issue or pull request."""
    found: dict[tuple[int | None, str, str], list[int]] = defaultdict(list)
    for entry in entries:
        if entry.wrote and entry.method == "POST" and re.search(r"/issues/\d+/comments$", entry.path):
            marker = mark(str(entry.body.get("body") or ""))
            if marker is not None:
                found[entry.repository_id, entry.path.split("/")[-2], marker].append(entry.seq)
    return [
        Violation(
            "V1", f"{len(seqs)} comments `{marker}` on #{number} of repository {repository}", tuple(seqs)
        )
        for (repository, number, marker), seqs in found.items()
        if len(seqs) > 1
    ]


def heads_without_result(entries: Sequence[Entry], name: str) -> list[Violation]:
    """V1, V3: the newest commit of each default branch and open pull request has a finished check run.

    Args:
        name: of the check run, ``plumbline/health``.
    """
    heads: dict[tuple[int | None, str], tuple[str, int]] = {}
    for entry in in_order(entries):
        if entry.kind != "event" or entry.installation_id is None:
            continue
        detail = entry.detail
        if detail.get("event") == "push" and detail.get("default") and detail.get("after", "0").strip("0"):
            heads[entry.repository_id, str(detail["ref"])] = (str(detail["after"]), entry.seq)
        elif detail.get("event") == "pull_request":
            key = (entry.repository_id, f"pull/{detail.get('number')}")
            if detail.get("action") == "closed":
                heads.pop(key, None)
            else:
                heads[key] = (str(detail.get("head_sha")), entry.seq)
    finished = {
        (run.repository_id, run.head_sha)
        for run in check_runs(entries)
        if run.name == name and run.conclusion is not None
    }
    return [
        Violation("V3", f"{sha} ({ref} of repository {repository}) has no finished `{name}`", (seq,))
        for (repository, ref), (sha, seq) in heads.items()
        if (repository, sha) not in finished
    ]


def foreign_tokens(entries: Iterable[Entry], *, grace_s: float = 60.0) -> list[Violation]:
    """V4: every call with an installation token names a repository that this token was made for.

    Args:
        grace_s: so long after a repository was taken from its installation, work that was under way
            may still read it and be refused; it can not know yet.
    """
    owned: dict[tuple[int, int], float] = {}
    violations = []
    places = (place for entry in sorted(entries, key=lambda e: e.at) for place in _places(entry))
    for entry in places:
        text = _foreign(entry, owned, grace_s) if entry.kind in ("request", "git") else ""
        if text:
            violations.append(
                Violation("V4", f"{entry.method} {entry.path} was called with {text}", (entry.seq,))
            )
    return violations


def _places(entry: Entry) -> Iterator[Entry]:
    """The entry once for each repository that it names: a GraphQL document names many."""
    owners = entry.detail.get("owners", ())
    if not owners:
        yield entry
    for repository_id, owner in zip(entry.detail.get("repositories", ()), owners, strict=False):
        yield replace(entry, repository_id=repository_id, owner_installation_id=owner)


def _foreign(entry: Entry, owned: dict[tuple[int, int], float], grace_s: float) -> str:
    """What is wrong with a call's token, "" when nothing is; ``owned`` keeps when each pair was right."""
    if entry.auth == "unknown":
        return "a token that was never minted"
    if entry.auth != "installation" or entry.repository_id is None or entry.installation_id is None:
        return ""
    pair = (entry.installation_id, entry.repository_id)
    if entry.owner_installation_id == entry.installation_id:
        owned[pair] = entry.at
    elif entry.wrote or pair not in owned or entry.at - owned[pair] > grace_s:
        return f"a token of installation {entry.installation_id}"
    if entry.token_repository_ids is not None and entry.repository_id not in entry.token_repository_ids:
        return "a token narrowed to other repositories"
    return ""


def commit_in(text: str) -> str | None:
    """The commit that a text of ours was judged at: its last link to a commit, else the first full id."""
    linked = _LINKED_COMMIT.findall(text)
    if linked:
        return str(linked[-1])
    match = _COMMIT.search(text)
    return match[0] if match else None


def stale_results(
    entries: Iterable[Entry],
    mark: Callable[[str], str | None] = marker_of,
    commit_of: Callable[[str], str | None] = commit_in,
) -> list[Violation]:
    """V8: what an issue says never goes back to an older commit of the default branch."""
    heads: dict[int | None, list[str]] = defaultdict(list)
    shown: dict[tuple[int | None, int], tuple[str, int]] = {}
    marked: set[tuple[int | None, int]] = set()
    kept = in_order(entries)
    for entry in kept:
        if entry.kind == "event" and entry.detail.get("event") == "push" and entry.detail.get("default"):
            heads[entry.repository_id].append(str(entry.detail.get("after")))
    violations = []
    for entry in kept:
        number = _issue_number(entry)
        if entry.kind != "request" or number is None or not isinstance(entry.body.get("body"), str):
            continue
        key = (entry.repository_id, number)
        if mark(entry.body["body"]):
            marked.add(key)
        commit = commit_of(entry.body["body"])
        order = heads[entry.repository_id]
        if key not in marked or commit not in order:
            continue
        before = shown.get(key)
        # A commit may have been the head more than once: its last time counts for the new text.
        last_time = len(order) - 1 - order[::-1].index(commit)
        if before is not None and last_time < order.index(before[0]):
            text = (
                f"issue #{number} of repository {entry.repository_id} went from {before[0]} back to {commit}"
            )
            violations.append(Violation("V8", text, (before[1], entry.seq)))
        shown[key] = (commit, entry.seq)
    return violations


def calls_despite_limit(entries: Iterable[Entry], *, grace_s: float = 1.0) -> list[Violation]:
    """V10: after a limit answer nobody calls for that installation before its time.

    Args:
        grace_s: calls that begin so soon after the answer were on their way.
    """
    limits: dict[int, list[tuple[float, str, float, int]]] = defaultdict(list)
    violations = []
    for entry in sorted(entries, key=lambda e: e.at):
        if entry.kind != "request" or entry.auth != "installation" or entry.installation_id is None:
            continue
        for answered, resource, until, seq in limits[entry.installation_id]:
            if answered + grace_s < entry.at < until and _uses(entry, resource):
                text = (
                    f"{entry.method} {entry.path} came {until - entry.at:.1f} s before the end of "
                    f"a limit of installation {entry.installation_id}"
                )
                violations.append(Violation("V10", text, (seq, entry.seq)))
                break
        if entry.limit is not None:
            answered = entry.at + entry.duration_s
            limits[entry.installation_id].append(
                (answered, entry.limit.resource, entry.limit.until, entry.seq)
            )
    return violations


def published_secrets(entries: Iterable[Entry], secrets: Mapping[str, str]) -> list[Violation]:
    """V5: no canary appears in anything that was sent to GitHub.

    Args:
        secrets: name -> value; the value is looked for, the name is told.
    """
    violations = []
    for entry in entries:
        text = json.dumps([entry.path, dict(entry.query), entry.body], default=str, ensure_ascii=False)
        violations += [
            Violation("V5", f"{name} was sent in {entry.method} {entry.path.split('?')[0]}", (entry.seq,))
            for name, value in secrets.items()
            if value in text
        ]
    return violations


def problems(entries: Iterable[Entry]) -> list[Violation]:
    """Requests and answers that break GitHub's published description."""
    return [Violation("schema", problem, (entry.seq,)) for entry in entries for problem in entry.problems]


def all_violations(entries: Sequence[Entry]) -> list[Violation]:
    """Every oracle that needs nothing but the journal."""
    return [
        *duplicate_check_runs(entries),
        *duplicate_issues(entries),
        *duplicate_comments(entries),
        *foreign_tokens(entries),
        *stale_results(entries),
        *calls_despite_limit(entries),
        *problems(entries),
    ]


def _issue_number(entry: Entry) -> int | None:
    """The issue that a successful write of ours, or an ``issues`` event, is about."""
    if entry.kind == "event" and entry.detail.get("event") == "issues":
        number = entry.detail.get("number")
        return number if isinstance(number, int) else None
    if not entry.wrote or not isinstance(entry.body, Mapping):
        return None
    if entry.method == "POST" and re.search(r"^/repo[^/]+(/[^/]+){1,2}/issues$", entry.path):
        number = entry.result.get("number")
        return number if isinstance(number, int) else None
    match = re.search(r"/issues/(\d+)$", entry.path)
    return int(match[1]) if match and entry.method == "PATCH" else None


def _state_change(entry: Entry) -> str:
    """``opens``, ``closes`` or "" for an entry about an issue."""
    if entry.kind == "event":
        action = entry.detail.get("action")
        return {"reopened": "opens", "closed": "closes", "deleted": "closes", "transferred": "closes"}.get(
            str(action), ""
        )
    state = "open" if entry.method == "POST" else entry.body.get("state")
    return {"open": "opens", "closed": "closes"}.get(str(state), "")


def _uses(entry: Entry, resource: str) -> bool:
    if entry.path == "/rate_limit":
        return False
    if resource == "all":
        return True
    if resource == "content":
        return entry.method == "POST" and re.search(r"/(issues|comments|pulls)$", entry.path) is not None
    own = "graphql" if entry.path == "/graphql" else "search" if entry.path.startswith("/search/") else "core"
    return own == resource
