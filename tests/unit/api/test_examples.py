"""The documented example is what composing gives, and FastAPI can document it."""

from __future__ import annotations

import json

from fastapi import FastAPI

from api import examples
from api.compose import compose
from api.sections import CreatorAnswer, PostOut
from tests.stored_creators import BASE_URL, creator


def test_example_is_what_composing_gives():
    answer = compose(creator(), base_url=BASE_URL)

    assert examples.creator_answer() == json.loads(answer.model_dump_json()), "run python -m tests.stored_creators"


def test_example_validates_against_the_answer_and_is_complete():
    answer = CreatorAnswer.model_validate(examples.creator_answer())

    assert answer.meta.completeness.complete
    assert len(answer.posts) == 12
    PostOut.model_validate(examples.post_page()["posts"][0])


def test_openapi_documents_every_field_of_the_answer():
    app = FastAPI()

    @app.get("/creator", response_model=CreatorAnswer)
    def read():
        raise AssertionError

    schemas = app.openapi()["components"]["schemas"]

    assert {"meta", "overview", "audience", "engagement", "content", "posts"} == schemas["CreatorAnswer"][
        "properties"
    ].keys()
    assert all(schema.get("description") for name, schema in schemas.items() if name.endswith("Out"))
    score = schemas["ScoreOut"]["properties"]
    assert all(field.get("description") for name, field in score.items())
