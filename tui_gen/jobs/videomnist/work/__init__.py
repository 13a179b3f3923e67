"""The work of the stages, in child processes: rendering, writing the file, drawing samples.

perform.py ── order ──> child_process.py ── pipe ──> child.py ── rendering.py, assembling.py
"""
