"""`python -m minitorch_sentiment`."""

from minitorch_sentiment.cli import main

raise SystemExit(main())
