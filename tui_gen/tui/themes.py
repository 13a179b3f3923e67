"""Two themes, one for dark and one for light terminals; both readable without colour."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="tui-gen-dark",
    primary="#7aa2c8",
    secondary="#8a9aa8",
    accent="#8fb7d9",
    success="#8fc08f",
    warning="#e0b060",
    error="#e8837a",
    foreground="#d8dadc",
    background="#16181b",
    surface="#1e2125",
    panel="#2b3036",
    dark=True,
)
LIGHT = Theme(
    name="tui-gen-light",
    primary="#1f5f99",
    secondary="#4f5b66",
    accent="#175a94",
    success="#1f6b2e",
    warning="#8a5200",
    error="#b3261e",
    foreground="#1c1e21",
    background="#f7f7f5",
    surface="#ecebe7",
    panel="#d9d8d3",
    dark=False,
)
