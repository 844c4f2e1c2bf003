"""Where a repository, and an organisation, send their events to."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.json_nodes import Node
from bot.model.errors import Malformed
from bot.model.security import Webhook, Webhooks
from bot.ports import OwnerReader, RepoReader
from bot.spec import SIX_HOURS, fact

MAX_HOOKS = 100
OF_REPOSITORY = "repository_hooks: read"
OF_ORGANISATION = "organization_hooks: read"


@fact("webhooks", permission=OF_REPOSITORY, cost="one call", keep_s=SIX_HOURS, rest=True)
def webhooks(reader: RepoReader) -> Webhooks:
    """The repository's own active webhooks; those of its organisation are not among them."""
    return _active(reader.rest("/hooks", items=MAX_HOOKS, permission=OF_REPOSITORY), "repository")


@fact("organisation_webhooks", permission=OF_ORGANISATION, cost="one call per organisation")
def organisation_webhooks(owner: OwnerReader) -> Webhooks | None:
    """The organisation's active webhooks; None for a person's account, which has none."""
    if not owner.organisation:
        return None
    return _active(owner.rest("/hooks", items=MAX_HOOKS, permission=OF_ORGANISATION), "organisation")


def _active(told: Node | None, whose: str) -> Webhooks:
    if told is None:
        # Who may see webhooks is answered with a list, be it empty.
        raise Malformed(f"GitHub does not tell the webhooks of the {whose}")
    hooks = tuple(_hook(node) for node in told["items"].items() if node["active"].flag())
    return Webhooks(hooks, told["more"].flag())


def _hook(node: Node) -> Webhook:
    config = node["config"]
    address = config.optional("url")
    scheme, host = _address(address.text() if address else "")
    secret, insecure = config.optional("secret"), config.optional("insecure_ssl")
    return Webhook(
        id=node["id"].number(),
        host=host,
        https=scheme == "https",
        # GitHub writes "0" and "1", as texts or as numbers.
        verified=insecure is None or str(insecure.plain()) in ("0", "False"),
        # GitHub shows asterisks in place of a secret, and nothing where there is none.
        secret=secret is not None and bool(secret.text()),
    )


def _address(url: str) -> tuple[str, str]:
    """(scheme, host) of an address, without what could be secret in it."""
    try:
        parts = urlsplit(url)
        return parts.scheme.lower(), (parts.hostname or "")[:200]
    except ValueError:
        return "", ""
