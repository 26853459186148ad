"""The window. The only room with Qt; it never imports torch."""
