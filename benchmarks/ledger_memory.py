"""How much memory the ledger takes for deliveries that wait, were routed, and were worked on."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from redis import Redis

from bot.adapters.ledger import RedisLedger
from bot.adapters.redis_client import connect
from bot.adapters.redis_server import EmbeddedRedis
from bot.model.events import Delivery, Lane
from bot.model.work import Work

INSTALLATIONS = 100


def main() -> None:
    """Fill an empty redis-server of our own and print what each delivery costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=20_000)
    parser.add_argument("--body-bytes", type=int, default=8_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plumbline-benchmark-") as directory:
        server = EmbeddedRedis(Path(directory))
        server.start()
        try:
            client = connect(server.url)
            measure(client, options.deliveries, options.body_bytes)
            client.close()
        finally:
            server.stop()


def measure(client: Redis, count: int, body_bytes: int) -> None:
    """Accept, route and finish ``count`` deliveries, one work for each, and print a row after each step."""
    ledger = RedisLedger(client, ledger_bytes=count * body_bytes + 2**20)
    empty = used(client)
    print("| state | bytes of memory for each | GB for a million |\n|---|---:|---:|")

    def row(state: str) -> None:
        each = (used(client) - empty) / count
        print(f"| {state} | {each:,.0f} | {each / 1000:.2f} |", flush=True)

    body = b"x" * body_bytes
    for first in range(0, count, 500):
        numbers = range(first, min(first + 500, count))
        ledger.accept_many([delivery(number, body) for number in numbers])
    row(f"waiting, body of {body_bytes:,} bytes")
    number = 0
    while claims := ledger.claim_deliveries(100):
        for claimed in claims:
            ledger.complete_delivery(claimed.claim, [work(number)], action="opened", repository_id=1)
            number += 1
    row("routed, one work waiting for each")
    while claimed_work := ledger.claim_work(Lane.EVENT):
        ledger.complete_work(claimed_work.claim, "published")
    row("all done")
    works = list(client.scan_iter("pl:w:*", count=1000))
    for start in range(0, len(works), 1000):
        client.delete(*works[start : start + 1000])
    row("a day later, when finished works are forgotten")


def delivery(number: int, body: bytes) -> Delivery:
    """A push to one of many repositories, with a GUID of GitHub's length."""
    guid = f"00000000-0000-4000-8000-{number:012d}"
    return Delivery("123456789", guid, "push", Lane.EVENT, f"i{number % INSTALLATIONS}", body)


def work(number: int) -> Work:
    """Work of its own for each delivery: the dearest case, as equal work that waits is merged."""
    return Work(
        job="scan-repository",
        key=f"scan-repository:{number}",
        lane=Lane.EVENT,
        installation_id=number % INSTALLATIONS,
        payload={
            "installation_id": number % INSTALLATIONS,
            "repository_id": number,
            "ref": "refs/heads/main",
        },
    )


def used(client: Redis) -> int:
    """Bytes that Redis has given out."""
    info = client.info("memory")
    assert isinstance(info, dict)
    return int(info["used_memory"])


if __name__ == "__main__":
    main()
