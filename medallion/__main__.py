"""``python -m medallion``."""

from medallion.cli.main import main

if __name__ == "__main__":
    main()
