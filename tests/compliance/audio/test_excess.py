"""What is left over is judged on average and where it stands out."""

import numpy as np
import pytest

from compliance.audio.excess import MODEL_ERROR, measure_excess, smooth_excess
from compliance.audio.reconstruction import Reconstruction
from compliance.audio.signal import AudioSignal, SourceFacts
from compliance.audio.spectrum import BAND_COUNT

BLOCKS = 30
WAV = SourceFacts(
    container="wav",
    codec="pcm_16",
    rate_hz=44_100,
    channels=2,
    frames=44_100,
    file_bytes=176_400,
    bit_rate_bps=1_411_200,
)
SONG = AudioSignal(samples=np.zeros((44_100, 2), np.float32), rate_hz=44_100, source=WAV)


def make_left_over(*, factor=1.0, blocks=slice(None), bands=slice(None)):
    """Return a song of energy 1 everywhere that leaves the usual, and more in some cells."""
    whole = np.ones((BLOCKS, BAND_COUNT), np.float32)
    left = {name: whole * np.float32(MODEL_ERROR) for name in ("mid", "side")}
    for one in left.values():
        one[blocks, bands] *= factor
    return Reconstruction(
        delay_samples=0,
        residual_mid=np.zeros(0, np.float32),
        residual_side=np.zeros(0, np.float32),
        residual_energy=left,
        song_energy={"mid": whole, "side": whole},
        evidence=np.zeros((1, BLOCKS, BAND_COUNT), np.float32),
        gain_db=np.zeros((1, BLOCKS), np.float32),
        lane_energy=np.ones((1, BLOCKS), np.float32),
    )


def test_the_usual_error_is_no_excess():
    excess = measure_excess(SONG, make_left_over())
    for curve in (excess.mid_db, excess.side_db, excess.band_db):
        assert curve == pytest.approx(np.zeros(BLOCKS), abs=0.1)


def test_what_fills_a_few_bands_stands_out_in_the_group_and_not_on_average():
    bass = make_left_over(factor=100.0, blocks=slice(10, 22), bands=slice(0, 4))
    excess = measure_excess(SONG, bass)
    assert smooth_excess(excess.mid_db).max() < 3
    assert excess.band_db.max() == pytest.approx(10 * np.log10(50), abs=0.2)
    assert excess.band_db[:6].max() < 3
    assert 10 <= int(np.argmax(excess.band_db)) < 22


def test_a_short_song_has_curves_as_well():
    short = make_left_over(factor=100.0)
    short.song_energy["mid"] = short.song_energy["mid"][:2]
    short.song_energy["side"] = short.song_energy["side"][:2]
    short.residual_energy["mid"] = short.residual_energy["mid"][:2]
    short.residual_energy["side"] = short.residual_energy["side"][:2]
    excess = measure_excess(SONG, short)
    assert excess.band_db == pytest.approx(np.full(2, 20.0), abs=0.1)
