"""Files that checks of policy ask about."""

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts.custom_files import MAX_BYTES, MAX_FILES, MAX_READ, custom_files, custom_templates
from bot.model.custom_checks import (
    FileRule,
    FileSeen,
    FilesSeen,
    Must,
    SettingRule,
    TemplateRule,
    TemplateSeen,
    Texts,
    digest,
)
from bot.model.errors import PermissionMissing
from bot.model.facts import EntryKind
from bot.ports import Wanted
from bot.registry import load

COMMIT = "c" * 40
LICENSE = FileRule(("LICENSE",))


def looking(path: str = "a.txt", **texts: Texts) -> FileRule:
    return FileRule((path,), False, Must.MATCH, texts.get("matches"), texts.get("not_matches"))


def seen(reader, *rules) -> list[FilesSeen]:
    answers = custom_files(reader, COMMIT, rules)
    return [answers[digest(rule)] for rule in rules]


def test_reads_nothing_for_other_rules(reader):
    """Nor for none."""
    assert custom_files(reader, COMMIT, ()) == {}
    assert custom_files(reader, COMMIT, (SettingRule("fork", (False,)), TemplateRule("a", "b"))) == {}
    assert reader.calls == []


def test_lists_one_folder_for_existence_and_reads_no_file(reader, monkeypatch):
    """However many rules ask about it."""
    reader.files = {"LICENSE": b"x", "docs/a.md": b"a", "docs/sub/b.md": b"b", "docs/c.txt": b"c"}
    monkeypatch.setattr(reader, "blob", None)
    rules = (LICENSE, FileRule(("COPYING", "LICENSE"), True), FileRule(("docs/*.md",)), FileRule(("docs/",)))

    assert [[f.path for f in one.files] for one in seen(reader, *rules)] == [
        ["LICENSE"],
        ["LICENSE"],
        ["docs/a.md"],
        ["docs"],
    ]
    assert set(reader.calls) == {"directory ", "directory docs"}


def test_a_folder_is_no_file_and_a_file_no_folder(reader):
    """Which is meant says the slash at the end."""
    reader.files = {"docs": b"x", "src/a.py": b"y"}

    assert [bool(one.files) for one in seen(reader, FileRule(("docs/",)), FileRule(("src",)))] == [
        False,
        False,
    ]


def test_an_empty_repository_has_none(reader):
    """Without a commit nothing is asked for."""
    assert custom_files(reader, "", (LICENSE,)) == {digest(LICENSE): FilesSeen()}
    assert custom_templates(reader, "", (TemplateRule("a", "t"),)) == {
        digest(TemplateRule("a", "t")): TemplateSeen("")
    }


@pytest.mark.parametrize(
    ("rule", "missing", "unwanted"),
    [
        (looking(matches=Texts("^root = true$")), (), ()),
        (looking(matches=Texts("^root$")), ("^root$",), ()),
        (looking(matches=Texts(texts=("root", "b = 1", "c"))), ("c",), ()),
        (looking(not_matches=Texts("[0-9]")), (), (("[0-9]", 2),)),
        (looking(not_matches=Texts(texts=("= true", "none"))), (), (("= true", 1),)),
        (looking(matches=Texts("^$")), ("^$",), ()),
    ],
)
def test_looks_at_lines(reader, rule, missing, unwanted):
    """Without their ends, whatever these are; what ends the last line begins no other."""
    for text in (b"root = true\r\nb = 1\r\n", b"\xef\xbb\xbfroot = true\nb = 1"):
        reader.files = {"a.txt": text}

        assert seen(reader, rule) == [FilesSeen((FileSeen("a.txt", EntryKind.FILE, missing, unwanted),))]


@pytest.mark.parametrize(
    ("data", "kind", "says"),
    [
        (b"x" * (MAX_BYTES + 1), EntryKind.FILE, "larger than 256 kB"),
        (b"elsewhere", EntryKind.SYMLINK, "it is a symlink, which is not followed"),
        (b"elsewhere", EntryKind.SUBMODULE, "it is a submodule"),
    ],
)
def test_tells_what_is_not_looked_into(reader, data, kind, says):
    """That it is there is known all the same, whether or not the folder tells sizes."""
    reader.files, reader.kinds = {"a.txt": data}, {"a.txt": kind}
    for reader.sized in (True, False):
        ((found,),) = (one.files for one in seen(reader, looking(matches=Texts("x"))))

        assert says in found.unread


def test_a_file_of_the_largest_size_is_looked_into(reader):
    """And what is no text is text with strange characters."""
    reader.files = {"a.txt": b"\xff" * MAX_BYTES}

    assert not seen(reader, looking(matches=Texts("x")))[0].files[0].unread


def test_few_files_of_many_are_looked_into(reader):
    """With a sign that there are more."""
    reader.files = {f"d{n}/{m:02}.md": b"%d" % (n * 100 + m) for n in range(6) for m in range(21)}
    rules = [looking(f"d{n}/*.md", matches=Texts("x")) for n in range(6)]
    found = seen(reader, *rules)

    assert [(len(one.files), one.more) for one in found] == [(MAX_FILES, True)] * 6
    unread = [f for one in found for f in one.files if f.unread]
    assert len(unread) == 6 * MAX_FILES - MAX_READ
    assert "only 100 files" in unread[0].unread


@pytest.mark.fault
@pytest.mark.untraced
def test_what_takes_too_long_is_given_up(reader):
    """The patterns and the text are both strangers'."""
    text = "".join(chr(0x4E00 + n % 20000) for n in range(80_000)).encode()
    reader.files = {"a.txt": text}
    rules = [looking(matches=Texts(f"(.?){{{n}}}.*x{n}")) for n in range(90, 100)]

    assert any("too long" in one.files[0].unread for one in seen(reader, *rules))


def test_compares_templates_by_their_ids(reader):
    """Nothing is read of either."""
    reader.defaults = {"templates/a": "same", "templates/b": "other"}
    reader.files = {"a": b"same", "x/b": b"own"}
    rules = (
        TemplateRule("a", "templates/a"),
        TemplateRule("x/b", "templates/b"),
        TemplateRule("c", "templates/a"),
        TemplateRule("a", "none"),
    )
    found = [custom_templates(reader, COMMIT, rules)[digest(rule)] for rule in rules]

    assert [(t.oid == t.template, bool(t.oid), bool(t.template)) for t in found] == [
        (True, True, True),
        (False, True, True),
        (False, False, True),
        (False, True, False),
    ]
    reader.kinds = {"a": EntryKind.SYMLINK}
    assert not custom_templates(reader, COMMIT, rules[:1])[digest(rules[0])].plain


def test_wants_everything_before_it_waits(reader, monkeypatch):
    """Two documents: one for all folders, one for all files."""
    reader.files = {f"d{n}/a.md": b"%d" % n for n in range(9)}
    rules = tuple(looking(f"d{n}/a.md", matches=Texts("x")) for n in range(9))
    wanted, there = set(), set()
    blob, directory = reader.blob, reader.directory

    def later(ask):
        def asked(*key, **options):
            if key not in there:
                wanted.add(key)
                raise Wanted
            return ask(*key, **options)

        return asked

    monkeypatch.setattr(reader, "blob", later(blob))
    monkeypatch.setattr(reader, "directory", later(directory))
    for _ in range(2):
        with pytest.raises(Wanted):
            custom_files(reader, COMMIT, rules)
        there |= wanted

    assert len(custom_files(reader, COMMIT, rules)) == 9
    assert len(there) == 18


def test_templates_that_can_not_be_seen_are_unknown(reader):
    """As the reader says."""
    reader.defaults = None
    with pytest.raises(PermissionMissing):
        custom_templates(reader, COMMIT, (TemplateRule("a", "b"),))


def test_are_kept_and_come_back():
    """Answers, never texts of files."""
    facts = {
        "custom_files": {"d": FilesSeen((FileSeen("a", EntryKind.FILE, ("x",), (("y", 3),), "z"),), True)},
        "custom_templates": {"d": TemplateSeen("a", "b", False)},
    }

    assert thaw(load(plugins=False), freeze(facts)) == facts
