"""``/schema/plumbline.json`` and ``/schema/plumbline.org.json``: the JSON Schemas of policy files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response


def create_schema(repository: Mapping[str, Any], organisation: Mapping[str, Any]) -> Blueprint:
    """Both routes; the documents are public, and any page may read them."""
    bodies = {
        "plumbline.json": json.dumps(repository).encode(),
        "plumbline.org.json": json.dumps(organisation).encode(),
    }
    pages = Blueprint("schema", __name__)

    @pages.get("/schema/<any('plumbline.json', 'plumbline.org.json'):name>")
    def schema(name: str) -> Response:
        headers = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}
        return Response(bodies[name], content_type="application/schema+json", headers=headers)

    return pages
