"""`python -m reprlab`: the command line."""

from reprlab.cli import main

if __name__ == "__main__":
    main()
