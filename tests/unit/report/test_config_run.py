"""The check run on a change of policy files."""

from __future__ import annotations

from bot.config.policy import Notice
from bot.model.reports import Conclusion
from bot.report.config_run import MOST_ANNOTATIONS, render_config_good, render_policy_moved

HEAD = "a" * 40


def test_notices_stand_at_their_lines_and_block_nothing() -> None:
    """A value that does not count is worth knowing before it is merged."""
    notices = [Notice(f"note {n} of @team", ".github/plumbline.yml", n, 3) for n in range(1, 61)]
    run = render_config_good(HEAD, notices)

    assert run.conclusion is Conclusion.SUCCESS
    assert run.title == "The policy file is in order, 60 notices"
    assert len(run.annotations) == MOST_ANNOTATIONS
    first = run.annotations[0]
    assert (first.path, first.start_line, first.level) == (".github/plumbline.yml", 1, "notice")
    assert "`.github/plumbline.yml:60:3`: note 60 of" in run.summary
    assert "@team" not in run.summary


def test_other_notices_are_another_run() -> None:
    """The same change with other things to know is told anew."""
    one = render_config_good(HEAD, [Notice("a", "x.yml")])

    assert one.external_id != render_config_good(HEAD).external_id
    assert one.external_id == render_config_good(HEAD, [Notice("a", "x.yml")]).external_id


def test_a_policy_that_moved_names_its_place_only_to_those_who_may_know() -> None:
    """In public nobody is told which repositories there are."""
    private = render_policy_moved(HEAD, [Notice("old", "x.yml")], here=True, left="acme/.github")
    public = render_policy_moved(HEAD, here=True)

    assert private.conclusion is Conclusion.SUCCESS
    assert "in place of the one of `acme/.github`." in private.summary
    assert "x.yml:1:1" in private.summary
    assert "in place of one of another repository." in public.summary
    assert private.external_id != public.external_id


def test_the_end_of_a_policy_is_no_success() -> None:
    """It may have been a mistake."""
    run = render_policy_moved(HEAD, here=False)

    assert (run.conclusion, run.title) == (
        Conclusion.NEUTRAL,
        "The organisation has no policy any more",
    )
