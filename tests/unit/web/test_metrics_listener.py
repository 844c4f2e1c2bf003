"""The listener for metrics."""

from __future__ import annotations

import pytest
import requests

from bot.model.errors import SettingsError
from bot.web.metrics_listener import MetricsListener


def test_serves_metrics_and_nothing_else() -> None:
    listener = MetricsListener(lambda: b"plumbline_x 1\n", host="127.0.0.1", port=0)
    listener.start()
    try:
        url = f"http://127.0.0.1:{listener.port}"
        good, other = requests.get(f"{url}/metrics", timeout=5), requests.get(f"{url}/webhook", timeout=5)

        assert (good.status_code, good.text) == (200, "plumbline_x 1\n")
        assert good.headers["x-content-type-options"] == "nosniff"
        assert other.status_code == 404
    finally:
        listener.stop()


def test_names_the_setting_when_the_port_is_taken() -> None:
    first = MetricsListener(lambda: b"", host="127.0.0.1", port=0)
    try:
        with pytest.raises(SettingsError, match="PLUMBLINE_METRICS_PORT"):
            MetricsListener(lambda: b"", host="127.0.0.1", port=first.port)
    finally:
        first.stop()
