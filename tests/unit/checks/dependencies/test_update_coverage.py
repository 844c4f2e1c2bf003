"""Check 37 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.dependencies.update_coverage import Config, update_coverage
from bot.model.facts import Manifests, UpdateRule, UpdateTool
from bot.model.verdicts import Outcome, Reason, Severity

ACTIONS = ("github-actions", "/")


def test_all_covered_passes(dependabot, holding, repository):
    """Names are those of the ecosystems."""
    found = holding(npm="package.json", github_actions=".github/workflows")

    verdict = update_coverage((dependabot(ACTIONS, ("npm", "/")),), found, repository, Config())

    assert (verdict.outcome, verdict.summary) == (
        Outcome.PASS,
        ".github/dependabot.yml covers github-actions, npm",
    )


def test_what_is_not_covered_fails(dependabot, holding, repository):
    """One observation for each ecosystem and folder; folders weigh less."""
    found = holding(pip="setup.py", pip_2="requirements.txt", gomod="tools/go.mod", npm="package.json")

    verdict = update_coverage((dependabot(("npm", "/")),), found, repository, Config())

    assert verdict.summary == "2 places with dependencies that .github/dependabot.yml does not cover"
    assert [(e.key, e.place.path, e.severity) for e in verdict.evidence] == [
        ("pip:", "requirements.txt", None),
        ("gomod:tools", "tools/go.mod", Severity.LOW),
    ]


@pytest.mark.parametrize(
    ("directory", "path", "covered"),
    [
        pytest.param("/", "go.mod", True, id="root"),
        pytest.param("", "go.mod", True, id="root, empty"),
        pytest.param("./", "go.mod", True, id="root, dotted"),
        pytest.param("/tools", "go.mod", False, id="only a folder"),
        pytest.param("/tools/", "tools/go.mod", True, id="the folder"),
        pytest.param("/", "tools/go.mod", False, id="only the root"),
        pytest.param("/*", "tools/go.mod", True, id="any folder"),
        pytest.param("/*", "tools/a/go.mod", False, id="not below any folder"),
        pytest.param("/**", "go.mod", True, id="everything holds the root"),
        pytest.param("**/*", "go.mod", True, id="everything, otherwise"),
        pytest.param("**/*", "a/b/go.mod", True, id="everything holds folders"),
        pytest.param("/tools/**", "tools/a/b/go.mod", True, id="below"),
        pytest.param("/tools/**", "lib/go.mod", False, id="not below"),
        pytest.param("/tools/**/v2", "tools/a/v2/go.mod", True, id="in between"),
        pytest.param("/lib-*", "lib-a/go.mod", True, id="a part of a name"),
        pytest.param("/lib-*", "liba/go.mod", False, id="another name"),
        pytest.param("/" + "/".join(["**"] * 100 + ["x"]), "a/b/c/go.mod", False, id="hostile"),
    ],
)
def test_directories_are_matched(dependabot, holding, repository, directory, path, covered):
    """Paths and patterns, as Dependabot reads them."""
    verdict = update_coverage((dependabot(("gomod", directory)),), holding(gomod=path), repository, Config())

    assert verdict.outcome is (Outcome.PASS if covered else Outcome.FAIL)


@pytest.mark.parametrize(
    ("name", "path", "covered"),
    [("npm", "packages/a/package.json", True), ("gomod", "packages/a/go.mod", False)],
)
def test_workspaces_cover_their_folders(dependabot, holding, repository, name, path, covered):
    """Only in ecosystems that have them, and only with a manifest at the top."""
    top = path.rpartition("/")[2]
    both, alone = holding(**{name: top, f"{name}_2": path}), holding(**{name: path})

    def outcome(found: Manifests) -> Outcome:
        return update_coverage((dependabot((name, "/")),), found, repository, Config()).outcome

    assert outcome(both) is (Outcome.PASS if covered else Outcome.FAIL)
    assert outcome(alone) is Outcome.FAIL


def test_renovate_covers_what_it_finds(holding, repository):
    """All managers, or those that it is told of, in its own words."""
    found = holding(pip="pyproject.toml", gomod="a/b/go.mod")
    every = UpdateTool("renovate", "renovate.json")
    some = UpdateTool("renovate", "renovate.json", (UpdateRule("pep621", ("/**",)),))

    assert update_coverage((every,), found, repository, Config()).outcome is Outcome.PASS
    verdict = update_coverage((some,), found, repository, Config())
    assert [e.key for e in verdict.evidence] == ["gomod:a/b"]


def test_options(dependabot, holding, repository):
    """Ecosystems can be left out, and folders."""
    found = holding(npm="package.json", gomod="tools/go.mod")
    tools = (dependabot(ACTIONS),)

    assert len(update_coverage(tools, found, repository, Config(ignore=("npm",))).evidence) == 1
    assert len(update_coverage(tools, found, repository, Config(nested=False)).evidence) == 1
    none = update_coverage(tools, found, repository, Config(ignore=("npm",), nested=False))
    assert none.outcome is Outcome.NOT_APPLICABLE


def test_a_configuration_that_was_not_read_is_unknown(dependabot, holding, repository):
    """Unless another covers everything."""
    unread = UpdateTool("renovate", "renovate.json", unread="too large")
    tools = (dependabot(("npm", "/")), unread)

    verdict = update_coverage(tools, holding(pip="setup.py"), repository, Config())
    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.FAULT)
    assert update_coverage(tools, holding(npm="package.json"), repository, Config()).outcome is Outcome.PASS
    every = (UpdateTool("renovate", "renovate.json"), dependabot(unread="too large"))
    assert update_coverage(every, holding(pip="setup.py"), repository, Config()).outcome is Outcome.PASS


@pytest.mark.parametrize("change", [{"empty": True}, {"archived": True}, {"fork": True}])
def test_nothing_to_cover(dependabot, holding, repository, change):
    """No dependency, nobody who updates, or no tool that works: `update-tool` says so once."""
    found, tools = holding(npm="package.json"), (dependabot(ACTIONS),)
    wrong = (dependabot(mistakes=((1, "m"),)),)

    for judged in (
        update_coverage(tools, found, replace(repository, **change), Config()),
        update_coverage(tools, Manifests(()), repository, Config()),
        update_coverage((), found, repository, Config()),
        update_coverage(wrong, found, repository, Config()),
    ):
        assert judged.outcome is Outcome.NOT_APPLICABLE
