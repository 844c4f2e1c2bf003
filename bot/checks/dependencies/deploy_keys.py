"""Check 42: deploy keys only read, and are renewed."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from bot.model.facts import Repository
from bot.model.security import DeployKey, DeployKeys
from bot.model.verdicts import (
    Audience,
    Evidence,
    Outcome,
    Place,
    Reason,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.deploy-keys``."""

    max_age_days: int = Field(
        default=365, ge=1, le=36500, description="Days after which a key should be replaced."
    )
    allow_write: tuple[str, ...] = Field(
        default=(), max_length=50, description="Titles of keys that may write."
    )


@check(
    "deploy-keys",
    family="dependencies",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    config=Config,
    number=42,
)
def judge_deploy_keys(
    deploy_keys: DeployKeys, repository: Repository, now: datetime, config: Config
) -> Verdict:
    """No deploy key may write to the repository, and none is older than a year.

    Why: a deploy key belongs to nobody, does not expire, and passes by reviews if it can write.
    Fix: delete keys that nobody uses; let a GitHub App write in place of a key; replace old keys.
    Source: https://docs.github.com/en/authentication/connecting-to-github-with-ssh/managing-deploy-keys#deploy-keys
    """
    if repository.archived:
        return not_applicable("the repository is archived: nobody can write to it")
    if not deploy_keys.listed:
        return passed("there are no deploy keys")
    limit = timedelta(days=config.max_age_days)
    writing = [k for k in deploy_keys.listed if not k.read_only and k.title not in config.allow_write]
    old = [key for key in deploy_keys.listed if now - key.created_at > limit]
    fresh = [key.created_at for key in deploy_keys.listed if now - key.created_at <= limit]
    until = min(fresh) + limit + timedelta(seconds=1) if fresh else None
    of = counted(len(deploy_keys.listed), "deploy key")
    if writing or old:
        said = [f"{len(writing)} may write"] * bool(writing) + [
            f"{len(old)} {'is' if len(old) == 1 else 'are'} old"
        ] * bool(old)
        evidence = [*(_writes(key) for key in writing), *(_old(key) for key in old)]
        return failed(f"of {of}, {' and '.join(said)}", *evidence, valid_until=until)
    if deploy_keys.more:
        return Verdict(
            Outcome.UNKNOWN, f"only the first {of} were listed", reason=Reason.LIMIT, valid_until=until
        )
    return passed(f"{of}, all as they should be", valid_until=until)


def _writes(key: DeployKey) -> Evidence:
    return Evidence(f"{key.title[:100]!r} may write", Place(setting="Deploy keys"), key=f"write|{_name(key)}")


def _old(key: DeployKey) -> Evidence:
    text = f"{key.title[:100]!r} is from {key.created_at:%Y-%m-%d}"
    return Evidence(text, Place(setting="Deploy keys"), key=f"old|{_name(key)}", severity=Severity.LOW)


def _name(key: DeployKey) -> str:
    """Titles may be the same; two keys of one second are not."""
    return f"{key.title}|{key.created_at.isoformat()}"
