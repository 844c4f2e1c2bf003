"""Branches, refs, commits, trees, blobs, contents, comparison, merging: over real git."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from bot.testing import Emission, FakeGitHub, FakeRepository, Submodule, Symlink
from bot.testing.routes import contents as contents_routes
from bot.testing.routes import git as git_routes

ROCKET = "/repos/acme/rocket"


def test_the_repository(api: Any, installation: int, rocket: FakeRepository) -> None:
    """Merge settings are shown only to a token that writes contents."""
    body = api.get(ROCKET).json
    assert (body["id"], body["default_branch"], body["visibility"]) == (rocket.id, "main", "public")
    assert body["allow_merge_commit"] is True
    assert body["permissions"]["push"] is True
    reader = api.mint(installation, permissions={"contents": "read"})
    assert "allow_merge_commit" not in api.get(ROCKET, token=reader).json


def test_rules_and_properties(api: Any, installation: int) -> None:
    """Nobody has made any, and classic protection needs its permission, of a public repository too."""
    for path in ("/rules/branches/main", "/rulesets", "/properties/values"):
        assert api.get(ROCKET + path).json == []
    for repository in (ROCKET, "/repos/acme/secret"):
        assert api.get(f"{repository}/branches/main/protection").status == 403


def test_branches(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """By name; a name may hold a slash, encoded or not, and any other character."""
    for name in ("feature/x", "ümläut%41", "check-runs"):
        fake.push(rocket, name, {"x": name})
    listed = [branch["name"] for branch in api.get(f"{ROCKET}/branches").json]
    assert listed == ["check-runs", "feature/x", "main", "ümläut%41"]
    assert api.get(f"{ROCKET}/branches", protected="true").json == []
    for path in ("feature%2Fx", "feature/x"):
        body = api.get(f"{ROCKET}/branches/{path}").json
        assert (body["name"], body["commit"]["sha"]) == ("feature/x", rocket.branches["feature/x"])
    assert api.get(f"{ROCKET}/branches/%C3%BCml%C3%A4ut%2541").json["name"] == "ümläut%41"
    reply = api.get(f"{ROCKET}/branches/none")
    assert (reply.status, reply.message) == (404, "Branch not found")


def test_refs(api: Any, fake: FakeGitHub, rocket: FakeRepository, events: list[Emission]) -> None:
    """Made, read, moved forward, forced, deleted, each with its refusals and its events."""
    first = rocket.head or ""
    second = fake.push(rocket, "main", {"a": "1"})
    events.clear()
    refs = f"{ROCKET}/git/refs"
    made = api.post(refs, {"ref": "refs/heads/feature/x", "sha": first})
    assert (made.status, made.json["object"]["sha"]) == (201, first)
    assert api.get(f"{ROCKET}/git/ref/heads/feature/x").json["ref"] == "refs/heads/feature/x"
    for body, text in (
        ({"ref": "refs/heads/feature/x", "sha": first}, "Reference already exists"),
        ({"ref": "feature/y", "sha": first}, "Reference name must start with 'refs/'"),
        ({"ref": "refs/heads/y", "sha": "0" * 40}, "Object does not exist"),
        ({"ref": "refs/heads/a..b", "sha": first}, "Reference name is not valid"),
        ({"ref": "refs/heads/y"}, '"sha" wasn\'t supplied.'),
    ):
        reply = api.post(refs, body)
        assert reply.status == 422
        assert text in reply.message
    path = f"{refs}/heads/feature/x"
    assert api.patch(path, {"sha": second}).json["object"]["sha"] == second
    reply = api.patch(path, {"sha": first})
    assert (reply.status, reply.message) == (422, "Update is not a fast forward")
    assert api.patch(path, {"sha": first, "force": True}).status == 200
    assert api.patch(path, {"sha": "0" * 40}).message == "Object does not exist"
    assert api.patch(f"{refs}/heads/none", {"sha": first}).message == "Reference does not exist"
    assert [r["ref"] for r in api.get(f"{ROCKET}/git/matching-refs/heads/fea").json] == [
        "refs/heads/feature/x"
    ]
    assert api.delete(path).status == 204
    assert api.delete(path).message == "Reference does not exist"
    assert api.delete(f"{refs}/heads/main").message == "Cannot delete the default branch"
    assert api.get(f"{ROCKET}/git/ref/heads/feature/x").status == 404
    assert [e.event for e in events if e.event != "check_suite"] == [
        "create",
        "push",
        "push",
        "push",
        "delete",
        "push",
    ]


def test_an_empty_repository(api: Any, fake: FakeGitHub) -> None:
    """409 for git, 404 for contents, an empty list of branches."""
    fake.create_repository("acme", "empty")
    for path in ("/commits", "/commits/main", "/git/trees/main", "/git/ref/heads/main", "/compare/a...b"):
        reply = api.get(f"/repos/acme/empty{path}")
        assert (reply.status, reply.message) == (409, "Git Repository is empty.")
    body = {"ref": "refs/heads/x", "sha": "0" * 40}
    assert api.post("/repos/acme/empty/git/refs", body).status == 409
    assert api.get("/repos/acme/empty/contents/README.md").message == "This repository is empty."
    assert api.get("/repos/acme/empty/branches").json == []
    made = api.put(
        "/repos/acme/empty/contents/a.txt", {"message": "First", "content": base64.b64encode(b"a").decode()}
    )
    assert made.status == 201
    assert api.get("/repos/acme/empty/commits").json[0]["commit"]["message"] == "First"


def test_commits(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """History by ref and path; one commit by any name; files against the first parent."""
    first = rocket.head or ""
    second = fake.push(rocket, "main", {"src/a.py": "a = 2\n", "moved.md": "# Rocket\n", "README.md": None})
    assert [c["sha"] for c in api.get(f"{ROCKET}/commits").json] == [second, first]
    assert [c["sha"] for c in api.get(f"{ROCKET}/commits", path="README.md", sha=first).json] == [first]
    assert api.get(f"{ROCKET}/commits", since="2027-01-01T00:00:00Z").json == []
    assert len(api.get(f"{ROCKET}/commits", until="2027-01-01T00:00:00Z").json) == 2
    assert api.get(f"{ROCKET}/commits", sha="none").status == 404
    for name in ("main", "heads/main", second, second[:10]):
        body = api.get(f"{ROCKET}/commits/{name}").json
        assert body["sha"] == second
    assert body["stats"]["additions"] == 1
    files = {f["filename"]: f for f in body["files"]}
    assert files["moved.md"]["status"] == "renamed"
    assert files["moved.md"]["previous_filename"] == "README.md"
    assert files["src/a.py"]["status"] == "modified"
    assert api.get(f"{ROCKET}/commits/{first}").json["files"][0]["status"] == "added"
    sha = api.get(f"{ROCKET}/commits/main", headers={"accept": "application/vnd.github.sha"})
    assert sha.raw.decode() == second
    reply = api.get(f"{ROCKET}/commits/none")
    assert (reply.status, reply.message) == (422, "No commit found for SHA: none")
    assert api.get(f"{ROCKET}/commits/{'0' * 40}").status == 422
    assert api.get(f"{ROCKET}/git/commits/{second}").json["parents"][0]["sha"] == first
    assert api.get(f"{ROCKET}/git/commits/main").status == 404


def test_trees_and_blobs(
    api: Any, fake: FakeGitHub, rocket: FakeRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By commit, branch or tree; recursive; truncated past the limits."""
    fake.push(rocket, "main", {"deep/er/file": "x" * 100, "mod": Submodule("1" * 40)})
    flat = {e["path"]: e for e in api.get(f"{ROCKET}/git/trees/main").json["tree"]}
    assert flat["deep"]["type"] == "tree"
    assert flat["mod"] == {"path": "mod", "mode": "160000", "type": "commit", "sha": "1" * 40}
    tree = api.get(f"{ROCKET}/git/trees/{flat['deep']['sha']}", recursive=1).json
    assert [e["path"] for e in tree["tree"]] == ["er", "er/file"]
    assert tree["tree"][1]["size"] == 100
    assert tree["truncated"] is False
    blob = tree["tree"][1]["sha"]
    body = api.get(f"{ROCKET}/git/blobs/{blob}").json
    assert base64.b64decode(body["content"]) == b"x" * 100
    assert max(len(line) for line in body["content"].split("\n")) == 60
    raw = api.get(f"{ROCKET}/git/blobs/{blob}", headers={"accept": "application/vnd.github.raw+json"})
    assert raw.raw == b"x" * 100
    for path in (f"blobs/{'0' * 40}", "blobs/x", f"blobs/{rocket.head}", f"trees/{'0' * 40}", "trees/none"):
        assert api.get(f"{ROCKET}/git/{path}").status == 404
    monkeypatch.setattr(git_routes, "MAX_TREE_ENTRIES", 1)
    assert api.get(f"{ROCKET}/git/trees/main").json["truncated"] is True
    monkeypatch.undo()
    monkeypatch.setattr(git_routes, "MAX_TREE_BYTES", 10)
    assert api.get(f"{ROCKET}/git/trees/main").json == {
        "sha": rocket.git.commit(rocket.head or "").tree,
        "url": f"https://api.github.com{ROCKET}/git/trees/{rocket.git.commit(rocket.head or '').tree}",
        "tree": [],
        "truncated": True,
    }


def test_contents(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Files, directories, links that are followed or not, submodules."""
    fake.push(
        rocket,
        "main",
        {
            "link": Symlink("src/a.py"),
            "dangling": Symlink("../../etc/passwd"),
            "mod": Submodule("1" * 40),
            ".gitmodules": '[submodule "m"]\n\tpath = mod\n\turl = https://example.org/m.git\n',
            "dir/ü \"'\n.txt": b"\xff\x00",
        },
    )
    path = f"{ROCKET}/contents"
    readme = api.get(f"{path}/README.md").json
    assert (readme["type"], base64.b64decode(readme["content"])) == ("file", b"# Rocket\n")
    kinds = {entry["name"]: entry["type"] for entry in api.get(path).json}
    assert kinds["dir"] == "dir"
    assert kinds["link"] == "symlink"
    assert kinds["mod"] == "file"
    module = api.get(f"{path}/mod").json
    assert (module["type"], module["submodule_git_url"]) == ("submodule", "https://example.org/m.git")
    assert api.get(f"{path}/link").json["path"] == "src/a.py"
    assert api.get(f"{path}/dangling").json["target"] == "../../etc/passwd"
    strange = api.get(f"{path}/dir/%C3%BC%20%22%27%0A.txt").json
    assert base64.b64decode(strange["content"]) == b"\xff\x00"
    assert [e["path"] for e in api.get(f"{path}/src").json] == ["src/a.py"]
    listed = api.get(path, headers={"accept": "application/vnd.github.object+json"}).json
    assert {e["name"] for e in listed["entries"]} == set(kinds)
    raw = api.get(f"{path}/README.md", headers={"accept": "application/vnd.github.v3.raw"})
    assert raw.raw == b"# Rocket\n"
    assert api.get(f"{path}/").json == api.get(path).json
    assert api.get(f"{path}/README.md/x").status == 404
    assert api.get(f"{path}/none").status == 404
    assert api.get(f"{path}/README.md", ref="none").message == "No commit found for the ref none"
    assert api.get(f"{ROCKET}/readme").json["path"] == "README.md"
    fake.push(rocket, "bare", {"a": "1"}, parents=())
    assert api.get(f"{ROCKET}/readme", ref="bare").status == 404


def test_sizes_of_contents(
    api: Any, fake: FakeGitHub, rocket: FakeRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past 1 MB only raw, past 100 MB nothing, 1,000 entries of a directory."""
    fake.push(rocket, "main", {"small": b"x" * 1_000_000, "big": b"x" * 1_000_001})
    assert api.get(f"{ROCKET}/contents/small").json["encoding"] == "base64"
    big = api.get(f"{ROCKET}/contents/big").json
    assert (big["encoding"], big["content"], big["size"]) == ("none", "", 1_000_001)
    raw = api.get(f"{ROCKET}/contents/big", headers={"accept": "application/vnd.github.raw"})
    assert len(raw.raw) == 1_000_001
    monkeypatch.setattr(contents_routes, "MAX_RAW", 1_000_000)
    refused = api.get(f"{ROCKET}/contents/big")
    assert (refused.status, refused.json["errors"][0]["code"]) == (403, "too_large")
    monkeypatch.setattr(contents_routes, "MAX_DIRECTORY", 2)
    assert len(api.get(f"{ROCKET}/contents").json) == 2


def test_writing_files(api: Any, fake: FakeGitHub, rocket: FakeRepository, installation: int) -> None:
    """Updates need the blob's sha; workflows need their own permission."""
    path = f"{ROCKET}/contents/new.txt"
    text = base64.b64encode(b"one").decode()
    made = api.put(path, {"message": "Add", "content": text})
    assert made.status == 201
    sha = made.json["content"]["sha"]
    assert api.put(path, {"message": "Change", "content": text}).status == 422
    assert api.put(path, {"message": "Change", "content": text, "sha": "0" * 40}).status == 409
    assert api.put(path, {"message": "Change", "content": text, "sha": sha}).status == 200
    assert api.put(path, {"content": text}).status == 422
    assert api.put(path, {"message": "m"}).status == 422
    assert api.put(path, {"message": "m", "content": "a"}).status == 422
    assert api.put(path, {"message": "m", "content": text, "branch": "none"}).status == 404
    gone = api.delete(path, {"message": "Remove", "sha": sha})
    assert (gone.status, gone.json["content"]) == (200, None)
    assert api.delete(path, {"message": "Remove", "sha": sha}).status == 404
    workflow = f"{ROCKET}/contents/.github/workflows/ci.yml"
    refused = api.put(workflow, {"message": "Add", "content": text})
    assert refused.status == 403
    assert "workflows=write" in refused.headers["X-Accepted-GitHub-Permissions"]


def test_comparing(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Every relation, commits oldest first, files on the first page, no common ancestor."""
    base = rocket.head or ""
    ahead = [fake.push(rocket, "work", {f"f{n}": "x"}) for n in range(3)]
    fake.push(rocket, "main", {"m": "1"})

    def compare(basehead: str, **query: object) -> Any:
        return api.get(f"{ROCKET}/compare/{basehead}", **query).json

    body = compare("main...work")
    assert (body["status"], body["ahead_by"], body["behind_by"]) == ("diverged", 3, 1)
    assert body["merge_base_commit"]["sha"] == base
    assert [c["sha"] for c in body["commits"]] == ahead
    assert [f["filename"] for f in body["files"]] == ["f0", "f1", "f2"]
    assert compare(f"{base}...work")["status"] == "ahead"
    assert compare(f"work...{base}")["status"] == "behind"
    assert compare("main...main")["status"] == "identical"
    page = compare("main...work", per_page=1)
    assert [c["sha"] for c in page["commits"]] == ahead[:1]
    assert "files" in page
    assert "files" not in compare("main...work", per_page=1, page=2)
    fake.create_user("bob")
    fork = fake.fork(rocket, "bob")
    fake.push(fork, "theirs", {"t": "1"}, actor="bob")
    assert compare("main...bob:theirs")["ahead_by"] == 1
    fake.push(rocket, "orphan", {"o": "1"}, parents=())
    reply = api.get(f"{ROCKET}/compare/main...orphan")
    assert (reply.status, reply.message) == (404, "No common ancestor between main and orphan.")
    for basehead in ("main...none", "main", "main...eve:x", "none...main", "main...bob:none"):
        assert api.get(f"{ROCKET}/compare/{basehead}").status == 404


def test_merging_branches(api: Any, fake: FakeGitHub, rocket: FakeRepository, events: list[Emission]) -> None:
    """A real merge keeps both sides; a real conflict is 409 and changes nothing."""
    fake.push(rocket, "work", {"src/a.py": "a = 'work'\n", "w": "1"})
    fake.push(rocket, "main", {"m": "1"})
    events.clear()
    merges = f"{ROCKET}/merges"
    merged = api.post(merges, {"base": "main", "head": "work", "commit_message": "Align"})
    assert merged.status == 201
    assert merged.json["sha"] == rocket.head
    assert len(merged.json["parents"]) == 2
    assert merged.json["commit"]["message"] == "Align"
    names = {entry["name"] for entry in api.get(f"{ROCKET}/contents").json}
    assert {"w", "m", "src", "README.md"} == names
    assert [f"{e.event}.{e.action}" for e in events] == ["push.", "check_suite.requested"]
    assert events[0].payload["sender"]["login"] == "plumbline[bot]"
    assert api.post(merges, {"base": "main", "head": "work"}).status == 204
    fake.push(rocket, "left", {"src/a.py": "a = 'left'\n"})
    fake.push(rocket, "main", {"src/a.py": "a = 'right'\n"})
    before = rocket.head
    conflict = api.post(merges, {"base": "main", "head": "left"})
    assert (conflict.status, conflict.message) == (409, "Merge conflict")
    assert rocket.head == before
    assert api.post(merges, {"base": "none", "head": "left"}).message == "Base does not exist"
    assert api.post(merges, {"base": "main", "head": "none"}).message == "Head does not exist"
    assert api.post(merges, {"base": "main"}).status == 422


def test_statuses(api: Any, rocket: FakeRepository) -> None:
    """The newest of each context counts, in any case; 1,000 of one are the most."""
    path = f"{ROCKET}/statuses/{rocket.head}"
    assert api.get(f"{ROCKET}/commits/main/status").json["state"] == "pending"
    assert api.post(path, {"state": "failure", "context": "CI"}).status == 201
    assert api.get(f"{ROCKET}/commits/main/status").json["state"] == "failure"
    assert api.post(path, {"state": "success", "context": "ci", "description": "ok"}).status == 201
    combined = api.get(f"{ROCKET}/commits/main/status").json
    assert (combined["state"], combined["total_count"]) == ("success", 1)
    assert [s["state"] for s in api.get(f"{ROCKET}/commits/main/statuses").json] == ["success", "failure"]
    assert api.post(path, {"state": "fine"}).status == 422
    assert api.post(f"{ROCKET}/statuses/{'0' * 40}", {"state": "success"}).status == 422
    listed = rocket.statuses[rocket.head or ""]
    listed += [listed[-1]] * 998
    assert api.post(path, {"state": "success", "context": "CI"}).status == 422
    assert api.post(path, {"state": "success", "context": "other"}).status == 201
