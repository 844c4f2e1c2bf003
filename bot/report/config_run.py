"""The check run ``plumbline/config``: what is wrong with a policy file, and where."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

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
    *,
    request: str = "",
    details_url: str = "",
    completed_at: datetime | None = None,
) -> CheckRun:
    """The check run for a policy file that was changed and is in order."""
    return CheckRun(
        name=NAME_OF_RUN,
        head_sha=head_sha,
        external_id=_external_id(head_sha, request, []),
        conclusion=Conclusion.SUCCESS,
        title="The policy file is in order",
        summary="It comes into force when it is on the default branch.",
        details_url=details_url,
        completed_at=completed_at,
    )


def _line(error: PolicyError) -> str:
    at = code(f"{error.path}:{error.line}:{error.column}", limit=NAME)
    return f"- {at}: {prose(error.message, limit=SENTENCE)}"


def _annotation(error: PolicyError) -> Annotation:
    return Annotation(
        path=error.path,
        start_line=error.line,
        end_line=error.line,
        level="failure",
        message=f"Column {error.column}: {plain(error.message, limit=SENTENCE)}",
        title="The policy can not be used",
    )


def _external_id(head_sha: str, request: str, errors: Sequence[str]) -> str:
    joined = "\0".join(["config", head_sha, request, *errors])
    return f"plumbline:1:{hashlib.sha256(joined.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"
