"""Environment variables into settings: defaults, spellings, and errors that name the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config.settings import Publish, Settings, from_environment
from bot.model.errors import SettingsError

PEM = "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"
CANARY = "hunter2-canary"


def test_nothing_set_is_a_laptop() -> None:
    """Embedded parts under the user's home, loopback only, not registered."""
    settings = from_environment({})

    assert settings == Settings(home=Path.home() / ".local" / "share" / "plumbline")
    assert not settings.registered
    assert (settings.host, settings.metrics_host) == ("127.0.0.1", "127.0.0.1")


def test_empty_means_not_set() -> None:
    """Hosting panels set empty variables; none may open a port to the world."""
    names = [
        *(
            "PLUMBLINE_HOME",
            "REDIS_URL",
            "DATABASE_URL",
            "PLUMBLINE_GITHUB_URL",
            "PLUMBLINE_APP_ID",
            "HOST",
            "PORT",
        ),
        *(
            "PLUMBLINE_PRIVATE_KEY",
            "PLUMBLINE_PRIVATE_KEY_FILE",
            "PLUMBLINE_WEBHOOK_SECRET",
            "PLUMBLINE_PUBLISH",
        ),
        *("PLUMBLINE_WEBHOOK_SECRET_PREVIOUS", "PLUMBLINE_SECRET_KEYS", "PLUMBLINE_METRICS_HOST"),
        *("PLUMBLINE_METRICS_PORT", "PLUMBLINE_LEDGER_BYTES", "PLUMBLINE_LOG_LEVEL"),
    ]

    assert from_environment(dict.fromkeys(names, " ")) == from_environment({})


@pytest.mark.parametrize(
    ("variable", "value", "field", "expected"),
    [
        ("PLUMBLINE_HOME", "/srv/plumbline", "home", Path("/srv/plumbline")),
        ("PLUMBLINE_HOME", "~/p", "home", Path.home() / "p"),
        ("REDIS_URL", "rediss://u:p@h:6380/1", "redis_url", "rediss://u:p@h:6380/1"),
        ("REDIS_URL", "unix:///run/redis.sock", "redis_url", "unix:///run/redis.sock"),
        ("DATABASE_URL", "postgres://u:p@h/d", "database_url", "postgresql+psycopg://u:p@h/d"),
        ("DATABASE_URL", "postgresql://h/d", "database_url", "postgresql+psycopg://h/d"),
        ("DATABASE_URL", "postgresql+psycopg://h/d", "database_url", "postgresql+psycopg://h/d"),
        ("DATABASE_URL", "sqlite:////srv/p.db", "database_url", "sqlite:////srv/p.db"),
        ("PLUMBLINE_GITHUB_URL", "https://ghe.test/api/v3/", "github_url", "https://ghe.test/api/v3"),
        ("PLUMBLINE_APP_ID", " 12 ", "app_id", 12),
        ("PLUMBLINE_PRIVATE_KEY", PEM.replace("\n", "\\n"), "private_key", PEM),
        ("PLUMBLINE_WEBHOOK_SECRET", "a,b", "webhook_secrets", ("a,b",)),
        ("PLUMBLINE_PUBLISH", "issues", "publish", Publish.ISSUES),
        ("HOST", "0.0.0.0", "host", "0.0.0.0"),
        ("PORT", "65535", "port", 65535),
        ("PLUMBLINE_LEDGER_BYTES", "1048576", "ledger_bytes", 1024 * 1024),
        ("PLUMBLINE_LOG_LEVEL", "debug", "log_level", "DEBUG"),
    ],
)
def test_reads_each_variable(variable: str, value: str, field: str, expected: object) -> None:
    """In the spellings that hosts and people use."""
    assert getattr(from_environment({variable: value}), field) == expected


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("PLUMBLINE_APP_ID", "-1", "whole number from 0"),
        ("PLUMBLINE_APP_ID", "1.0", "whole number"),
        ("PLUMBLINE_APP_ID", "٣", "whole number"),
        ("PLUMBLINE_APP_ID", "9" * 5000, "whole number"),
        ("PORT", "65536", "to 65535"),
        ("PLUMBLINE_LEDGER_BYTES", "1048575", "from 1048576"),
        ("REDIS_URL", f"http://:{CANARY}@h", "redis:// or rediss:// or unix://"),
        ("REDIS_URL", CANARY, "redis://"),
        ("DATABASE_URL", f"mysql://u:{CANARY}@h/d", "postgresql://"),
        ("DATABASE_URL", f"postgresql://u:{CANARY}@[::1/d", "postgresql://"),
        ("PLUMBLINE_GITHUB_URL", "api.github.com", "https://"),
        ("PLUMBLINE_GITHUB_URL", "https://", "https://"),
        ("PLUMBLINE_GITHUB_URL", f"https://u:{CANARY}@[::1", "https://"),
        ("PLUMBLINE_PRIVATE_KEY", CANARY, "PEM"),
        ("PLUMBLINE_PRIVATE_KEY_FILE", "/nowhere/key.pem", "can not be read"),
        ("PLUMBLINE_WEBHOOK_SECRET_PREVIOUS", CANARY, "PLUMBLINE_WEBHOOK_SECRET is not"),
        ("PLUMBLINE_SECRET_KEYS_PREVIOUS", CANARY, "PLUMBLINE_SECRET_KEYS is not"),
        ("PLUMBLINE_PUBLISH", "loud", "observe, advise, issues"),
        ("PLUMBLINE_LOG_LEVEL", "chatty", "DEBUG, INFO"),
        ("PLUMBLINE_HOME", "~nobody-of-that-name/p", "must name a directory"),
    ],
)
def test_names_the_variable_and_never_a_secret(variable: str, value: str, says: str) -> None:
    """An operator mends it from the message alone."""
    with pytest.raises(SettingsError, match=says.replace("[", r"\[")) as caught:
        from_environment({variable: value})

    assert variable in str(caught.value)
    assert CANARY not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_secrets_rotate_current_first() -> None:
    """The previous one is still accepted, and no repr shows either."""
    settings = from_environment(
        {
            "PLUMBLINE_APP_ID": "1",
            "PLUMBLINE_PRIVATE_KEY": PEM,
            "PLUMBLINE_WEBHOOK_SECRET": f" {CANARY}-new ",
            "PLUMBLINE_WEBHOOK_SECRET_PREVIOUS": f"{CANARY}-old",
            "PLUMBLINE_SECRET_KEYS": f"{CANARY}-key",
        }
    )

    assert settings.webhook_secrets == (f"{CANARY}-new", f"{CANARY}-old")
    assert settings.secret_keys == (f"{CANARY}-key",)
    assert settings.registered
    assert CANARY not in repr(settings)
    assert "PRIVATE KEY" not in repr(settings)


@pytest.mark.parametrize("missing", ["PLUMBLINE_APP_ID", "PLUMBLINE_PRIVATE_KEY", "PLUMBLINE_WEBHOOK_SECRET"])
def test_registered_needs_all_three(missing: str) -> None:
    """Half a registration opens the set-up page."""
    env = {"PLUMBLINE_APP_ID": "1", "PLUMBLINE_PRIVATE_KEY": PEM, "PLUMBLINE_WEBHOOK_SECRET": "s"}
    del env[missing]

    assert not from_environment(env).registered


def test_key_file_wins_over_the_variable(tmp_path: Path) -> None:
    """A file is what secret stores mount."""
    file = tmp_path / "key.pem"
    file.write_text(f"{PEM}\n", encoding="ascii")

    settings = from_environment({"PLUMBLINE_PRIVATE_KEY_FILE": str(file), "PLUMBLINE_PRIVATE_KEY": CANARY})

    assert settings.private_key == PEM


@pytest.mark.parametrize("content", [b"\xff\xfe", b"not a key", "schlüssel".encode()])
def test_key_file_with_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    """Binary, or text that is no key."""
    file = tmp_path / "key.pem"
    file.write_bytes(content)

    with pytest.raises(SettingsError, match="PLUMBLINE_PRIVATE_KEY"):
        from_environment({"PLUMBLINE_PRIVATE_KEY_FILE": str(file)})
