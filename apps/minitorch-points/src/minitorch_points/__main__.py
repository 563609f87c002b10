"""`python -m minitorch_points`."""

from minitorch_points.cli import main

raise SystemExit(main())
