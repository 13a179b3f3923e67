"""The same patches in the layouts that other trainers read.

    ledger ── samples.py ──> patches ── division.py ──> train, val, test, or left out and why
                                               │
               layouts.py names ──> trees.py, shards.py, databases.py write <── output.py: links, whole files

Films are not decoded again: tiles of stacks are encoded again, whole files are hard-linked where possible.
An export stands under its name when it is whole, and not before.
"""
