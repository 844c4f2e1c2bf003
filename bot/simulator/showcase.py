"""The organisation of ``plumbline demo``: repositories with a past, each with something to be seen."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.simulator.population import (
    DANGEROUS_WORKFLOW,
    GOOD_WORKFLOW,
    MIT,
    UNPINNED_WORKFLOW,
)
from bot.testing.clocks import ManualClock
from bot.testing.fake import FakeGitHub
from bot.testing.git import Content
from bot.testing.state import FakeRepository

Files = dict[str, Content]

ORGANISATION = "acme"
OWNER = "olga"
PEOPLE: Mapping[str, str] = {
    "mina": "maintain",
    "wim": "write",
    "tess": "triage",
    "rae": "read",
    "sam": "",
}
"""Login -> role in the organisation's repositories; the first letters agree. ``olga`` owns it all."""

POLICY = ".github-private"
"""The repository with the organisation's policy, where its page is written, too."""

STEWARDS = "stewards"
"""The team that administers most repositories; its members have other roles by themselves."""

PAST = timedelta(days=200)
"""How long ago the oldest commit was made."""

_SECURITY = """# Security policy

Please report vulnerabilities privately to security@acme.example, not in an issue. We answer within
five days and mend supported versions.

## Supported versions

The newest minor version gets security fixes.
"""

_CONTRIBUTING = """# Contributing

Open an issue first for anything larger than a typo. Every change comes with a test; `make test`
runs them all. By contributing you agree to our code of conduct.
"""

ORGANISATION_POLICY = """# What holds for all repositories of Acme. Change it in a pull request:
# plumbline/what-if says who would turn red and who green.
roll_up: .github-private
groups:
  - name: services
    when: {names: [api-server, billing, data-pipeline, infra]}
  - name: apps
    when: {names: [mobile-app, website, design-tokens]}
  - name: tools
    when: {names: [cli, parser, firmware]}
"""

_CONDUCT = """# Code of conduct

Be kind. Report what is not to conduct@acme.example; we answer within two days.
"""

_CHANGELOG = """# Changelog

## 1.2.0

- Faster start.

## 1.1.0

- Say what went wrong instead of a number.
"""

_DEPENDABOT = """version: 2
updates:
  - package-ecosystem: github-actions
    directory: /
    schedule:
      interval: weekly
    cooldown:
      default-days: 7
"""

_BUG_FORM = """name: Bug report
description: Something does not work as it says.
body:
  - type: textarea
    id: what
    attributes:
      label: What happened?
    validations:
      required: true
"""

_PULL_TEMPLATE = """## What and why

## How it was tested
"""

_README = """# {title}

{text}

## Use

```sh
pip install {name}
{name} --help
```

## Contributing

See [CONTRIBUTING.md](CONTRIBUTING.md). Questions are welcome in the issues.
"""

_BROKEN_POLICY = """# Plumbline's policy for this repository
publish: advise
checks:
  licence:
    enabled: yes
  pinned-actons:
    severity: high
exemptions:
  - check: behind
    reason: release branches are frozen until the audit
    until: next month
"""

_GOOD_POLICY = """# Plumbline's policy for this repository
publish: "issues: all"
block:
  - dangerous-trigger
"""

_BILLING_POLICY = """# Plumbline's policy for this repository
block:
  - dangerous-trigger
  - pinned-actions
"""

_DEPLOY_WORKFLOW = """name: deploy
on:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      - uses: acme-tools/deploy@v3
        with:
          environment: production
"""


@dataclass
class _Stage:
    """What builders need: the fake, its movable clock, a source of chance."""

    fake: FakeGitHub
    clock: ManualClock
    draw: random.Random
    present: datetime

    def repository(
        self,
        name: str,
        description: str,
        files: Mapping[str, Content] | None,
        *,
        private: bool = False,
        topics: Sequence[str] = ("acme", "python"),
    ) -> FakeRepository:
        """A repository of the organisation with all its people."""
        made = self.fake.create_repository(ORGANISATION, name, files=files, private=private, actor="mina")
        made.description, made.topics = description, list(topics)
        for login, role in PEOPLE.items():
            if role:
                self.fake.set_collaborator(made, login, role)
        return made

    def later(self, days: float) -> None:
        """Time goes by."""
        self.clock.advance(days * 86_400 * self.draw.uniform(0.7, 1.3))

    def until(self, days: float) -> None:
        """Time goes by until so many days before the present."""
        self.clock.advance((self.present - timedelta(days=days) - self.clock.now()).total_seconds())

    def work(self, repository: FakeRepository, count: int, *, days: float = 2, branch: str = "main") -> None:
        """Some ordinary commits."""
        subjects = ("parser", "cache", "report", "settings", "client", "retry", "table", "export")
        verbs = ("Add", "Simplify", "Speed up", "Test", "Document", "Mend")
        for _ in range(count):
            subject, verb = self.draw.choice(subjects), self.draw.choice(verbs)
            number = self.draw.randrange(1000, 9999)
            self.fake.push(
                repository,
                branch,
                {f"src/{subject}.py": f'"""The {subject}."""\n\nREVISION = {number}\n'},
                message=f"{verb} the {subject}",
                actor=self.draw.choice(("mina", "wim", "wim")),
            )
            self.later(days)


def build(fake: FakeGitHub, *, seed: int = 0) -> int:
    """Fill an empty fake with people and repositories, up to the present; the App is not installed yet.

    Returns:
        How many repositories the App can judge: neither empty nor archived.
    """
    present = fake.clock
    with _in_the_past(fake) as clock:
        draw = random.Random(seed)  # noqa: S311 - the same past for the same seed
        stage = _Stage(fake, clock, draw, present.now())
        fake.create_user(OWNER)
        for login in PEOPLE:
            fake.create_user(login)
        fake.create_organisation(ORGANISATION, owner=OWNER)
        fake.set_organisation(ORGANISATION, two_factor_requirement_enabled=True)
        for login, role in PEOPLE.items():
            if role:
                fake.add_member(ORGANISATION, login)
        fake.create_team(ORGANISATION, STEWARDS, maintainers=[OWNER], actor=OWNER)
        for builder in _BUILDERS:
            stage.until(PAST.days * draw.uniform(0.6, 1.0))
            builder(stage)
        for name, kept in _KEPT.items():
            _keep(stage, fake.repository(f"{ORGANISATION}/{name}"), kept)
    owned = [r for r in fake.repositories.values() if r.owner.login == ORGANISATION]
    return sum(not repository.empty and not repository.archived for repository in owned)


@dataclass(frozen=True, slots=True)
class _Kept:
    """How well a repository's settings are kept.

    Args:
        rules: of the default branch: by a ``ruleset``, by ``classic`` protection, or "" for none.
        bypass: roles that the ruleset does not hold.
        ci: what CI said at the head of each branch; "" for no CI.
        watched: GitHub looks for vulnerable dependencies and for secrets.
        signed: commits are signed.
        steward: a team administers it.
    """

    rules: str = "ruleset"
    bypass: tuple[str, ...] = ()
    ci: str = "success"
    watched: bool = True
    signed: bool = True
    steward: bool = True


_KEPT: Mapping[str, _Kept] = {
    "website": _Kept(),
    "rocket": _Kept(),
    "api-server": _Kept(rules="classic"),
    "mobile-app": _Kept(),
    "billing": _Kept(rules=""),
    "design-tokens": _Kept(rules="", watched=False, signed=False, steward=False),
    "parser": _Kept(),
    "infra": _Kept(rules="classic"),
    "data-pipeline": _Kept(ci="failure"),
    "quirks": _Kept(rules="", ci="", watched=False, signed=False, steward=False),
    "cli": _Kept(),
    "firmware": _Kept(bypass=("write",), signed=False),
    POLICY: _Kept(),
}
"""Name -> how it is kept, of those that can be judged."""

_RULES = (
    "deletion",
    "non_fast_forward",
    {
        "type": "pull_request",
        "parameters": {"required_approving_review_count": 1, "dismiss_stale_reviews_on_push": True},
    },
    {
        "type": "required_status_checks",
        "parameters": {"required_status_checks": ["test"], "strict_required_status_checks_policy": True},
    },
)


def _keep(stage: _Stage, made: FakeRepository, kept: _Kept) -> None:
    """Put the settings of a repository in order, as far as somebody did."""
    fake = stage.fake
    stage.until(stage.draw.uniform(1, 4))
    if kept.rules == "ruleset":
        fake.ruleset(made, "Main branch", _RULES, bypass=kept.bypass, actor=OWNER)
    elif kept.rules:
        fake.protect(
            made,
            actor=OWNER,
            enforce_admins=True,
            required_approvals=1,
            dismiss_stale_reviews=True,
            required_checks=["test"],
            strict=True,
        )
    for head in made.branches.values() if kept.ci else ():
        conclusion = kept.ci if head == made.head else "success"
        fake.foreign_check_run(made, head, "test", conclusion=conclusion, slug="github-actions")
    fake.set_security(
        made,
        dependency_alerts=kept.watched,
        private_reporting=kept.watched,
        secret_scanning=kept.watched,
        secret_scanning_push_protection=kept.watched,
    )
    if kept.signed:
        for oid in made.git.log(list(made.branches.values())):
            fake.sign_commit(made, oid)
    if kept.steward:
        fake.give_team(ORGANISATION, STEWARDS, made, "admin", actor=OWNER)


@contextmanager
def _in_the_past(fake: FakeGitHub) -> Iterator[ManualClock]:
    present = fake.clock
    clock = ManualClock(present.now() - PAST)
    fake.clock = clock
    try:
        yield clock
    finally:
        fake.clock = present


def _whole(name: str, title: str, text: str) -> Files:
    """All that a well-kept repository has."""
    return {
        "README.md": _README.format(name=name, title=title, text=text),
        "LICENSE": MIT.format(year=2026, owner="Acme"),
        "SECURITY.md": _SECURITY,
        "CONTRIBUTING.md": _CONTRIBUTING,
        "CODE_OF_CONDUCT.md": _CONDUCT,
        "CHANGELOG.md": _CHANGELOG,
        ".github/CODEOWNERS": "* @mina @wim\n",
        ".github/dependabot.yml": _DEPENDABOT,
        ".github/ISSUE_TEMPLATE/bug.yml": _BUG_FORM,
        ".github/PULL_REQUEST_TEMPLATE.md": _PULL_TEMPLATE,
        ".github/workflows/test.yml": GOOD_WORKFLOW,
        "src/app.py": f'"""{title}."""\n\nNAME = "{name}"\n',
    }


def _without(files: Files, *paths: str) -> Files:
    return {path: content for path, content in files.items() if path not in paths}


def _website(stage: _Stage) -> None:
    made = stage.repository(
        "website",
        "Our public website; everything in order",
        _whole("website", "Website", "What visitors see."),
    )
    stage.work(made, 6, days=20)


def _rocket(stage: _Stage) -> None:
    files = _without(_whole("rocket", "Rocket", "The flagship: launches jobs on any machine."), "SECURITY.md")
    made = stage.repository("rocket", "The flagship. A workflow runs strangers' code with our rights", files)
    stage.work(made, 8, days=12)
    stage.fake.push(
        made,
        "main",
        {".github/workflows/label.yml": DANGEROUS_WORKFLOW},
        message="Label pull requests of first-time contributors",
        actor="wim",
    )
    stage.until(12)
    bug = stage.fake.open_issue(
        made,
        "Launch fails with a proxy",
        body="With `HTTPS_PROXY` set, `rocket launch` ends at once:\n\n```\nrocket: no route to pad\n```\n\n"
        "- [x] tried the newest version\n- [ ] tried without the proxy\n\nPerhaps @wim knows more.",
        actor="rae",
    )
    stage.fake.comment(
        made, bug, "I can reproduce it, thank you. The client ignores the variable.", actor="wim"
    )
    stage.until(9)
    stage.fake.push(
        made,
        "proxy",
        {"src/proxy.py": '"""Proxies."""\n\nimport os\n\nPROXY = os.environ.get("HTTPS_PROXY")\n'},
        message="Heed HTTPS_PROXY",
        actor="wim",
    )
    stage.fake.open_pull_request(made, "proxy", title="Heed HTTPS_PROXY", body=f"Mends #{bug}.", actor="wim")
    stage.until(6)
    stage.fake.push(
        made,
        "deploy",
        {".github/workflows/deploy.yml": _DEPLOY_WORKFLOW},
        message="Deploy from main",
        actor="wim",
    )
    stage.fake.open_pull_request(
        made, "deploy", title="Deploy from main", body="Deploys every commit on `main`.", actor="wim"
    )


def _api_server(stage: _Stage) -> None:
    files = _without(_whole("api-server", "API server", "Serves the public API."), "SECURITY.md")
    files[".github/workflows/build.yml"] = UNPINNED_WORKFLOW
    made = stage.repository("api-server", "Serves the public API. Its actions can change under it", files)
    stage.work(made, 10, days=9)
    stage.until(20)
    stage.fake.add_dependabot_alert(made, "jinja2", "critical", fixed_in="3.1.6", actor=OWNER)


def _mobile(stage: _Stage) -> None:
    made = stage.repository(
        "mobile-app",
        "Branches that nobody merged for months",
        _whole("mobile-app", "Mobile app", "For telephones."),
    )
    stage.fake.push(
        made, "offline-mode", {"src/offline.py": "ON = False\n"}, message="Start offline mode", actor="wim"
    )
    stage.fake.open_pull_request(made, "offline-mode", title="Offline mode", draft=True, actor="wim")
    stage.fake.push(
        made, "release/1.x", {"src/app.py": 'NAME = "mobile 1"\n'}, message="Cut 1.x", actor="mina"
    )
    stage.work(made, 24, days=4.5)
    stage.fake.push(made, "dark-mode", {"src/dark.py": "ON = True\n"}, message="Dark mode", actor="wim")


def _billing(stage: _Stage) -> None:
    files = _without(_whole("billing", "Billing", "Sends the invoices."), "LICENSE")
    files[".github/plumbline.yml"] = _BILLING_POLICY
    made = stage.repository(
        "billing",
        "Private, and open to accidents: nothing protects it, and a key can write",
        files,
        private=True,
    )
    stage.work(made, 5, days=15)
    stage.until(45)
    stage.fake.add_dependabot_alert(made, "requests", "high", fixed_in="2.32.4", actor=OWNER)
    stage.fake.add_deploy_key(made, "nightly export", read_only=False, actor=OWNER)


def _design(stage: _Stage) -> None:
    files = _without(
        _whole("design-tokens", "Design tokens", "Colours and sizes."), "LICENSE", "CHANGELOG.md"
    )
    made = stage.repository("design-tokens", "Colours and sizes, without a licence", files, topics=())
    stage.work(made, 3, days=25)


def _legacy(stage: _Stage) -> None:
    made = stage.repository(
        "legacy-cms", "The old website", {"README.md": "# Legacy CMS\n\nReplaced by website.\n"}
    )
    stage.work(made, 3, days=5)
    stage.fake.archive(made, actor=OWNER)


def _sandbox(stage: _Stage) -> None:
    stage.repository("sandbox", "Nothing here yet", None)


def _parser(stage: _Stage) -> None:
    stage.fake.create_organisation("upstream-labs", owner="rae")
    files = _whole("parser", "Parser", "Reads what people write.")
    original = stage.fake.create_repository("upstream-labs", "parser", files=files, actor="rae")
    stage.later(20)
    made = stage.fake.fork(original, ORGANISATION)
    made.description, made.topics = "Our fork of upstream-labs/parser", ["parser"]
    for login, role in PEOPLE.items():
        if role:
            stage.fake.set_collaborator(made, login, role)
    stage.work(made, 2, days=10)


def _infra(stage: _Stage) -> None:
    files = _whole("infra", "Infrastructure", "Machines as text.")
    files[".github/plumbline.yml"] = _BROKEN_POLICY
    made = stage.repository("infra", "Its Plumbline policy has mistakes", files)
    stage.work(made, 4, days=18)
    stage.fake.add_deploy_key(made, "provisioning", read_only=False, actor=OWNER)
    stage.fake.add_hook(made, "https://ci.acme.example/hook", secret=False)


def _pipeline(stage: _Stage) -> None:
    files = _without(
        _whole("data-pipeline", "Data pipeline", "Moves the numbers at night."), "CONTRIBUTING.md"
    )
    files[".github/plumbline.yml"] = _GOOD_POLICY
    made = stage.repository("data-pipeline", "Blocks dangerous workflows; its own tests fail", files)
    stage.work(made, 7, days=10)
    stage.until(9)
    stage.work(made, 1)
    stage.fake.push(
        made,
        "auto-label",
        {".github/workflows/label.yml": DANGEROUS_WORKFLOW},
        message="Label pull requests",
        actor="wim",
    )
    stage.fake.open_pull_request(made, "auto-label", title="Label pull requests", actor="wim")


def _quirks(stage: _Stage) -> None:
    files: Files = {
        "README.md": "# Quirks <script>alert(1)</script>\n\n{{ 7 * 7 }} <img src=x onerror=alert(1)>\n",
        'src/<b>"quoted"</b>.py': "A = 1\n",
        "src/@acme/everyone.py": "B = 2\n",
        "src/a`b`c.md": "`ticks`\n",
        ".github/workflows/<img src=x>.yml": UNPINNED_WORKFLOW,
    }
    made = stage.repository(
        "quirks", "Names that bite: <script>alert('repository')</script> {{ 7 * 7 }}", files
    )
    stage.later(3)
    stage.fake.push(
        made, 'fix/"><script>alert(1)</script>', {"x.py": "X = 1\n"}, message="<b>Bold</b> move", actor="wim"
    )
    stage.fake.open_issue(
        made,
        "<script>alert(1)</script> {{ config }}",
        body="<a href='javascript:alert(1)'>x</a> @acme/all",
        actor="sam",
    )
    stage.fake.open_pull_request(
        made, 'fix/"><script>alert(1)</script>', title='"><img src=x onerror=alert(1)> `code`', actor="wim"
    )


def _cli(stage: _Stage) -> None:
    files = _whole("cli", "Command line", "For people who type.")
    files[".github/workflows/nightly.yml"] = "name: nightly\non: {schedule: [cron: '0 3 * * *'\njobs:\n  x:\n"
    made = stage.repository("cli", "A workflow that is not YAML", files)
    stage.work(made, 5, days=16)


def _firmware(stage: _Stage) -> None:
    files = _without(
        _whole("firmware", "Firmware", "Runs on the small boards."),
        "CODE_OF_CONDUCT.md",
        ".github/CODEOWNERS",
    )
    files["LICENSE"] = "All rights reserved, except on Tuesdays.\n"
    made = stage.repository("firmware", "A licence that nobody knows", files)
    stage.work(made, 6, days=14)


def _policy(stage: _Stage) -> None:
    files = _whole(POLICY, "Acme", "What holds for all repositories of Acme.")
    files["plumbline.org.yml"] = ORGANISATION_POLICY
    stage.repository(POLICY, "Policy of the organisation, and its page", files, private=True)


_BUILDERS: tuple[Callable[[_Stage], None], ...] = (
    _website,
    _rocket,
    _api_server,
    _mobile,
    _billing,
    _design,
    _legacy,
    _sandbox,
    _parser,
    _infra,
    _pipeline,
    _quirks,
    _cli,
    _firmware,
    _policy,
)
