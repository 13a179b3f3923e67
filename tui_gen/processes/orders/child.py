"""The child process: it reads orders from a pipe, one after the other, and answers each.

    python -I child.py <descriptor of the orders> <descriptor of the answers>

It ends when the orders end, which is at the latest when its parent does.
"""

from __future__ import annotations

import json
import pickle
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO

from tui_gen.base.errors import ObstructedError, reason_of
from tui_gen.processes.orders.messages import LENGTH_BYTES, Order, Signs


def main() -> None:
    """Carry out orders until there are no more."""
    orders, answers = (int(argument) for argument in sys.argv[1:3])
    with open(orders, "rb") as source, open(answers, "wb") as target:  # noqa: PTH123 - these are descriptors
        for context, order in _orders(source):
            _answer(context, order, partial(_say, target))


def _say(target: BinaryIO, answer: dict[str, Any]) -> None:
    target.write(f"{json.dumps(answer)}\n".encode())
    target.flush()


def _orders(source: BinaryIO) -> Iterator[tuple[Any, Order]]:
    """Yield the orders; a context that is the same as before is the same object."""
    known = dict[bytes, Any]()
    while context_bytes := _block(source):
        if context_bytes not in known:
            known = {context_bytes: pickle.loads(context_bytes)}  # noqa: S301 - from the parent
        yield known[context_bytes], pickle.loads(_block(source))  # noqa: S301 - from the parent


def _block(source: BinaryIO) -> bytes:
    length = int.from_bytes(source.read(LENGTH_BYTES), "little")
    return source.read(length)


def _answer(context: Any, order: Order, say: Callable[[dict[str, Any]], None]) -> None:  # noqa: ANN401 - the job's own
    try:
        say({"done": order.carry_out(context, Signs(say))})
    except ObstructedError as error:
        say({"obstructed": str(error)})
    except Exception as error:  # noqa: BLE001 - the parent tells it
        say({"failed": reason_of(error), "detail": traceback.format_exc()})


if __name__ == "__main__":
    main()
