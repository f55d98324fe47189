"""The case study's web service as its stack is documented: FastAPI, a model of the request, and jieba.

Its own source is not published with its text; this is the shortest one that answers as the text shows.
"""

from __future__ import annotations

import jieba
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Sentence(BaseModel):
    """A text to segment."""

    raw: str


@app.post("/")
async def segment(sentence: Sentence) -> dict[str, list[str]]:
    """Answer the words of the text."""
    return {"words": jieba.lcut(sentence.raw)}
