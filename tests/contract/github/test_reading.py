"""Reading a repository: values, and what each refusal becomes."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.model.errors import Gone, Malformed, PermissionMissing
from bot.model.facts import About, EntryKind, Release, Visibility
from tests.contract.github.scripted import (
    BLOB,
    REPOSITORY,
    SHA,
    SHA2,
    TREE,
    Desk,
    Reply,
    Seen,
    ref,
    repository,
)

EMPTY = Reply(409, {"message": "Git Repository is empty."})


def entry(path: str, mode: str = "100644", sha: str = BLOB, **more: Any) -> dict[str, Any]:
    kind = {"040000": "tree", "160000": "commit"}.get(mode, "blob")
    return {"path": path, "mode": mode, "type": kind, "sha": sha, **more}


def tree(*entries: dict[str, Any], truncated: bool = False) -> Reply:
    return Reply(200, {"sha": TREE, "tree": list(entries), "truncated": truncated})


def blob(raw: bytes, **changes: Any) -> Reply:
    text = base64.encodebytes(raw).decode()
    return Reply(200, {"sha": BLOB, "size": len(raw), "content": text, "encoding": "base64", **changes})


def pull(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "number": number,
        "state": "open",
        "draft": False,
        "title": "T",
        "base": {"ref": "main", "sha": SHA, "repo": {"id": REPOSITORY}},
        "head": {"ref": "topic", "sha": SHA2, "repo": {"id": 43}},
        "user": {"login": "alice"},
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-02T00:00:00Z",
        **changes,
    }


def commit(sha: str, date: str) -> dict[str, Any]:
    return {"sha": sha, "commit": {"committer": {"date": date}}}


def test_a_repository_becomes_a_value(desk: Desk) -> None:
    """Addressed by id; size above 0 needs no second look."""
    desk.server.on_repository("GET", "", Reply(200, repository(visibility="internal", archived=True)))

    found = desk.reader().repository()

    assert found.visibility is Visibility.INTERNAL
    assert (found.archived, found.empty, found.owner) == (True, False, "acme")
    assert found.pushed_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert [r.path for r in desk.server.sent("GET")] == [f"/repositories/{REPOSITORY}"]


@pytest.mark.parametrize(
    ("probe", "empty"),
    [
        pytest.param(EMPTY, True, id="409 says so"),
        pytest.param(ref("main"), False, id="pushed a moment ago"),
        pytest.param(Reply(404, {"message": "Not Found"}), False, id="only the default branch is missing"),
    ],
)
def test_size_zero_is_looked_into(desk: Desk, probe: Reply, empty: bool) -> None:
    """GitHub computes the size late, so 0 alone does not mean empty."""
    desk.server.on_repository("GET", "", Reply(200, repository(size=0)))
    desk.server.on_repository("GET", "/git/ref/heads/main", probe)

    assert desk.reader().repository().empty is empty


def test_a_probe_that_fails_is_no_answer(desk: Desk) -> None:
    """V12: unknown is neither empty nor full."""
    desk.grow_old()
    desk.server.on_repository("GET", "", Reply(200, repository(size=0)))
    refused = Reply(403, {"message": "Resource not accessible by integration"})
    desk.server.on_repository("GET", "/git/ref/heads/main", refused)

    with pytest.raises(PermissionMissing):
        desk.reader().repository()


def test_visibility_of_an_old_ghes(desk: Desk) -> None:
    """Where only ``private`` is told, it decides; a new word is not guessed at."""
    plain = repository(private=False)
    del plain["visibility"]
    desk.server.on_repository("GET", "", Reply(200, plain), Reply(200, repository(visibility="secret")))

    assert desk.reader().repository().visibility is Visibility.PUBLIC
    with pytest.raises(Malformed):
        desk.reader().repository()


def test_a_reader_asks_for_the_repository_once(desk: Desk) -> None:
    """A reader lives for one job, and many facts want to know whose repository it is."""
    desk.server.on_repository("GET", "", Reply(200, repository()), Reply(500, {}))
    reader = desk.reader()

    assert reader.repository() is reader.repository()


@pytest.mark.parametrize(
    ("branch", "sent"),
    [
        pytest.param("release/1.x", "release%2F1.x", id="slash"),
        pytest.param("a b#?%", "a%20b%23%3F%25", id="characters with a meaning in URLs"),
        pytest.param("früh", "fr%C3%BCh", id="not ASCII"),
        pytest.param("--upload-pack=x", "--upload-pack%3Dx", id="looks like an option"),
    ],
)
def test_13_branch_names_are_encoded(desk: Desk, branch: str, sent: str) -> None:
    """An unencoded slash would lead to another endpoint."""
    desk.server.on_repository("GET", f"/git/ref/heads/{sent}", ref(branch))

    assert desk.reader().head(branch) == SHA


@pytest.mark.parametrize("branch", ["", ".", "..", "a\nb", "\ud800"])
def test_names_that_no_branch_can_have_are_not_sent(desk: Desk, branch: str) -> None:
    """They could change the path of the request."""
    with pytest.raises(Gone):
        desk.reader().head(branch)
    assert desk.server.requests == []


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(EMPTY, id="empty repository"),
        pytest.param(Reply(404, {"message": "Not Found"}), id="no such branch"),
        pytest.param(ref("main-2"), id="another branch answered"),
    ],
)
def test_a_head_that_is_not_there(desk: Desk, reply: Reply) -> None:
    """All three mean the same to who asks."""
    desk.server.on_repository("GET", "/git/ref/heads/main", reply)

    with pytest.raises(Gone):
        desk.reader().head("main")


def test_a_directory_is_walked_by_its_own_trees_alone(desk: Desk) -> None:
    """Two requests for two levels; trees are read once; the kinds are told apart."""
    desk.server.on_repository(
        "GET",
        f"/git/trees/{SHA}",
        tree(
            entry("z.txt", size=5),
            entry(".github", "040000", TREE),
            entry("run", "100755"),
            entry("link", "120000"),
            entry("sub", "160000", SHA2),
        ),
    )
    desk.server.on_repository("GET", f"/git/trees/{TREE}", tree(entry("SECURITY.md", size=9)))
    reader = desk.reader()

    root = reader.directory(SHA)
    inner = reader.directory(SHA, ".github")
    again = reader.directory(SHA, ".github")

    assert [(e.path, e.kind) for e in root] == [
        (".github", EntryKind.DIRECTORY),
        ("link", EntryKind.SYMLINK),
        ("run", EntryKind.FILE),
        ("sub", EntryKind.SUBMODULE),
        ("z.txt", EntryKind.FILE),
    ]
    assert [(e.path, e.size) for e in inner] == [(".github/SECURITY.md", 9)]
    assert again == inner
    assert len(desk.server.sent("GET")) == 2


@pytest.mark.fault
@pytest.mark.parametrize("path", ["docs", "link", "sub", "run", "link/deeper", "../x", "a//b"])
def test_ke4_paths_that_are_no_directories_are_absent(desk: Desk, path: str) -> None:
    """Links and submodules are never followed."""
    desk.server.on_repository(
        "GET",
        f"/git/trees/{SHA}",
        tree(entry("link", "120000"), entry("sub", "160000"), entry("run", "100755")),
    )

    assert desk.reader().directory(SHA, path) == ()


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(tree(entry("a"), truncated=True), id="cut short"),
        pytest.param(tree(entry("a/b")), id="a path for a name"),
        pytest.param(tree(entry("a", sha="xyz")), id="no object id"),
        pytest.param(Reply(200, {"tree": [{}], "truncated": False}), id="an entry without keys"),
    ],
)
def test_a_tree_that_can_not_be_trusted(desk: Desk, reply: Reply) -> None:
    """A missing entry would be read as a missing file."""
    desk.server.on_repository("GET", f"/git/trees/{SHA}", reply)

    with pytest.raises(Malformed):
        desk.reader().directory(SHA)


def test_ten_thousand_files(desk: Desk) -> None:
    """A large directory is still one request."""
    files = [entry(f"file-{i:05d}-{'x' * 40}", size=i) for i in range(10_000)]
    desk.server.on_repository("GET", f"/git/trees/{SHA}", tree(*files))

    assert len(desk.reader().directory(SHA)) == 10_000


@pytest.mark.parametrize("bad", ["HEAD", "main", "A" * 40, "a" * 39, "a" * 40 + "/..", "--output=x"])
def test_only_object_ids_are_asked_for(desk: Desk, bad: str) -> None:
    """A commit id may come from a payload."""
    reader = desk.reader()
    for call in (
        lambda: reader.directory(bad),
        lambda: reader.blob(bad, limit=10),
        lambda: reader.compare(SHA, bad),
        lambda: desk.writer().check_runs(bad, "x"),
    ):
        with pytest.raises(Malformed):
            call()
    assert desk.server.requests == []


@pytest.mark.parametrize("content", [b"", b"text\n", bytes(range(256)) * 20])
def test_a_blob_is_given_as_bytes(desk: Desk, content: bytes) -> None:
    """Base64 with line ends, as GitHub sends it."""
    desk.server.on_repository("GET", f"/git/blobs/{BLOB}", blob(content))

    assert desk.reader().blob(BLOB, limit=len(content)) == content


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(blob(b"x" * 11), id="one byte too large"),
        pytest.param(blob(b"abc", size=2), id="size and content differ"),
        pytest.param(blob(b"abc", encoding="none"), id="another encoding"),
        pytest.param(blob(b"abc", content="a"), id="not base64"),
    ],
)
def test_a_blob_that_breaks_its_contract(desk: Desk, reply: Reply) -> None:
    """Never half a file."""
    desk.server.on_repository("GET", f"/git/blobs/{BLOB}", reply)

    with pytest.raises(Malformed):
        desk.reader().blob(BLOB, limit=10)


def branch_page(*names: str) -> list[dict[str, Any]]:
    return [{"name": n, "commit": {"sha": SHA}, "protected": n == "main"} for n in names]


def test_branches_say_whether_there_are_more(desk: Desk) -> None:
    """The last page is read only as far as needed; a branch that moved to the next page counts once."""
    base = f"{desk.server.url}/repositories/{REPOSITORY}/branches"

    def page(seen: Seen) -> Reply:
        if seen.query.get("page") == "2":
            return Reply(200, branch_page("b", "main"))
        return Reply(
            200, branch_page("a", "b"), {"Link": f'<{base}?page=2>; rel="next", <{base}?page=2>; rel="last"'}
        )

    desk.server.on_repository("GET", "/branches", page)
    reader = desk.reader()

    few, more = reader.branches(limit=2)
    assert ([b.name for b in few], more) == (["a", "b"], True)
    every, more = reader.branches(limit=3)
    assert ([(b.name, b.protected) for b in every], more) == (
        [("a", False), ("b", False), ("main", True)],
        False,
    )


def test_branches_of_an_empty_repository(desk: Desk) -> None:
    """GitHub answers an empty list."""
    desk.server.on_repository("GET", "/branches", Reply(200, []))

    assert desk.reader().branches(limit=5) == ((), False)


def test_a_comparison_asks_for_one_commit(desk: Desk) -> None:
    """The counts are of all commits whatever the page."""
    desk.server.on_repository(
        "GET",
        f"/compare/{SHA}...{SHA2}",
        Reply(
            200,
            {
                "status": "diverged",
                "ahead_by": 1,
                "behind_by": 4,
                "merge_base_commit": commit(TREE, "2026-01-03T10:00:00Z"),
                "commits": [commit(SHA2, "2026-01-04T10:00:00+02:00")],
            },
        ),
    )

    found = desk.reader().compare(SHA, SHA2)

    assert (found.ahead, found.behind, found.merge_base) == (1, 4, TREE)
    assert found.merge_base_at == datetime(2026, 1, 3, 10, tzinfo=UTC)
    assert found.head_at == datetime(2026, 1, 4, 8, tzinfo=UTC)
    assert desk.server.sent("GET")[0].query == {"per_page": "1"}


def test_unrelated_histories_are_counted_apart(desk: Desk) -> None:
    """GitHub answers 404; the counts are those of both whole histories, not 0."""
    gone = {"message": f"No common ancestor between {SHA} and {SHA2}."}
    desk.server.on_repository("GET", f"/compare/{SHA}...{SHA2}", Reply(404, gone))
    base = f"{desk.server.url}/repositories/{REPOSITORY}/commits"

    def commits(seen: Seen) -> Reply:
        if seen.query["sha"] == SHA:
            return Reply(200, [{}])
        return Reply(200, [{}], {"Link": f'<{base}?page=2>; rel="next", <{base}?page=31>; rel="last"'})

    desk.server.on_repository("GET", "/commits", commits)

    found = desk.reader().compare(SHA, SHA2)

    assert (found.ahead, found.behind, found.merge_base, found.merge_base_at) == (31, 1, None, None)


def test_a_last_page_without_number(desk: Desk) -> None:
    """Nothing to count by."""
    desk.server.on_repository(
        "GET", f"/compare/{SHA}...{SHA2}", Reply(404, {"message": "No common ancestor"})
    )
    desk.server.on_repository("GET", "/commits", Reply(200, [{}], {"Link": '<http://x/?page=z>; rel="last"'}))

    with pytest.raises(Malformed):
        desk.reader().compare(SHA, SHA2)


def test_comparing_with_a_commit_that_is_gone(desk: Desk) -> None:
    """The other 404."""
    with pytest.raises(Gone):
        desk.reader().compare(SHA, SHA2)


def test_pull_requests_become_values(desk: Desk) -> None:
    """A deleted fork and a deleted account are not faults; ``mergeable`` null is not False."""
    lone = pull(8, head={"ref": "topic", "sha": SHA2, "repo": None}, user=None)
    single = pull(9, mergeable=None, merged=False)
    desk.server.on_repository("GET", "/pulls", Reply(200, [pull(9), lone]))
    desk.server.on_repository(
        "GET", "/pulls/9", Reply(200, single), Reply(200, {**single, "mergeable": True})
    )
    reader = desk.reader()

    (nine, eight), more = reader.open_pull_requests(limit=10)

    assert (nine.head_repository_id, nine.author, more) == (43, "alice", False)
    assert (eight.head_repository_id, eight.author) == (None, "ghost")
    assert reader.pull_request(9).mergeable is None
    assert reader.pull_request(9).mergeable is True
    assert desk.server.sent("GET")[0].query == {
        "state": "open",
        "sort": "created",
        "direction": "desc",
        "per_page": "10",
    }


def other(path: str = "") -> str:
    return f"/repositories/99{path}"


def test_the_owners_defaults(desk: Desk) -> None:
    """The first name that exists, in any case; read at the head of its default branch."""
    desk.server.on_repository("GET", "", Reply(200, repository()))
    public = repository(99, full_name="acme/.github", private=False, visibility="public")
    desk.server.on("GET", "/repos/acme/.github", Reply(200, public))
    desk.server.on("GET", other("/git/ref/heads/main"), ref("main"))
    desk.server.on(
        "GET", other(f"/git/trees/{SHA}"), tree(entry("security.md"), entry("README.md", sha=TREE))
    )
    desk.server.on("GET", other(f"/git/blobs/{BLOB}"), blob(b"mail us \xff"))

    names = [".github/SECURITY.md", "SECURITY.md", "README.md"]
    assert desk.reader().owner_default(names) == ("security.md", "mail us \ufffd")
    assert desk.reader().owner_default(["CODE_OF_CONDUCT.md"]) is None


@pytest.mark.parametrize(
    ("reply", "head"),
    [
        pytest.param(Reply(404, {"message": "Not Found"}), ref("main"), id="no such repository"),
        pytest.param(Reply(200, repository(99)), ref("main"), id="private, so not used by GitHub"),
        pytest.param(Reply(200, repository(99, private=False, visibility="public")), EMPTY, id="empty"),
    ],
)
def test_no_defaults_of_the_owner(desk: Desk, reply: Reply, head: Reply) -> None:
    """None is a truth here, not a gap."""
    desk.server.on_repository("GET", "", Reply(200, repository()))
    desk.server.on("GET", "/repos/acme/.github", reply)
    desk.server.on("GET", other("/git/ref/heads/main"), head)

    assert desk.reader().owner_default(["SECURITY.md"]) is None


def test_the_owners_defaults_may_be_unknown(desk: Desk) -> None:
    """No permission is not "none"."""
    desk.grow_old()
    desk.server.on_repository("GET", "", Reply(200, repository()))
    refused = Reply(403, {"message": "Resource not accessible by integration"})
    desk.server.on("GET", "/repos/acme/.github", refused)

    with pytest.raises(PermissionMissing):
        desk.reader().owner_default(["SECURITY.md"])


def test_a_refused_read_is_malformed_not_rejected(desk: Desk) -> None:
    """Readers raise what is unreadable and what is gone, nothing else."""
    desk.server.on_repository(
        "GET", "/pulls", Reply(422, {"message": "Validation Failed", "errors": ["bad"]})
    )
    desk.server.on_repository("GET", "/commits", Reply(422, {"message": "No commit found for SHA: x"}))
    desk.server.on_repository(
        "GET", f"/compare/{SHA}...{SHA2}", Reply(404, {"message": "No common ancestor"})
    )
    reader = desk.reader()

    with pytest.raises(Malformed, match="bad"):
        reader.open_pull_requests(limit=1)
    with pytest.raises(Gone):
        reader.compare(SHA, SHA2)
    assert reader.local is False


def test_about_comes_with_the_repository(desk: Desk) -> None:
    """No call more; a key that is missing is no empty text, and harms only who asks for it."""
    told = repository(description=" A tool ", homepage=None, topics=["ci"], has_pages=True)
    bare = {k: v for k, v in repository().items() if k not in ("description", "homepage")}
    desk.server.on_repository(
        "GET", "", Reply(200, told), Reply(200, bare), Reply(200, told | {"topics": [1]})
    )

    reader = desk.reader()
    assert reader.about() == About("A tool", "", ("ci",), pages=True)
    assert reader.repository().full_name == "acme/repo"
    assert len(desk.server.sent("GET")) == 1
    for what in ("`description` is missing", "`topics` is not a list of names"):
        reader = desk.reader()
        assert reader.repository().full_name == "acme/repo"
        with pytest.raises(Malformed, match=what):
            reader.about()


def test_the_latest_release(desk: Desk) -> None:
    """None where there is none; what is refused is no none."""
    desk.grow_old()
    release = {"tag_name": "v1", "name": None, "body": None, "published_at": "2026-01-02T00:00:00Z"}
    desk.server.on_repository(
        "GET",
        "/releases/latest",
        Reply(200, release),
        Reply(404, {"message": "Not Found"}),
        Reply(403, {"message": "Resource not accessible by integration"}),
    )
    reader = desk.reader()

    assert reader.latest_release() == Release("v1", "", "", datetime(2026, 1, 2, tzinfo=UTC))
    assert reader.latest_release() is None
    with pytest.raises(PermissionMissing):
        reader.latest_release()


@pytest.mark.parametrize("more", [False, True])
def test_all_files_in_one_call(desk: Desk, more: bool) -> None:
    """Directories are left out; a listing that was cut short says so; asked once for a commit."""
    entries = [
        entry("src", "040000", TREE),
        entry("src/b.py", size=3),
        entry("a.sh", "100755", size=4),
        entry("link", "120000", size=5),
        entry("module", "160000", SHA),
    ]
    desk.server.on_repository("GET", f"/git/trees/{SHA}", tree(*entries, truncated=more))
    reader = desk.reader()

    found, cut = reader.all_files(SHA)

    assert [(e.path, e.kind, e.size) for e in found] == [
        ("a.sh", EntryKind.FILE, 4),
        ("link", EntryKind.SYMLINK, 5),
        ("module", EntryKind.SUBMODULE, None),
        ("src/b.py", EntryKind.FILE, 3),
    ]
    assert cut is more
    assert reader.all_files(SHA) == (found, more)
    assert [r.query for r in desk.server.sent("GET")] == [{"recursive": "1"}]


def test_the_owners_folder_and_files_share_their_calls(desk: Desk) -> None:
    """Which repository it is and its newest commit are asked once for all that is looked up in it."""
    desk.server.on_repository("GET", "", Reply(200, repository()))
    desk.server.on(
        "GET", "/repos/acme/.github", Reply(200, repository(id=43, private=False, visibility="public"))
    )
    desk.server.on("GET", "/repositories/43/git/ref/heads/main", ref("main"))
    desk.server.on("GET", f"/repositories/43/git/trees/{SHA}", tree(entry("ISSUE_TEMPLATE", "040000", TREE)))
    desk.server.on("GET", f"/repositories/43/git/trees/{TREE}", tree(entry("bug.yml")))
    reader = desk.reader()

    assert [e.path for e in reader.owner_default_directory("ISSUE_TEMPLATE")] == ["ISSUE_TEMPLATE/bug.yml"]
    assert reader.owner_default_directory("docs") == ()
    assert reader.owner_default(["SECURITY.md"]) is None
    assert len(desk.server.sent("GET")) == 5


def test_an_owner_without_defaults_is_asked_once(desk: Desk) -> None:
    """A 404 costs a call, too."""
    desk.server.on_repository("GET", "", Reply(200, repository()))
    desk.server.on("GET", "/repos/acme/.github", Reply(404, {"message": "Not Found"}))
    reader = desk.reader()

    assert reader.owner_default_directory("") == ()
    assert reader.owner_default(["SECURITY.md"]) is None
    assert len(desk.server.sent("GET", "/.github")) == 1


def test_the_date_of_a_commit_is_asked_once(desk: Desk) -> None:
    """A commit's date never changes; the committer's counts."""
    dates = {"author": {"date": "2020-01-01T00:00:00Z"}, "committer": {"date": "2026-01-03T12:00:00+02:00"}}
    desk.server.on_repository("GET", f"/git/commits/{SHA}", Reply(200, {"sha": SHA, **dates}))
    reader = desk.reader()

    assert reader.committed_at(SHA) == datetime(2026, 1, 3, 10, tzinfo=UTC)
    assert reader.committed_at(SHA) == datetime(2026, 1, 3, 10, tzinfo=UTC)
    assert len(desk.server.sent("GET")) == 1


def test_all_files_are_asked_once_however_many(desk: Desk) -> None:
    """The process keeps small listings only, a reader its newest one."""
    many = [{"path": f"d/{n}", "mode": "100644", "type": "blob", "sha": SHA2, "size": 1} for n in range(8000)]
    tree = {"sha": SHA, "tree": many, "truncated": False}
    desk.server.on_repository("GET", f"/git/trees/{SHA}", Reply(200, tree))
    reader = desk.reader()

    assert reader.all_files(SHA) is reader.all_files(SHA)
    assert len(reader.all_files(SHA)[0]) == 8000
    assert len(desk.server.sent("GET")) == 1
