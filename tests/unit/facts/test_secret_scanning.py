"""The two settings as the repository tells them."""

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts.secret_scanning import secret_scanning
from bot.model.errors import Gone, Malformed, PermissionMissing
from bot.model.security import SecretScanning
from bot.registry import load
from tests.unit.facts.conftest import MemoryReader


def read(settings: object) -> SecretScanning:
    return secret_scanning(MemoryReader(rests={"": {"id": 1, "security_and_analysis": settings}}))


def test_both_settings():
    """Each by itself; what is not listed is off."""
    on, off = {"status": "enabled"}, {"status": "disabled"}

    found = read({"secret_scanning": on, "secret_scanning_push_protection": off})

    assert found == SecretScanning(enabled=True, push_protection=False)
    assert read({"secret_scanning": on, "secret_scanning_push_protection": on}).push_protection
    assert read({"secret_scanning": off}) == SecretScanning(enabled=False, push_protection=False)
    assert thaw(load(plugins=False), freeze({"secret_scanning": found})) == {"secret_scanning": found}


def test_settings_that_are_not_shown_are_not_off():
    """GitHub leaves them out for who may not see them."""
    with pytest.raises(PermissionMissing) as caught:
        read(None)
    assert caught.value.permission == "administration: read"


def test_a_repository_that_is_gone_and_a_strange_answer():
    """Neither says anything of settings."""
    with pytest.raises(Gone):
        secret_scanning(MemoryReader())
    with pytest.raises(Malformed):
        read({"secret_scanning": {}})
