"""One good value of each kind of evidence; tests vary it with dataclasses.replace."""

from compliance.audio.evidence import (
    ExcessCurve,
    MatchEvidence,
    MatchKind,
    PlacementEvidence,
    SongEvidence,
)
from compliance.audio.measurements import SongMeasurements
from compliance.audio.signal import SourceFacts

PLACEMENT = PlacementEvidence(
    number=0, stem="drums", start_s=0.0, end_s=30.0, share=12.0, gain_db=-3.0, problem=None
)
MATCH = MatchEvidence(
    kind=MatchKind.RESIDUAL,
    key="reference:song-x",
    start_s=8.0,
    end_s=20.0,
    source_start_s=33.0,
    score=60.0,
    confirmation_z=40.0,
)
CURVE = ExcessCurve(
    step_s=1.02,
    mid_db=(0.5,) * 28,
    side_db=(-0.5,) * 28,
    band_db=(1.5,) * 28,
    codec="mpeg_layer_iii",
    is_lossless=False,
    noise_source="measured",
)
EVIDENCE = SongEvidence(
    engine_version="1.0",
    fingerprint_version=1,
    duration_s=30.0,
    source=SourceFacts(
        container="mp3",
        codec="mpeg_layer_iii",
        rate_hz=44_100,
        channels=2,
        frames=1_323_000,
        file_bytes=480_000,
        bit_rate_bps=128_000,
    ),
    measurements=SongMeasurements(
        loudness_lufs=-12.0,
        true_peak_dbfs=-1.0,
        clipped_share=0.0,
        silent_share=0.0,
        bandwidth_hz=16_000.0,
        side_share=0.1,
        levels_dbfs=(-14.0,) * 120,
    ),
    placements=(PLACEMENT,),
    excess=CURVE,
    residual_db=-25.0,
    has_vocal=True,
)
