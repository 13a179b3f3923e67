"""The range of a source's priority."""

from __future__ import annotations

DEFAULT_PRIORITY = 255
"""Priorities run from 0 (first) to 255 (last)."""
