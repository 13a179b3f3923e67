"""What ends up in the output folder: patches cut, written under their names, looked over, moved."""
