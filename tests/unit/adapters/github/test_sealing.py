"""Sealing, and a Redis that fails."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from bot.adapters.github.sealing import RedisCache, Sealer


def test_what_was_sealed_opens_in_its_place_only() -> None:
    """Another place, another key, one changed bit: closed."""
    sealer = Sealer(["one"])
    sealed = sealer.seal(b"secret", b"77:checks")

    assert sealer.open(sealed, b"77:checks") == b"secret"
    assert sealer.open(sealed, b"78:checks") is None
    assert Sealer(["two"]).open(sealed, b"77:checks") is None
    assert sealer.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), b"77:checks") is None
    assert b"secret" not in sealed
    assert sealer.seal(b"secret", b"77:checks") != sealed


def test_a_rotated_key_opens_what_the_previous_one_sealed() -> None:
    """And seals with the current one."""
    old, new = Sealer(["old"]), Sealer(["new", "old"])

    assert new.open(old.seal(b"x", b""), b"") == b"x"
    assert old.open(new.seal(b"x", b""), b"") is None


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + b"n" * 12, b"\x02" + b"n" * 40])
def test_what_can_not_have_been_sealed(sealed: bytes) -> None:
    """None, whatever it is."""
    assert Sealer(["one"]).open(sealed, b"") is None


def test_no_secret_no_sealer() -> None:
    """A key that everybody knows would be worse than none."""
    with pytest.raises(ValueError, match="at least one"):
        Sealer([])


class Client:
    """A Redis client that keeps or fails."""

    def __init__(self, *, broken: bool = False) -> None:
        self.kept: dict[str, tuple[bytes, int]] = {}
        self._broken = broken

    def _check(self) -> None:
        if self._broken:
            raise redis.ConnectionError("away")

    def get(self, key: str) -> bytes | None:
        self._check()
        return self.kept.get(key, (None, 0))[0]

    def set(self, key: str, value: bytes, ex: int) -> None:
        self._check()
        self.kept[key] = (value, ex)

    def delete(self, key: str) -> None:
        self._check()
        self.kept.pop(key, None)


def cache(client: Any) -> RedisCache:
    return RedisCache(client)


def test_redis_keeps_with_a_lifetime() -> None:
    """V11: no key without one."""
    client = Client()
    kept = cache(client)
    kept.set("k", b"v", 0)

    assert client.kept == {"plumbline:token:k": (b"v", 1)}
    assert kept.get("k") == b"v"
    kept.delete("k")
    assert kept.get("k") is None


def test_redis_away_is_a_miss(caplog: pytest.LogCaptureFixture) -> None:
    """A cache never stops the work."""
    kept = cache(Client(broken=True))

    kept.set("k", b"v", 5)
    kept.delete("k")

    assert kept.get("k") is None
    assert len(caplog.records) == 3
