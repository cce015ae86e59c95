"""The counter-based generator against its authors' known answers and numpy's own Philox."""

import numpy as np
import pytest
from numpy.typing import NDArray

from equipoise.disease import uniforms
from equipoise.disease.philox import open_uniform, philox_block, stream_word
from equipoise.errors import DesignError


def numpy_words(seed: int, stream: int, replicate: int, participant: int, draws: int) -> NDArray[np.uint64]:
    key = np.array([seed, stream], dtype=np.uint64)
    counter = np.array([0, participant, replicate, 0], dtype=np.uint64)
    return np.asarray(np.random.Philox(key=key, counter=counter).random_raw(draws))


def as_open_uniform(words: NDArray[np.uint64]) -> NDArray[np.float64]:
    return np.asarray(((words >> np.uint64(12)).astype(np.float64) + 0.5) / 2.0**52)


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        # The known answers of the authors' Random123 library (tests/kat_vectors, philox4x64 with 10 rounds).
        (
            (0, 0),
            (0, 0, 0, 0),
            (0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B),
        ),
        (
            (2**64 - 1, 2**64 - 1),
            (2**64 - 1, 2**64 - 1, 2**64 - 1, 2**64 - 1),
            (0x87B092C3013FE90B, 0x438C3C67BE8D0224, 0x9CC7D7C69CD777B6, 0xA09CAEBF594F0BA0),
        ),
        (
            (0x452821E638D01377, 0xBE5466CF34E90C6C),
            (0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89),
            (0xA528F45403E61D95, 0x38C72DBD566E9788, 0xA5A1610E72FD18B5, 0x57BD43B5E52B7FE6),
        ),
    ],
)
def test_a_block_is_the_known_answer_of_the_authors(
    key: tuple[int, ...], counter: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    words = philox_block(
        (np.uint64(key[0]), np.uint64(key[1])),
        (np.uint64(counter[0]), np.uint64(counter[1]), np.uint64(counter[2]), np.uint64(counter[3])),
    )
    assert tuple(int(word) for word in words) == expected


@pytest.mark.parametrize("seed", [0, 7, 2**64 - 1])
@pytest.mark.parametrize("stream", [0, 3, 2**64 - 1])
@pytest.mark.parametrize("replicate", [0, 99_999, 2**62])
def test_uniforms_are_the_words_that_numpy_gives_for_the_same_key(seed: int, stream: int, replicate: int) -> None:
    participants = np.array([0, 1, 406, 2**40])
    ours = uniforms(seed, stream, participants, replicate=replicate, draws=9)
    for row, participant in enumerate(participants):
        theirs = as_open_uniform(numpy_words(seed, stream, replicate, int(participant), 9))
        assert ours[row].tobytes() == theirs.tobytes()


def test_the_extreme_words_stay_inside_the_open_interval() -> None:
    assert open_uniform(np.uint64(0)) == 2.0**-53
    assert open_uniform(np.uint64(2**64 - 1)) == 1 - 2.0**-53


def test_a_part_computed_alone_is_the_same_bytes_as_in_the_whole() -> None:
    whole = uniforms(5, "response", np.arange(100), replicate=3, draws=6)
    assert uniforms(5, "response", np.arange(40, 60), replicate=3, draws=6).tobytes() == whole[40:60].tobytes()
    assert uniforms(5, "response", np.arange(99, -1, -1), replicate=3, draws=6).tobytes() == whole[::-1].tobytes()
    assert uniforms(5, "response", 7, replicate=3, draws=2).tobytes() == whole[7, :2].tobytes()


def test_another_seed_stream_replicate_or_participant_gives_other_numbers() -> None:
    keys = [(1, 1, 0, 0), (2, 1, 0, 0), (1, 2, 0, 0), (1, 1, 1, 0), (1, 1, 0, 1)]
    drawn = {uniforms(s, t, p, replicate=r)[0, 0] for s, t, r, p in keys}
    assert len(drawn) == len(keys)


def test_a_named_stream_is_the_first_eight_bytes_of_the_sha256_of_its_name() -> None:
    # printf disease | sha256sum, first 16 digits
    assert int(stream_word("disease")) == 0xB8E8C313B6712EB7


def test_uniforms_have_the_mean_and_variance_of_the_uniform_distribution() -> None:
    u = uniforms(20110505, "moments", np.arange(100_000), draws=4)
    # Four standard errors: sqrt(1/12/n) of the mean, sqrt(1/180/n) of the variance (kurtosis 9/5 of the
    # uniform).
    assert abs(u.mean() - 0.5) < 4 * np.sqrt(1 / 12 / u.size)
    assert abs(u.var() - 1 / 12) < 4 * np.sqrt(1 / 180 / u.size)
    assert np.abs(np.corrcoef(u.T) - np.eye(4)).max() < 4 / np.sqrt(100_000)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_outside_64_bits_is_refused(seed: int) -> None:
    with pytest.raises(DesignError, match="seed"):
        uniforms(seed, 0, 0)


def test_keys_that_make_no_sense_are_refused() -> None:
    with pytest.raises(DesignError, match="stream"):
        uniforms(0, -1, 0)
    with pytest.raises(DesignError, match="below zero"):
        uniforms(0, 0, [-1])
    with pytest.raises(DesignError, match="do not fit"):
        uniforms(0, 0, [1, 2, 3], replicate=[1, 2])
    with pytest.raises(DesignError, match="draws"):
        uniforms(0, 0, 0, draws=0)
