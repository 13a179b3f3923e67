"""Which file shows which character."""

from __future__ import annotations

from tui_gen.jobs.anime.classify.references import reference_id, references_among


def test_folders_and_flat_files_name_characters() -> None:
    found = references_among(
        [
            "Karen/a.png",
            "Karen/none/dress/b.JPG",
            "2_Komari/c.webp",
            "Noise/d.png",
            "-1_noise/e.png",
            "Melka_1.png",
            "Melka_hat_2.png",
            "Villhaze.png",
            "noise_1.png",
        ]
    )
    assert found.folders == {
        "Karen/a.png": "Karen",
        "Karen/none/dress/b.JPG": "Karen/none/dress",
        "2_Komari/c.webp": "Komari",
        "Noise/d.png": "Noise",
        "-1_noise/e.png": "-1_noise",
        "Melka_1.png": "Melka",
        "Melka_hat_2.png": "Melka",
        "Villhaze.png": "Villhaze",
        "noise_1.png": "noise",
    }
    assert not found.problems


def test_hidden_files_and_other_files_are_no_references() -> None:
    paths = ["Karen/.a_meta.json", ".trash/Karen/a.png", "Karen/.b.png", "Karen/notes.txt", "Karen/model.npz"]
    assert not references_among(paths).folders


def test_doubtful_names_are_told() -> None:
    found = references_among(["a, b/1.png", "a, b/2.png", "0012.png", "_x.png", "47/1.png"])
    folders = {"a, b/1.png": "a, b", "a, b/2.png": "a, b", "0012.png": "0012", "47/1.png": "47"}
    assert found.folders == folders
    assert len(found.problems) == 3
    assert "0012.png names the character 0012" in found.problems[0]
    assert "_x.png names no character" in found.problems[1]
    assert "comma" in found.problems[2]


def test_no_crop_has_the_id_of_a_reference() -> None:
    assert "/" in reference_id("Karen_1.png")
    assert reference_id("Karen/a.png") != reference_id("Komari/a.png")
