"""The web application's segmenters: the faster jieba against jieba itself, and what holds for both."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import jieba
import pytest
import segmenters
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    Cut = Callable[[str], list[str]]

DATA = Path(segmenters.__file__).parent / "data"
SENTENCES = (DATA / "sentences.txt").read_text(encoding="utf-8").splitlines()
LONG = 5000
LONG_SECONDS = 0.5

# Words, characters of words, any Han characters, and anything: they reach the dictionary, the model and the splitting.
CHARACTERS = "".join(sorted(set("".join(SENTENCES))))
PIECES = st.one_of(
    st.sampled_from(sorted({word for sentence in SENTENCES for word in jieba.cut(sentence)})),
    st.text(CHARACTERS, max_size=8),
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=12),
    st.text("aZ09+#&._%- \t\r\n\u3000,。好", max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)
THOROUGH = settings(max_examples=2000, deadline=None, derandomize=True, database=None)


@pytest.fixture(scope="module", params=segmenters.NAMES)
def cut(request: pytest.FixtureRequest) -> Cut:
    return segmenters.load(request.param)


@pytest.fixture(scope="module")
def faster() -> Cut:
    return segmenters.load("jieba")


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: ascii(sentence)[:40])
def test_both_cut_the_sentences_of_the_load_test_as_jieba_does(cut: Cut, sentence: str) -> None:
    assert cut(sentence) == jieba.lcut(sentence)


@THOROUGH
@given(text=TEXTS)
def test_the_faster_jieba_cuts_any_text_as_jieba_does(faster: Cut, text: str) -> None:
    assert faster(text) == jieba.lcut(text)


@settings(THOROUGH, max_examples=500)
@given(text=TEXTS)
def test_the_words_join_to_the_text(cut: Cut, text: str) -> None:
    assert "".join(cut(text)) == text


@pytest.mark.parametrize("character", ["好", "一", "\u9fd5", "a", "1", " ", ".", "\U00020000"], ids=ascii)
def test_the_time_of_a_long_text_is_short(cut: Cut, character: str) -> None:
    start = time.process_time()
    assert "".join(cut(character * LONG)) == character * LONG
    assert time.process_time() - start < LONG_SECONDS


# Where equal probabilities meet: characters that the model knows in some places of a word only.
@pytest.mark.parametrize("text", ["揩乆晙踠耊寗犼", "丄両芃獭"])
def test_among_equal_probabilities_the_same_one_wins(faster: Cut, text: str) -> None:
    assert faster(text) == jieba.lcut(text)


def test_an_unknown_segmenter_is_refused() -> None:
    with pytest.raises(ValueError, match="WEBAPP_SEGMENTER must be jieba or rjieba, not 'Jieba'"):
        segmenters.load("Jieba")
