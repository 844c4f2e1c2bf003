"""``python -m bot.simulator``: a simulated GitHub until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from bot.simulator.population import populate
from bot.simulator.server import DEFAULT_SECRET, Simulator


def main(argv: Sequence[str] | None = None, *, stop: threading.Event | None = None) -> int:
    """Serve until ``stop`` is set or a signal comes; prints one line once it answers.

    The line is ``simulator URL app-id N key FILE``.
    """
    options = _options().parse_args(argv)
    stop = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    with Simulator(
        options.root,
        seed=options.seed,
        port=options.port,
        webhook_url=options.webhook_url,
        webhook_secret=options.webhook_secret,
    ) as simulator:
        simulator.fake.limits.core = options.core_limit
        if options.organisation:
            populate(simulator.fake, options.organisation, options.repositories, seed=options.seed)
        where = f"app-id {simulator.fake.app.id} key {simulator.key_path}"
        print(f"simulator {simulator.base_url} {where}", flush=True)
        stop.wait()
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.simulator", description="Serve a simulated GitHub.")
    parser.add_argument(
        "--root", type=Path, required=True, help="directory for repositories, journal and key"
    )
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument(
        "--core-limit", type=int, default=5000, help="REST calls of an installation in an hour"
    )
    parser.add_argument("--seed", type=int, default=0, help="repeats a run")
    parser.add_argument("--webhook-url", default="", help="where events go")
    parser.add_argument("--webhook-secret", default=DEFAULT_SECRET, help="signs events")
    parser.add_argument(
        "--organisation", default="", help="make an organisation of that name and install the App"
    )
    parser.add_argument("--repositories", type=int, default=10, help="how many it has")
    return parser


if __name__ == "__main__":
    sys.exit(main())
