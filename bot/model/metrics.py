"""What each metric of Prometheus tells, by the name that code uses; exposed with ``plumbline_`` before it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "commands_total": "slash-commands by what became of them",
        "deliveries_refused_total": "deliveries that were not accepted, by reason",
        "deliveries_routed_total": "deliveries that went through the handlers, by what became of them",
        "deliveries_total": "deliveries that were accepted, new or known",
        "delivery_waited_seconds": "from a delivery's arrival until its handlers saw it",
        "effects_total": "what was written at GitHub, by kind",
        "events_missed_total": "deliveries that GitHub could not bring and that were brought in later",
        "github_annotations_refused_total": "annotations of check runs that GitHub did not take",
        "github_limits_total": "times that GitHub asked to come back later, by resource",
        "github_points_total": "points that GraphQL documents cost",
        "github_repeats_total": "reads that were tried again after a passing fault",
        "github_request_seconds": "how long GitHub takes to answer a call",
        "github_requests_total": "calls of GitHub, by method and outcome",
        "github_tokens_total": "tokens of installations, by whether they were asked for or shared",
        "hints_again_total": "hints to workers that had to be repeated",
        "hints_failed_total": "times that web could not hint at new deliveries; the sweeper does it then",
        "jobs_refused_total": "jobs in Redis that Plumbline did not put there",
        "ledger_bytes": "bodies of waiting deliveries in Redis",
        "ledger_deliveries": "deliveries that are due or being routed",
        "ledger_leased_work": "work that somebody does now",
        "ledger_oldest_due_seconds": "for how long the oldest delivery or work is due",
        "ledger_open_work": "work that waits, by lane",
        "ledger_parked": "records that were given up after too many failures",
        "queue_depth": "hints that wait for a worker, by lane",
        "receive_seconds": "how long web takes over a batch of deliveries",
        "refused_total": "work that was refused because it reaches beyond its installation, by reason",
        "scan_points": "points of GraphQL that one scan cost",
        "stale_results_total": "results that were dropped because a newer one is there",
        "ticks_missed_total": "ticks of recurring jobs that no clock saw",
        "work_seconds": "how long work takes, by job",
        "work_total": "work by what became of it",
        "work_waited_seconds": "from when work was due until it began, by lane",
    }
)
