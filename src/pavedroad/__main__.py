"""``python -m pavedroad`` is the command ``pavedroad``."""

from pavedroad.cli.main import main

if __name__ == "__main__":
    main()
