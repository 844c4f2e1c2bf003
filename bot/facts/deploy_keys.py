"""Keys that machines reach the repository with."""

from __future__ import annotations

from bot.json_nodes import Node
from bot.model.security import DeployKey, DeployKeys
from bot.selections import Selection
from bot.spec import fact


@fact(
    "deploy_keys",
    permission="administration: read",
    cost="one connection of the scan",
    graph={"keys": Selection("deployKeys(first: 100) { totalCount nodes { title readOnly createdAt } }")},
)
def deploy_keys(answer: Node) -> DeployKeys:
    """The first hundred deploy keys."""
    keys = answer["keys"]
    return DeployKeys(
        tuple(
            DeployKey(key["title"].text(), key["readOnly"].flag(), key["createdAt"].moment())
            for key in keys.nodes()
        ),
        keys.more,
    )
