"""The patches in the output folder: folders, verification, moves, exports, contact sheets."""
