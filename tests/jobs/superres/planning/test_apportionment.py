"""The seats of a category equal the seat-by-seat rule, whatever the weights, capacities and made ones."""

import heapq
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tui_gen.jobs.superres.planning.apportionment import Claim, allot

WEIGHTS = st.one_of(
    st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 3.0]),
    st.integers(min_value=1, max_value=9),
    st.floats(min_value=1e-6, max_value=1e6),
)


@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    count = draw(st.integers(min_value=0, max_value=12))
    made = st.one_of(st.just(0), st.integers(min_value=0, max_value=60))
    return [
        Claim(
            id=f"{draw(st.integers(min_value=0, max_value=99)):02}-{index}",
            weight=draw(WEIGHTS),
            made=draw(made),
            capacity=draw(st.integers(min_value=0, max_value=200)),
        )
        for index in range(count)
    ]


def seat_by_seat(target: int, claims: list[Claim]) -> tuple[int, ...]:
    seats = [claim.made for claim in claims]

    def entry(index: int) -> tuple[Fraction, str, int]:
        claim = claims[index]
        return -Fraction(str(claim.weight)) / (2 * seats[index] + 1), claim.id, index

    heap = [entry(index) for index, claim in enumerate(claims) if claim.capacity > claim.made]
    heapq.heapify(heap)
    while heap and sum(seats) < target:
        index = heapq.heappop(heap)[2]
        seats[index] += 1
        if seats[index] < claims[index].capacity:
            heapq.heappush(heap, entry(index))
    return tuple(seats)


@given(st.integers(min_value=0, max_value=1500), claims())
def test_seats_equal_the_seat_by_seat_rule(target: int, claims: list[Claim]) -> None:
    assert allot(target, claims) == seat_by_seat(target, claims)


@given(st.integers(min_value=0, max_value=1500), claims(), st.data())
def test_the_others_never_get_less_when_one_drops_out(
    target: int, claims: list[Claim], data: st.DataObject
) -> None:
    before = dict(zip((claim.id for claim in claims), allot(target, claims), strict=True))
    if not claims:
        return
    gone = data.draw(st.sampled_from(claims))
    stopped = Claim(id=gone.id, weight=gone.weight, made=gone.made, capacity=gone.made)
    rest = [stopped if claim is gone else claim for claim in claims]
    after = dict(zip((claim.id for claim in rest), allot(target, rest), strict=True))
    assert all(after[claim.id] >= before[claim.id] for claim in claims if claim is not gone)


@given(st.integers(min_value=0, max_value=1500), claims())
def test_seats_sum_to_the_target_where_they_can(target: int, claims: list[Claim]) -> None:
    least = sum(claim.made for claim in claims)
    most = sum(max(claim.made, claim.capacity) for claim in claims)
    assert sum(allot(target, claims)) == max(least, min(target, most))


def test_a_library_of_equal_films_shares_a_large_target_evenly() -> None:
    library = [Claim(id=f"{index:03}", weight=1.0, made=0, capacity=3000) for index in range(500)]
    seats = allot(80_123, library)
    assert seats == (161,) * 123 + (160,) * 377


def test_weights_tie_as_they_are_written() -> None:
    # 0.3 / 3 is below 0.1 in binary floating point; as written down, they tie and the id decides.
    assert allot(2, [Claim("a", 0.3, 0, 9), Claim("b", 0.1, 0, 9)]) == (2, 0)


def test_a_weight_of_zero_takes_no_seat() -> None:
    assert allot(3, [Claim("a", 0.0, 0, 9), Claim("b", 1.0, 0, 2)]) == (0, 2)
