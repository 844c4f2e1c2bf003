"""CODEOWNERS: where it is looked for, what its lines mean, what GitHub skips."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.facts.codeowners import (
    MAX_BYTES,
    MOST_OWNERS,
    MOST_PATHS,
    MOST_PROBLEMS,
    MOST_RULES,
    codeowners,
    compiled,
    matches,
    parse,
    split_by_owner,
)
from bot.model.errors import Malformed
from bot.model.facts import EntryKind, TreeEntry

COMMIT = "c" * 40


def hits(pattern: str, path: str) -> bool:
    return matches(compiled(pattern), path.split("/"))


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*", "a.md src/a.py a/b/c", ""),
        ("**", "a.md a/b/c", ""),
        ("/**", "a.md a/b/c", ""),
        ("/*", "a.md", "src/a.py"),
        ("*.js", "a.js src/a.js a/b/c.js", "a.jsx a.js.map js"),
        ("/*.js", "a.js", "src/a.js"),
        ("docs/*", "docs/a.md", "docs/sub/a.md a/docs/b.md docs"),
        ("/docs/*", "docs/a.md", "docs/sub/a.md"),
        ("docs/**", "docs/a.md docs/sub/a.md", "a/docs/b.md docs"),
        ("apps/", "apps/a apps/b/c x/apps/a", "apps x/apps myapps/a"),
        ("/apps/", "apps/a apps/b/c", "x/apps/a apps"),
        ("/apps", "apps apps/a apps/b/c", "x/apps"),
        ("apps", "apps apps/a x/apps x/apps/a", "apps2 x/apps2/a"),
        ("apps/github", "apps/github apps/github/a", "x/apps/github apps/github2"),
        ("**/logs", "logs logs/a a/logs a/b/logs/c", "logs2 a/xlogs"),
        ("a/**/z", "a/z a/b/z a/b/c/z a/z/q", "a a/b z"),
        ("/a/*/c", "a/b/c a/b/c/d", "a/c a/b/b/c"),
        ("/a/*/", "a/b/c a/b/c/d", "a/b a"),
        ("a?c", "abc x/abc", "ac abbc a/c"),
        ("/t*st", "test tst test/a toast", "tests x/test"),
        ("/a*b*c", "abc axbxc aabbcc", "ab acb abcx"),
        ("/my\\ dir/", "my dir/a", "my/a"),
        ("/a\\*b", "a*b", "axb"),
        ("README.md", "README.md docs/README.md", "readme.md xREADME.md"),
        ("/", "", "a a/b"),
    ],
)
def test_patterns_mean_what_github_says(pattern, yes, no):
    """Anchors, depth, wildcards, folders; the examples of GitHub's page are among these."""
    paths = re.findall(r"my dir/a|\S+", yes)

    assert [path for path in paths if not hits(pattern, path)] == []
    assert [path for path in no.split() if hits(pattern, path)] == []


@pytest.mark.parametrize(
    ("line", "kind", "column"),
    [
        ("***/*.rb @monalisa", "Invalid pattern", 1),
        ("!docs/ @docs", "Invalid pattern", 1),
        ("  Python/ceval*.[ch] @x", "Invalid pattern", 3),
        ("[Section] @x", "Invalid pattern", 1),
        ("\\#file @x", "Invalid pattern", 1),
        ("*.txt docs@", "Invalid owner", 7),
        ("*.txt @good bad", "Invalid owner", 13),
        ("/my dir/ @x", "Invalid owner", 5),
        ("* @one, @two", "Invalid owner", 3),
        ("* @-x", "Invalid owner", 3),
        ("* @a/b/c", "Invalid owner", 3),
        ("* @", "Invalid owner", 3),
        ("* a@b", "Invalid owner", 3),
        ("@org/team", "Missing pattern", 1),
        ("@alice @bob # all", "Missing pattern", 1),
    ],
)
def test_lines_that_github_skips(line, kind, column):
    """With the place in the line; the others count."""
    found = parse(f"# head\n\n{line}\r\n*.md @docs\n")

    assert [(p.line, p.column, p.kind) for p in found.problems] == [(3, column, kind)]
    assert [(r.line, r.pattern) for r in found.rules] == [(4, "*.md")]


@pytest.mark.parametrize(
    ("line", "owners"),
    [
        ("* @alice", ("@alice",)),
        ("*\t@alice  @org/team-1", ("@alice", "@org/team-1")),
        ("*.js @js-owner #This is an inline comment.", ("@js-owner",)),
        ("*.go docs@example.com", ("docs@example.com",)),
        ("/apps/github", ()),
        ("* @emu_acme", ("@emu_acme",)),
        ("/a\\ b @x", ("@x",)),
        ("/a:b/c#d @x", ("@x",)),
        ("/app/\\[slug\\]/ @x", ("@x",)),
        ("/@types/node @x", ("@x",)),
        ("@scope/tool @x", ("@x",)),
        ("@scope/tool", ()),
    ],
)
def test_lines_that_count(line, owners):
    """Owners of three kinds, none at all, comments; a folder at the root may begin with an at sign."""
    found = parse(line, roots={"@scope"})

    assert found.problems == ()
    assert [rule.owners for rule in found.rules] == [owners]


def test_a_byte_order_mark_is_no_pattern():
    """Editors on Windows write it."""
    assert [rule.pattern for rule in parse("\ufeff* @x").rules] == ["*"]
    assert parse("").rules == parse("# only\n\n  \t\n").rules == ()


def shares(text: str, *names: str) -> str:
    """Names of what is owned; a name with a slash at its end is a folder."""
    entries = [
        TreeEntry(name.rstrip("/"), EntryKind.DIRECTORY if name.endswith("/") else EntryKind.FILE, "o" * 40)
        for name in names
    ]
    found = split_by_owner(parse(text).rules, entries)
    assert found is not None
    assert len(found[0]) + len(found[1]) == len(names)
    return " ".join(found[0])


@pytest.mark.parametrize(
    ("text", "owned"),
    [
        ("* @x", "src docs README.md Makefile"),
        ("* @x\n/docs/", "src README.md Makefile"),
        ("/docs/\n* @x", "src docs README.md Makefile"),
        ("* @x\n*", ""),
        ("/* @x", "README.md Makefile"),
        ("/src/parser/ @x", "src"),
        ("/src/* @x", "src"),
        ("/src/ @x\n/src/vendor/", "src"),
        ("/src/vendor/ @x\n/src", ""),
        ("*.md @x", "src docs README.md"),
        ("Makefile @x", "Makefile"),
        ("docs/ @x", "docs"),
        ("docs @x", "docs"),
        ("/README.md/ @x", ""),
        ("/s* @x", "src"),
        ("/*/ @x", "src docs"),
        ("**/tests/ @x", ""),
        ("[broken] @x\n", ""),
        ("", ""),
    ],
)
def test_who_owns_what_at_the_root(text, owned):
    """The last rule wins; a part of a folder is enough for it, all of it takes it away."""
    assert shares(text, "src/", "docs/", "README.md", "Makefile") == owned


def test_github_takes_the_first_of_three_places(reader):
    """The others are named, as nobody reads them any more."""
    reader.files = {"docs/CODEOWNERS": b"c @c", "CODEOWNERS": b"b @b", ".github/CODEOWNERS": b"* @a"}
    found = codeowners(reader, COMMIT)
    assert found.path == ".github/CODEOWNERS"
    assert found.ignored == ("CODEOWNERS", "docs/CODEOWNERS")
    assert (found.rules, found.owned, found.unowned) == (1, (".github", "CODEOWNERS", "docs"), ())
    del reader.files[".github/CODEOWNERS"]
    assert codeowners(reader, COMMIT).path == "CODEOWNERS"


def test_none(reader):
    """Neither without a commit nor without a file; its name is written so and not otherwise."""
    reader.files = {"codeowners": b"* @x", "src/CODEOWNERS": b"* @x", "docs/CODEOWNERS/a": b"* @x"}

    assert codeowners(reader, COMMIT) is None
    assert codeowners(reader, "") is None


def test_problems_are_told_with_their_lines(reader):
    """And what they were meant to own is not owned."""
    reader.files = {"CODEOWNERS": b"\n/src @\n*.md @x\n", "src/a.py": b"x", "a.md": b"x"}
    found = codeowners(reader, COMMIT)

    assert [(p.line, p.text) for p in found.problems] == [(2, "@")]
    assert (found.rules, found.skipped, found.unowned) == (1, 1, ("CODEOWNERS",))
    assert found.owned == ("a.md", "src"), "a rule for *.md reaches into src"


def test_owners_are_told_with_the_lines_where_they_stand_first(reader):
    """Each once, whatever the case; a line that is skipped names nobody."""
    reader.files = {"CODEOWNERS": b"* @Ann @acme/core\n!x @bob\n*.md @ann mail@example.org\nbare\n"}
    found = codeowners(reader, COMMIT)

    assert [(o.name, o.line) for o in found.owners] == [
        ("@Ann", 1),
        ("@acme/core", 1),
        ("mail@example.org", 3),
    ]


def test_keeps_only_so_many_owners(reader):
    """The first ones."""
    reader.files = {"CODEOWNERS": "".join(f"f{n} @u{n}\n" for n in range(MOST_OWNERS + 5)).encode()}

    assert len(codeowners(reader, COMMIT).owners) == MOST_OWNERS


@pytest.mark.fault
def test_ke4_a_link_is_refused(reader):
    """Its target may be anything; the message says what to do."""
    reader.files, reader.kinds = {"CODEOWNERS": b"/etc/passwd"}, {"CODEOWNERS": EntryKind.SYMLINK}

    with pytest.raises(Malformed, match=r"CODEOWNERS is a symlink.*use a plain file"):
        codeowners(reader, COMMIT)


def test_a_file_that_github_does_not_load(reader):
    """Above 3 MB; it is not read here either."""
    reader.files = {"CODEOWNERS": b"* @x"}
    reader.sizes = {"CODEOWNERS": MAX_BYTES + 1}
    found = codeowners(reader, COMMIT)

    assert (found.oversized, found.rules, found.measured) == (True, 0, False)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("a @x\n" * (MOST_RULES + 1), 1, id="rules"),
        pytest.param("* @x\n", MOST_PATHS + 1, id="paths"),
        pytest.param("*a*b @x\n" * 3000, 200, id="one times the other"),
    ],
)
def test_too_much_to_be_told_is_said(reader, text, names):
    """Neither owned nor unowned."""
    reader.files = {"docs/CODEOWNERS": text.encode(), **{f"f{n}": b"" for n in range(names)}}
    found = codeowners(reader, COMMIT)

    assert (found.measured, found.owned, found.unowned) == (False, (), ())
    assert found.rules == text.count("\n")


def test_keeps_only_so_many_problems():
    """But counts them all."""
    found = parse("!x\n" * (MOST_PROBLEMS + 5))

    assert (len(found.problems), found.skipped) == (MOST_PROBLEMS, MOST_PROBLEMS + 5)


TEXTS = st.text(alphabet="ab*?/\\[]!#@.- \t\r\n\0\ufeffé", max_size=200)
NAMES = st.lists(st.text(alphabet="ab*.\\é", min_size=1, max_size=4), min_size=1, max_size=4)


@given(TEXTS, st.lists(st.text(alphabet="ab@.", min_size=1, max_size=3), max_size=4, unique=True))
def test_any_text_is_read(text, names):
    """No text breaks it; every line counts, is skipped, or says nothing; lines keep their order."""
    found = parse(text)
    split_by_owner(found.rules, [TreeEntry(name, EntryKind.DIRECTORY, "o" * 40) for name in names])

    lines = [*(r.line for r in found.rules), *(p.line for p in found.problems)]
    assert len(lines) == len(set(lines)) == found.counted + found.skipped
    assert [r.line for r in found.rules] == sorted(r.line for r in found.rules)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)
    assert all(p.column >= 1 and p.message for p in found.problems)


def expression(segments) -> re.Pattern[str]:
    """The same as ``matches``, as an expression that may be slow: an independent second opinion."""
    text = ""
    for segment in segments:
        if segment == "**":
            text += "(?:[^/]+/)*"
        else:
            parts = re.findall(r"\\.|[\s\S]", segment)
            name = "".join({"*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part[-1])) for part in parts)
            text += f"(?:(?=[^/]){name})/"
    return re.compile(text)


@given(st.text(alphabet="ab*?/\\", min_size=1, max_size=10), NAMES)
def test_agrees_with_an_expression(pattern, path):
    """Both readings of a pattern say the same of every path."""
    segments = compiled(pattern)
    expected = bool(segments) and expression(segments).fullmatch("".join(f"{n}/" for n in path)) is not None

    assert matches(segments, path) is expected


@pytest.mark.fault
@pytest.mark.parametrize(
    "bait",
    [
        "*a" * 1_000_000,
        "a/" * 1_000_000,
        "**/" * 700_000,
        "*?" * 50 + " @x\n",
        "\\" * 2_000_000,
        " " * 2_000_000,
        "* " + "@x " * 700_000,
        "* " + "a@" * 1_000_000,
        "* @x" + "-" * 2_000_000,
        "[" * 2_000_000,
    ],
)
@pytest.mark.untraced
def test_ke11_time_grows_with_length_only(reader, bait):
    """Files made to keep a parser busy are over in no time."""
    repeated = bait * max(1, 200_000 // len(bait))
    reader.files = {
        "CODEOWNERS": repeated.encode()[:MAX_BYTES],
        **{"a" * 250 + str(n): b"" for n in range(60)},
    }
    start = time.process_time()
    codeowners(reader, COMMIT)

    assert time.process_time() - start < 5
