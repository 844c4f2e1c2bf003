"""Templates of the repository, or else of its owner."""

import pytest

from bot.facts.community_files import community_files
from bot.facts.templates import templates
from bot.model.errors import PermissionMissing
from bot.model.facts import Templates

COMMIT = "c" * 40
FORM, PULL = ".github/ISSUE_TEMPLATE/bug.yml", ".github/pull_request_template.md"


def found(reader) -> Templates:
    return templates(reader, community_files(reader, COMMIT))


def test_own_templates_cost_no_look_at_the_owners(reader):
    """Not even where they can not be seen."""
    reader.files, reader.defaults = {FORM: b"x", PULL: b"x"}, None

    assert found(reader) == Templates((), (FORM,), (PULL,))


def test_the_owners_defaults_fill_in(reader):
    """Each kind by itself."""
    reader.defaults = {"ISSUE_TEMPLATE/help.md": "x", "docs/PULL_REQUEST_TEMPLATE.md": "x"}

    assert found(reader) == Templates(
        ("ISSUE_TEMPLATE/help.md",),
        (),
        ("docs/PULL_REQUEST_TEMPLATE.md",),
        issue_by_default=True,
        pull_request_by_default=True,
    )
    reader.files = {PULL: b"x"}
    assert found(reader).pull_request == (PULL,)
    assert not found(reader).pull_request_by_default


def test_any_file_of_ones_own_hides_the_owners_issue_templates(reader):
    """Even a config.yml that sends people to a forum."""
    own = ".github/ISSUE_TEMPLATE/config.yml"
    reader.files, reader.defaults = {own: b"x"}, {FORM: "x", PULL: "x"}

    assert found(reader) == Templates((own,), (), (PULL,), pull_request_by_default=True)


def test_the_owners_chooser_counts(reader):
    """It is shown in every repository without templates."""
    reader.defaults = {".github/ISSUE_TEMPLATE/config.yml": "x"}

    assert found(reader) == Templates((".github/ISSUE_TEMPLATE/config.yml",), (), (), issue_by_default=True)


def test_none_of_either(reader):
    """A plain no is an answer."""
    assert found(reader) == Templates((), (), ())


def test_what_can_not_be_known_is_no_no(reader):
    """One kind is missing and the owner's defaults can not be seen."""
    reader.files, reader.defaults = {FORM: b"x"}, None

    with pytest.raises(PermissionMissing):
        found(reader)
