"""Slips of one character in the keys of pavedroad.toml: every one is refused, with the key that was probably meant."""

import pytest
from gate_road import CONFIG

from pavedroad.config import default_settings, parse_config
from pavedroad.errors import ConfigError

KEYS = [(section, key) for section, settings in default_settings().items() for key in settings]
LETTERS = "abcdefghijklmnopqrstuvwxyz_"


def mutate(word):
    """Every word that is one character away."""
    for place in range(len(word) + 1):
        if place < len(word):
            yield word[:place] + word[place + 1 :]
            yield from (word[:place] + letter + word[place + 1 :] for letter in LETTERS)
        yield from (word[:place] + letter + word[place:] for letter in LETTERS)


def test_five_hundred_slips_in_a_key_are_refused_with_a_suggestion():
    valid = {section: set(settings) for section, settings in default_settings().items()}
    slips = [
        (section, key, slip) for section, key in KEYS for slip in mutate(key) if slip and slip not in valid[section]
    ]
    chosen = slips[:: len(slips) // 600]
    assert len(chosen) >= 500
    suggested = 0
    for section, key, slip in chosen:
        text = CONFIG.replace(f"[{section}]\n", f"[{section}]\n{slip} = 1\n", 1)
        with pytest.raises(ConfigError) as caught:
            parse_config(text if f"[{section}]" in CONFIG else f"{CONFIG}[{section}]\n{slip} = 1\n")
        assert slip in caught.value.what
        assert caught.value.line
        assert caught.value.next_step.startswith(("Did you mean", "Valid here: ")), (key, slip)
        suggested += repr(key) in caught.value.next_step or f" {key}" in caught.value.next_step
    assert suggested / len(chosen) > 0.98, "another key may be as near"


@pytest.mark.parametrize("slip", ["colum", "flor", "regresion"])
def test_a_slip_inside_a_table_is_refused_with_a_suggestion(slip):
    entries = {"column": '"a"', "floor": "1.0", "regression": "1.0"}
    nearest = {"colum": "column", "flor": "floor", "regresion": "regression"}[slip]
    entries[slip] = entries.pop(nearest)
    text = ", ".join(f"{key} = {value}" for key, value in entries.items())
    with pytest.raises(ConfigError) as caught:
        parse_config(CONFIG.replace("[gate]\n", f"[gate]\nslice = [{{{text}}}]\n", 1))
    assert slip in caught.value.what or nearest in caught.value.what
