"""Checks that policy defines: judged, published, explained, exempted and changed like any other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.engine.governing import kept_governing
from bot.model.scores import Cause
from bot.testing.state import FakeRepository
from tests.integration.system.test_commands import answer, say
from tests.integration.system.world import HEALTHY, POLICY, System

ORG = "plumbline.org.yml"
EDITORS = """\
  custom_checks:
    acme-editorconfig:
      title: Editors are told how we write.
      why: nobody argues about tabs.
      fix: copy the file from the handbook.
      severity: high
      file: {path: .editorconfig, matches: "^root = true$"}
"""


def home(system: System, text: str) -> FakeRepository:
    """The organisation's repository with a policy."""
    repository = system.create(".github", {**HEALTHY, "templates/owners": "* @acme/core\n"})
    system.push(repository, {ORG: text})
    return repository


@pytest.fixture
def app(system: System) -> FakeRepository:
    """A healthy public repository, under an organisation that has a check of its own."""
    system.install()
    home(system, f"defaults:\n{EDITORS}")
    return system.create(files={**HEALTHY, ".editorconfig": "root = true\n"})


def verdict(system: System, repository: FakeRepository, check: str) -> tuple[str, str]:
    """(outcome, cause) as kept."""
    kept = system.runtime.store.verdicts(repository.id)[check]
    return kept.outcome, kept.cause


def test_is_judged_and_shown_with_its_texts(system: System, app: FakeRepository) -> None:
    """A pass at first, then a finding with what the policy says of it."""
    assert verdict(system, app, "acme-editorconfig") == ("pass", "")
    worse = system.push(app, {".editorconfig": "root = false\n"})

    text = system.run(app, worse).text or ""
    assert "`acme-editorconfig`" in text
    assert ".editorconfig lacks `^root = true$`" in text
    assert "copy the file from the handbook" in text
    assert verdict(system, app, "acme-editorconfig") == ("fail", Cause.COMMIT)


def test_a_pull_request_is_told_what_it_breaks(system: System, app: FakeRepository) -> None:
    """It is fed by files, so both ends of the change are judged."""
    _, head = system.propose(app, {".editorconfig": None})

    run = system.run(app, head)
    assert "`acme-editorconfig`" in (run.text or "")
    assert "there is no .editorconfig" in (run.text or "")


def test_costs_nothing_where_no_policy_has_one(system: System) -> None:
    """The same documents and calls as ever, of the same size."""
    system.install()
    plain = system.create(files=HEALTHY)
    since = system.mark()
    system.push(plain, {"a.txt": "a"})

    documents = " ".join(str(entry.body) for entry in system.calls("POST", "/graphql", since=since))
    assert "deleteBranchOnMerge" not in documents
    assert not system.calls("GET", "/properties/", since=since)


def test_another_rule_is_no_regression(system: System, app: FakeRepository) -> None:
    """What a changed definition finds is newly visible, and nobody's fault."""
    changed = EDITORS.replace("root = true", "charset = utf-8")
    repository = system.fake.repository("acme/.github")
    system.push(repository, {ORG: f"defaults:\n{changed}"})

    assert verdict(system, app, "acme-editorconfig") == ("fail", Cause.RULE)
    assert system.issues(app) == []


def test_policy_overrides_and_exempts_it_like_any_other(system: System, app: FakeRepository) -> None:
    """In the repository's own file, which does not define it."""
    system.push(app, {POLICY: "checks: {acme-editorconfig: {severity: low}}\n", ".editorconfig": None})
    assert system.runtime.store.verdicts(app.id)["acme-editorconfig"].severity == 1

    system.push(app, {POLICY: "checks: {acme-editorconfig: {enabled: false}}\n"})
    assert system.runtime.store.verdicts(app.id)["acme-editorconfig"].off


def test_a_lock_keeps_a_repository_from_defining_it_anew(system: System, app: FakeRepository) -> None:
    """Another definition would switch it off as well as any other way."""
    system.push(
        system.fake.repository("acme/.github"),
        {ORG: f"lock: [checks.acme-editorconfig]\ndefaults:\n{EDITORS}"},
    )
    own = (
        EDITORS.replace("\n  ", "\n")
        .removeprefix("  ")
        .replace(".editorconfig", "LICENSE")
        .replace("^root = true$", "e")
    )
    system.push(app, {POLICY: own, ".editorconfig": None})

    assert verdict(system, app, "acme-editorconfig")[0] == "fail"


def test_one_that_is_taken_back_leaves_the_files_good_that_mention_it(
    system: System, app: FakeRepository
) -> None:
    """The rest of the repository's policy stays in force, and nobody is told of a mistake."""
    system.push(app, {POLICY: "publish: observe\nchecks: {acme-editorconfig: {severity: low}}\n"})
    system.push(system.fake.repository("acme/.github"), {ORG: "enrol: all\n"})
    system.push(app, {"a.txt": "a"})

    kept = kept_governing(system.runtime.registry, system.runtime.store, app.id)
    assert kept.policy.publish is not None
    assert system.runs(app, app.head or "") == []
    assert system.runtime.store.verdicts(app.id)["acme-editorconfig"].off


def test_commands_know_it_in_its_repository(system: System, app: FakeRepository) -> None:
    """Explained, listed and exempted; not known elsewhere."""
    system.fake.create_user("boss")
    system.fake.set_collaborator(app, "boss", "maintain")
    system.push(app, {".editorconfig": None})
    number = system.fake.open_issue(app, "A question")

    def told(line: str) -> str:
        return answer(system, app, say(system, app, number, f"/plumbline {line}", "boss"))

    assert "nobody argues about tabs" in told("explain acme-editorconfig")
    assert "`acme-editorconfig`" in told("health acme-editorconfig")
    assert '"path": ".editorconfig"' in told("config explain custom_checks.acme-editorconfig")
    until = (system.clock.now() + timedelta(days=30)).date()
    told(f'exempt acme-editorconfig reason="soon" until={until}')
    assert f"exempt until {until}" in told("health acme-editorconfig")
    assert "There is no check `acme-other`" in told("explain acme-other")


def test_settings_properties_templates_and_workflows(system: System) -> None:
    """What each kind of rule reads comes from the simulated GitHub as from the real one."""
    system.install()
    app = system.create(files=HEALTHY)
    system.fake.set_properties(app, {"tier": "2"})
    texts = "title: t, why: w, fix: f, severity: low"
    home(
        system,
        "defaults:\n  custom_checks:\n"
        f"    acme-owners: {{{texts}, template: {{path: CODEOWNERS, from: templates/owners}}}}\n"
        f"    acme-merge: {{{texts}, setting: {{name: delete_branch_on_merge, is: true}}}}\n"
        f"    acme-about: {{{texts}, setting: {{name: description, set: true}}}}\n"
        f"    acme-tier: {{{texts}, property: {{name: tier, is: [1, 2]}}}}\n"
        f"    acme-lint: {{{texts}, workflow: {{run: make lint, on: pull_request}}}}\n",
    )
    names = ("acme-owners", "acme-merge", "acme-about", "acme-tier", "acme-lint")
    assert [verdict(system, app, name)[0] for name in names] == ["fail", "fail", "fail", "pass", "fail"]

    lint = "on: pull_request\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: make lint}]}}\n"
    app.description = "A tool"
    app.merging.delete_branch_on_merge = True
    system.push(app, {"CODEOWNERS": "* @acme/core\n", ".github/workflows/lint.yml": lint})
    assert [verdict(system, app, name)[0] for name in names] == ["pass"] * 5


def test_a_repository_may_ask_for_properties_itself(system: System) -> None:
    """Then they are read for it alone; what a logged-out reader does not see is not shown to them."""
    system.install()
    app = system.create(files=HEALTHY)
    system.fake.set_properties(app, {"tier": "1"})
    texts = "title: t, why: w, fix: f, severity: high"
    rule = f"custom_checks: {{acme-tier: {{{texts}, property: {{name: tier, is: [2, 3]}}}}}}\n"
    since = system.mark()
    sha = system.push(app, {POLICY: rule})

    assert [e.path for e in system.calls("GET", "/properties/", since=since)] == [
        f"/repositories/{app.id}/properties/values"
    ]
    assert verdict(system, app, "acme-tier")[0] == "fail"
    assert "acme-tier" not in str(system.run(app, sha))
