"""The stages of the job, and the words by which a configuration names them.

1 extract    survey, choose, extract      5 tag        tag, caption
2 crop       crop                         6 arrange    arrange
3 classify   embed, classify              7 balance    balance
4 select     select
"""

from __future__ import annotations

STAGES = (
    "survey", "choose", "extract", "crop", "embed", "classify",
    "select", "tag", "caption", "arrange", "balance",
)  # fmt: skip
"""In their order, as in the ledger."""
REMOVE = "remove"
"""A last stage, performed with `remove_intermediate`: no run begins or ends with it by name."""
NUMBERS = {
    1: ("survey", "choose", "extract"),
    2: ("crop",),
    3: ("embed", "classify"),
    4: ("select",),
    5: ("tag", "caption"),
    6: ("arrange",),
    7: ("balance",),
}
"""The stages by the numbers of older programs."""
ALIASES = {
    "remove_similar": 1, "screenshots": 1, "cropping": 2, "classification": 3, "classify_characters": 3,
    "construct_dataset": 4, "selection": 4, "tagging": 5, "tag_and_caption": 5, "captioning": 5,
    "arrange_folder": 6, "compute_multiply": 7, "balancing": 7,
}  # fmt: skip
"""Other names of these numbers."""
STAGE_WORDS = (*NUMBERS, *STAGES)


def stages_named(word: str | int) -> tuple[str, ...] | None:
    """Return the stages that a number or a name stands for, or None for an unknown one."""
    text = str(word).strip().lower()
    if text in STAGES:
        return (text,)
    if text in ALIASES:
        return NUMBERS[ALIASES[text]]
    return NUMBERS.get(int(text)) if text.isdecimal() else None
