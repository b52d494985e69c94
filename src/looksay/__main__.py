"""`python -m looksay`, for where the `looksay` script is not on the path."""

from looksay.cli.main import main

if __name__ == "__main__":
    main()
