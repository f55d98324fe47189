"""Chinese word segmentation over HTTP: POST / cuts a text into words, GET /healthz is the health check.

Setting, from the environment:
    WEBAPP_MAX_CHARACTERS  the maximum length of a text, in Unicode code points (default 5000).
        jieba's time grows with the square of the length of a run of rare characters: 5,000 of
        them take half a second on one core, 5,000 characters of prose 20 ms.
"""

from __future__ import annotations

import logging
import os
import tempfile
from typing import Annotated

import jieba
from fastapi import Depends, HTTPException, Request
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import ClientDisconnect

EXAMPLE = "决心是成功的开始"


def max_characters() -> int:
    """Return the maximum length of a text, in code points.

    Raises:
        ValueError: WEBAPP_MAX_CHARACTERS is not a whole number of at least 1.

    """
    value = os.environ.get("WEBAPP_MAX_CHARACTERS", "5000")
    if not value.isdecimal() or int(value) < 1:
        message = f"WEBAPP_MAX_CHARACTERS must be a whole number of at least 1, not {value!r}"
        raise ValueError(message)
    return int(value)


def load_tokenizer() -> jieba.Tokenizer:
    """Return jieba's tokenizer with its dictionary in memory (about 1 s and 80 MB).

    jieba caches a marshalled copy of the dictionary in the shared temporary directory, and loads
    any file of that name from there. A private directory keeps other users' files out.
    """
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    with tempfile.TemporaryDirectory() as directory:
        tokenizer.tmp_dir = directory
        tokenizer.initialize()
    return tokenizer


# At import, so that gunicorn with preload_app loads it once, before the workers are forked.
tokenizer = load_tokenizer()

MAX_CHARACTERS = max_characters()
# JSON can encode one character as two escape sequences of six bytes each.
MAX_BYTES = 12 * MAX_CHARACTERS + 1024

EXPECTED = (
    f'send a JSON object such as {{"raw": "{EXAMPLE}"}}, '
    f'where "raw" is a text of at most {MAX_CHARACTERS} characters, not all of them blank.'
)
PROBLEMS = {
    "json_invalid": "The body is not valid JSON",
    "model_type": "The body is not a JSON object",
    "missing": 'The field "raw" is missing',
    "string_type": 'The field "raw" is not a text',
    "string_pattern_mismatch": 'The field "raw" is empty or blank',
    "string_too_long": 'The field "raw" is too long',
}


class Sentence(BaseModel):
    """A text to segment."""

    # At least one character must not be white space.
    raw: str = Field(max_length=MAX_CHARACTERS, pattern=r"\S", examples=[EXAMPLE])


class Words(BaseModel):
    """The words of a text in their order; joined, they are the text again, white space included."""

    words: list[str] = Field(examples=[["决心", "是", "成功", "的", "开始"]])


class Problem(BaseModel):
    """Why a request was refused, in one sentence."""

    detail: str


class Health(BaseModel):
    """The service can answer."""

    status: str = Field(examples=["ok"])


async def read_sentence(request: Request) -> Sentence:
    """Read and check the body: at most MAX_BYTES of it, by pydantic's own JSON parser.

    That parser rejects deep nesting, and lone surrogates, which UTF-8 cannot encode in the answer.

    Raises:
        HTTPException: status 422; its detail says what is wrong and what is expected.

    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BYTES:
                raise HTTPException(422, f"The body has over {MAX_BYTES} bytes: {EXPECTED}")
    except ClientDisconnect:  # no client is left to read the answer, but it must not count as a server error
        raise HTTPException(422, f"The body ended early: {EXPECTED}") from None
    try:
        return Sentence.model_validate_json(bytes(body))
    except ValidationError as invalid:
        error = invalid.errors(include_url=False)[0]
        raise HTTPException(422, f"{PROBLEMS.get(error['type'], error['msg'])}: {EXPECTED}") from None


app = FastAPIOffline(  # FastAPI whose documentation page loads its scripts from this service, not from a CDN
    title="Chinese word segmentation",
    description=f"Texts of up to {MAX_CHARACTERS} characters, cut by jieba.",
    version="1.0.0",
    redoc_url=None,
)


# async, although it never awaits: jieba's few hundred microseconds hold the interpreter lock anyway, and a plain def
# would send each request through the thread pool.
@app.post(
    "/",
    summary="Cut a text into words",
    responses={422: {"model": Problem, "description": "The request is not as expected"}},
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": Sentence.model_json_schema()}}}
    },
)
async def segment(sentence: Annotated[Sentence, Depends(read_sentence)]) -> Words:
    """Answer the words of the text in `raw`, in their order."""
    return Words(words=tokenizer.lcut(sentence.raw))


@app.get(
    "/healthz",
    summary="Tell whether the service can answer",
    responses={503: {"model": Problem, "description": "The dictionary is not loaded"}},
)
async def healthz() -> Health:
    """Answer 200 if the dictionary is loaded, else 503."""
    if not tokenizer.initialized:
        raise HTTPException(503, "The dictionary is not loaded.")
    return Health(status="ok")
