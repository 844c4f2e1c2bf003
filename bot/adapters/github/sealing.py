"""Keeps installation tokens where all workers find them, sealed.

AES-256-GCM with a key derived by HKDF-SHA256 from ``PLUMBLINE_SECRET_KEYS``. Installation and
permissions are bound in as associated data, so that a value moved to another place does not open.
Whatever can not be opened is a cache miss and nothing worse.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Protocol

import redis
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

logger = logging.getLogger(__name__)

_NONCE_BYTES = 12
_FORMAT = b"\x01"


class SealedCache(Protocol):
    """A shared cache of bytes; losing an entry is harmless, and no method ever raises."""

    def get(self, key: str) -> bytes | None:
        """The value, or None when there is none or it can not be read."""
        ...

    def set(self, key: str, value: bytes, ttl_s: int) -> None:
        """Keep for that many seconds."""
        ...

    def delete(self, key: str) -> None:
        """Forget."""
        ...


class RedisCache:
    """``SealedCache`` in Redis.

    Args:
        client: with short time-outs and ``decode_responses`` off.
        prefix: of all keys.
    """

    def __init__(self, client: redis.Redis, prefix: str = "plumbline:token:") -> None:
        self._client = client
        self._prefix = prefix

    def get(self, key: str) -> bytes | None:
        """See ``SealedCache``."""
        try:
            value = self._client.get(self._prefix + key)
        except redis.RedisError as error:
            _log("read", error)
            return None
        return value if isinstance(value, bytes) else None

    def set(self, key: str, value: bytes, ttl_s: int) -> None:
        """See ``SealedCache``."""
        try:
            self._client.set(self._prefix + key, value, ex=max(ttl_s, 1))
        except redis.RedisError as error:
            _log("write", error)

    def delete(self, key: str) -> None:
        """See ``SealedCache``."""
        try:
            self._client.delete(self._prefix + key)
        except redis.RedisError as error:
            _log("write", error)


class Sealer:
    """Seals and opens small values.

    Args:
        secrets: from settings: the current one first, which seals; all of them open.

    Raises:
        ValueError: there is no secret.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("sealing needs at least one secret")
        self._ciphers = [AESGCM(_key(secret)) for secret in secrets]

    def seal(self, value: bytes, bound: bytes) -> bytes:
        """Encrypt ``value``; it opens only with the same ``bound``."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._ciphers[0].encrypt(nonce, value, bound)

    def open(self, sealed: bytes, bound: bytes) -> bytes | None:
        """Decrypt, or None when it was sealed otherwise, elsewhere, or was damaged."""
        if sealed[:1] != _FORMAT or len(sealed) <= 1 + _NONCE_BYTES:
            return None
        nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(nonce, text, bound)
            except InvalidTag:
                continue
        return None


def _key(secret: str) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"plumbline installation tokens 1")
    return kdf.derive(secret.encode())


def _log(what: str, error: Exception) -> None:
    logger.warning("the token cache can not be used", extra={"what": what, "error": type(error).__name__})
