"""Amounts of work from which several threads, or compiled loops, pay.

Measured on 2 cores of an AMD EPYC (Zen 4, AVX-512), Python 3.11, numba 0.68: a parallel loop costs
2 microseconds right after another one, 10 and more if the threads have gone to sleep (see
`threads.load_openmp`). From a threshold on, half the time of the loop exceeds that. Each comment
names the unit and the time per unit on one thread.
"""

from __future__ import annotations

#: Elements of cheap arithmetic (add, mul, relu): 0.13 ns each while they fit in the cache. Threads
#: pay from a quarter of this, but a parallel loop takes a second to compile, and small networks
#: start faster without it.
ARITHMETIC = 1 << 19

#: Elements of an arithmetic operation below which numpy's loop is as fast as a compiled one.
COMPILED = 1 << 15

#: Elements from which a transposed array is copied tile by tile.
TILED = 1 << 10

#: Elements of a function with an exponential or logarithm: 0.3 to 0.5 ns each.
TRANSCENDENTAL = 1 << 16

#: Elements of such a function from which a compiled loop beats numpy's.
COMPILED_TRANSCENDENTAL = 1 << 9

#: Elements from which a compiled reduction beats numpy's.
COMPILED_REDUCTION = 1 << 9

#: Elements of a reduction: 0.06 ns each. As with ARITHMETIC, small networks do without threads.
REDUCTION = 1 << 19

#: Elements of a layer normalization: 0.3 ns each for all its passes.
NORMALIZED = 1 << 15

#: Elements of a softmax: 0.5 ns each for all its passes.
SOFTMAX = 1 << 15

#: Elements that a pooling window looks at: 0.3 ns each.
POOLING = 1 << 16

#: Multiplications of a matrix product or convolution: 0.02 ns each.
PRODUCT = 1 << 20

#: Multiplications from which a direct call of BLAS is quicker than numpy's.
DIRECT_PRODUCT = 1 << 17

#: Window positions of a convolution, in all samples, from which rearranging its kernels, 1 to 2 ns
#: per weight, is a small part of the work.
REARRANGED = 1 << 12

#: Elements of vectors that an embedding reads or accumulates: 0.1 ns each.
LOOKED_UP = 1 << 17

#: Multiplications of a recurrent sequence: 0.02 ns each. Waking a Python thread takes 100
#: microseconds.
SEQUENCE = 1 << 24

#: Parameters of an optimizer step: 0.3 ns each.
OPTIMIZER = 1 << 16

#: Bytes from which an array's memory is kept for the next one (see `memory`): the C library returns
#: blocks of this size to the system if they are at the end of its heap.
KEPT_MEMORY = 1 << 17
