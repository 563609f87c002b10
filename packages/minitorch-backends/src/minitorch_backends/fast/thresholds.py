"""From how much work on threads pay, in one place.

Measured on 2 cores of an AMD EPYC (Zen 4, AVX-512), Python 3.11, numba 0.68: sharing a loop costs 2
microseconds after another shared one, 10 and more when the threads have gone to sleep (see
`threads.load_openmp`). A threshold is where half the time of the loop is more than that. The unit
is in each comment; the time is that of one thread.
"""

from __future__ import annotations

#: Elements of cheap arithmetic (add, mul, relu): 0.13 ns each while they fit in the cache. Threads
#: pay from a quarter of this, but a shared loop takes a second to compile, and small networks,
#: whose first step is a wait, do without.
ARITHMETIC = 1 << 19

#: Elements of an arithmetic operation below which numpy's loop is as good as a compiled one.
COMPILED = 1 << 15

#: Elements from which a transposed array is copied by tiles.
TILED = 1 << 10

#: Elements of a function with an exponential or logarithm: 0.3 to 0.5 ns each.
TRANSCENDENTAL = 1 << 16

#: Elements of such a function from which a compiled loop is ahead of numpy's.
COMPILED_TRANSCENDENTAL = 1 << 9

#: Elements from which a compiled reduction is ahead of numpy's.
COMPILED_REDUCTION = 1 << 9

#: Elements folded by a reduction: 0.06 ns each. Again what small networks do without.
REDUCTION = 1 << 19

#: Elements of a softmax: 0.5 ns each, for its passes together.
SOFTMAX = 1 << 15

#: Elements that a pooling window looks at: 0.3 ns each.
POOLING = 1 << 16

#: Multiplications of a matrix product or convolution: 0.02 ns each.
PRODUCT = 1 << 20

#: Multiplications from which a direct call of BLAS is quicker than numpy's.
DIRECT_PRODUCT = 1 << 17

#: Places of a convolution's window, in all samples, from which rearranging its kernels, 1 to 2 ns
#: for each of their numbers, is little of the work.
REARRANGED = 1 << 12

#: Elements of vectors that an embedding looks up or adds up: 0.1 ns each.
LOOKED_UP = 1 << 17

#: Multiplications of a recurrent sequence: 0.02 ns each. To wake one of Python's threads takes 100
#: microseconds.
SEQUENCE = 1 << 24

#: Parameters of an optimizer step: 0.3 ns each.
OPTIMIZER = 1 << 16

#: Bytes of an array from which its memory is kept for the next one (see `memory`): from here the
#: C library gives memory back to the system whenever it lies at the end of what it has.
KEPT_MEMORY = 1 << 17
