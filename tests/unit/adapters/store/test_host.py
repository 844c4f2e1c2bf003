"""One machine per SQLite database."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.store.host import Host, claim, this_host
from bot.model.errors import SettingsError

LAPTOP = Host("laptop", machine="m1", boot="b1")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(LAPTOP, True, id="itself"),
        pytest.param(Host("laptop-on-wifi", "m1", "b2"), True, id="renamed and rebooted"),
        pytest.param(Host("5f0c1d", "", "b1"), True, id="a container on it"),
        pytest.param(Host("laptop", "m2", "b2"), False, id="another of that name"),
        pytest.param(Host("laptop", "", "b2"), False, id="of that name and unknown"),
        pytest.param(Host("laptop", "", ""), False, id="nothing but the name"),
    ],
)
def test_tells_machines_apart(other: Host, same: bool) -> None:
    """Names change with the network, kernels with a reboot; either way round."""
    assert LAPTOP.same_as(other) is same
    assert other.same_as(LAPTOP) is same


def test_without_ids_the_name_decides() -> None:
    """Systems that tell nothing else."""
    assert Host("mac").same_as(Host("mac"))
    assert not Host("mac").same_as(Host("other-mac"))


def test_this_host_is_itself() -> None:
    """Read twice, the same."""
    assert this_host().same_as(this_host())
    assert this_host().name


def test_first_come_owns_it(tmp_path: Path) -> None:
    """The second machine is told both names and three ways out; the first goes on."""
    database = tmp_path / "plumbline.sqlite3"
    claim(database, LAPTOP)
    claim(database, LAPTOP)

    with pytest.raises(SettingsError) as caught:
        claim(database, Host("server", "m9", "b9"))

    text = str(caught.value)
    for part in ("'laptop'", "'server'", "DATABASE_URL", "PLUMBLINE_HOME", "plumbline.sqlite3.host"):
        assert part in text
    claim(database, LAPTOP)
    assert [p.name for p in tmp_path.iterdir()] == ["plumbline.sqlite3.host"]


def test_marker_follows_a_reboot(tmp_path: Path) -> None:
    """After it, containers of the new kernel are recognised too."""
    database = tmp_path / "plumbline.sqlite3"
    claim(database, LAPTOP)
    claim(database, Host("laptop", "m1", "b2"))

    claim(database, Host("container", "", "b2"))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"name": 1}', "\udcff"])
def test_a_broken_marker_is_written_anew(tmp_path: Path, text: str) -> None:
    """A machine that died while writing it must start again."""
    database = tmp_path / "plumbline.sqlite3"
    marker = tmp_path / "plumbline.sqlite3.host"
    marker.write_bytes(text.encode("utf-8", "surrogateescape"))
    claim(database, LAPTOP)

    with pytest.raises(SettingsError):
        claim(database, Host("server", "m9", "b9"))
