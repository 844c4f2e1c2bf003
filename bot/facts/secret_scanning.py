"""Whether GitHub looks for secrets."""

from __future__ import annotations

from bot.json_nodes import Node
from bot.model.errors import Gone, PermissionMissing
from bot.model.security import SecretScanning
from bot.ports import RepoReader
from bot.spec import SIX_HOURS, fact

PERMISSION = "administration: read"


@fact("secret_scanning", permission=PERMISSION, cost="one call", keep_s=SIX_HOURS, rest=True)
def secret_scanning(reader: RepoReader) -> SecretScanning:
    """The two settings; one that GitHub does not list is off.

    Raises:
        PermissionMissing: GitHub leaves the settings out for who may not see them.
    """
    repository = reader.rest("", permission=PERMISSION)
    if repository is None:
        raise Gone("GitHub does not know the repository (any more)")
    settings = repository.optional("security_and_analysis")
    if settings is None:
        raise PermissionMissing("GitHub does not show the security settings", permission=PERMISSION)
    return SecretScanning(
        enabled=_on(settings, "secret_scanning"),
        push_protection=_on(settings, "secret_scanning_push_protection"),
    )


def _on(settings: Node, name: str) -> bool:
    setting = settings.optional(name)
    return setting is not None and setting["status"].text() == "enabled"
