"""`tui-gen check`: reports whether this machine is ready, and what a run could make of every source.

    command.py    the whole command        recording.py  records findings for the run
    machine.py    program, terminal        output.py     the disk of the output
    logind.py     the effect of a logout   table.py      findings -> text, findings -> JSON

The check itself writes nothing. It records only facts that a run would have recorded, and only if the output
folder or its parent exists.
"""
