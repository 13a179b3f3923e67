"""Exports of the patches in the layouts that other trainers read.

    ledger ── samples.py ──> patches ── division.py ──> train, val, test, or left out with a reason
                                               │
               layouts.py names ──> trees.py, shards.py, databases.py write <── output.py: links, whole files

Films are not decoded again. Single tiles of stacks are encoded again; whole files are hard-linked if
possible. An export gets its final name only when it is complete.
"""
