"""Metrics in one process and over several."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.metrics import (
    DIRECTORY_VARIABLE,
    PrometheusMetrics,
    remove_directory,
    shared_directory,
)

CHILD = """
import sys
from pathlib import Path
from bot.adapters.metrics import PrometheusMetrics
metrics = PrometheusMetrics(Path(sys.argv[1]))
metrics.count("jobs", job="scan")
metrics.gauge("depth", float(sys.argv[2]), lane="event")
metrics.observe("run_seconds", 0.2)
"""


def test_exposes_counters_histograms_and_gauges() -> None:
    metrics = PrometheusMetrics()
    metrics.count("jobs", job="scan")
    metrics.count("jobs", 2, job="scan")
    metrics.count("plain")
    metrics.observe("run_seconds", 0.3)
    metrics.observe("body_bytes", 2000, event="push")
    metrics.gauge("depth", 7, lane="event")
    metrics.gauge("age", 1)

    lines = metrics.render().decode().splitlines()
    assert 'plumbline_jobs_total{job="scan"} 3.0' in lines
    assert "plumbline_plain_total 1.0" in lines
    assert 'plumbline_run_seconds_bucket{le="0.5"} 1.0' in lines
    assert 'plumbline_body_bytes_bucket{event="push",le="4096.0"} 1.0' in lines
    assert 'plumbline_depth{lane="event"} 7.0' in lines


def test_a_mistake_is_logged_and_breaks_nothing(caplog) -> None:
    metrics = PrometheusMetrics()
    metrics.count("jobs", job="scan")
    metrics.count("jobs", lane="event")
    metrics.gauge("jobs", 1, job="scan")
    metrics.gauge("jobs", 2, job="scan")

    assert "other labels" in caplog.text
    assert caplog.text.count("can not be made") == 1


def test_processes_add_up_and_a_successor_goes_on_in_the_same_files(tmp_path: Path) -> None:
    """Three processes one after another leave the files of one, and the count of three."""
    for value in ("1", "2", "3"):
        subprocess.run([sys.executable, "-c", CHILD, str(tmp_path), value], check=True, timeout=60)

    reader = subprocess.run(
        [sys.executable, "-c", "import sys; from pathlib import Path; from bot.adapters.metrics import "
         "PrometheusMetrics; print(PrometheusMetrics(Path(sys.argv[1])).render().decode())", str(tmp_path)],
        check=True, timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    assert 'plumbline_jobs_total{job="scan"} 3.0' in reader.stdout
    assert 'plumbline_depth{lane="event"} 3.0' in reader.stdout
    assert "plumbline_run_seconds_count 3.0" in reader.stdout
    assert len(list(tmp_path.glob("counter_*.db"))) == 1


def test_a_forked_child_takes_a_slot_of_its_own(tmp_path: Path) -> None:
    code = CHILD + (
        "import os\n"
        "pid = os.fork()\n"
        "metrics.count('jobs', job='scan')\n"
        "pid and os.waitpid(pid, 0)\n"
        "pid and print(metrics.render().decode())\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), "1"],
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )

    assert 'plumbline_jobs_total{job="scan"} 3.0' in out.stdout
    assert len(list(tmp_path.glob("counter_*.db"))) == 2


def test_the_directory_is_made_once_and_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DIRECTORY_VARIABLE, raising=False)

    first = shared_directory()

    assert shared_directory() == first
    assert os.environ[DIRECTORY_VARIABLE] == str(first)
    remove_directory(first)
    assert not first.exists()
    assert DIRECTORY_VARIABLE not in os.environ
