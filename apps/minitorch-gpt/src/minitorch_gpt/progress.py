"""Progress of training on texts."""

from __future__ import annotations

import math

from minitorch_nn.training import ConsoleReporter, EpochResult


class TextReporter(ConsoleReporter):
    """Prints losses, bits per character and perplexity after each epoch.

    Args:
        context: tokens of an example.
        tokens_per_character: of the text.
    """

    def __init__(self, context: int, tokens_per_character: float) -> None:
        super().__init__(unit="tokens")
        self.context = context
        self.tokens_per_character = tokens_per_character

    def summary(self, result: EpochResult) -> str:
        line = f"epoch {result.epoch}/{result.epochs}  loss {result.train.loss:.4f}"
        if result.validation is not None:
            line += f"  validation loss {told(result.validation.loss, self.tokens_per_character)}"
        speed = result.examples_per_second * self.context
        return f"{line}  {speed:,.0f} {self.unit}/s  {result.seconds:.1f} s"


def told(loss: float, tokens_per_character: float) -> str:
    """A loss, as a language model's is told: "1.8800 (2.7123 bits per character, perplexity 6.55)".

    Args:
        loss: the mean of a token's cross entropy, in nats; the perplexity is its exponential.
        tokens_per_character: how many tokens a character makes.
    """
    bits = loss * tokens_per_character / math.log(2)
    perplexity = math.exp(min(loss, 700.0))
    return f"{loss:.4f} ({bits:.4f} bits per character, perplexity {perplexity:.2f})"
