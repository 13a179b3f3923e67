"""The videos of an HDF5 file in the layouts that other trainers read."""
