"""Check 10 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.community.binaries_large import MIB, Config, binaries_large
from bot.model.facts import Binaries, Repository, StoredFile, Visibility
from bot.model.verdicts import Outcome, Reason, Severity

PUBLIC = Repository(1, "acme/tool", "main", Visibility.PUBLIC)
NONE = Binaries((), (), MIB, 7)


def file(path: str, size: int = 5000) -> StoredFile:
    return StoredFile(path, "o" * 40, size)


def compiled(*paths: str) -> Binaries:
    return replace(NONE, executables=tuple(file(p) for p in paths))


def large(size: int, path: str = "data/model.bin") -> Binaries:
    return replace(NONE, large=(file(path, size),))


@pytest.mark.parametrize(
    ("found", "options", "expected"),
    [
        pytest.param(NONE, {}, Outcome.PASS, id="nothing"),
        pytest.param(compiled("bin/tool.exe"), {}, Outcome.FAIL, id="compiled"),
        pytest.param(compiled("bin/tool.exe"), {"executables": False}, Outcome.PASS, id="not asked for"),
        pytest.param(compiled("tests/data/a.whl", "src/testdata/b.so"), {}, Outcome.PASS, id="fixtures"),
        pytest.param(compiled("Tests/a.exe"), {}, Outcome.PASS, id="in any case"),
        pytest.param(compiled("contest/a.exe"), {}, Outcome.FAIL, id="a folder that only sounds like it"),
        pytest.param(compiled("gradle/wrapper/gradle-wrapper.jar"), {}, Outcome.PASS, id="the wrapper"),
        pytest.param(compiled("tests/a.exe"), {"exclude": ()}, Outcome.FAIL, id="nothing excluded"),
        pytest.param(large(10 * MIB), {}, Outcome.PASS, id="exactly at the limit"),
        pytest.param(large(10 * MIB + 1), {}, Outcome.FAIL, id="one byte above"),
        pytest.param(large(2 * MIB), {"max_mib": 1}, Outcome.FAIL, id="a lower limit"),
        pytest.param(large(99 * MIB, "tests/big.bin"), {}, Outcome.PASS, id="a large fixture"),
        pytest.param(replace(NONE, complete=False), {}, Outcome.UNKNOWN, id="not all of it seen"),
        pytest.param(
            replace(compiled("a.so"), complete=False), {}, Outcome.FAIL, id="found in what was seen"
        ),
    ],
)
def test_judges_files(found, options, expected):
    """Compiled or large, and not where tests read it."""
    assert binaries_large(found, PUBLIC, Config(**options)).outcome is expected


@pytest.mark.parametrize("change", [{"empty": True}, {"archived": True}])
def test_leaves_repositories_alone_that_nobody_can_mend(change):
    """No commit yet, or read-only."""
    verdict = binaries_large(compiled("a.exe"), replace(PUBLIC, **change), Config())

    assert verdict.outcome is Outcome.NOT_APPLICABLE


def test_what_was_not_seen_is_a_limit():
    """GitHub cuts the listing of huge repositories short."""
    assert binaries_large(replace(NONE, complete=False), PUBLIC, Config()).reason is Reason.LIMIT


def test_large_files_weigh_less_than_compiled_ones():
    """Each with its place; the size is text, not identity."""
    found = replace(compiled("b.exe", "c.dll"), large=(file("d.bin", 30 * MIB),))
    verdict = binaries_large(found, PUBLIC, Config())

    assert verdict.summary == "2 compiled files and 1 file above 10 MiB"
    assert [(e.place.path, e.text, e.severity) for e in verdict.evidence] == [
        ("b.exe", "compiled, 5 KiB", None),
        ("c.dll", "compiled, 5 KiB", None),
        ("d.bin", "30.0 MiB, more than 10 MiB", Severity.MEDIUM),
    ]
    assert verdict.evidence[2].fingerprint == "large:d.bin"
    assert binaries_large(compiled(), PUBLIC, Config()).summary == "nothing of the kind among 7 files"
