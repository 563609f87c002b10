"""`minitorch-sentiment`, and `python -m minitorch_sentiment`."""

from minitorch_cli import start


def main() -> int:
    """Run the program; its exit code."""
    start("minitorch-sentiment")
    from minitorch_sentiment.cli import main as run  # takes a second, in which Ctrl-C may come

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
