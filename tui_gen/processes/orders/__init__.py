"""Child processes that take orders, one after the other, and answer each.

    Children.ask ── order (pickled) ──> child.py ── Order.carry_out ──> answer (JSON)

A job defines its orders. A child keeps what it has loaded for the next order, such as a model.
"""
