"""`tui-gen run`: the engine in the foreground."""
