"""Running text with its changes of face and the signs that stand in it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSizeF
from PySide6.QtGui import (
    QPainter,
    QPyTextObject,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextOption,
)

from workbench.core import palette
from workbench.gui.pdf.graphics import DrawnSign, PictureSign, Sign, Swatch, Tag, image
from workbench.gui.pdf.markup import Node, collapsed
from workbench.gui.pdf.pieces import Span
from workbench.gui.pdf.style import POINT, Face, face_of, font_of, format_of

_SIGN = QTextFormat.ObjectTypes.UserObject + 1
_WHICH = QTextFormat.Property.UserProperty + 1
_OBJECT = "\N{OBJECT REPLACEMENT CHARACTER}"
_LINE_END = "\N{LINE SEPARATOR}"
_UNLIMITED = -1.0
_LONGEST_WORD = 90 * POINT  # a hash, or a name without blanks, may be broken


class Text:
    """A paragraph, made of what `inline` nodes say in `face`."""

    def __init__(self, inline: Sequence[Node | str], face: Face) -> None:
        self.document = _empty_document(face)
        self._signs = _Signs(self.document)
        self._cursor = QTextCursor(self.document)
        self._cursor.setBlockFormat(_block_format(face))
        self._ends_blank = True
        self._write(inline, face)
        self._face = face
        self._widths: tuple[float, float] | None = None

    @property
    def widest(self) -> float:
        return self._measured()[1]

    @property
    def narrowest(self) -> float:
        return self._measured()[0]

    @property
    def height(self) -> float:
        return self.document.size().height()

    @property
    def lines(self) -> list[Span]:
        layout = self.document.firstBlock().layout()
        found = [layout.lineAt(index) for index in range(layout.lineCount())]
        return [(line.y(), line.y() + line.height()) for line in found]

    def lay_out(self, width: float) -> None:
        self.document.setTextWidth(width)

    def paint(self, painter: QPainter, x: float, y: float) -> None:
        painter.save()
        painter.translate(x, y)
        if painter.hasClipping():  # what is on other pages is not drawn at all
            self.document.drawContents(painter, painter.clipBoundingRect())
        else:
            self.document.drawContents(painter)
        painter.restore()

    def _measured(self) -> tuple[float, float]:
        if self._widths is None:
            self.document.setTextWidth(_UNLIMITED)
            widest = self.document.idealWidth() + 1
            self._widths = (widest if not self._face.wraps else self._longest_word(), widest)
        return self._widths

    def _longest_word(self) -> float:
        option = self.document.defaultTextOption()
        self._wrap(QTextOption.WrapMode.WordWrap)
        self.document.setTextWidth(POINT)
        found = self.document.idealWidth() + 1
        self._wrap(option.wrapMode())
        return min(found, _LONGEST_WORD)

    def _wrap(self, mode: QTextOption.WrapMode) -> None:
        option = self.document.defaultTextOption()
        option.setWrapMode(mode)
        self.document.setDefaultTextOption(option)

    def _write(self, inline: Sequence[Node | str], face: Face) -> None:
        for child in inline:
            if isinstance(child, str):
                self._insert(collapsed(child), format_of(face))
            elif child.tag == "br":
                self._insert(_LINE_END, format_of(face))
            elif (sign := _sign(child, face_of(child, face))) is not None:
                self._insert(_OBJECT, self._signs.format(sign))
            else:
                self._write(child.children, face_of(child, face))

    def _insert(self, text: str, form: QTextCharFormat) -> None:
        """White space collapses across elements too, and does not start a line."""
        words = text.lstrip(" ") if self._ends_blank else text
        if words:
            self._cursor.insertText(words, form)
            self._ends_blank = words.endswith((" ", _LINE_END))


def _empty_document(face: Face) -> QTextDocument:
    document = QTextDocument()
    document.setUndoRedoEnabled(False)
    document.setDocumentMargin(0)
    document.setUseDesignMetrics(True)
    document.setDefaultFont(font_of(face))
    option = QTextOption(face.align)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    document.setDefaultTextOption(option)
    return document


def _block_format(face: Face) -> QTextBlockFormat:
    written = QTextBlockFormat()
    written.setAlignment(face.align)
    written.setLineHeight(
        100 * face.leading, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
    )
    return written


class _Signs(QPyTextObject):
    """Draws the signs of one document where the text leaves room for them."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._signs: list[Sign] = []
        document.documentLayout().registerHandler(_SIGN, self)

    def format(self, sign: Sign) -> QTextCharFormat:
        self._signs.append(sign)
        written = QTextCharFormat()
        written.setObjectType(_SIGN)
        written.setProperty(_WHICH, len(self._signs) - 1)
        return written

    def intrinsicSize(self, _document: QTextDocument, _at: int, shape: QTextFormat) -> QSizeF:
        return self._signs[int(shape.property(_WHICH))].size

    def drawObject(
        self,
        painter: QPainter,
        place: QRectF | QRect,
        _document: QTextDocument,
        _at: int,
        shape: QTextFormat,
    ) -> None:
        painter.save()
        self._signs[int(shape.property(_WHICH))].paint(painter, QRectF(place))
        painter.restore()


def _sign(node: Node, face: Face) -> Sign | None:
    em = face.size * POINT
    match node.tag, node.classes:
        case "svg", _:
            return DrawnSign(node, em)
        case "img", _:
            return PictureSign(image(node), QSizeF(120 * POINT, 7 * POINT))
        case "i", ["swatch", "forget"]:
            return Swatch(palette.FORGET, em, filled=True)
        case "i", ["swatch", "non-member"]:
            return Swatch(palette.NON_MEMBER, em, filled=False)
        case "span", ["tag-sign"]:
            return Tag(node.text, em)
    return None
