"""Reading clones of every kind with real git."""

from __future__ import annotations

import os
import subprocess
import time
from datetime import UTC, datetime

import pytest

from bot.adapters.git import open_clone
from bot.adapters.process import Limits, Overrun
from bot.model.errors import Gone, Malformed, PermissionMissing, UserError
from bot.model.facts import Comparison, EntryKind, Visibility


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class TestFinding:
    def test_from_a_folder_inside_the_work_tree(self, clone):
        """As git itself does."""
        commit = clone.commit(**{"src/deep/a.py": "x"})

        with open_clone(clone.path / "src" / "deep") as reader:
            assert reader.checkout().commit == commit

    def test_a_bare_repository_and_a_git_directory(self, clone, tmp_path):
        """Both are given by their own path."""
        commit = clone.commit(a="x")
        clone.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))

        for path in (tmp_path / "bare.git", clone.path / ".git"):
            with open_clone(path) as reader:
                assert (reader.checkout().commit, reader.head("main")) == (commit, commit)

    def test_a_linked_work_tree(self, clone, tmp_path):
        """It has its own HEAD and shares all else."""
        clone.commit(a="x")
        clone.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))
        side = clone.git("rev-parse", "side")

        with open_clone(tmp_path / "linked") as reader:
            assert reader.checkout().branch == "side"
            assert reader.head("side") == side
            assert reader.repository().default_branch == "main"

    @pytest.mark.parametrize("make", ["missing", "folder", "file", "pointer"])
    def test_says_what_where_and_how_when_there_is_none(self, tmp_path, make):
        """Every way to have no repository has its sentence."""
        path = tmp_path / "x"
        if make == "folder":
            path.mkdir()
        elif make == "file":
            path.write_text("")
        elif make == "pointer":
            path.mkdir()
            (path / ".git").write_text("gitdir: /nowhere\n")

        with pytest.raises(UserError, match=r"'.*x.*'.*; (give|run|check)"):
            open_clone(path)

    @pytest.mark.fault
    def test_ke3_a_bare_repository_inside_a_tree_is_not_picked_up(self, clone):
        """A tracked folder that looks like a repository does not become the one that is read."""
        inner = clone.path / "trap" / "inner"
        for name in ("objects", "refs"):
            (clone.path / "trap" / name).mkdir(parents=True)
        (clone.path / "trap" / "HEAD").write_text("ref: refs/heads/evil\n")
        inner.mkdir()
        commit = clone.commit(a="x")

        with open_clone(inner) as reader:
            assert reader.checkout().commit == commit


class TestState:
    def test_an_empty_repository(self, clone):
        """No commit, no branch, no files, no error."""
        with open_clone(clone.path) as reader:
            repository = reader.repository()
            assert (repository.empty, repository.default_branch) == (True, "main")
            assert reader.checkout() == type(reader.checkout())("", "main")
            assert reader.directory("") == ()
            assert reader.branches(limit=9) == ((), False)
            with pytest.raises(Gone, match="no branch 'main'"):
                reader.head("main")

    def test_a_detached_head(self, clone):
        """As continuous integration checks out."""
        first = clone.commit(a="1")
        clone.commit(a="2")
        clone.git("checkout", "--quiet", first)

        with open_clone(clone.path) as reader:
            assert (reader.checkout().commit, reader.checkout().branch) == (first, None)
            assert reader.repository().default_branch == "main"

    @pytest.mark.parametrize(
        ("branches", "head", "expected"),
        [
            (["trunk"], "refs/heads/trunk", "trunk"),
            (["odd"], "refs/heads/odd", "odd"),
            (["odd", "main"], "refs/heads/odd", "main"),
            (["odd"], "refs/heads/never-made", "odd"),
            (["odd", "master"], "refs/heads/never-made", "master"),
            (["odd", "even"], "refs/heads/never-made", ""),
        ],
    )
    def test_finds_the_default_branch(self, clone, branches, head, expected):
        """HEAD where it names a branch, else a usual name, else the only one, else none."""
        commit = clone.commit(a="1")
        clone.git("checkout", "--quiet", "--detach")
        clone.git("branch", "--quiet", "-D", "main")
        for name in branches:
            clone.git("update-ref", f"refs/heads/{name}", commit)
        clone.git("symbolic-ref", "HEAD", head)

        with open_clone(clone.path) as reader:
            assert reader.repository().default_branch == expected

    def test_a_bare_repositorys_head_is_its_default_branch(self, clone, tmp_path):
        """Even beside a branch of a usual name."""
        clone.commit(a="1")
        clone.git("checkout", "--quiet", "-b", "prime")
        clone.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))

        with open_clone(tmp_path / "bare.git") as reader:
            assert reader.repository().default_branch == "prime"

    def test_the_remotes_head_decides(self, clone, tmp_path, make_clone):
        """A feature branch that is checked out is not the default."""
        clone.commit(a="1")
        clone.git("branch", "-m", "main", "prime")
        clone.git("clone", "--quiet", ".", str(tmp_path / "copy"))
        copy = make_clone("copy")
        copy.git("checkout", "--quiet", "-b", "feature")
        mine = copy.commit(b="2")

        with open_clone(copy.path) as reader:
            assert reader.repository().default_branch == "prime"
            assert {b.name for b in reader.branches(limit=9)[0]} == {"prime", "feature"}
            assert reader.head("feature") == mine

    def test_merged_branches_are_told(self, clone):
        """Everything of theirs is in the default branch; the default branch is in itself."""
        first = clone.commit(a="1")
        clone.git("branch", "done")
        clone.git("checkout", "--quiet", "-b", "work")
        clone.commit(b="1")
        clone.git("checkout", "--quiet", "main")
        clone.commit(a="2")

        with open_clone(clone.path) as reader:
            assert {b.name: b.merged for b in reader.branches(limit=9)[0]} == {
                "done": True,
                "main": True,
                "work": False,
            }
            assert reader.committed_at(first) == next(
                b.committed_at for b in reader.branches(limit=9)[0] if b.name == "done"
            )
            with pytest.raises(Gone):
                reader.committed_at("0" * 40)

    def test_without_a_default_branch_nothing_is_merged(self, clone):
        """Two branches of which neither is the one to measure by."""
        clone.commit(a="1")
        clone.git("branch", "-m", "main", "one")
        clone.git("branch", "two")
        clone.git("checkout", "--quiet", "--detach")

        with open_clone(clone.path) as reader:
            assert reader.repository().default_branch == ""
            assert [b.merged for b in reader.branches(limit=9)[0]] == [False, False]

    def test_what_was_fetched_wins_over_a_stale_local_branch(self, clone, tmp_path, make_clone):
        """The shared state of a branch is that of the remote."""
        clone.commit(a="1")
        clone.git("clone", "--quiet", ".", str(tmp_path / "copy"))
        newer = clone.commit(a="2")
        make_clone("copy").git("fetch", "--quiet")

        with open_clone(tmp_path / "copy") as reader:
            assert reader.head("main") == newer

    @pytest.mark.parametrize(
        ("url", "name"),
        [
            ("https://github.com/acme/tool.git", "acme/tool"),
            ("git@github.com:acme/tool.git", "acme/tool"),
            ("https://user:hunter2@host.example/group/acme/tool/", "acme/tool"),
            ("nonsense", "local/repo"),
            (None, "local/repo"),
        ],
    )
    def test_the_name_comes_from_the_remote_without_secrets(self, clone, url, name):
        """Only the last two parts of the path are kept."""
        if url:
            clone.git("config", "remote.origin.url", url)

        with open_clone(clone.path) as reader:
            repository = reader.repository()

        assert repository.full_name == name
        assert "hunter2" not in repr(repository)
        assert repository.visibility is Visibility.PUBLIC

    def test_what_a_clone_can_not_know(self, clone):
        """Pull requests and the owner's defaults."""
        with open_clone(clone.path) as reader:
            assert reader.local
            assert reader.open_pull_requests(limit=9) == ((), False)
            with pytest.raises(Gone):
                reader.pull_request(1)
            for ask in (
                lambda: reader.owner_default(["SECURITY.md"]),
                lambda: reader.owner_default_directory(""),
                reader.about,
                reader.latest_release,
            ):
                with pytest.raises(PermissionMissing):
                    ask()


class TestFiles:
    def test_lists_all_files_with_their_sizes(self, clone):
        """At any depth, sorted by path; links and submodules are what they are."""
        (clone.path / "link").symlink_to("a.txt")
        first = clone.commit(**{"a.txt": "1", "dir/sub/c.txt": "333", "dir-x": "", "new\nline": "22"})
        clone.git("update-index", "--add", "--cacheinfo", f"160000,{first},module")
        clone.git("commit", "--quiet", "-m", "m")
        commit = clone.git("rev-parse", "HEAD")

        with open_clone(clone.path) as reader:
            found, more = reader.all_files(commit)
            assert reader.all_files("") == ((), False)

        assert more is False
        assert [(e.path, e.kind, e.size) for e in found] == [
            ("a.txt", EntryKind.FILE, 1),
            ("dir-x", EntryKind.FILE, 0),
            ("dir/sub/c.txt", EntryKind.FILE, 3),
            ("link", EntryKind.SYMLINK, 5),
            ("module", EntryKind.SUBMODULE, None),
            ("new\nline", EntryKind.FILE, 2),
        ]

    def test_lists_directories_of_a_commit(self, clone):
        """Direct entries, sorted by path; what is not there is empty."""
        (clone.path / "link").symlink_to("/etc/passwd")
        first = clone.commit(**{"a.txt": "1", "dir/b.txt": "2", "dir/sub/c.txt": "3"})
        clone.git("update-index", "--add", "--cacheinfo", f"160000,{first},module")
        clone.git("commit", "--quiet", "-m", "m")
        commit = clone.git("rev-parse", "HEAD")

        with open_clone(clone.path) as reader:
            root = reader.directory(commit)
            assert [(e.path, e.kind) for e in root] == [
                ("a.txt", EntryKind.FILE),
                ("dir", EntryKind.DIRECTORY),
                ("link", EntryKind.SYMLINK),
                ("module", EntryKind.SUBMODULE),
            ]
            assert [e.path for e in reader.directory(commit, "dir")] == ["dir/b.txt", "dir/sub"]
            assert [e.path for e in reader.directory(commit, "dir/sub")] == ["dir/sub/c.txt"]
            assert reader.directory(commit, "a.txt") == reader.directory(commit, "none/x") == ()
            assert reader.blob(root[0].oid, limit=1) == b"1"

    @pytest.mark.fault
    def test_ke4_a_directory_behind_a_link_is_not_followed(self, clone, tmp_path):
        """Neither out of the repository nor inside it."""
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "secret").write_text("x")
        (clone.path / ".github").symlink_to(tmp_path / "outside")
        commit = clone.commit(a="1")

        with open_clone(clone.path) as reader:
            assert reader.directory(commit, ".github") == ()

    def test_large_and_wrong_objects_are_refused(self, clone):
        """Before they are loaded; the next read works."""
        commit = clone.commit(big="x" * 5000, small="s")

        with open_clone(clone.path) as reader:
            big, small = (e.oid for e in reader.directory(commit))
            with pytest.raises(Malformed, match="has 5000 bytes; at most 4999"):
                reader.blob(big, limit=4999)
            with pytest.raises(Malformed, match="is a commit, not a blob"):
                reader.blob(commit, limit=9)
            with pytest.raises(Malformed, match="is not in this clone"):
                reader.blob("0" * 40, limit=9)
            for oid in ("HEAD", "--help", "a\nb", ""):
                with pytest.raises(Malformed, match="is not an object id"):
                    reader.blob(oid, limit=9)
            with pytest.raises(Gone):
                reader.directory("0" * 40)
            assert reader.blob(small, limit=9) == b"s"

    def test_sha256_repositories(self, make_clone):
        """Object ids of 64 digits."""
        clone = make_clone("modern", "--object-format=sha256")
        base = clone.commit(a="1")
        head = clone.commit(a="2")

        with open_clone(clone.path) as reader:
            (entry,) = reader.directory(head)
            assert reader.blob(entry.oid, limit=9) == b"2"
            assert reader.compare(base, head).ahead == 1

    @pytest.mark.fault
    def test_ke9_hostile_names(self, clone):
        """Newlines, escapes, options, bytes that are no UTF-8, very long paths: read, and safe to encode."""
        oid = clone.git("hash-object", "-w", "--stdin", data=b"x")
        names = [
            b"-rf",
            b"a\nb",
            b"\x1b[31mred",
            b"\xff\xfe",
            "ünï".encode(),
            b"n" * 4000,
            b"--upload-pack=x",
        ]
        listing = b"".join(b"100644 blob %s\t%s\0" % (oid.encode(), name) for name in names)
        tree = clone.git("mktree", "-z", data=listing)
        commit = clone.git("commit-tree", tree, "-m", "m")

        with open_clone(clone.path) as reader:
            entries = reader.directory(commit)

        assert len(entries) == len(names)
        assert {"\\xff\\xfe", "ünï", "-rf"} < {e.path for e in entries}
        for entry in entries:
            entry.path.encode("utf-8")

    @pytest.mark.fault
    def test_ke9_hostile_branches(self, clone):
        """Names that look like options or are no UTF-8 can be listed, found and compared."""
        commit = clone.commit(a="1")
        packed = clone.path / ".git" / "packed-refs"
        names = [b"--upload-pack=touch${IFS}x", b"-x", b"\xff", b"a;b", "ü".encode()]
        packed.write_bytes(b"".join(b"%s refs/heads/%s\n" % (commit.encode(), n) for n in sorted(names)))

        with open_clone(clone.path) as reader:
            branches, more = reader.branches(limit=100)
            assert not more
            assert {"-x", "\\xff", "a;b", "ü", "main"} <= {b.name for b in branches}
            for branch in branches:
                branch.name.encode("utf-8")
                assert reader.head(branch.name) == commit
            assert reader.branches(limit=1)[1]

    def test_ten_thousand_files_are_read_at_once(self, clone):
        """One tree, one request."""
        oid = clone.git("hash-object", "-w", "--stdin", data=b"x")
        listing = "".join(f"100644 blob {oid}\tf{n:05}\0" for n in range(10_000)).encode()
        commit = clone.git("commit-tree", clone.git("mktree", "-z", data=listing), "-m", "m")

        with open_clone(clone.path) as reader:
            start = time.monotonic()
            assert len(reader.directory(commit)) == 10_000
            assert time.monotonic() - start < 2

    def test_a_damaged_tree_is_told(self, clone, monkeypatch):
        """Cut short, or without a name."""
        commit = clone.commit(a="1")
        with open_clone(clone.path) as reader:
            for data in (b"100644 a\0short", b"100644 \0" + b"x" * 20, b"junk"):
                monkeypatch.setattr(reader._objects, "tree", lambda oid, data=data: data)
                reader._trees.clear()
                with pytest.raises(Malformed, match="is damaged"):
                    reader.directory(commit)


class TestHistory:
    def test_counts_both_sides(self, clone):
        """Ahead and behind, the merge base and the dates."""
        base = clone.commit(a="0", when=1_000_000_000)
        clone.git("checkout", "--quiet", "-b", "work")
        head = clone.commit(b="1", when=1_000_000_100)
        clone.git("checkout", "--quiet", "main")
        clone.commit(a="1", when=1_000_000_200)
        main = clone.commit(a="2", when=1_000_000_300)

        with open_clone(clone.path) as reader:
            assert reader.compare(main, head) == Comparison(
                main, head, 1, 2, base, at(1_000_000_000), at(1_000_000_100)
            )
            assert reader.compare(main, main).behind == 0
            assert reader.compare(main, main).merge_base == main
            assert reader.compare(main, base) == Comparison(
                main, base, 0, 2, base, at(1_000_000_000), at(1_000_000_000)
            )
            assert reader.compare(base, main).merge_base == base

    def test_a_criss_cross_has_the_base_that_git_says(self, clone):
        """More than one commit parts the histories: git chooses."""
        clone.commit(a="0")
        clone.git("checkout", "--quiet", "-b", "work")
        clone.commit(b="1", when=1_700_000_010)
        clone.git("merge", "--quiet", "--no-ff", "-m", "m", "main", when=1_700_000_020)
        clone.git("checkout", "--quiet", "main")
        clone.commit(a="1", when=1_700_000_030)
        clone.git("merge", "--quiet", "-m", "m", "work~0", when=1_700_000_040)
        clone.commit(a="2", when=1_700_000_050)
        clone.git("checkout", "--quiet", "work")
        clone.git("merge", "--quiet", "--no-ff", "-m", "m", "main~2", when=1_700_000_060)
        head = clone.commit(b="3", when=1_700_000_070)
        main = clone.git("rev-parse", "main")

        with open_clone(clone.path) as reader:
            compared = reader.compare(main, head)

        assert compared.merge_base in clone.git("merge-base", "--all", main, head).split()
        counts = clone.git("rev-list", "--count", "--left-right", f"{main}...{head}").split()
        assert [compared.behind, compared.ahead] == [int(n) for n in counts]

    def test_unrelated_histories(self, clone):
        """Nothing in common."""
        main = clone.commit(a="0")
        clone.git("checkout", "--quiet", "--orphan", "site")
        site = clone.commit(c="1")

        with open_clone(clone.path) as reader:
            compared = reader.compare(main, site)

        assert (compared.merge_base, compared.merge_base_at, compared.ahead, compared.behind) == (
            None,
            None,
            1,
            1,
        )

    def test_only_ids_are_compared(self, clone):
        """No names, no options."""
        commit = clone.commit(a="0")
        with open_clone(clone.path) as reader:
            for bad in ("main", "--all", "HEAD~1"):
                with pytest.raises(Malformed):
                    reader.compare(bad, commit)
            with pytest.raises(Gone):
                reader.compare(commit, "0" * 40)

    def test_a_shallow_clone_counts_nothing(self, clone, tmp_path):
        """A number across the cut would be wrong; files can be read."""
        clone.commit(a="0")
        clone.commit(a="1")
        clone.git("branch", "work")
        clone.git(
            "clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{clone.path}", str(tmp_path / "s")
        )

        with open_clone(tmp_path / "s") as reader:
            commit = reader.checkout().commit
            assert len(reader.directory(commit)) == 1
            with pytest.raises(Malformed, match="git fetch --unshallow"):
                reader.compare(commit, reader.head("work"))
            assert {b.merged for b in reader.branches(limit=9)[0]} == {None}

    @pytest.mark.fault
    def test_ke3_a_partial_clone_fetches_nothing(self, clone, tmp_path, make_clone):
        """A missing object is told; nothing is asked of the remote, whatever the configuration says."""
        clone.git("config", "uploadpack.allowFilter", "true")
        commit = clone.commit(a="0")
        url = f"file://{clone.path}"
        clone.git("clone", "--quiet", "--filter=blob:none", "--no-checkout", url, str(tmp_path / "partial"))
        partial, canary = make_clone("partial"), tmp_path / "canary"
        partial.git("config", "remote.origin.url", f"ext::sh -c touch% {canary}")
        partial.git("config", "protocol.ext.allow", "always")
        partial.git("config", "core.sshCommand", f"touch {canary}")

        with open_clone(partial.path) as reader:
            (entry,) = reader.directory(commit)
            with pytest.raises(Malformed, match="clone"):
                reader.blob(entry.oid, limit=9)
            assert len(reader.directory(commit)) == 1

        assert not canary.exists()


@pytest.mark.fault
def test_ke3_a_hostile_configuration_runs_nothing(clone, tmp_path):
    """Monitors, pagers, filters, hooks, aliases and helpers are named, and none is run."""
    canary, trap = tmp_path / "canary", tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {canary}\n")
    trap.chmod(0o755)
    base = clone.commit(a="0", **{".gitattributes": "* filter=evil diff=evil merge=evil\n"})
    clone.git("branch", "work")
    head = clone.commit(a="1")
    hooks = clone.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in (
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "fsmonitor-watchman",
        "pre-auto-gc",
    ):
        (hooks / hook).write_bytes(trap.read_bytes())
        (hooks / hook).chmod(0o755)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.askPass",
        "core.alternateRefsCommand",
        "core.gitProxy",
        "pager.rev-list",
        "pager.for-each-ref",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.textconv",
        "diff.external",
        "merge.evil.driver",
        "credential.helper",
        "gpg.program",
        "uploadpack.packObjectsHook",
        "alias.cat-file",
        "alias.rev-list",
    ):
        value = f"!{trap}" if key.startswith("alias.") else str(trap)
        clone.git("config", key, value)
    clone.git("config", "core.hooksPath", str(hooks))
    clone.git("config", "log.showSignature", "true")
    canary.unlink(missing_ok=True)

    with open_clone(clone.path) as reader:
        reader.repository()
        for entry in reader.directory(head):
            reader.blob(entry.oid, limit=99)
        assert reader.compare(base, head).ahead == 1
        assert len(reader.branches(limit=9)[0]) == 2

    assert not canary.exists()
    clone.git("status", ok=False)
    assert canary.exists(), "the trap itself does not work"


def test_another_users_clone_can_be_read(clone):
    """git would refuse a folder of another owner; being told where it lies, it reads."""
    commit = clone.commit(a="0")
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    for folder, _, files in os.walk(clone.path):
        for name in (folder, *(os.path.join(folder, f) for f in files)):  # noqa: PTH118
            os.lchown(name, 65534, 65534)

    refused = subprocess.run(
        ["git", "log"],
        cwd=clone.path,
        capture_output=True,
        check=False,
        env={
            "PATH": os.environ["PATH"],
            "HOME": "/",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        },
    )
    assert b"dubious ownership" in refused.stderr
    with open_clone(clone.path) as reader:
        assert reader.checkout().commit == commit
        assert len(reader.directory(commit)) == 1


def test_a_repository_that_git_refuses_is_told(clone):
    """A format that this git does not know, for instance."""
    clone.commit(a="0")
    clone.git("config", "core.repositoryFormatVersion", "99")

    with open_clone(clone.path) as reader, pytest.raises((Malformed, UserError), match=r"git|version"):
        reader.repository()


@pytest.mark.fault
def test_ke5_a_git_that_hangs_is_ended(clone):
    """A configuration that makes git wait for ever costs the deadline and no more."""
    clone.commit(a="0")
    fifo = clone.path / "fifo"
    os.mkfifo(fifo)
    clone.git("config", "include.path", str(fifo), GIT_CONFIG_COUNT="0")

    start = time.monotonic()
    with (
        open_clone(clone.path, limits=Limits(wall_s=1)) as reader,
        pytest.raises(Overrun, match="within 1 s"),
    ):
        reader.repository()
    assert time.monotonic() - start < 10
