"""`minitorch-mnist`, and `python -m minitorch_mnist`."""

from minitorch_cli import start


def main() -> int:
    """Run the program; its exit code."""
    start("minitorch-mnist")
    from minitorch_mnist.cli import main as run  # takes a second, in which Ctrl-C may come

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
