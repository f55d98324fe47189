"""How often rjieba cuts a sentence otherwise than jieba: python bench/segmenters.py, on a Debian or Ubuntu machine.

The text is the Chinese of the Debian Reference and of the Debian Administrator's Handbook, free books on system
administration, from the packages that `apt-get download` finds.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "files/webapp"))

import segmenters  # noqa: E402 (found by the line above)

BOOKS = {"debian-reference-zh-cn": "*.zh-cn.html", "debian-handbook": "html/zh-CN/*.html"}
INLINE = {"a", "abbr", "b", "code", "em", "i", "span", "strong", "sub", "sup", "tt"}
HAN = re.compile(r"[\u4E00-\u9FD5]")
LATIN = re.compile(r"[a-zA-Z0-9]")
SHOWN = 10


class Text(HTMLParser):
    """The text of a page, with a line end for each tag that is not within a line."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 (HTMLParser's)
        self.hidden += tag in ("script", "style", "pre")
        self.parts.append("" if tag in INLINE else "\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style", "pre")
        self.parts.append("" if tag in INLINE else "\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data.replace("\n", " "))


def sentences(package: str, pattern: str) -> set[str]:
    """Return the different sentences of a package's pages that have Chinese characters."""
    with TemporaryDirectory() as directory:
        subprocess.run(
            ["apt-get", "download", "--quiet=2", package], cwd=directory, check=True, stderr=subprocess.DEVNULL
        )
        (archive,) = Path(directory).glob("*.deb")
        print(archive.name)
        subprocess.run(["dpkg-deb", "--extract", archive, directory], check=True)
        text = Text()
        for page in sorted(Path(directory).rglob(pattern)):
            text.feed(page.read_text(encoding="utf-8"))
    return {found for part in re.split(r"(?<=[。!?!?;])|\n", "".join(text.parts)) if HAN.search(found := part.strip())}


def timed(name: str, texts: list[str]) -> tuple[list[list[str]], float]:
    """Return the words of each text, and the seconds of CPU time that all took."""
    cut = segmenters.load(name)
    start = time.process_time()
    return [cut(text) for text in texts], time.process_time() - start


def main() -> None:
    """Compare the two on all sentences."""
    texts = sorted(set().union(*(sentences(*book) for book in BOOKS.items())))
    (ours, our_time), (others, other_time) = timed("jieba", texts), timed("rjieba", texts)
    print(f"{len(texts)} sentences, {sum(map(len, texts))} characters, {sum(map(len, ours))} words")
    print(f"CPU time: jieba {our_time:.2f} s, rjieba {other_time:.2f} s, {our_time / other_time:.1f} times")
    cut = [(text, a, b) for text, a, b in zip(texts, ours, others)]
    print(share("of all", cut))
    print(share("of those without Latin letters and digits", [found for found in cut if not LATIN.search(found[0])]))


def share(name: str, cut: list[tuple[str, list[str], list[str]]]) -> str:
    """Return how many sentences both cut alike, and examples of what they cut otherwise."""
    different = [
        f"    jieba {' '.join(w for w in a if w not in b)}, rjieba {' '.join(w for w in b if w not in a)}"
        for _, a, b in cut
        if a != b
    ]
    alike = f"{1 - len(different) / len(cut):.1%} {name} ({len(cut)}) are cut alike"
    return "\n".join([alike, *different[:: len(different) // SHOWN + 1]])


if __name__ == "__main__":
    main()
