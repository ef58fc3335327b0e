"""The OpenAPI document: every response has an example, and every example fits its schema."""

from __future__ import annotations

import pytest

from api.authorization import MATRIX, is_public

pytestmark = pytest.mark.anyio
METHODS = {"get", "post", "put", "patch", "delete"}


def responses(document):
    """(where, media type's description) of every documented response body."""
    for path, operations in document["paths"].items():
        for method in METHODS & operations.keys():
            for status, response in operations[method]["responses"].items():
                for media_type, content in response.get("content", {}).items():
                    yield f"{method} {path} {status} {media_type}", content


def examples_of(document, content):
    """The examples that a reader of the documentation sees."""
    if "example" in content:
        return [content["example"]]
    if "examples" in content:
        return [example["value"] for example in content["examples"].values()]
    schema = content.get("schema", {})
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "example" in schema:
        return [schema["example"]]
    properties = schema.get("properties", {})
    if properties and all("examples" in described for described in properties.values()):
        return [{name: described["examples"][0] for name, described in properties.items()}]
    return []


def test_every_response_has_an_example(api):
    document = api.documented.document

    assert [where for where, content in responses(document) if not examples_of(document, content)] == []


def test_every_example_fits_its_schema(api):
    document = api.documented.document

    for where, content in responses(document):
        if "json" in where:
            for example in examples_of(document, content):
                api.documented.validate(content["schema"], example)


def test_every_refusal_is_documented_as_a_problem(api):
    document = api.documented.document

    for where, content in responses(document):
        if where.split()[2][0] in "45" and where != "get /api/health 503 application/json":
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, where


@pytest.mark.parametrize(("method", "route"), sorted(MATRIX))
def test_a_guarded_route_documents_what_the_guard_refuses(api, method, route):
    operation = api.documented.document["paths"][route.replace(":path", "")][method.lower()]

    if not is_public(method, route):
        assert {"401", "403", "422", "429", "503"} <= operation["responses"].keys()
    assert operation["description"]


async def test_the_document_and_its_page_are_served(client, api):
    import httpx

    async with httpx.AsyncClient(base_url=api.url) as http:
        document = await http.get("/openapi.json")
        page = await http.get("/docs")

    assert document.json() == api.documented.document
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
