r"""How often the images of each folder are repeated: `multiply.txt`.

            training                     the children of a folder share its probability by their weights;
           /        \                     images of its own are one more child, with the folder's own weight
   1_character     others
     /     \        /    \                 repeats of an image: m = p/n / min(p/n) * min_multiply
 class1  class2  class1  class3

Invariant: the probabilities of the folders with images sum to 1, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath

from tui_gen.jobs.anime.balance.weights import WeightTable

_ROOT = PurePosixPath()


@dataclass(frozen=True, slots=True)
class BalanceOptions:
    """How the training set is balanced."""

    weight_csv: str | None = None
    min_multiply: float = 1
    max_multiply: float = 100
    multiply_decimals: int = 0
    compute_multiply_up_levels: int = 1


@dataclass(frozen=True, slots=True)
class FolderBalance:
    """What one folder with images gets."""

    folder: str  # relative to the source folder; "" is that folder
    images: int
    probability: Fraction  # that a drawn image is one of this folder
    exact: Fraction  # the repeats before they are rounded and limited
    multiply: Decimal

    @property
    def text(self) -> str:
        """The content of multiply.txt: a number without superfluous zeros."""
        return f"{self.multiply.normalize():f}\n"

    @property
    def repeats(self) -> int:
        """The repeats for trainers that take whole numbers: at least 1."""
        return max(rounded_half_up(self.multiply.as_integer_ratio()), 1)


def rounded_half_up(number: tuple[int, int]) -> int:
    """Return the nearest whole number of a fraction; a half goes up."""
    return math.floor(Fraction(*number) + Fraction(1, 2))


def problem_of(options: BalanceOptions) -> str | None:
    """Return what is wrong with the limits, with what to write instead; None: nothing."""
    smallest = _rounded(Fraction(str(options.min_multiply)), options.multiply_decimals)
    if smallest <= 0:
        return (
            f"min_multiply {options.min_multiply} is 0 with {options.multiply_decimals} decimals:"
            " write a larger one, or more multiply_decimals"
        )
    if options.max_multiply < options.min_multiply:
        return (
            f"max_multiply {options.max_multiply} is below min_multiply {options.min_multiply}:"
            " write a larger max_multiply"
        )
    return None


def balanced(
    images: Mapping[str, int], source: str, table: WeightTable, options: BalanceOptions
) -> tuple[FolderBalance, ...]:
    """Return the balance of each folder with images, ordered by folder.

    `images`: the number of images in each folder, relative to the source folder, with forward slashes;
    folders without images may be left out. `source`: the path of the source folder, as patterns see it.
    Raises ValueError where the limits contradict each other.
    """
    problem = problem_of(options)
    if problem:
        raise ValueError(problem)
    numbers = {PurePosixPath(folder): number for folder, number in images.items() if number > 0}
    probabilities = _probabilities(numbers, PurePosixPath(source), table)
    if not probabilities:
        return ()
    least = min(probabilities[folder] / numbers[folder] for folder in numbers)
    scale = Fraction(str(options.min_multiply)) / least
    return tuple(
        _balance(folder, numbers[folder], probabilities[folder], scale, options)
        for folder in sorted(numbers, key=lambda folder: folder.parts)
    )


def _balance(
    folder: PurePosixPath, images: int, probability: Fraction, scale: Fraction, options: BalanceOptions
) -> FolderBalance:
    exact = probability / images * scale
    multiply = min(_rounded(exact, options.multiply_decimals), Decimal(str(options.max_multiply)))
    return FolderBalance("" if folder == _ROOT else str(folder), images, probability, exact, multiply)


def _rounded(number: Fraction, decimals: int) -> Decimal:
    whole = rounded_half_up((number * 10**decimals).as_integer_ratio())
    return Decimal(whole).scaleb(-decimals)


def _probabilities(
    numbers: Mapping[PurePosixPath, int], source: PurePosixPath, table: WeightTable
) -> dict[PurePosixPath, Fraction]:
    children: dict[PurePosixPath, set[PurePosixPath]] = {}
    for folder in numbers:
        for below, above in zip((folder, *folder.parents), folder.parents, strict=False):
            children.setdefault(above, set()).add(below)
    weights = {
        folder: table.weight_of(str(source / folder)) for folder in {*numbers, *children, *_below(children)}
    }
    found: dict[PurePosixPath, Fraction] = {}
    waiting = [(_ROOT, Fraction(1))] if numbers else []
    while waiting:
        folder, probability = waiting.pop()
        shares = [(child, weights[child]) for child in children.get(folder, ())]
        own = weights[folder] if folder in numbers else Fraction(0)
        whole = sum((weight for _, weight in shares), own)
        if folder in numbers:
            found[folder] = probability * own / whole
        waiting += [(child, probability * weight / whole) for child, weight in shares]
    return found


def _below(children: Mapping[PurePosixPath, set[PurePosixPath]]) -> set[PurePosixPath]:
    return {child for each in children.values() for child in each}
