"""What object ids name is read once."""

from __future__ import annotations

from bot.adapters.github.immutable import Immutable


def test_reads_once_and_forgets_what_was_used_least() -> None:
    """Three of 400 bytes do not fit into 1,000 (and no value may take more than a sixteenth)."""
    memory, reads = Immutable(most_bytes=1_000), []

    def recall(name: str, size: int = 60) -> str:
        return memory.recall(name, lambda: reads.append(name) or name, lambda _: size)  # type: ignore[func-returns-value]

    for name in "ab":
        recall(name)
        recall(name)
    assert reads == ["a", "b"]

    for number in range(15):
        recall(f"n{number}")
        recall("a")
    reads.clear()
    recall("a")
    recall("b")
    assert reads == ["b"]


def test_does_not_keep_what_is_too_large() -> None:
    """One large file must not push everything else out."""
    memory, reads = Immutable(most_bytes=1_000), []
    for _ in range(2):
        memory.recall("large", lambda: reads.append(1), lambda _: 63)

    assert len(reads) == 2
