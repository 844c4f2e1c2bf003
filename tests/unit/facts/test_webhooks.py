"""Webhooks of a repository and of an organisation, without what could be secret in them."""

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts.webhooks import MAX_HOOKS, organisation_webhooks, webhooks
from bot.model.errors import Malformed, PermissionMissing
from bot.model.security import Webhook, Webhooks
from bot.registry import load
from tests.unit.facts.conftest import MemoryOwner, MemoryReader


def hook(url: str = "https://ci.example.org/in?token=t0ken", *, active: bool = True, **config: object):
    return {"id": 7, "active": active, "config": {"url": url, "insecure_ssl": "0", **config}}


def read(*hooks: object) -> Webhooks:
    return webhooks(MemoryReader(rests={"/hooks": list(hooks)}))


def test_only_the_host_of_an_address_is_kept():
    """Addresses often hold a token."""
    found = read(hook(secret="********"))

    assert found == Webhooks((Webhook(7, "ci.example.org", https=True, verified=True, secret=True),))
    assert "t0ken" not in str(freeze({"webhooks": found}))
    assert thaw(load(plugins=False), freeze({"webhooks": found})) == {"webhooks": found}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"insecure_ssl": "0"}, True),
        ({"insecure_ssl": 0}, True),
        ({"insecure_ssl": None}, True),
        ({"insecure_ssl": "1"}, False),
        ({"insecure_ssl": 1}, False),
    ],
)
def test_whether_the_certificate_is_verified(config, expected):
    """GitHub writes a number as a text, or not."""
    assert read(hook(**config)).listed[0].verified is expected


@pytest.mark.parametrize(
    ("url", "https", "host"),
    [
        ("HTTPS://Example.org:8443/x", True, "example.org"),
        ("http://example.org", False, "example.org"),
        ("https://user:pass@example.org/", True, "example.org"),
        ("https://[broken", False, ""),
        ("", False, ""),
    ],
)
def test_addresses_of_all_kinds(url, https, host):
    """What can not be read is not taken for safe."""
    (found,) = read(hook(url)).listed

    assert (found.https, found.host) == (https, host)


@pytest.mark.parametrize(("secret", "expected"), [(None, False), ("", False), ("********", True)])
def test_whether_there_is_a_secret(secret, expected):
    """GitHub shows asterisks in its place."""
    assert read(hook(secret=secret)).listed[0].secret is expected


def test_a_webhook_that_is_switched_off_sends_nothing():
    """It is left out; that there are more than a page is told."""
    assert read(hook(active=False)) == Webhooks(())
    assert read(*[hook()] * (MAX_HOOKS + 1)).more


def test_of_the_organisation():
    """A person's account has none, and is not asked."""
    owner = MemoryOwner(rests={"/hooks": [hook(secret="********")]})

    assert organisation_webhooks(owner).listed[0].host == "ci.example.org"
    assert organisation_webhooks(MemoryOwner(organisation=False)) is None


def test_what_is_not_told_is_not_empty():
    """404 and a refusal alike."""
    with pytest.raises(Malformed):
        webhooks(MemoryReader())
    with pytest.raises(PermissionMissing):
        webhooks(MemoryReader(rests={"/hooks": PermissionMissing("no")}))
    with pytest.raises(Malformed):
        organisation_webhooks(MemoryOwner())
