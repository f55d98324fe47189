"""Chinese word segmentation over HTTP: POST / cuts a text into words, GET /healthz is the health check.

Settings, from the environment:
    WEBAPP_MAX_CHARACTERS  the maximum length of a text, in Unicode code points (default 5000)
    WEBAPP_SEGMENTER       jieba (default) or rjieba
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, HTTPException, Request
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import to_json
from segmenters import load
from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

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


# At import, so that gunicorn with preload_app loads it once, before the workers are forked.
SEGMENTER = os.environ.get("WEBAPP_SEGMENTER", "jieba")
cut = load(SEGMENTER)

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


api = FastAPIOffline(  # FastAPI whose documentation page loads its scripts from this service, not from a CDN
    title="Chinese word segmentation",
    description=f"Texts of up to {MAX_CHARACTERS} characters, cut by {SEGMENTER}.",
    version="1.0.0",
    redoc_url=None,
)


# async, although it never awaits: cutting holds the interpreter lock anyway, and a plain def would send each request
# through the thread pool.
@api.post(
    "/",
    summary="Cut a text into words",
    responses={422: {"model": Problem, "description": "The request is not as expected"}},
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": Sentence.model_json_schema()}}}
    },
)
async def segment(sentence: Annotated[Sentence, Depends(read_sentence)]) -> Words:
    """Answer the words of the text in `raw`, in their order."""
    return Words(words=cut(sentence.raw))


@api.get(
    "/healthz",
    summary="Tell whether the service can answer",
    responses={503: {"model": Problem, "description": "A text is not cut as it must be"}},
)
async def healthz() -> Health:
    """Answer 200 if the words of a text join to it, else 503."""
    if "".join(cut(EXAMPLE)) != EXAMPLE:
        raise HTTPException(503, "The words of a text do not join to it.")
    return Health(status="ok")


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as FastAPI does, but without its routing and dependencies where the request is the usual one.

    That is a valid text received in one piece. FastAPI's own way takes several times as long as rjieba.
    """
    if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != "/":
        await api(scope, receive, send)
        return
    message = await receive()
    try:
        words = cut(Sentence.__pydantic_validator__.validate_json(whole_body(message)).raw)
    except ValidationError:
        await api(scope, replay(message, receive), send)
        return
    body = b'{"words":%b}' % to_json(words)
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def whole_body(message: Message) -> bytes:
    """Return the body that a message has; nothing, which is not valid, if it is too long or more is to come."""
    body = message.get("body", b"")
    return b"" if message.get("more_body") or len(body) > MAX_BYTES else body


def replay(message: Message, receive: Receive) -> Receive:
    """Return a function that receives the message again, then what `receive` does."""
    messages = [message]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again
