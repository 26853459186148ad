"""How a tile of the gallery looks."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

_GAP = 4  # pixels around a tile
_INSET = 5  # between a tile and its picture
_BADGE = 9
_CHECK = 18


class TileRole(IntEnum):
    """What the model of the gallery knows about a tile."""

    ROW = Qt.ItemDataRole.UserRole + 1
    """Row id, int."""
    CLASS_ID = Qt.ItemDataRole.UserRole + 2
    IS_SELECTED = Qt.ItemDataRole.UserRole + 3
    BADGE = Qt.ItemDataRole.UserRole + 4
    """Colour of the class, QColor or None."""
    PICTURE = Qt.ItemDataRole.UserRole + 5
    """QImage, empty if there cannot be one; None if it has not arrived."""


class TileDelegate(QStyledItemDelegate):
    """Paints picture and caption; selected tiles have a frame and a check mark."""

    side = 72
    """Pixels along each side of the picture."""

    def tile_size(self, metrics: QFontMetrics) -> QSize:
        around = 2 * (_GAP + _INSET)
        return QSize(self.side + around, self.side + around + metrics.height() + 2)

    def sizeHint(
        self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return self.tile_size(option.fontMetrics)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        tile = option.rect.adjusted(_GAP, _GAP, -_GAP, -_GAP)
        picture = QRect(tile.left() + _INSET, tile.top() + _INSET, self.side, self.side)
        is_selected = bool(index.data(TileRole.IS_SELECTED))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, option, QRectF(tile), is_selected)
        _paint_picture(painter, option, picture, index.data(TileRole.PICTURE))
        _paint_caption(painter, option, tile, index)
        if is_selected:
            _paint_check(painter, option.palette, QPointF(tile.right() - 10, tile.top() + 11))
        painter.restore()


def _paint_ground(
    painter: QPainter, option: QStyleOptionViewItem, tile: QRectF, is_selected: bool
) -> None:
    colours = option.palette
    accent, ink = colours.color(QPalette.ColorRole.Highlight), colours.text().color()
    ground = colours.color(QPalette.ColorRole.AlternateBase)
    line = QPen(Qt.PenStyle.NoPen)
    if is_selected:
        line = QPen(accent, 2)
    elif option.state & QStyle.StateFlag.State_MouseOver:
        line = QPen(colours.color(QPalette.ColorRole.PlaceholderText), 1)
    painter.setPen(line)
    painter.setBrush(ground)
    painter.drawRoundedRect(tile.adjusted(1, 1, -1, -1), 5, 5)
    if is_selected or option.state & QStyle.StateFlag.State_Selected:
        tint = QColor(accent)
        tint.setAlpha(70 if option.state & QStyle.StateFlag.State_Selected else 36)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint)
        painter.drawRoundedRect(tile.adjusted(1, 1, -1, -1), 5, 5)
    if option.state & QStyle.StateFlag.State_HasFocus:
        painter.setPen(QPen(ink, 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(tile.adjusted(-2, -2, 2, 2), 7, 7)


def _paint_picture(
    painter: QPainter, option: QStyleOptionViewItem, place: QRect, picture: QImage | None
) -> None:
    if picture is None or picture.isNull():
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(option.palette.color(QPalette.ColorRole.Mid))
        painter.drawRoundedRect(place, 3, 3)
        if picture is not None:
            painter.setPen(option.palette.color(QPalette.ColorRole.Text))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(place, int(flags), "No picture")
        return
    size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
    target = QRect(place.topLeft(), size)
    target.moveCenter(place.center())
    # Of tiny images every pixel is shown as it is; only what must shrink is smoothed.
    is_shrunk = picture.width() > target.width() * option.widget.devicePixelRatioF()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_shrunk)
    painter.drawImage(target, picture)


def _paint_caption(
    painter: QPainter,
    option: QStyleOptionViewItem,
    tile: QRect,
    index: QModelIndex | QPersistentModelIndex,
) -> None:
    height = option.fontMetrics.height()
    place = QRect(tile.left() + _INSET, tile.bottom() - height - 1, tile.width() - 10, height)
    badge = index.data(TileRole.BADGE)
    if badge is not None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(badge)
        painter.drawEllipse(place.left(), place.center().y() - _BADGE // 2, _BADGE, _BADGE)
        place.setLeft(place.left() + _BADGE + 4)
    caption = index.data(Qt.ItemDataRole.DisplayRole)
    shown = option.fontMetrics.elidedText(caption, Qt.TextElideMode.ElideRight, place.width())
    painter.setPen(option.palette.color(QPalette.ColorRole.Text))
    painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), shown)


def _paint_check(painter: QPainter, colours: QPalette, centre: QPointF) -> None:
    painter.setPen(QPen(colours.color(QPalette.ColorRole.Base), 1.5))
    painter.setBrush(colours.color(QPalette.ColorRole.Highlight))
    painter.drawEllipse(centre, _CHECK / 2, _CHECK / 2)
    mark = [QPointF(-4, 0), QPointF(-1, 3.2), QPointF(4.2, -3)]
    painter.setPen(QPen(colours.color(QPalette.ColorRole.HighlightedText), 2))
    painter.drawPolyline(QPolygonF([centre + corner for corner in mark]))
