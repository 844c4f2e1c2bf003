"""Custom properties of repositories, and the languages that GitHub sees in them."""

from __future__ import annotations

from bot.testing import settings_render as shown
from bot.testing.authentication import token_covers
from bot.testing.routing import Answer, Call, in_organisation, in_repository
from bot.testing.state import FakeRepository

LANGUAGES = {
    "c": "C",
    "cpp": "C++",
    "cs": "C#",
    "css": "CSS",
    "go": "Go",
    "html": "HTML",
    "java": "Java",
    "js": "JavaScript",
    "kt": "Kotlin",
    "php": "PHP",
    "py": "Python",
    "rb": "Ruby",
    "rs": "Rust",
    "sh": "Shell",
    "swift": "Swift",
    "ts": "TypeScript",
}
"""Extension -> language, enough for tests; GitHub looks closer."""


@in_repository("GET", "/properties/values", "metadata=read")
def values(call: Call) -> Answer:
    """The custom properties that have a value here."""
    return Answer(200, shown.values(call.repository))


@in_organisation("GET", "/properties/values", "organization_custom_properties=read")
def organisation_values(call: Call) -> Answer:
    """The same of each repository that the token reaches."""
    world, token = call.world, call.token
    found = [r for r in world.covered(token.installation) if token_covers(world, token, r)]
    return call.page(
        found,
        lambda repository: {
            "repository_id": repository.id,
            "repository_name": repository.name,
            "repository_full_name": repository.full_name,
            "properties": shown.values(repository),
        },
    )


@in_organisation("GET", "/properties/schema", "organization_custom_properties=read")
def definitions(call: Call) -> Answer:
    """What properties there are."""
    account = call.organisation
    found = account.settings.properties.values()
    return Answer(200, [shown.definition(call.world.render, account, one) for one in found])


@in_repository("GET", "/languages", "metadata=read")
def languages(call: Call) -> Answer:
    """Language -> bytes at the head of the default branch, the largest first."""
    return Answer(200, bytes_by_language(call.repository))


def bytes_by_language(repository: FakeRepository) -> dict[str, int]:
    """The same for any repository; told by the extensions of its files."""
    if repository.head is None:
        return {}
    tree = repository.git.commit(repository.head).tree
    sizes: dict[str, int] = {}
    for entry in repository.git.entries(tree, recursive=True):
        language = LANGUAGES.get(entry.path.rpartition(".")[2].lower())
        if entry.type == "blob" and language:
            sizes[language] = sizes.get(language, 0) + (entry.size or 0)
    return dict(sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0])))
