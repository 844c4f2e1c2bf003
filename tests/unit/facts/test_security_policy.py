"""Where a security policy is looked for, and what is counted in it."""

import time

import pytest

from bot.facts.security_policy import MAX_BYTES, measure, security_policy
from bot.model.errors import Malformed, PermissionMissing
from bot.model.facts import EntryKind

COMMIT = "c" * 40


def counts(text: str) -> tuple[int, int]:
    policy = measure(text, path="SECURITY.md", oid="")
    return policy.contacts, policy.delays


@pytest.mark.parametrize(
    ("text", "contacts"),
    [
        ("Write to security@example.org.", 1),
        ("security@example.org, or again SECURITY@example.org", 1),
        ("security [at] example [dot] org", 1),
        ("mailto:sec.team+x@mail.example.co.uk", 1),
        ("See https://example.org/security (also http://example.org/pgp).", 2),
        ("[report](../../security/advisories/new)", 1),
        ("Tell @someone on the forum", 0),
        ("@ . https:// nobody@nowhere", 0),
        ("", 0),
    ],
)
def test_counts_contacts(text, contacts):
    """Addresses and links, each once."""
    assert counts(text)[0] == contacts


@pytest.mark.parametrize(
    ("text", "delays"),
    [
        ("We answer within 48 hours and fix within 90 days.", 2),
        ("a 90-day window", 1),
        ("within two weeks", 1),
        ("within three business days", 1),
        ("coordinated disclosure; do not disclose it", 2),
        ("an embargo applies", 1),
        ("version 3.1 is supported since 2019", 0),
        ("daylight, 12 daysies", 0),
    ],
)
def test_counts_delays_and_disclosure(text, delays):
    """Time spans, and words about disclosure."""
    assert counts(text)[1] == delays


def test_looks_where_github_looks_in_its_order(reader):
    """.github wins over the root, the root over docs; names in any case."""
    reader.files = {"docs/SECURITY.md": b"c", "Security.md": b"b b", ".github/SECURITY.rst": b"a a a"}
    assert security_policy(reader, COMMIT).path == ".github/SECURITY.rst"
    del reader.files[".github/SECURITY.rst"]
    found = security_policy(reader, COMMIT)
    assert (found.path, found.words, found.owner_default) == ("Security.md", 2, False)


def test_falls_back_to_the_owners_default(reader):
    """GitHub shows the file of the owner's .github repository in its place."""
    reader.defaults = {"SECURITY.md": "mail a@example.org in 3 days"}

    found = security_policy(reader, COMMIT)

    assert found.owner_default
    assert (found.contacts, found.delays, found.oid) == (1, 1, "")


def test_none_when_neither_has_one(reader):
    """A plain no is an answer."""
    assert security_policy(reader, COMMIT) is None
    assert security_policy(reader, "") is None


def test_what_can_not_be_known_is_no_no(reader):
    """Without a look at the owner's repository there is no answer."""
    reader.defaults = None

    with pytest.raises(PermissionMissing):
        security_policy(reader, COMMIT)


@pytest.mark.fault
def test_ke4_a_link_is_refused(reader):
    """Its target may be anything; the message says what to do."""
    reader.files, reader.kinds = {"SECURITY.md": b"/etc/passwd"}, {"SECURITY.md": EntryKind.SYMLINK}

    with pytest.raises(Malformed, match=r"SECURITY\.md is a symlink.*use a plain file"):
        security_policy(reader, COMMIT)


def test_too_large_a_file_is_refused(reader):
    """A book is not measured."""
    reader.files = {"SECURITY.md": b"x" * (MAX_BYTES + 1)}

    with pytest.raises(Malformed):
        security_policy(reader, COMMIT)


@pytest.mark.parametrize(
    "bait",
    [
        "a" * MAX_BYTES,
        "a." * (MAX_BYTES // 2),
        "a@" * (MAX_BYTES // 2),
        "../" * (MAX_BYTES // 3),
        "1 -" * 80000,
    ],
)
@pytest.mark.fault
@pytest.mark.untraced
def test_ke11_time_grows_with_length_only(bait):
    """Texts made to keep an expression busy are over in no time."""
    start = time.process_time()
    counts(bait)

    assert time.process_time() - start < 5
