"""Deploy keys as GitHub tells them."""

from datetime import UTC, datetime

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts.deploy_keys import deploy_keys
from bot.json_nodes import Node, Refused
from bot.model.errors import PermissionMissing
from bot.model.security import DeployKey, DeployKeys
from bot.registry import load

KEY = {"title": "deploy", "readOnly": True, "createdAt": "2026-06-01T00:00:00Z"}


def read(keys: object) -> DeployKeys:
    return deploy_keys(Node({"keys": keys}, "repository 1", "administration: read"))


def test_title_rights_and_date():
    """Nothing of the key itself."""
    found = read({"totalCount": 1, "nodes": [KEY]})

    assert found == DeployKeys((DeployKey("deploy", True, datetime(2026, 6, 1, tzinfo=UTC)),))
    assert thaw(load(plugins=False), freeze({"deploy_keys": found})) == {"deploy_keys": found}


def test_none_and_more_than_a_page():
    """Both are told apart from each other."""
    assert read({"totalCount": 0, "nodes": []}) == DeployKeys(())
    assert read({"totalCount": 120, "nodes": [KEY] * 100}).more


def test_a_refusal_is_not_an_absence_of_keys():
    """The permission is named."""
    with pytest.raises(PermissionMissing) as caught:
        read(Refused("Resource not accessible by integration", permission=True))
    assert caught.value.permission == "administration: read"
