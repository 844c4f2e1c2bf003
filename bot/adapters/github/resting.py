"""Reads what facts ask of REST by path: one object, or so many entries of a listing."""

from __future__ import annotations

from itertools import islice
from urllib.parse import parse_qsl, urlsplit

from bot.adapters.github.errors import ok
from bot.adapters.github.listing import Send, items
from bot.adapters.github.transport import Call, Transport
from bot.json_nodes import Node
from bot.model.errors import Gone, PermissionMissing, Scarce


def read_rest(
    send: Send,
    transport: Transport,
    root: str,
    path: str,
    *,
    most: int,
    key: str,
    permission: str | None,
    payer: int,
) -> Node | None:
    """See ``RepoReader.rest``.

    Args:
        root: what ``path`` lies below; redirects and pages stay there.
        most: entries of a listing; 0 when it is no listing.
        payer: installation whose calls it takes.

    Raises:
        Scarce: few calls are left this hour. Else see ``RepoReader``.
    """
    if transport.scarce(payer):
        raise Scarce("most of this hour's REST calls are used; what is left is kept for answers")
    parts = urlsplit(path)
    query = dict(parse_qsl(parts.query))
    where = f"GET {root}{parts.path}"
    try:
        if not most:
            answer = send(Call("GET", root + parts.path, query, within=root))
            if answer.status == 404:
                return None
            return Node(ok(answer).json(), where, permission)
        call = Call("GET", root + parts.path, {"per_page": str(min(most + 1, 100)), **query}, within=root)
        found = [item for item, _ in islice(items(transport, send, call, key), most + 1)]
    except Gone:
        return None
    except PermissionMissing as error:
        raise PermissionMissing(str(error), permission=error.permission or permission) from error
    return Node({"items": found[:most], "more": len(found) > most}, where, permission)
