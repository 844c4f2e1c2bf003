"""The check run ``plumbline/config``: what is wrong with a policy file, and where."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from bot.config.policy import Notice
from bot.model.errors import PolicyError
from bot.model.reports import Annotation, CheckRun, Conclusion
from bot.model.verdicts import Place
from bot.report.budget import CHECK_RUN_TEXT, Page
from bot.report.fragments import NAME, SENTENCE, count, is_line
from bot.report.inert import code, plain, prose

NAME_OF_RUN = "plumbline/config"

MOST_ANNOTATIONS = 50
"""One request's worth; a file with more errors is best mended from the top."""


def render_config_errors(
    errors: Sequence[PolicyError],
    head_sha: str,
    *,
    request: str = "",
    details_url: str = "",
    completed_at: datetime | None = None,
) -> CheckRun:
    """The check run for a policy file that can not be used; it asks for action and blocks nothing.

    Args:
        errors: at least one.
        request: names the wish that this run answers.
    """
    page = Page(CHECK_RUN_TEXT)
    page.add(
        f"The policy file can not be used: {count(len(errors), 'error')}. "
        "**The last good policy stays in force** until this is mended.",
        "",
    )
    room = Page(page.left - 1_000)
    room.fill(errors, lambda error: [_line(error)], lambda left: f"- … and {count(left, 'more error')}")
    page.add(*room.lines, "", "Mend the file and push; this is checked again with every push.")
    places = [e for e in errors if is_line(Place(path=e.path, line=e.line))]
    return CheckRun(
        name=NAME_OF_RUN,
        head_sha=head_sha,
        external_id=_external_id(head_sha, request, [str(e) for e in errors]),
        conclusion=Conclusion.ACTION_REQUIRED,
        title=f"{count(len(errors), 'error')} in the policy file",
        summary=str(page),
        annotations=tuple(_annotation(e) for e in places[:MOST_ANNOTATIONS]),
        details_url=details_url,
        completed_at=completed_at,
    )


def render_config_good(
    head_sha: str,
    notices: Sequence[Notice] = (),
    *,
    request: str = "",
    details_url: str = "",
    completed_at: datetime | None = None,
) -> CheckRun:
    """The check run for a policy file that was changed and is in order.

    Args:
        notices: what does not count in it, or is written in an old way.
    """
    page = Page(CHECK_RUN_TEXT)
    page.add("It comes into force when it is on the default branch.")
    if notices:
        page.add("", "What to know of it:")
        page.fill(notices, lambda notice: [_line(notice)], lambda left: f"- … and {count(left, 'more')}")
    places = [n for n in notices if is_line(Place(path=n.path, line=n.line))]
    return CheckRun(
        name=NAME_OF_RUN,
        head_sha=head_sha,
        external_id=_external_id(head_sha, request, [str(n) for n in notices]),
        conclusion=Conclusion.SUCCESS,
        title="The policy file is in order" + (f", {count(len(notices), 'notice')}" if notices else ""),
        summary=str(page),
        annotations=tuple(_annotation(n, "notice", "Of the policy") for n in places[:MOST_ANNOTATIONS]),
        details_url=details_url,
        completed_at=completed_at,
    )


def render_policy_moved(
    head_sha: str, notices: Sequence[Notice] = (), *, here: bool, left: str = ""
) -> CheckRun:
    """The check run for the organisation's policy that is another one than before, or is no more.

    Args:
        notices: what does not count in the file that is in force now.
        here: it is that of the commit; else there is none.
        left: full name of the repository that held it; "" when readers may not know it.
    """
    page = Page(CHECK_RUN_TEXT)
    if here:
        title, conclusion = "This is the organisation's policy now", Conclusion.SUCCESS
        before = f"the one of {code(left, limit=NAME)}" if left else "one of another repository"
        page.add(f"The file of this commit is in force for the whole organisation, in place of {before}.")
    else:
        title, conclusion = "The organisation has no policy any more", Conclusion.NEUTRAL
        page.add(
            "The file was taken away, and no repository that may hold one has one. What it said counts no "
            "more: each repository follows its own file and the defaults of Plumbline."
        )
    if notices:
        page.add("", "What to know of it:")
        page.fill(notices, lambda notice: [_line(notice)], lambda left: f"- … and {count(left, 'more')}")
    return CheckRun(
        name=NAME_OF_RUN,
        head_sha=head_sha,
        external_id=_external_id(head_sha, "", [title, left, *(str(n) for n in notices)]),
        conclusion=conclusion,
        title=title,
        summary=str(page),
    )


def _line(error: PolicyError | Notice) -> str:
    at = code(f"{error.path}:{error.line}:{error.column}", limit=NAME)
    return f"- {at}: {prose(error.message, limit=SENTENCE)}"


def _annotation(
    said: PolicyError | Notice, level: str = "failure", title: str = "The policy can not be used"
) -> Annotation:
    return Annotation(
        path=said.path,
        start_line=said.line,
        end_line=said.line,
        level=level,
        message=f"Column {said.column}: {plain(said.message, limit=SENTENCE)}",
        title=title,
    )


def _external_id(head_sha: str, request: str, errors: Sequence[str]) -> str:
    joined = "\0".join(["config", head_sha, request, *errors])
    return f"plumbline:1:{hashlib.sha256(joined.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"
