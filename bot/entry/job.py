"""``plumbline job NAME``: submit a job by hand, as the clock or a handler would."""

from __future__ import annotations

import os

import click

from bot.config.settings import Settings, from_environment
from bot.entry import wiring
from bot.entry.environment import prepare_home
from bot.entry.progress import SLOW_S, progress
from bot.model.errors import UserError
from bot.model.work import Work
from bot.spec import Submission


@click.command()
@click.argument("name")
@click.argument("arguments", default="{}", metavar="[JSON]")
def job(name: str, arguments: str) -> None:
    """Submit the job NAME with arguments given as a JSON object; workers do it.

    For instance: plumbline job heal-gaps
    """
    registry = wiring.load_registry()
    spec = registry.jobs.get(name)
    if spec is None:
        raise UserError(f"there is no job {name!r}; the jobs are {', '.join(registry.jobs)}")
    try:
        payload = spec.payload.model_validate_json(arguments)
    except ValueError as error:
        takes = ", ".join(spec.payload.model_fields)
        raise UserError(f"the arguments of {name} do not fit (it takes {takes}): {error}") from error
    settings = wiring.find_redis(prepare_home(from_environment(os.environ)))
    with progress("Waiting for Redis", after_s=SLOW_S):
        id_ = submit(settings, registry.work(Submission(payload)))
    click.echo(f"submitted as work {id_}")


def submit(settings: Settings, work: Work) -> str:
    """Put work into the ledger and hint it to the workers; returns its id."""
    transport = wiring.build_transport(settings)
    (id_,) = transport.ledger.submit([work])
    transport.queue.hint_work([(work.lane, id_)])
    return id_
