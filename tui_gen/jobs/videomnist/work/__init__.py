"""The work of the stages, in child processes: rendering, writing the file, drawing samples.

perform.py ── order of orders.py ──> a child of processes/orders ──> rendering.py, assembling.py, sampling.py
"""
