"""Where rooms stand: inside the screen, beside each other, whatever the size."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from tui_gen.tui.layout import FACTS, LayoutRequest, PaneName, arrange, shape_of

COUNTED = (PaneName.CATEGORIES, PaneName.NOW, PaneName.DISK, PaneName.SYSTEM, PaneName.PROBLEMS)
USUAL_LINES = {
    PaneName.CATEGORIES: 4,
    PaneName.NOW: 8,
    PaneName.DISK: 9,
    PaneName.SYSTEM: 9,
    PaneName.PROBLEMS: 1,
}
lines = st.fixed_dictionaries(
    {room: st.integers(1, 60) for room in COUNTED}, optional={PaneName.MACHINES: st.integers(1, 60)}
)
focuses = st.sampled_from([room for room in PaneName if room not in {PaneName.OVERALL, PaneName.KEYS}])


@given(
    width=st.integers(1, 260),
    height=st.integers(1, 90),
    lines=lines,
    focus=focuses,
    is_zoomed=st.booleans(),
    is_ended=st.booleans(),
)
def test_rooms_lie_inside_the_screen_and_do_not_overlap(
    width: int, height: int, lines: dict[PaneName, int], focus: PaneName, *, is_zoomed: bool, is_ended: bool
) -> None:
    size = Size(width, height)
    arrangement = arrange(size, LayoutRequest(lines, focus, is_zoomed, is_ended))
    for region in arrangement.regions.values():
        assert region.area > 0
        assert size.region.contains_region(region)
    for one, other in combinations(arrangement.regions.values(), 2):
        assert not one.overlaps(other)
    if height >= 8:
        assert focus in arrangement.regions
        assert PaneName.KEYS in arrangement.regions


def test_everything_is_on_the_smallest_full_screen() -> None:
    arrangement = arrange(Size(80, 24), LayoutRequest(USUAL_LINES, PaneName.NOW))
    assert {PaneName.CATEGORIES, PaneName.NOW, *FACTS} - {PaneName.MACHINES} <= set(arrangement.regions)
    assert PaneName.MACHINES not in arrangement.regions
    assert arrangement.regions[PaneName.CATEGORIES].height == 5
    assert arrangement.regions[PaneName.NOW].height == 9


def test_each_size_has_its_shape() -> None:
    sizes = [(40, 10), (60, 16), (80, 24), (120, 36), (200, 50)]
    assert [shape_of(Size(*size)) for size in sizes] == ["tiny", "single", "stack", "columns", "broad"]


def test_videos_stand_right_below_the_workers_of_two_columns() -> None:
    regions = arrange(Size(120, 36), LayoutRequest(USUAL_LINES, PaneName.NOW)).regions
    assert regions[PaneName.NOW].height == 9
    assert regions[PaneName.SOURCES].y == regions[PaneName.NOW].bottom + 1
    assert regions[PaneName.SOURCES].bottom == regions[PaneName.PROBLEMS].bottom == regions[PaneName.KEYS].y


def test_few_workers_leave_room_for_the_videos_in_hand() -> None:
    lines = {**USUAL_LINES, PaneName.NOW: 2}
    regions = arrange(Size(120, 36), LayoutRequest(lines, PaneName.NOW)).regions
    assert regions[PaneName.NOW].height == 8
    assert regions[PaneName.SOURCES].height >= 10


def test_a_broad_screen_has_curves_and_leaves_no_room_empty() -> None:
    regions = arrange(Size(200, 50), LayoutRequest(USUAL_LINES, PaneName.NOW)).regions
    assert regions[PaneName.HISTORY].size >= Size(60, 20)
    assert regions[PaneName.SOURCES].width == 200
    assert regions[PaneName.NOW].height <= 22
    assert regions[PaneName.PROBLEMS].height <= 7
    assert regions[PaneName.SOURCES].bottom == regions[PaneName.KEYS].y
    for focus in (PaneName.LOG, PaneName.PREVIEW):
        others = arrange(Size(200, 50), LayoutRequest(USUAL_LINES, focus)).regions
        assert others[focus] == regions[PaneName.HISTORY]


def test_many_workers_of_a_broad_screen_go_down_to_its_bottom() -> None:
    lines = {
        PaneName.CATEGORIES: 4,
        PaneName.NOW: 36,
        PaneName.DISK: 9,
        PaneName.SYSTEM: 9,
        PaneName.PROBLEMS: 1,
    }
    regions = arrange(Size(200, 50), LayoutRequest(lines, PaneName.NOW)).regions
    assert regions[PaneName.NOW].bottom == regions[PaneName.SOURCES].bottom == regions[PaneName.KEYS].y
    assert regions[PaneName.NOW].height >= 37
