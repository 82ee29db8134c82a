"""``python -m pavedroad`` is the command ``pavedroad``."""

from pavedroad.cli.main import run

if __name__ == "__main__":
    run()
