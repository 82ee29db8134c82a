"""The settings of a small repo as the text of a ``pavedroad.toml``, for tests that need some and care about few."""

SMALLEST = {
    "project": 'name = "Sales"\nowner = "Ada"',
    "objective": 'problem = "regression"\ntarget = "sold"\nmetric = "mean_absolute_error"',
    "data": 'train = "data.csv"',
    "model": 'features = "shop.features:features"\ntrain = "shop.model:train"',
}


def write_settings(**sections: str) -> str:
    """In `write_settings(data='train = "t.csv"', gate="looks = 2")` a line takes the place of the one with its key."""
    text = []
    for name in dict.fromkeys([*SMALLEST, *sections]):
        lines = [*SMALLEST.get(name, "").splitlines(), *sections.get(name, "").splitlines()]
        text += [f"[{name}]", *{line.partition(" = ")[0]: line for line in lines}.values()]
    return "\n".join(text) + "\n"
