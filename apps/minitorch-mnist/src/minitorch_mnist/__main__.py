"""`python -m minitorch_mnist`."""

from minitorch_mnist.cli import main

raise SystemExit(main())
