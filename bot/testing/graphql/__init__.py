"""The fake's GraphQL API: a part of GitHub's published schema, answered from the fake's records.

How to add to it, without touching what is there:

- ``schema/<topic>.graphql``: types, named and typed as GitHub's; ``extend type Repository { ... }``
  adds fields. All files are put together.
- ``resolvers/<topic>.py``: what answers the fields (see ``bot.testing.graphql.declaring``). All
  modules are imported.

```graphql
extend type Repository {
  deployKeys(after: String, before: String, first: Int, last: Int): DeployKeyConnection!
}
```

```python
@connection("Repository", "deployKeys", needs="administration=read", restricted=True)
def deploy_keys(repository: FakeRepository, asked: Asked) -> Sequence[DeployKey]:
    return repository.deploy_keys
```

A field without a resolver is read from its source: the key of that name of a mapping, else the
attribute (``createdAt`` is ``created_at``) of the source or of its ``record``.
"""
