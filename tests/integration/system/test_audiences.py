"""A canary in all that only some may see: nothing of it stands where everybody reads, nor in the log."""

from __future__ import annotations

import pytest

from bot.model.verdicts import Audience
from bot.registry import Registry, load
from bot.report.roll_up import is_roll_up
from bot.testing.state import FakeRepository
from jobs.publish_roll_up import PublishRollUp
from tests.integration.system.test_commands import answer, say
from tests.integration.system.world import HEALTHY, POLICY, STRANGERS, System

CANARY = "canary"
DEFINED = (
    f"title: {CANARY}, why: {CANARY}, fix: {CANARY}, severity: critical, audience: restricted, "
    f"file: {{path: {CANARY}.md}}"
)
OURS = f"""\
roll_up: pages
defaults:
  publish: {{issues: all}}
  block: [acme-{CANARY}, deploy-keys]
  exemptions:
    - {{check: acme-quiet, reason: {CANARY} in force, until: 2999-01-01}}
    - {{check: webhook-hygiene, reason: {CANARY} over, until: 2020-01-01}}
  custom_checks:
    acme-{CANARY}: {{{DEFINED}}}
    acme-quiet: {{{DEFINED}}}
groups:
- name: group-{CANARY}
  when: {{names: app}}
"""


@pytest.fixture(scope="session")
def registry() -> Registry:
    """All checks that there are."""
    return load(plugins=False)


@pytest.fixture
def app(system: System) -> FakeRepository:
    """A public repository of an organisation whose policy and settings hold the canary."""
    fake = system.fake
    system.install()
    for login in (f"admin-{CANARY}", f"other-{CANARY}", "ada", "bob"):
        fake.create_user(login)
    system.create("pages", private=True)
    system.create(".github-private", {"plumbline.org.yml": OURS}, private=True)
    fake.create_team("acme", f"team-{CANARY}", members=["ada"])
    fake.add_member("acme", f"other-{CANARY}", role="admin", two_factor=False)
    app = fake.create_repository("acme", "app", files=HEALTHY)
    for login, role in ((f"admin-{CANARY}", "admin"), ("ada", "admin"), ("bob", "admin")):
        fake.set_collaborator(app, login, role)
    fake.add_deploy_key(app, f"key-{CANARY}", read_only=False)
    for where in (app, "acme"):
        fake.add_hook(where, f"http://{CANARY}.example/", secret=False, verify_tls=False, last_code=500)
    fake.protect(
        app, required_checks=[f"ci/{CANARY}"], bypass_reviews=[f"admin-{CANARY}"], required_approvals=1
    )
    fake.ruleset(app, f"rules-{CANARY}", ["deletion"])
    fake.set_security(app, dependency_alerts=True, secret_scanning=True)
    fake.add_dependabot_alert(app, f"package-{CANARY}", "critical")
    fake.add_secret_alert(app, f"secret_{CANARY}")
    fake.add_code_alert(app, f"rule-{CANARY}", "critical")
    system.pump()
    return app


def written(system: System) -> str:
    """All that was ever sent to be shown, but for what lies in private repositories."""
    closed = [f"/repositories/{r.id}/" for r in system.fake.repositories.values() if r.private]
    sent = [e for e in system.calls() if e.method in ("POST", "PATCH", "PUT") and e.path != "/graphql"]
    return "\n".join(f"{e.path} {e.body}" for e in sent if not any(part in e.path for part in closed)).lower()


def test_nothing_of_it_is_written_where_everybody_reads(
    system: System, app: FakeRepository, registry: Registry
) -> None:
    """Check runs, the health issue, answers to every command, on branches and pull requests; nor logged."""
    restricted = sorted(s.name for s in registry.checks.values() if s.audience is Audience.RESTRICTED)
    system.push(app, {".github/workflows/a.yml": STRANGERS})
    number, _ = system.propose(app, {"LICENSE": None, POLICY: "publish: advise\n"})
    system.later(60)
    for line in (
        "health",
        f"health {' '.join(restricted[:20])}",
        f"explain acme-{CANARY}",
        "explain deploy-keys",
        "config explain custom_checks",
        "config explain exemptions",
        "config explain block",
        "recheck",
        "ratchet deploy-keys",
    ):
        answer(system, app, say(system, app, number, f"/plumbline {line}", "ada"))
        system.later(3_600)
    system.later(86_400)
    system.submit_scan(app)
    system.submit(PublishRollUp())

    kept = system.runtime.store.verdicts(app.id)
    known = {name for name, v in kept.items() if CANARY in f"{v.summary} {v.fingerprints}".lower()}
    assert known >= {f"acme-{CANARY}", "deploy-keys"}, "the canary is there to be seen"
    shown = written(system)
    assert "dangerous-trigger" in shown
    assert "### findings" in shown
    pages = [i.body or "" for i in system.fake.repository("acme/pages").issues.values()]
    (page,) = (body for body in pages if is_roll_up(body))
    assert f"acme-{CANARY}" in page, "whoever may read the organisation's page is told"
    # Whoever names a check is told its name; nothing else of it is said.
    for line in shown.replace(f"/plumbline explain acme-{CANARY}", "").splitlines():
        assert CANARY not in line.replace(f"what `acme-{CANARY}` is about is not shown", "")
    assert CANARY not in system.log_text().lower()
