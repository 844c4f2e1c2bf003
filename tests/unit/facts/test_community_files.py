"""Which files welcome people, and where they are looked for."""

import time

import pytest

from bot.facts.community_files import MAX_README_BYTES, community_files
from bot.model.facts import CommunityFiles, EntryKind

COMMIT = "c" * 40


def test_no_commit_no_files(reader):
    """Nothing is asked."""
    assert community_files(reader, "") == CommunityFiles()
    assert reader.calls == []


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("README", True),
        ("README.md", True),
        ("Readme.rst", True),
        ("readme_en.md", True),
        ("README.zh-CN.md", True),
        ("docs/README.md", True),
        (".github/README.md", True),
        ("src/README.md", False),
        ("READMEFIRST", False),
        ("NOREADME.md", False),
    ],
)
def test_knows_a_readme(reader, path, found):
    """By its name in any case, in the three places."""
    reader.files = {path: b"# tool"}

    assert [d.path for d in community_files(reader, COMMIT).readmes] == [path] * found


def test_measures_readmes(reader):
    """By what is told, else by reading; links and books have no size."""
    reader.files = {"README.md": b"four", "README.txt": b"x" * (MAX_README_BYTES + 1), "docs/README": b"up"}
    reader.kinds = {"docs/README": EntryKind.SYMLINK}

    told = community_files(reader, COMMIT).readmes
    reader.sized = False
    read = community_files(reader, COMMIT).readmes

    assert [(d.path, d.size) for d in told] == [
        ("README.md", 4),
        ("README.txt", MAX_README_BYTES + 1),
        ("docs/README", None),
    ]
    assert [d.size for d in read] == [4, None, None]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("CHANGELOG.md", True),
        ("Changes", True),
        ("CHANGES.rst", True),
        ("History.md", True),
        ("NEWS", True),
        ("NEWS.txt", True),
        ("RELEASE_NOTES.md", True),
        ("release-notes.adoc", True),
        ("00-RELEASENOTES", True),
        ("WHATSNEW.md", True),
        ("ChangeLog-2.x.md", True),
        ("docs/changelog.md", True),
        ("docs/release-notes/1.0.md", True),
        (".changes/1.0.md", True),
        (".changeset/a.md", True),
        ("changelog.d/12.fix", True),
        ("RELEASE.md", False),
        ("history.js", False),
        ("news.py", False),
        ("changelog.yml", False),
        (".github/changelog.md", False),
        ("src/CHANGELOG.md", False),
        ("newsletter.md", False),
        ("history/a.md", False),
    ],
)
def test_knows_a_changelog(reader, path, found):
    """By customary names of files and folders, at the root and in docs; code is none."""
    reader.files = {path: b"x"}

    assert len(community_files(reader, COMMIT).changelogs) == found


def test_names_files_before_folders(reader):
    """That is what people open."""
    reader.files = {".changes/1": b"x", "CHANGELOG.md": b"x"}

    assert community_files(reader, COMMIT).changelogs == ("CHANGELOG.md", ".changes")


def test_knows_templates(reader):
    """Forms, Markdown and the chooser; single files and folders of them; the three places."""
    reader.files = dict.fromkeys(
        (
            ".github/ISSUE_TEMPLATE/bug.yml",
            ".github/ISSUE_TEMPLATE/idea.MD",
            ".github/ISSUE_TEMPLATE/config.yml",
            ".github/ISSUE_TEMPLATE/logo.png",
            ".github/issue_template/sub/x.yml",
            "issue_template.md",
            "docs/PULL_REQUEST_TEMPLATE/big.md",
            "docs/PULL_REQUEST_TEMPLATE/logo.png",
            "pull_request_template",
            "PULL_REQUEST_TEMPLATE.png",
        ),
        b"x",
    )

    found = community_files(reader, COMMIT)

    assert found.issue_forms == (".github/ISSUE_TEMPLATE/bug.yml",)
    assert found.issue_templates == (".github/ISSUE_TEMPLATE/idea.MD", "issue_template.md")
    assert found.issue_chooser == ".github/ISSUE_TEMPLATE/config.yml"
    assert found.pull_request_templates == ("pull_request_template", "docs/PULL_REQUEST_TEMPLATE/big.md")


def test_lists_no_more_folders_than_it_must(reader):
    """Folders of templates only where there are some."""
    reader.files = {"README.md": b"x", ".github/ISSUE_TEMPLATE/bug.yml": b"x", "src/a.py": b"x"}

    community_files(reader, COMMIT)

    assert reader.calls == [
        "directory .github",
        "directory ",
        "directory docs",
        "directory .github/ISSUE_TEMPLATE",
    ]


@pytest.mark.fault
@pytest.mark.parametrize("bait", ["readme" + "." * 250, "changelog" + "-." * 120, "0" * 255, "release" * 36])
@pytest.mark.untraced
def test_ke11_names_made_to_be_slow(reader, bait):
    """An expression that could be kept busy would show here."""
    reader.files = {f"{bait}{n}": b"x" for n in range(1000)}
    start = time.process_time()
    community_files(reader, COMMIT)

    assert time.process_time() - start < 5
