"""The keys of a run are the same in every job's configuration, at the places that the job gives them."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from tui_gen.config.key_meanings import meanings
from tui_gen.config.keys import KeysModel, remedy_for
from tui_gen.config.run_keys import FreeSpace, RunKeys
from tui_gen.jobs.anime.config import schema as anime
from tui_gen.jobs.superres.config import schema as superres
from tui_gen.jobs.videomnist.config import schema as videomnist

RUN_KEYS = (
    "max_workers",
    "schedule",
    "cluster",
    "min_free_gb",
    "nice",
    "status_file",
    "hooks",
    "keymap",
    "notices",
)

WRONG: dict[str, list[object]] = {
    "max_workers": [0, 2000],
    "schedule": [{}, [{"from": "08:00", "to": "08:00", "workers": 1}], [{"workers": 1}]],
    "cluster": ["tcp://nas:8786", {}, {"address": "tcp://nas:8786", "output": "nfs"}],
    "min_free_gb": [-1],
    "nice": [20],
    "status_file": [""],
    "hooks": [{"on_start": ["x"]}, {"on_finish": []}],
    "keymap": [{"pause": 1}],
    "notices": ["loud"],
    "open_sources": [0, 2000],
}


class OwnKeys(KeysModel):
    """The keys of a job's own."""

    colour: str = "red"
    """The colour."""


class File(RunKeys, OwnKeys):
    """The file of a job."""

    min_free_gb: FreeSpace = 2.0


MODELS = (File, anime.ConfigFile, videomnist.ConfigFile, superres.BaseSettings, superres.ConfigFile)


def test_a_job_has_its_own_keys_first_and_a_changed_default_at_its_place() -> None:
    assert tuple(File.model_fields) == ("colour", *RUN_KEYS)
    assert (File().min_free_gb, RunKeys().min_free_gb, File().nice) == (2.0, 5.0, 19)
    assert remedy_for(File, ("min_free_gb",), whole="") == "a number, 0 or more"
    assert remedy_for(File, ("hooks", "on_finish"), whole="").startswith("events and their commands")


def test_a_key_declared_again_keeps_its_meaning_unless_it_has_a_new_one() -> None:
    told = meanings(File)
    assert tuple(told) == ("colour", *RUN_KEYS)
    assert told["min_free_gb"] == meanings(RunKeys)["min_free_gb"]
    assert meanings(videomnist.ConfigFile)["nice"] != meanings(RunKeys)["nice"]


@pytest.mark.parametrize(
    ("model", "key", "wrong"),
    [
        (model, key, wrong)
        for model in MODELS
        for key, values in WRONG.items()
        for wrong in values
        if key in model.model_fields
    ],
)
def test_every_job_refuses_the_same_values(model: type[BaseModel], key: str, wrong: object) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate({key: wrong})
    assert key in {error["loc"][0] for error in refused.value.errors()}


def test_every_job_has_every_key_of_a_run() -> None:
    assert set(RUN_KEYS) == set(RunKeys.model_fields)
    assert set(RUN_KEYS) <= set(anime.ConfigFile.model_fields)
    assert set(RUN_KEYS) <= set(videomnist.ConfigFile.model_fields)
    assert set(RUN_KEYS) <= {*superres.ConfigFile.model_fields, *superres.BaseSettings.model_fields}
