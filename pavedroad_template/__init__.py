"""What the template knows beyond its files: the rules for answers, the table check and where it was taken from.

Only the standard library is used (``extension`` adds Jinja and cookiecutter, which are there by then), because this
runs in the environment in which a person happens to have cookiecutter.
"""
