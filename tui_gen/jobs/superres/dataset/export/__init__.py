"""Exports of the patches in the layouts that other trainers read.

    ledger ── samples.py ──> patches ── division.py ──> train, val, test, or left out with a reason
                                               │
                              choosing.py: trees of patches or sub_patches.py; stacks.py: ratio and frames
                                               │
    layouts.py names ──> trees.py, shards.py, tables.py, databases.py write <── output.py: links, whole files
                                               │
                              description.py: dataset.json, card.py, trainers/: their configurations

Films are not decoded again. Single tiles of stacks are encoded again; whole files are hard-linked if
possible. An export gets its final name only when it is complete.
"""
