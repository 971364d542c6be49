"""What `workbench recipes rnn` explains."""

from __future__ import annotations

NOTES = """\
A recurrent network reads a sequence one step at a time. At each step it mixes
the input with its hidden state, what it remembers of all steps before, and
keeps the result as the new state. The same weights serve every step, so a
sequence may have any length. The network sees the past only, and only through
the last state; a bidirectional one has a second state that comes from the
end.

THE PLAIN CELL (setting cell = rnn), with f = tanh or ReLU:

  h[t] = f(W x[t] + b + U h[t-1] + b')

LSTM. A second state c is only added to and scaled, by gates from 0 to 1
(s is the logistic sigmoid; * goes element by element):

  i = s(W_i x + U_i h' + b_i)    f = s(W_f x + U_f h' + b_f)
  o = s(W_o x + U_o h' + b_o)    g = tanh(W_g x + U_g h' + b_g)
  c = f * c' + i * g             h = o * tanh(c)

GRU. Two gates and one state:

  r = s(W_r x + b_r + U_r h' + b'_r)    z = s(W_z x + b_z + U_z h' + b'_z)
  n = tanh(W_n x + b_n + r * (U_n h' + b'_n))
  h = (1 - z) * n + z * h'

cells.py of this recipe writes these out; training uses torch's own, which
compute the same.

WHY GRADIENTS VANISH. Backpropagation through time sums over the steps k:

  dL/dW = sum over k of  dL/dh[T] * J[T] * ... * J[k+1] * d+h[k]/dW

  J[j] = diag(1 - h[j]^2) U        (tanh; d+ keeps h[k-1] fixed)

With sigma the largest singular value of U and gamma the largest slope of f:
sigma < 1/gamma suffices for the product to vanish like (gamma sigma)^(T-k);
sigma > 1/gamma is necessary (but not sufficient) for it to explode. Clipping
mends the exploding, by scaling the gradient down to clip_norm; the vanishing
needs another cell or another start.

THE TRAP. An LSTM or GRU with torch's own initialisation has gates near 1/2
and vanishes as fast as a plain cell until it is trained. So each drawing
names cell and initialisation, and is made anew as the network learns.
forget_bias 1 and orthogonal recurrent weights, the defaults here, carry
gradients far from the first step. And an LSTM does not always remember
better: the copy task favours plain cells with orthogonal weights.

TEXT. A step is given the last `window` characters, so that the cell need not
spend its memory on them; window = 1 is the classic form. Places of the text
are read side by side, `length` characters a step; the state goes on from step
to step but gradients do not (truncated backpropagation through time). An
epoch begins with a state of zeros. Bits per character = loss / ln 2;
perplexity = exp(loss).

WHAT TO WATCH
- Bits per character beside the order-5 n-gram, which only counts.
- The text it writes: first letters, then words, then something like grammar.
- Gradient through time: a line that falls by 10 every few steps cannot learn
  what lies further back. Its reach, the first step's share of the last one's,
  is logged at each evaluation; a cell that learns lifts it.
- Training far below validation: overfitting; more dropout, fewer epochs.
- adding: 0.167 means that nothing is remembered; the fall comes suddenly.

THE TUTORIAL'S NETWORK is the preset `tutorial`: sections 2.2, 3.2 and 4.2
(循环神经网络, recurrent neural network) of the deep learning tutorial, with
its gates defined (section 3.2.1 has none), the candidate computed before the
state that it enters, the product in 3.2.3 put right as above, and the last
valid step of packed sequences read.

SOURCES
- Elman 1990, Cognitive Science 14: the plain cell
- Hochreiter, Schmidhuber 1997, Neural Computation 9(8): LSTM, adding task
- Gers, Schmidhuber, Cummins 2000: the forget gate
- Cho et al. 2014, arXiv:1406.1078: GRU
- Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063: vanishing, exploding,
  clipping
- Saxe et al. 2014, arXiv:1312.6120: orthogonal weights
- Le, Jaitly, Hinton 2015, arXiv:1504.00941: identity, for ReLU (IRNN)
- Jozefowicz et al. 2015, ICML: forget bias 1
- Arjovsky et al. 2016, arXiv:1511.06464; Bai et al. 2018, arXiv:1803.01271:
  the adding and copy tasks as they are here
- Witten, Bell 1991: the n-gram beside the text
"""
