import numpy as np
import pytest

from tests.jobs.superres.sample_films import measured
from tui_gen.jobs.superres.extraction.reading.luma import block_means


def test_block_means_are_those_of_whole_blocks_at_8_bits() -> None:
    frames = np.random.default_rng(1).integers(0, 1024, (2, 20, 27)).astype("<u2")
    means = block_means(frames, depth=10)
    assert means.shape == (2, 2, 3)
    for row in range(2):
        for column in range(3):
            block = frames[1, row * 8 : row * 8 + 8, column * 8 : column * 8 + 8]
            assert means[1, row, column] == pytest.approx(block.mean() / 4)


def test_a_frame_smaller_than_a_block_is_one_block() -> None:
    assert block_means(np.full((1, 3, 5), 7, np.uint8), depth=8).tolist() == [[[7.0]]]


def test_differences_are_of_first_and_last_and_of_neighbours() -> None:
    frames = np.zeros((7, 16, 16), np.uint8)
    frames[4:] = 100
    frames[3, :, 8:] = 30
    measures = measured(frames, depth=8).measures()
    assert measures.scene_difference == 100.0
    assert measures.pair_differences == (0.0, 0.0, 15.0, 85.0, 0.0, 0.0)
    assert not measures.is_blank


def test_a_middle_frame_without_detail_is_blank() -> None:
    frames = np.random.default_rng(2).integers(0, 255, (7, 64, 64)).astype(np.uint8)
    frames[3] = 16
    frames[3, ::2] = 17
    assert measured(frames, depth=8).is_blank
