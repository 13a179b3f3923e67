"""What is done for the stages, in processes of their own: rendering, putting the file together, samples.

perform.py ── order ──> child_process.py ── pipe ──> child.py ── rendering.py, assembling.py
"""
