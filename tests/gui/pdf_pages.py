"""Reading a PDF of ours as a person would: what is written on every page, in reading order."""

from __future__ import annotations

import re
import unicodedata
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)
_WRITTEN = re.compile(r"/F(\d+) [\d.]+ Tf|<([0-9A-F]+)> Tj")


class Pdf:
    """`contents`: drawing commands of every page; `texts`: their words, white space left out."""

    def __init__(self, content: bytes) -> None:
        self._objects = {int(found[1]): found[2] for found in _OBJECT.finditer(content)}
        self._fonts: dict[int, dict[int, str]] = {}
        pages = [one for one in self._objects.values() if re.search(rb"/Type /Page\s", one)]
        self.contents = [self._stream(one, b"Contents") for one in pages]
        self.texts = [self._text(one) for one in self.contents]

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def _stream(self, owner: bytes, name: bytes) -> str:
        body = self._objects[int(re.search(rb"/%s (\d+)" % name, owner)[1])]
        stream = _STREAM.search(body)[1]
        if b"/FlateDecode" in body:
            stream = zlib.decompress(stream)
        return stream.decode("latin-1")

    def _text(self, commands: str) -> str:
        letters: dict[int, str] = {}
        written = []
        for font, glyphs in _WRITTEN.findall(commands):
            if font:
                letters = self._letters(int(font))
            else:
                codes = (int(glyphs[at : at + 4], 16) for at in range(0, len(glyphs), 4))
                written += [letters[code] for code in codes]
        return squeezed("".join(written))

    def _letters(self, font: int) -> dict[int, str]:
        """Which text each glyph of a font stands for: what copying it out of the page gives."""
        if font not in self._fonts:
            table = self._stream(self._objects[font], b"ToUnicode")
            self._fonts[font] = dict(_mapped(table))
        return self._fonts[font]


def squeezed(text: str) -> str:
    """Without white space, so that the end of a line on paper does not matter."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _mapped(table: str):
    for block in re.findall(r"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, rest in re.findall(r"<(\w+)> <(\w+)> (<\w+>|\[.*?\])", block):
            start, stop = int(first, 16), int(last, 16)
            values = re.findall(r"<(\w+)>", rest)
            if rest.startswith("<"):
                base = int(values[0], 16)
                values = [f"{base + step:04X}" for step in range(stop - start + 1)]
            yield from ((start + i, _letter(value)) for i, value in enumerate(values))
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for code, value in re.findall(r"<(\w+)> <(\w+)>", block):
            yield int(code, 16), _letter(value)


def _letter(value: str) -> str:
    return bytes.fromhex(value).decode("utf-16-be")
