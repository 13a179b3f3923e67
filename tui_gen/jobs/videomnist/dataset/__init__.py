"""The files of the job: shards of rendered videos, the HDF5 file, samples and exports.

    RenderedVideo ── stored_video.py ──> StoredVideo ── shard.py ──> shards
                                                                       │
                  last HDF5 file ── h5_file.py ── StoredVideo ──> assemble.py ──> videomnist.h5
                                                                                       │
                                                              samples/, export/ <── h5_file.py

Invariant: a file that stands under its own name is whole. Each is written under a temporary name first.
"""
