"""When the code was last analysed."""

from __future__ import annotations

import re

from bot.json_nodes import Node
from bot.model.errors import PermissionMissing
from bot.model.security import CodeScanning
from bot.ports import RepoReader
from bot.selections import Selection
from bot.spec import SIX_HOURS, fact

PERMISSION = "security_events: read"

_NOT_OFFERED = re.compile(r"(?:advanced|code) security must be enabled", re.IGNORECASE)
_OFF = re.compile(r"code scanning is not enabled", re.IGNORECASE)


@fact(
    "code_scanning",
    permission=PERMISSION,
    cost="one call; none where GitHub sees no programming language",
    keep_s=SIX_HOURS,
    rest=True,
    graph={"language": Selection("primaryLanguage { name }")},
)
def code_scanning(reader: RepoReader, answer: Node) -> CodeScanning:
    """The newest analysis of any tool and branch."""
    if answer["language"].null:
        return CodeScanning(offered=True, has_code=False)
    try:
        told = reader.rest("/code-scanning/analyses", items=1, permission=PERMISSION)
    except PermissionMissing as error:
        # GitHub refuses with the same status what is not switched on, and says so in words alone.
        if _NOT_OFFERED.search(str(error)):
            return CodeScanning(offered=False, has_code=True)
        if _OFF.search(str(error)):
            return CodeScanning(offered=True, has_code=True)
        raise
    analyses = told["items"].items() if told else ()
    if not analyses:
        return CodeScanning(offered=True, has_code=True)
    newest = analyses[0]
    wrong = newest.optional("error")
    return CodeScanning(
        offered=True,
        has_code=True,
        last=newest["created_at"].moment(),
        tool=newest["tool"]["name"].text(),
        error=wrong.text() if wrong else "",
    )
