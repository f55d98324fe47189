"""What cuts a text into words: jieba, computed faster but with the same words, or rjieba, a port of it to Rust."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("jieba", "rjieba")

# As jieba splits a text: blocks to cut, line ends, and single characters of anything else.
BLOCKS = re.compile(r"[\u4E00-\u9FD5a-zA-Z0-9+#&._%\-]+|\r\n|.", re.DOTALL)
# As its model of unknown words splits a block: runs of Han characters, and words and numbers in Latin characters.
HAN = re.compile(r"([\u4E00-\u9FD5]+)")
LATIN = re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)")


def load(name: str) -> Callable[[str], list[str]]:
    """Load a segmenter with its dictionary (about 1 s): a function that returns a text's words in their order.

    Raises:
        ValueError: name is not one of NAMES.

    """
    if name == "jieba":
        return Jieba().cut
    if name == "rjieba":
        import rjieba  # Only the chosen one takes memory.

        rjieba.cut("")  # It reads its dictionary with the first call.
        return rjieba.cut
    message = f"WEBAPP_SEGMENTER must be {' or '.join(NAMES)}, not {name!r}"
    raise ValueError(message)


class Jieba:
    """jieba.cut in less than half the time.

    jieba lists the dictionary words that begin at each character, then takes the logarithms of their frequencies. Here
    the logarithms are taken once, and nothing is listed. The words are the same because the same floating-point numbers
    are added in the same order and, among equal sums, the same one wins.
    """

    def __init__(self) -> None:
        """Take over jieba's dictionary and its hidden Markov model."""
        import jieba  # Only the chosen one takes memory.
        from jieba import finalseg

        dictionary = jieba.Tokenizer()
        frequencies, total = dictionary.gen_pfdict(dictionary.get_dict_file())
        logarithms = {n: math.log(n) - math.log(total) for n in {1, *frequencies.values()} if n}
        logarithms[0] = 0.0
        # Of each word, the logarithm of its probability; of each beginning of a word, 0.
        self.weights = {word: logarithms[n] for word, n in frequencies.items()}
        self.unknown = logarithms[1]

        self.start = [finalseg.start_P[state] for state in "BMES"]
        self.transitions = [finalseg.trans_P[a][b] for a, b in ("EB", "SB", "BM", "MM", "BE", "ME", "ES", "SS")]
        least, emit = finalseg.MIN_FLOAT, finalseg.emit_P
        self.never = (least,) * 4
        characters = set().union(*emit.values())
        self.emissions = {char: tuple(emit[state].get(char, least) for state in "BMES") for char in characters}

    def cut(self, text: str) -> list[str]:
        """Return the words of a text; joined, they are the text again."""
        words: list[str] = []
        for block in BLOCKS.findall(text):
            if len(block) == 1 or block == "\r\n":
                words.append(block)
            else:
                self._cut_block(block, words)
        return words

    def _cut_block(self, block: str, words: list[str]) -> None:
        """Append the words of a block: those of the dictionary, and what the single characters between them make."""
        ends = self._most_probable_ends(block)
        start = singles = 0
        while start < len(block):
            end = ends[start]
            if end - start > 1:
                if singles < start:
                    self._cut_singles(block[singles:start], words)
                words.append(block[start:end])
                singles = end
            start = end
        if singles < start:
            self._cut_singles(block[singles:], words)

    def _most_probable_ends(self, block: str) -> list[int]:
        """Return for each position where a word that begins there ends, so that the rest is most probable."""
        weight_of, length = self.weights.get, len(block)
        best, ends = [0.0] * (length + 1), [0] * length
        for start in range(length - 1, -1, -1):
            highest, last = -math.inf, 0
            for end in range(start + 1, length + 1):
                weight = weight_of(block[start:end])
                if weight is None:
                    break
                if weight and (score := weight + best[end]) >= highest:
                    highest, last = score, end
            if not last:
                highest, last = self.unknown + best[start + 1], start + 1
            best[start], ends[start] = highest, last
        return ends

    def _cut_singles(self, text: str, words: list[str]) -> None:
        """Append the words of characters that the dictionary leaves single."""
        if len(text) == 1 or self.weights.get(text):
            words.extend(text)
            return
        for part in HAN.split(text):
            if HAN.match(part):
                self._cut_unknown(part, words)
            elif part:
                words.extend(filter(None, LATIN.split(part)))

    def _cut_unknown(self, text: str, words: list[str]) -> None:
        """Append the words that the hidden Markov model finds, by the Viterbi algorithm.

        Its states are a character's place in a word: begin, middle, end, single. Among equals, the later letter wins.
        """
        emissions = self.emissions.get
        eb, sb, bm, mm, be, me, es, ss = self.transitions
        b, m, e, s = map(sum, zip(self.start, emissions(text[0], self.never)))
        previous = [{"B": "", "M": "", "E": "", "S": ""}]
        for char in text[1:]:
            to_b, to_m, to_e, to_s = emissions(char, self.never)
            e_b, s_b, b_m, m_m = e + eb + to_b, s + sb + to_b, b + bm + to_m, m + mm + to_m
            b_e, m_e, e_s, s_s = b + be + to_e, m + me + to_e, e + es + to_s, s + ss + to_s
            b, from_b = (s_b, "S") if s_b >= e_b else (e_b, "E")
            m, from_m = (m_m, "M") if m_m >= b_m else (b_m, "B")
            e, from_e = (m_e, "M") if m_e >= b_e else (b_e, "B")
            s, from_s = (s_s, "S") if s_s >= e_s else (e_s, "E")
            previous.append({"B": from_b, "M": from_m, "E": from_e, "S": from_s})
        state = "S" if s >= e else "E"
        end, found = len(text), []
        for start in range(end - 1, -1, -1):
            if state in "BS":
                found.append(text[start:end])
                end = start
            state = previous[start][state]
        words.extend(reversed(found))
