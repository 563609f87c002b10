"""`minitorch-gpt`, and `python -m minitorch_gpt`."""

# The public module takes some milliseconds to import.
import _signal as signal  # type: ignore[import-not-found]  # noqa: PLC2701


def main() -> int:
    """Run the program; its exit code."""
    # From the first moment Ctrl-C ends it without a traceback; `start` lets it say so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from minitorch_cli import start

    start("minitorch-gpt")
    from minitorch_gpt.cli import main as run  # takes a second

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
