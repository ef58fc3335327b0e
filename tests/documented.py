"""Holds responses to what the OpenAPI document says about them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    import httpx

PROBLEM = "application/problem+json"
ANYWHERE = frozenset({404, 405, 413})  # from the framework, before a route is known


class Documented:
    """The OpenAPI document of one application."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        literal_first = sorted(document["paths"], key=lambda path: -len(re.sub(r"\{\w+\}", "", path)))
        self._paths = [(re.compile(re.sub(r"\{\w+\}", ".*", path)), document["paths"][path]) for path in literal_first]

    def check(self, response: httpx.Response) -> None:
        """Fails the test where status, media type, body or headers differ from what is documented."""
        seen = f"{response.request.method} {response.request.url} {response.status_code}"
        assert response.headers.get("X-Request-ID"), seen
        if response.status_code >= 400 and response.headers["Content-Type"] == PROBLEM:
            body = response.json()
            assert body["status"] == response.status_code, seen
            assert body["request_id"] == response.headers["X-Request-ID"], seen
            assert re.fullmatch(r"[a-z_]+", body["code"]), seen
        operation = self._operation(response)
        documented = (operation or {}).get("responses", {}).get(str(response.status_code))
        if documented is None:
            assert response.status_code in ANYWHERE, f"not documented: {seen}"
            documented = {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        self._check_body(documented.get("content", {}), response, seen)

    def _operation(self, response: httpx.Response) -> dict[str, Any] | None:
        for pattern, operations in self._paths:
            if pattern.fullmatch(response.request.url.path):
                found: dict[str, Any] | None = operations.get(response.request.method.lower())
                return found
        return None

    def _check_body(self, content: dict[str, Any], response: httpx.Response, seen: str) -> None:
        if not content:
            assert not response.content, seen
            return
        media_type = response.headers["Content-Type"].partition(";")[0]
        assert media_type in content, f"{media_type} is not documented: {seen}"
        schema = content[media_type].get("schema")
        if media_type.endswith("ndjson"):
            for line in response.text.splitlines():
                self.validate(schema, json.loads(line))
        elif media_type.endswith("json"):
            self.validate(schema, response.json())

    def validate(self, schema: dict[str, Any], value: Any) -> None:
        """Raises jsonschema's ValidationError."""
        Draft202012Validator(
            {**schema, "components": self.document["components"]},
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        ).validate(value)
