"""Chinese word segmentation over HTTP: POST / cuts a text into words, GET /healthz tells that it can.

Setting, from the environment:
    WEBAPP_MAX_CHARACTERS  the longest text that is taken, in Unicode code points (default 5000).
        jieba's time grows with the square of a run of rare characters: 5,000 of them take half
        a second of one core, 5,000 characters of prose 20 ms.
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
    """Return the longest text that is taken, in code points.

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

    jieba keeps a marshalled copy of the dictionary in the shared temporary folder and loads
    whatever lies there. The private folder keeps other users' files out, and ours out of their way.
    """
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.tmp_dir = folder
        tokenizer.initialize()
    return tokenizer


# When the module is imported, so that gunicorn's preload_app loads it once, before the fork.
tokenizer = load_tokenizer()

MAX_CHARACTERS = max_characters()
# JSON may write one character as two escapes of six bytes.
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
    """A text to cut."""

    # At least one character that is not white space.
    raw: str = Field(max_length=MAX_CHARACTERS, pattern=r"\S", examples=[EXAMPLE])


class Words(BaseModel):
    """The words of a text in their order; joined, they are the text again, blanks included."""

    words: list[str] = Field(examples=[["决心", "是", "成功", "的", "开始"]])


class Problem(BaseModel):
    """Why a request was refused, in one sentence."""

    detail: str


class Health(BaseModel):
    """The service can answer."""

    status: str = Field(examples=["ok"])


async def read_sentence(request: Request) -> Sentence:
    """Read and check the body: at most MAX_BYTES of it, by pydantic's own JSON parser.

    That parser refuses lone surrogates, which could not be answered as UTF-8, and deep nesting.

    Raises:
        HTTPException: status 422, its detail a sentence that says what is wrong and what is expected.

    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BYTES:
                raise HTTPException(422, f"The body has over {MAX_BYTES} bytes: {EXPECTED}")
    except ClientDisconnect:  # nobody is there to read it, but a server's error it is not
        raise HTTPException(422, f"The body ended early: {EXPECTED}") from None
    try:
        return Sentence.model_validate_json(bytes(body))
    except ValidationError as invalid:
        error = invalid.errors(include_url=False)[0]
        raise HTTPException(422, f"{PROBLEMS.get(error['type'], error['msg'])}: {EXPECTED}") from None


app = FastAPIOffline(  # FastAPI, with the documentation page's scripts served from here, not from a CDN
    title="Chinese word segmentation",
    description=f"Texts of up to {MAX_CHARACTERS} characters, cut by jieba.",
    version="1.0.0",
    redoc_url=None,
)


# async, although it never waits: the few hundred microseconds of jieba hold the interpreter's lock anyway,
# and a plain def would add a trip through the thread pool to each request.
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
