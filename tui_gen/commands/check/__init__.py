"""`tui-gen check`: whether this machine is ready, and what can be made of every source.

    command.py    the whole of it          keeping.py    what was found, kept for the run
    machine.py    program, terminal        output.py     the disk that is written to
    logind.py     what a logout ends       table.py      findings -> text, findings -> JSON

Looking writes nothing. Kept is only what a run would have recorded, and only where the output folder is
there or stands right below a folder that is.
"""
