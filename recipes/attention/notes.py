"""What `workbench recipes attention` explains."""

from __future__ import annotations

NOTES = """\
Attention lets a network look at all of its input at once and choose, for each
thing that it has to say, what to look at. The choice is soft: a weight for
every place, 1 in sum, so that it can be learned by gradient descent.

ATTENTION of a query q over states h[1..S] of a source (cross-attention):

  e[j] = score(q, h[j])          how well the state at place j matches
  a[j] = exp(e[j]) / sum over l of exp(e[l])            the weights
  c    = sum over j of a[j] * h[j]                      the context

  score   dot         q . h
          general     q . W h
          additive    v . tanh(W q + U h)
          scaled-dot  (W q) . (U h) / sqrt(d)
          none        no attention: to see what it buys

Padding is masked: its score is -inf before the softmax, its weight exactly 0.

ENCODER AND DECODER. The encoder reads the source from both ends; h[j] joins
the two states at place j. The decoder is a language model of the target that
starts from the encoder's summary; its state s[t] is the query, and

  p(y[t] | y[<t], x) = softmax(V tanh(W [c[t]; s[t]]))    loss = -log p

In training it is given the true tokens before t (teacher forcing); in use it
has only what it wrote itself, the likeliest token each time (greedy) or
several beginnings side by side (beam). Without attention the source must fit
into the one state that the decoder starts from.

SELF-ATTENTION is the same within one sequence: every token is query, key and
value at once. X holds a row for each token, of width D; d = D / heads:

  head = softmax(mask(Q K^T / sqrt(d))) V     Q = X Wq   K = X Wk   V = X Wv

  x = x + merge(heads(norm(x)))               a pre-norm block: attention,
  x = x + W2 gelu(W1 norm(x))                 then a layer for each token

Without positions the order of the tokens would not matter, so each place has
a learned vector of its own, added to the token. A language model masks what
comes later (causal); a classifier of rows sees all and takes the mean. The
cost grows with the square of the length.

WHAT TO WATCH
- The attention matrix of the probe words. It starts as a grey smear; within
  the first few hundred steps a diagonal appears (letters and phones come in
  the same order). In `dates` it is not a diagonal: the year is fetched first.
- Its entropy, in bits: from log2 of the source's length down to 1 or less.
- The error rates. `none` learns the start of a word and loses the rest.
- Decoded examples: names and loan words go last, and some never.
- Training and validation loss part when the network is too large for the
  data.

MEASURES. Phone error rate: edits (insertions, deletions, substitutions) by
phones of the reference; word error rate: the share of words not exactly
right. Any pronunciation that the dictionary lists is accepted; the closest is
the reference. The split is by word, our own, so published figures compare
only roughly (Phonetisaurus: 33.9 % word error on this dictionary without
stress).

THE TUTORIAL'S SECTIONS 2.3, 3.3 and 4.3 (注意力机制) put right: attention and
self-attention are two things here, by two names; scores, weights and contexts
have letters of their own; s() is given, with masks and positions. The code in
4.3 let the samples of a batch leak into each other and outputs see the
targets to come; two tests here hold that neither happens.

SOURCES
- Bahdanau, Cho, Bengio 2015, arXiv:1409.0473: attention, additive
- Luong, Pham, Manning 2015, arXiv:1508.04025: dot, general, behind the cell
- Vaswani et al. 2017, arXiv:1706.03762: scaled dot, heads, transformer
- Xiong et al. 2020, arXiv:2002.04745: pre-norm
- Press, Wolf 2017, arXiv:1608.05859: output weights shared with the embedding
- Carnegie Mellon University 1993-2015: The CMU Pronouncing Dictionary
- Yao, Zweig 2015, arXiv:1506.00196: pronunciation by encoder and decoder
"""
