"""`tui-gen lend`: lends this machine to the runs of a dask scheduler.

The module `command` is the whole command. It connects, and connects again, until a signal ends it. The module
`worker_process` has the dask worker: its arguments, its environment, and what its log says.
"""
