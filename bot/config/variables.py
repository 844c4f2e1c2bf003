"""The environment variables that an operator sets, for the reference; ``settings`` reads them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable.

    Args:
        default: what holds when it is not set; "" for nothing.
        secret: its value is never printed.
    """

    name: str
    about: str
    default: str = ""
    secret: bool = False


VARIABLES = (
    Variable(
        "PLUMBLINE_HOME",
        "Directory of keys, the embedded Redis, SQLite and caches.",
        "~/.local/share/plumbline",
    ),
    Variable(
        "REDIS_URL",
        "`redis://`, `rediss://` (TLS) or `unix://`. Without it `plumbline up` starts a Redis of its own.",
    ),
    Variable(
        "DATABASE_URL", "`postgresql://...` or `sqlite:///...`. Without it SQLite under the home directory."
    ),
    Variable(
        "PLUMBLINE_GITHUB_URL",
        "Root of GitHub's API; `https://HOST/api/v3` for GitHub Enterprise Server.",
        "https://api.github.com",
    ),
    Variable("PLUMBLINE_APP_ID", "The App's number."),
    Variable(
        "PLUMBLINE_PRIVATE_KEY", "The App's key as PEM text; line ends may be written as `\\n`.", secret=True
    ),
    Variable("PLUMBLINE_PRIVATE_KEY_FILE", "The path of a file with the App's key; wins over the text."),
    Variable("PLUMBLINE_WEBHOOK_SECRET", "The webhook's secret.", secret=True),
    Variable("PLUMBLINE_WEBHOOK_SECRET_PREVIOUS", "The old one, while it is changed.", secret=True),
    Variable(
        "PLUMBLINE_SECRET_KEYS",
        "Seals tokens in Redis. Machines of a fleet share it; one machine makes its own.",
        secret=True,
    ),
    Variable("PLUMBLINE_SECRET_KEYS_PREVIOUS", "The old one, while it is changed.", secret=True),
    Variable(
        "PLUMBLINE_PUBLISH",
        "How loud Plumbline is unless policy says: `observe`, `advise` or `issues`.",
        "advise",
    ),
    Variable("PLUMBLINE_PUBLIC_URL", "Where GitHub and people reach this Plumbline."),
    Variable(
        "PLUMBLINE_PAGES",
        "Who may look at Plumbline's own pages: `loopback`, `anybody` or `nobody`.",
        "loopback",
    ),
    Variable("HOST", "The address on which web listens.", "127.0.0.1"),
    Variable("PORT", "The port on which web listens.", "8000"),
    Variable("PLUMBLINE_METRICS_HOST", "The address on which each process serves `/metrics`.", "127.0.0.1"),
    Variable("PLUMBLINE_METRICS_PORT", "The port of `/metrics`.", "9090"),
    Variable(
        "PLUMBLINE_LEDGER_BYTES",
        "Ceiling for bodies of waiting deliveries in Redis; beyond it web answers 503.",
        "268435456",
    ),
    Variable("PLUMBLINE_LOG_LEVEL", "`DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`.", "INFO"),
    Variable(
        "PLUMBLINE_LOG_FORMAT",
        "`console` for people, `json` for programs.",
        "`console` at a terminal, else `json`",
    ),
)
"""In the order of the reference."""
