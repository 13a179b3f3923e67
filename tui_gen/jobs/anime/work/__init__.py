"""The work of the stages, in child processes: a module for each stage.

perform.py ── order of orders.py ──> a child of processes/orders ──> survey.py, extract.py, crop.py, ...
"""
