"""One module or folder for each command of `tui-gen`."""
