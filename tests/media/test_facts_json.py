import json
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tui_gen.media.facts_json import probe_from_json, probe_to_json, survey_from_json, survey_to_json
from tui_gen.media.film_facts import ColourFacts, ProbeFacts, SurveyFacts
from tui_gen.media.geometry import Region, Size

NAMES = st.text(max_size=12)
PIXELS = st.integers(1, 20000)
SECONDS = st.floats(-1e6, 1e6, allow_nan=False)
MAYBE = st.none() | NAMES
NITS = st.none() | st.floats(0, 1e5)
COLOURS = st.builds(
    ColourFacts,
    NAMES,
    st.integers(8, 16),
    MAYBE,
    MAYBE,
    MAYBE,
    MAYBE,
    MAYBE,
    NITS,
    NITS,
    st.none() | st.integers(0, 20),
)
PROBES = st.builds(
    ProbeFacts,
    container=NAMES,
    codec=NAMES,
    coded=st.builds(Size, PIXELS, PIXELS),
    sample_aspect=st.fractions(Fraction(1, 100), 100),
    rotation_degrees=st.sampled_from([0, 90, 180, 270]),
    first_pts_seconds=SECONDS,
    duration_seconds=SECONDS,
    frame_seconds=st.none() | SECONDS,
    field_order=NAMES,
    colour=COLOURS,
    hdr_class=st.sampled_from(["pq", "hlg", "sdr"]),
)
SURVEYS = st.builds(SurveyFacts, st.builds(Region, PIXELS, PIXELS, PIXELS, PIXELS), PIXELS, st.booleans())


@given(PROBES)
def test_the_facts_of_a_probe_survive_the_ledger(facts: ProbeFacts) -> None:
    assert probe_from_json(json.loads(json.dumps(probe_to_json(facts)))) == facts


@given(SURVEYS)
def test_the_facts_of_a_survey_survive_the_ledger(facts: SurveyFacts) -> None:
    assert survey_from_json(json.loads(json.dumps(survey_to_json(facts)))) == facts


@given(SURVEYS)
def test_entries_of_a_later_version_are_passed_over(facts: SurveyFacts) -> None:
    assert survey_from_json({**survey_to_json(facts), "novelty": 1}) == facts
