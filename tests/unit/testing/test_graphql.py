"""The fake's GraphQL: answers from its records and real git, permissions, errors, limits, overload."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

from bot import selections
from bot.adapters.github.graph import BUDGET, REPOSITORY_FIELDS
from bot.selections import Selection, directory
from bot.testing import FakeGitHub, FakeRepository, ManualClock
from bot.testing.graphql.overload import Sign
from bot.testing.graphql.schema import schema

STANDARD = [
    pytest.param(selection, id=name)
    for name, selection in vars(selections).items()
    if isinstance(selection, Selection)
]
WIDEST = (Path(__file__).parent / "widest.graphql").read_text("utf-8")
SIZES = {"branches": 100, "pulls": 50, "issues": 30, "releases": 5, "rulesets": 50, "protections": 50}


class Graph:
    """Asks the fake; ``token`` is used unless another one is given."""

    def __init__(self, api: Any) -> None:
        self.api = api
        self.token = api.token

    def reply(self, text: str, *, token: str | None = None, **variables: Any) -> Any:
        body = {"query": text, "variables": variables}
        return self.api.post("/graphql", body, token=token or self.token)

    def ask(self, text: str, **options: Any) -> Any:
        """The whole answer."""
        reply = self.reply(text, **options)
        assert reply.status == 200, reply.raw
        return reply.json

    def repository(self, fields: str, name: str = "rocket", **options: Any) -> Any:
        """Fields of one repository; there must be no error."""
        told = self.ask(f'{{ repository(owner: "acme", name: "{name}") {{ {fields} }} }}', **options)
        assert "errors" not in told, told["errors"]
        return told["data"]["repository"]


@pytest.fixture
def graph(api: Any) -> Graph:
    return Graph(api)


def errors(told: Any) -> list[tuple[str | None, list[Any]]]:
    return [(error.get("type"), error["path"]) for error in told["errors"]]


# All of the schema

ARGUMENTS = {
    "qualifiedName": '"refs/heads/main"',
    "number": "1",
    "refPrefix": '"refs/heads/"',
    "headRef": '"main"',
    "tagName": '"v1"',
    "login": '"acme"',
}
GIVEN = {"Repository.object": '(expression: "HEAD:")', "Repository.pullRequest": "(number: 2)"}
DEPTH = 3
ADMINISTRATIVE = dict.fromkeys(
    (
        "administration",
        "vulnerability_alerts",
        "members",
        "organization_administration",
        "organization_custom_properties",
        "secret_scanning_alerts",
        "security_events",
    ),
    "read",
)


def everything(kind: Any, path: tuple[str, ...] = ()) -> str:
    """All fields of a type, and of what is below, but no type within itself."""
    if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
        members = [kind.types] if isinstance(kind, GraphQLUnionType) else [schema().get_possible_types(kind)]
        parts = [
            f"... on {member.name} {{ {everything(member, path)} }}"
            for member in members[0]
            if member.name not in path
        ]
        return " ".join(["__typename", *parts])
    assert isinstance(kind, GraphQLObjectType)
    parts = ["__typename"]
    for name, field in kind.fields.items():
        below = get_named_type(field.type)
        inside = ""
        if not hasattr(below, "values") and (hasattr(below, "fields") or hasattr(below, "types")):
            if below.name in (*path, kind.name, "Repository") or len(path) >= DEPTH:
                continue
            # The same field of two members of a union may have two types, so that each gets a name.
            inside = f" {{ {everything(below, (*path, kind.name))} }}"
        given = GIVEN.get(f"{kind.name}.{name}", "")
        if not given:
            needed = [a for a, told in field.args.items() if isinstance(told.type, GraphQLNonNull)]
            if not ARGUMENTS.keys() >= set(needed):
                continue
            asked = [f"{argument}: {ARGUMENTS[argument]}" for argument in needed]
            asked += ["first: 2"] if "first" in field.args else []
            given = f"({', '.join(asked)})" if asked else ""
        parts.append(f"{kind.name}_{name}: {name}{given}{inside}")
    return " ".join(parts)


@pytest.fixture
def full(fake: FakeGitHub, rocket: FakeRepository, api: Any) -> FakeRepository:
    """Something of everything."""
    files = {
        "LICENSE": "MIT License\n",
        "CODE_OF_CONDUCT.md": "# Contributor Covenant\n",
        ".github/SECURITY.md": "Mail us.\n",
        ".github/FUNDING.yml": "github: [octocat]\ncustom: https://example.org\n",
        ".github/ISSUE_TEMPLATE/bug.yml": "name: Bug\ndescription: It breaks\n",
        ".github/pull_request_template.md": "What and why?\n",
        ".github/CODEOWNERS": "* @octocat\n/src @nobody\n",
        ".github/workflows/ci.yml": "on: push\n",
    }
    fake.push(rocket, "main", files, message="Add files\n\nAll of them.", actor="octocat")
    fake.push(rocket, "feature", {"b.py": "b = 1\n"}, message="Add b", actor="octocat")
    fake.open_issue(rocket, "It does not fly", body="At all", actor="octocat")
    fake.open_pull_request(rocket, "feature", "main", title="Fly", actor="octocat")
    fake.comment(rocket, 1, "Indeed", actor="octocat")
    fake.publish_release(rocket, "v1", notes="It flies", assets={"rocket.tar.gz": 12})
    fake.sign_commit(rocket, rocket.branches["feature"])
    fake.review(rocket, 2, "REVIEW_REQUIRED", waiting_for=["octocat"])
    rocket.language, rocket.topics = "Python", ["space"]
    sha = rocket.head
    api.post("/repos/acme/rocket/check-runs", {"name": "test", "head_sha": sha, "status": "queued"})
    api.post(f"/repos/acme/rocket/statuses/{sha}", {"state": "success", "context": "ci"})
    return rocket


def fields_of(name: str) -> list[str]:
    """The fields of a type, each with everything below."""
    kind = schema().type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    return [text for text in everything(kind).split(f"{name}_") if not text.startswith("__typename")]


@pytest.mark.parametrize("kind", ["Repository", "Organization"])
def test_every_field_is_answered(
    graph: Graph, fake: FakeGitHub, installation: int, full: FakeRepository, api: Any, kind: str
) -> None:
    """A field without a resolver, or of a wrong type, would be an error."""
    fake.set_permissions(installation, {**fake.installations[installation].permissions, **ADMINISTRATIVE})
    token = api.mint(installation)
    node_id = full.node_id if kind == "Repository" else api.get("/users/acme").json["node_id"]

    told = {
        text: graph.ask(f'{{ node(id: "{node_id}") {{ ... on {kind} {{ {text} }} }} }}', token=token)
        for text in fields_of(kind)
    }

    assert {
        text.partition(":")[0]: found["errors"] for text, found in told.items() if "errors" in found
    } == {}


@pytest.mark.parametrize("selection", STANDARD)
def test_standard_selections(graph: Graph, full: FakeRepository, selection: Selection) -> None:
    """What the product asks of every repository."""
    sizes = {name: SIZES[name] for name in selection.sizes if name != "default"}
    used = {**sizes, "default": "main"} if "default" in selection.sizes else sizes
    declared = "".join(f", ${n}: {'String!' if n == 'default' else 'Int!'}" for n in used)

    told = graph.ask(
        f"query($ids: [ID!]!{declared}) {{ {BUDGET} nodes(ids: $ids) {{ ...F }} }} "
        f"fragment F on Repository {{ {REPOSITORY_FIELDS} s0: {selection.text} }}",
        ids=[full.node_id],
        **used,
    )

    assert "errors" not in told
    assert told["data"]["nodes"][0]["s0"] is not None
    assert told["data"]["rateLimit"]["cost"] == 1


def test_the_widest_document(
    graph: Graph, fake: FakeGitHub, installation: int, full: FakeRepository, api: Any
) -> None:
    """All that checks may want of a repository, in one document."""
    fake.set_permissions(installation, {**fake.installations[installation].permissions, **ADMINISTRATIVE})

    told = graph.ask(WIDEST, o="acme", n="rocket", d="main", token=api.mint(installation))

    assert "errors" not in told
    assert told["data"]["rateLimit"]["cost"] == 3
    assert told["data"]["repository"]["defaultBranchRef"]["target"]["oid"] == full.head


# Repositories


def test_what_a_repository_is(graph: Graph, fake: FakeGitHub, full: FakeRepository) -> None:
    """Scalars, and what its files tell."""
    told = graph.repository(
        "nameWithOwner databaseId visibility isArchived isFork isEmpty isTemplate mergeCommitAllowed "
        "rebaseMergeAllowed licenseInfo { spdxId } codeOfConduct { key } isSecurityPolicyEnabled "
        "primaryLanguage { name } fundingLinks { platform url } issueTemplates { name filename } "
        "pullRequestTemplates { filename } codeowners { errors { kind line path } }"
    )

    assert told["nameWithOwner"] == "acme/rocket"
    assert told["databaseId"] == full.id
    assert (told["visibility"], told["isEmpty"], told["mergeCommitAllowed"]) == ("PUBLIC", False, True)
    assert told["rebaseMergeAllowed"] is False
    assert told["licenseInfo"] == {"spdxId": "MIT"}
    assert told["codeOfConduct"] == {"key": "contributor_covenant"}
    assert told["isSecurityPolicyEnabled"] is True
    assert told["primaryLanguage"] == {"name": "Python"}
    assert [link["url"] for link in told["fundingLinks"]] == [
        "https://github.com/octocat",
        "https://example.org",
    ]
    assert told["issueTemplates"] == [{"name": "Bug", "filename": "bug.yml"}]
    assert told["pullRequestTemplates"] == [{"filename": ".github/pull_request_template.md"}]
    owners = {"kind": "Unknown owner", "line": 2, "path": ".github/CODEOWNERS"}
    assert told["codeowners"] == {"errors": [owners]}


def test_an_empty_repository(graph: Graph, fake: FakeGitHub) -> None:
    """No commit, so no branch and no object."""
    fake.create_repository("acme", "empty", files={})

    told = graph.repository(
        'isEmpty defaultBranchRef { name } object(expression: "HEAD:") { oid } licenseInfo { key } '
        'refs(refPrefix: "refs/heads/") { totalCount }',
        "empty",
    )

    assert told == {
        "isEmpty": True,
        "defaultBranchRef": None,
        "object": None,
        "licenseInfo": None,
        "refs": {"totalCount": 0},
    }


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        ("MIT", "MIT"),
        ("Apache License\nVersion 2.0, January 2004", "Apache-2.0"),
        ("GNU GENERAL PUBLIC LICENSE\n Version 3", "GPL-3.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE\n Version 3", "LGPL-3.0"),
        ("All rights reserved.", "NOASSERTION"),
    ],
)
def test_licences(graph: Graph, fake: FakeGitHub, rocket: FakeRepository, text: str, spdx: str) -> None:
    """By the words of the file."""
    fake.push(rocket, "main", {"LICENSE": text}, message="Add a licence", actor="octocat")

    assert graph.repository("licenseInfo { spdxId }") == {"licenseInfo": {"spdxId": spdx}}


def test_an_old_name_leads_to_the_repository(graph: Graph, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Unless it is asked not to."""
    fake.rename(rocket, "engine")

    assert graph.repository("name") == {"name": "engine"}
    told = graph.ask('{ repository(owner: "acme", name: "rocket", followRenames: false) { name } }')
    assert errors(told) == [("NOT_FOUND", ["repository"])]


# git


def test_trees_and_blobs(graph: Graph, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Entries with sizes; texts, none of a binary file, the beginning of a long one."""
    long = "x" * (512 * 1024 + 1)
    files = {"b/bin": b"\0\1", "b/long.txt": long, "b/text.txt": "é\n"}
    fake.push(rocket, "main", files, message="Add files", actor="octocat")

    told = graph.repository(
        'root: object(expression: "HEAD:") { ... on Tree { entries { name type mode size path } } } '
        'b: object(expression: "main:b") { ... on Tree { entries { name object { ... on Blob '
        "{ byteSize isTruncated isBinary text } } } } } "
        'none: object(expression: "HEAD:nothing") { oid } head: object(expression: "HEAD") { __typename oid }'
    )

    by_name = {entry["name"]: entry for entry in told["root"]["entries"]}
    assert by_name["src"] == {"name": "src", "type": "tree", "mode": 0o40000, "size": 0, "path": "src"}
    assert (by_name["README.md"]["mode"], by_name["README.md"]["size"]) == (0o100644, 9)
    binary, cut, text = (entry["object"] for entry in told["b"]["entries"])
    assert binary == {"byteSize": 2, "isTruncated": False, "isBinary": True, "text": None}
    assert (cut["byteSize"], cut["isTruncated"], len(cut["text"])) == (len(long), True, 512 * 1024)
    assert text == {"byteSize": 3, "isTruncated": False, "isBinary": False, "text": "é\n"}
    assert told["none"] is None
    assert told["head"] == {"__typename": "Commit", "oid": rocket.head}


def test_a_ref_is_the_base_of_its_comparison(graph: Graph, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """So that ``aheadBy`` is what the branch lacks."""
    start = rocket.head
    fake.push(rocket, "feature", {"b.py": "1"}, message="Add b", actor="octocat")
    for number in range(2):
        fake.push(rocket, "main", {"c.py": str(number)}, message="Change c", actor="octocat")
    assert start is not None

    told = graph.repository(
        'refs(refPrefix: "refs/heads/", first: 5) { nodes { name compare(headRef: "main") '
        "{ aheadBy behindBy status } } }"
    )

    assert told["refs"]["nodes"] == [
        {"name": "feature", "compare": {"aheadBy": 2, "behindBy": 1, "status": "DIVERGED"}},
        {"name": "main", "compare": {"aheadBy": 0, "behindBy": 0, "status": "IDENTICAL"}},
    ]
    gone = graph.repository('ref(qualifiedName: "main") { compare(headRef: "gone") { aheadBy } }')
    assert gone == {"ref": {"compare": None}}


def test_commits(graph: Graph, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """History newest first, with author and signature."""
    fake.push(rocket, "main", {"b.py": "1"}, message="Add b", actor="octocat")
    assert rocket.head is not None
    fake.sign_commit(rocket, rocket.head, valid=False)

    told = graph.repository(
        "defaultBranchRef { target { ... on Commit { history(first: 5) { totalCount nodes { oid message "
        "signature { isValid } author { user { login } } statusCheckRollup { state } } } } } }"
    )

    history = told["defaultBranchRef"]["target"]["history"]
    assert history["totalCount"] == 2
    assert history["nodes"][0] == {
        "oid": rocket.head,
        "message": "Add b",
        "signature": {"isValid": False},
        "author": {"user": {"login": "octocat"}},
        "statusCheckRollup": None,
    }
    assert history["nodes"][1]["signature"] is None


ROLLUP = (
    "defaultBranchRef { target { ... on Commit { statusCheckRollup { state contexts(first: 50) { nodes { "
    "__typename ... on CheckRun { name conclusion status } ... on StatusContext { context state } } } } } } }"
)


@pytest.mark.parametrize(
    ("conclusion", "state", "worst"),
    [
        ("success", "success", "SUCCESS"),
        ("neutral", "success", "SUCCESS"),
        ("failure", "success", "FAILURE"),
        ("timed_out", "pending", "FAILURE"),
        ("success", "error", "ERROR"),
        ("success", "pending", "PENDING"),
        (None, "success", "PENDING"),
    ],
)
def test_rollups(
    graph: Graph, api: Any, rocket: FakeRepository, conclusion: str | None, state: str, worst: str
) -> None:
    """The worst of check runs and statuses."""
    run = {"name": "test", "head_sha": rocket.head, "status": "completed" if conclusion else "queued"}
    api.post("/repos/acme/rocket/check-runs", {**run, **({"conclusion": conclusion} if conclusion else {})})
    api.post(f"/repos/acme/rocket/statuses/{rocket.head}", {"state": state, "context": "ci"})

    told = graph.repository(ROLLUP)["defaultBranchRef"]["target"]["statusCheckRollup"]

    assert told["state"] == worst
    shown, status = told["contexts"]["nodes"]
    assert shown["conclusion"] == (conclusion.upper() if conclusion else None)
    assert status == {"__typename": "StatusContext", "context": "ci", "state": state.upper()}


# Pull requests, issues, releases


def test_mergeable_is_unknown_until_somebody_has_asked(
    graph: Graph, fake: FakeGitHub, rocket: FakeRepository
) -> None:
    """As in REST; a new commit begins again. Both words of one document say the same."""
    fake.push(rocket, "feature", {"README.md": "# Ours\n"}, message="Ours", actor="octocat")
    number = fake.open_pull_request(rocket, "feature", "main", title="Ours", actor="octocat")
    fields = "pullRequests(states: OPEN, first: 5) { nodes { number mergeable mergeStateStatus } }"

    def asked() -> tuple[str, str]:
        (node,) = graph.repository(fields)["pullRequests"]["nodes"]
        assert node["number"] == number
        return node["mergeable"], node["mergeStateStatus"]

    assert asked() == ("UNKNOWN", "UNKNOWN")
    assert asked() == ("MERGEABLE", "CLEAN")
    fake.push(rocket, "main", {"README.md": "# Theirs\n"}, message="Theirs", actor="octocat")
    assert asked() == ("UNKNOWN", "UNKNOWN")
    assert asked() == ("CONFLICTING", "DIRTY")


def test_pull_requests(graph: Graph, fake: FakeGitHub, full: FakeRepository) -> None:
    """With their branches, author and reviews; merged is a state of its own."""
    told = graph.repository(
        "open: pullRequests(states: OPEN, first: 5) { totalCount nodes { number isDraft isCrossRepository "
        "baseRefName baseRefOid headRefName headRefOid headRepository { databaseId nameWithOwner } "
        "author { __typename login } reviewDecision reviewRequests(first: 1) { nodes { requestedReviewer "
        "{ ... on User { login } } } } } } "
        "merged: pullRequests(states: [MERGED]) { totalCount }"
    )

    (node,) = told["open"]["nodes"]
    assert node == {
        "number": 2,
        "isDraft": False,
        "isCrossRepository": False,
        "baseRefName": "main",
        "baseRefOid": full.head,
        "headRefName": "feature",
        "headRefOid": full.branches["feature"],
        "headRepository": {"databaseId": full.id, "nameWithOwner": "acme/rocket"},
        "author": {"__typename": "User", "login": "octocat"},
        "reviewDecision": "REVIEW_REQUIRED",
        "reviewRequests": {"nodes": [{"requestedReviewer": {"login": "octocat"}}]},
    }
    assert told["merged"] == {"totalCount": 0}


def test_a_review_is_required_by_the_rules_of_the_base(
    graph: Graph, fake: FakeGitHub, rocket: FakeRepository
) -> None:
    """Until a test says more."""
    fake.push(rocket, "feature", {"b.py": "1"}, message="Add b", actor="octocat")
    number = fake.open_pull_request(rocket, "feature", "main")
    fields = f"pullRequest(number: {number}) {{ reviewDecision }}"

    assert graph.repository(fields)["pullRequest"]["reviewDecision"] is None
    fake.protect(rocket, "main", required_approvals=1)
    assert graph.repository(fields)["pullRequest"]["reviewDecision"] == "REVIEW_REQUIRED"
    fake.review(rocket, number, "APPROVED")
    assert graph.repository(fields)["pullRequest"]["reviewDecision"] == "APPROVED"


def test_issues_are_not_pull_requests(graph: Graph, full: FakeRepository) -> None:
    """With comments and how their authors stand to the repository."""
    told = graph.repository(
        "issues(states: OPEN, first: 5, orderBy: {field: CREATED_AT, direction: ASC}) { totalCount nodes { "
        "number author { login } authorAssociation comments(first: 1) { nodes { authorAssociation author "
        "{ __typename login } } } } }"
    )

    assert told["issues"]["totalCount"] == 1
    (node,) = told["issues"]["nodes"]
    assert (node["number"], node["author"]) == (1, {"login": "octocat"})
    assert node["comments"]["nodes"][0]["author"] == {"__typename": "User", "login": "octocat"}


def test_an_apps_bot_is_an_actor_without_brackets(graph: Graph, api: Any) -> None:
    """REST writes them, GraphQL does not."""
    api.post("/repos/acme/rocket/issues", {"title": "Health"})

    told = graph.repository("issues(first: 1) { nodes { author { __typename login } } }")

    assert told["issues"]["nodes"] == [{"author": {"__typename": "Bot", "login": "plumbline"}}]


def test_releases(graph: Graph, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Newest first with assets and the tag's commit; drafts for who can write contents."""
    fake.publish_release(rocket, "v1", assets={"rocket.sig": 3})
    fake.publish_release(rocket, "v2", draft=True)
    fields = (
        "releases(first: 5) { nodes { tagName isDraft publishedAt tagCommit { oid } releaseAssets(first: 5)"
    )
    fields += " { nodes { name } } } } latestRelease { tagName }"

    told = graph.repository(fields)

    draft, published = told["releases"]["nodes"]
    assert (draft["isDraft"], draft["publishedAt"], draft["tagCommit"]) == (True, None, None)
    assert published["tagCommit"] == {"oid": rocket.head}
    assert published["releaseAssets"] == {"nodes": [{"name": "rocket.sig"}]}
    assert told["latestRelease"] == {"tagName": "v1"}
    reader = graph.api.mint(next(iter(fake.installations)), permissions={"contents": "read"})
    assert [n["tagName"] for n in graph.repository(fields, token=reader)["releases"]["nodes"]] == ["v1"]


# Pages


def test_pages(graph: Graph, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Forwards by cursor, backwards by ``last``."""
    for number in range(5):
        fake.open_issue(rocket, f"Issue {number}", actor="octocat")
    page = "{ nodes { number } pageInfo { hasNextPage hasPreviousPage endCursor } }"

    first = graph.repository(f"issues(first: 2) {page}")["issues"]
    after = first["pageInfo"]["endCursor"]
    second = graph.repository(f'issues(first: 3, after: "{after}") {page}')["issues"]
    last = graph.repository(f"issues(last: 1) {page}")["issues"]

    assert [n["number"] for n in first["nodes"] + second["nodes"]] == [1, 2, 3, 4, 5]
    assert first["pageInfo"] | {"endCursor": ""} == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "endCursor": "",
    }
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)
    assert [n["number"] for n in last["nodes"]] == [5]


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ("", "MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last`"),
        ("(first: 101)", "EXCESSIVE_PAGINATION", "Requesting 101 records on the `issues` connection"),
        ('(first: 1, after: "x")', "INVALID_CURSOR_ARGUMENTS", "`x` does not appear to be a valid cursor"),
    ],
)
def test_pages_that_are_none(graph: Graph, arguments: str, kind: str, words: str) -> None:
    """The connection can not be null, so its repository is."""
    told = graph.ask(
        f'{{ repository(owner: "acme", name: "rocket") {{ issues{arguments} {{ nodes {{ id }} }} }} }}'
    )

    assert told["data"] == {"repository": None}
    assert errors(told) == [(kind, ["repository", "issues"])]
    assert words in told["errors"][0]["message"]


# Permissions


def test_nodes_that_are_not_for_the_token(graph: Graph, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Null, with an error where it stands; others are answered."""
    fake.create_organisation("other")
    hidden = fake.create_repository("other", "hidden", private=True, files={"a": "a"})
    ids = [rocket.node_id, hidden.node_id, "R_x"]

    told = graph.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert told["data"]["nodes"] == [{"id": rocket.node_id}, None, None]
    assert errors(told) == [("NOT_FOUND", ["nodes", 1]), ("NOT_FOUND", ["nodes", 2])]
    alone = graph.ask("query($id: ID!) { node(id: $id) { id } }", id=hidden.node_id)
    assert (alone["data"], errors(alone)) == ({"node": None}, [("NOT_FOUND", ["node"])])
    named = graph.ask('{ repository(owner: "other", name: "hidden") { id } }')
    assert errors(named) == [("NOT_FOUND", ["repository"])]


def test_more_nodes_than_may_be_asked_for(graph: Graph, rocket: FakeRepository) -> None:
    """A hundred ids."""
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    assert len(graph.ask(text, ids=[rocket.node_id] * 100)["data"]["nodes"]) == 100
    told = graph.ask(text, ids=[rocket.node_id] * 101)
    assert "100 node ids" in told["errors"][0]["message"]


def test_an_organisation_by_either_id(graph: Graph, api: Any) -> None:
    """The node id that REST tells is good here."""
    node_id = api.get("/users/acme").json["node_id"]

    told = graph.ask("query($id: ID!) { node(id: $id) { ... on Organization { login } } }", id=node_id)

    assert told["data"] == {"node": {"login": "acme"}}


@pytest.mark.parametrize(
    ("fields", "lacking", "path"),
    [
        ('object(expression: "HEAD:") { oid }', "contents", ["object"]),
        ("defaultBranchRef { name }", "contents", ["defaultBranchRef"]),
        ("latestRelease { tagName }", "contents", ["latestRelease"]),
        ('refs(refPrefix: "refs/heads/") { totalCount }', "contents", ["refs"]),
    ],
)
def test_a_missing_permission_is_told_at_its_field(
    graph: Graph, installation: int, fields: str, lacking: str, path: list[str]
) -> None:
    """The rest of the repository is told; the public one hides nothing of this."""
    token = graph.api.mint(installation, permissions={"metadata": "read"})

    private = f'{{ repository(owner: "acme", name: "secret") {{ name {fields} }} }}'
    told = graph.ask(private, token=token)

    assert told["data"] == {"repository": {"name": "secret", path[0]: None}}
    assert errors(told) == [("FORBIDDEN", ["repository", *path])]
    assert told["errors"][0]["message"] == "Resource not accessible by integration"
    assert graph.repository(f"name {fields}", token=token)["name"] == "rocket"


@pytest.mark.parametrize("connection", ["pullRequests", "issues", "releases"])
def test_a_connection_that_can_not_be_null_takes_its_repository_along(
    graph: Graph, installation: int, connection: str
) -> None:
    """So GraphQL has it; what lacks a permission must not be asked."""
    token = graph.api.mint(installation, permissions={"metadata": "read"})
    text = f'{{ repository(owner: "acme", name: "secret") {{ name {connection} {{ totalCount }} }} }}'

    told = graph.ask(text, token=token)

    assert told["data"] == {"repository": None}
    assert errors(told) == [("FORBIDDEN", ["repository", connection])]


def test_a_rollup_hides_what_the_token_may_not_read(
    graph: Graph, api: Any, installation: int, secret: FakeRepository
) -> None:
    """Check runs and statuses have permissions of their own."""
    api.post("/repos/acme/secret/check-runs", {"name": "test", "head_sha": secret.head, "status": "queued"})
    api.post(f"/repos/acme/secret/statuses/{secret.head}", {"state": "success", "context": "ci"})
    text = f'{{ repository(owner: "acme", name: "secret") {{ {ROLLUP} }} }}'
    place = ["repository", "defaultBranchRef", "target", "statusCheckRollup"]

    half = api.mint(installation, permissions={"contents": "read", "checks": "read"})
    none = api.mint(installation, permissions={"contents": "read"})
    told, refused = graph.ask(text, token=half), graph.ask(text, token=none)

    nodes = told["data"]["repository"]["defaultBranchRef"]["target"]["statusCheckRollup"]["contexts"]["nodes"]
    assert (nodes[0]["name"], nodes[1]) == ("test", None)
    assert errors(told) == [("FORBIDDEN", [*place, "contexts", "nodes", 1])]
    assert errors(refused) == [("FORBIDDEN", place)]


# Documents that are refused


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ("s0: nope", "undefinedField", ["fragment F", "s0"]),
        ("s0: name s1: issues { nodes { nope } }", "undefinedField", ["fragment F", "s1", "nodes", "nope"]),
        ("s0: issues(nope: 1) { totalCount }", "argumentNotAccepted", ["fragment F", "s0"]),
        ("s0: owner { ... on Nope { id } }", "undefinedType", ["fragment F", "s0", "... on Nope"]),
        ("s0: issues", "selectionMismatch", ["fragment F", "s0"]),
    ],
)
def test_documents_that_are_not_understood(graph: Graph, fields: str, code: str, path: list[str]) -> None:
    """Nothing is answered, and each mistake says where it is."""
    text = (
        f'{{ repository(owner: "acme", name: "rocket") {{ ...F }} }} fragment F on Repository {{ {fields} }}'
    )

    told = graph.ask(text)

    assert "data" not in told
    assert (told["errors"][0]["extensions"]["code"], told["errors"][0]["path"]) == (code, path)


@pytest.mark.parametrize("body", [{}, {"query": 1}, {"query": "{"}, {"query": "{ node(id: $x) { id } }"}])
def test_bodies_that_are_none(graph: Graph, body: dict[str, Any]) -> None:
    """200 with errors alone, as GitHub answers."""
    told = graph.api.send("POST", "/graphql", body)

    assert told.status == 200
    assert set(told.json) == {"errors"}


def test_a_variable_of_the_wrong_type(graph: Graph) -> None:
    """Nothing is executed."""
    told = graph.ask("query($id: ID!) { node(id: $id) { id } }")

    assert "data" not in told
    assert "$id" in told["errors"][0]["message"]


def test_nobody_asks_without_a_token(graph: Graph, api: Any) -> None:
    """Neither strangers nor the App itself."""
    body = {"query": "{ rateLimit { cost } }"}

    assert api.post("/graphql", body, token="").status == 401
    assert api.post("/graphql", body, token=api.app_jwt()).status == 401
    assert api.post("/graphql", body, token="ghs_wrong").status == 401


# Limits

WIDE = (
    "{ a: %s { issues(first: 100) { nodes { comments(first: 1) { totalCount } } } } rateLimit { cost used } }"
)
WIDE %= 'repository(owner: "acme", name: "rocket")'


def test_points_are_taken_from_a_budget_of_their_own(graph: Graph, fake: FakeGitHub, api: Any) -> None:
    """REST does not pay for GraphQL, nor the other way round."""
    before = int(api.get("/repos/acme/rocket").headers["X-RateLimit-Used"])

    reply = graph.reply(WIDE)
    told = reply.json["data"]["rateLimit"]

    assert told == {"cost": 1, "used": 1}
    assert reply.headers["X-RateLimit-Resource"] == "graphql"
    assert reply.headers["X-RateLimit-Used"] == "1"
    assert int(api.get("/repos/acme/rocket").headers["X-RateLimit-Used"]) == before + 1
    overview = api.get("/rate_limit").json["resources"]["graphql"]
    assert (overview["used"], overview["limit"]) == (1, 5_000)


def test_an_empty_budget(graph: Graph, fake: FakeGitHub, clock: ManualClock) -> None:
    """200 with an error and nothing left, until the hour is over."""
    fake.limits.graphql = 1
    graph.ask(WIDE)

    refused = graph.reply(WIDE)

    assert refused.status == 200
    assert [error["type"] for error in refused.json["errors"]] == ["RATE_LIMITED"]
    assert "data" not in refused.json
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    clock.advance(3_600)
    graph.token = graph.api.mint(next(iter(fake.installations)))
    assert "errors" not in graph.ask(WIDE)


def test_the_secondary_limit(graph: Graph, fake: FakeGitHub) -> None:
    """2,000 points a minute, one for each document."""
    from bot.testing.limits import Secondary

    fake.limits.secondary = Secondary(graphql_points_per_minute=2)
    graph.ask(WIDE)
    graph.ask(WIDE)

    refused = graph.reply(WIDE)

    assert refused.status == 403
    assert "secondary rate limit" in refused.message
    assert refused.headers["Retry-After"] == "60"


def test_too_many_nodes(graph: Graph) -> None:
    """Half a million, as documented; it costs nothing."""
    text = "{ a: %s { issues(first: 100) { nodes { comments(first: 100) { nodes { id } } } } %s } }"
    more = " ".join(
        f"p{n}: issues(first: 100) {{ nodes {{ comments(first: 100) {{ totalCount }} }} }}" for n in range(50)
    )

    told = graph.ask(text % ('repository(owner: "acme", name: "rocket")', more))

    assert [error["type"] for error in told["errors"]] == ["MAX_NODE_LIMIT_EXCEEDED"]
    assert "515,100" in told["errors"][0]["message"]
    assert "data" not in told


# Overload


def test_a_document_that_takes_too_long(graph: Graph, fake: FakeGitHub) -> None:
    """502, and points are gone nevertheless; a smaller one is answered."""
    fake.overload.above, fake.overload.penalty = 50, 4

    reply = graph.reply(WIDE)

    assert reply.status == 502
    assert "couldn't respond to your request in time" in reply.message
    assert reply.headers["X-RateLimit-Used"] == "5"
    assert "errors" not in graph.ask(WIDE.replace("first: 100", "first: 40"))


def test_the_other_sign_of_a_document_that_takes_too_long(graph: Graph, fake: FakeGitHub) -> None:
    """200 without data."""
    fake.overload.above, fake.overload.sign = 50, Sign.WENT_WRONG

    told = graph.ask(WIDE)

    assert told["data"] is None
    assert told["errors"][0]["message"].startswith("Something went wrong while executing your query")


def test_a_partial_answer(graph: Graph, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """The first connections are told, the others are errors at their places."""
    fake.overload.above, fake.overload.sign = 1, Sign.PARTIAL
    text = (
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Repository { name "
        'refs(refPrefix: "refs/heads/", first: 1) { nodes { name } } } } }'
    )

    told = graph.ask(text, ids=[rocket.node_id, rocket.node_id])

    assert told["data"]["nodes"] == [
        {"name": "rocket", "refs": {"nodes": [{"name": "main"}]}},
        {"name": "rocket", "refs": None},
    ]
    assert errors(told) == [("RESOURCE_LIMITS_EXCEEDED", ["nodes", 1, "refs"])]


def test_texts_are_json(graph: Graph) -> None:
    """What is answered can be read back."""
    assert json.loads(graph.reply("{ rateLimit { resetAt } }").raw)["data"]["rateLimit"]["resetAt"].endswith(
        "Z"
    )


def test_directories_of_many_files(graph: Graph, full: FakeRepository) -> None:
    """A directory with its texts, by the product's own selection."""
    told = graph.repository(f"s: {directory('.github/workflows', texts=True).text}")

    (entry,) = told["s"]["entries"]
    assert (entry["name"], entry["object"]["text"]) == ("ci.yml", "on: push\n")
