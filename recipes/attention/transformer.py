"""Attention within one sequence: transformer blocks, and what is built of them: encoder, language model, classifier of rows."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.attention import Model


class Block(nn.Module):
    """Self-attention of several heads, then a dense part for each token alone; both add to what they are given.

    Pre-norm (Xiong et al. 2020, arXiv:2002.04745): x + A(norm x), which trains without a long warm-up. Of a head,
        softmax(Q K' / sqrt d) V  with  Q, K, V = linear maps of x     Vaswani et al. 2017, eq. 1 (arXiv:1706.03762)
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)
        self.widen = nn.Linear(width, 4 * width)
        self.gelu = nn.GELU()
        self.narrow = nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None, causal: bool) -> Tensor:
        """(B, S, D) to the same. mask (B, S): which tokens may be looked at; causal: only those up to one's own place."""
        query, key, value = self._heads(x)
        allowed = None if mask is None else mask[:, None, None]
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed, is_causal=causal)
        x = x + self.dropout(self.merge(mixed.transpose(1, 2).flatten(2)))
        return x + self.dropout(self.narrow(self.gelu(self.widen(self.norm2(x)))))

    def weights(self, x: Tensor, mask: Tensor | None, causal: bool) -> Tensor:
        """(B, heads, S, S): what each token looks at; the fused forward never holds them, so previews ask here."""
        query, key, _ = self._heads(x)
        scores = (query @ key.transpose(-1, -2)).float() / math.sqrt(query.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, None], -math.inf)
        if causal:
            later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(later, -math.inf)
        return scores.softmax(dim=-1)

    def _heads(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value of the normed tokens, (B, heads, S, D / heads) each."""
        count, length, width = x.shape
        split = self.project(self.norm1(x)).view(count, length, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        return query, key, value


class Transformer(nn.Module):
    """Blocks over tokens that know their place: without the learned positions, the order of the tokens would not matter."""

    def __init__(self, settings: Model, length: int, *, causal: bool = False) -> None:
        super().__init__()
        self.causal = causal
        self.position = nn.Parameter(torch.empty(length, settings.width).normal_(std=0.02))
        self.dropout = nn.Dropout(settings.dropout)
        self.blocks = nn.ModuleList(Block(settings.width, settings.heads, settings.dropout) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(settings.width)
        for block in self.blocks:  # what adds to the stream starts small, so that its size does not grow with the depth (GPT-2)
            for layer in (block.merge, block.narrow):
                nn.init.normal_(layer.weight, std=0.02 / math.sqrt(2 * settings.layers))

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, S, D) to the same; mask (B, S), True where there is a token."""
        x = self.dropout(tokens + self.position[: tokens.shape[1]])
        for block in self.blocks:
            x = block(x, mask, self.causal)
        return self.norm(x)

    def weights(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, layers, heads, S, S): what each token looks at in each block; call it in eval mode."""
        x = tokens + self.position[: tokens.shape[1]]
        found = []
        for block in self.blocks:
            found.append(block.weights(x, mask, self.causal))
            x = block(x, mask, self.causal)
        return torch.stack(found, dim=1)


class LanguageModel(nn.Module):
    """Predicts each next character from those before it, at most `context` of them.

    The output layer shares the weights of the embedding (Press and Wolf 2017, arXiv:1608.05859).

    Shapes:
        ids (B, T), T up to the context; returns logits (B, T, V)
    """

    def __init__(self, settings: Model, vocabulary: int, context: int) -> None:
        super().__init__()
        self.context = context
        self.embedding = nn.Embedding(vocabulary, settings.width)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.transformer = Transformer(settings, context, causal=True)

    def forward(self, ids: Tensor) -> Tensor:
        return F.linear(self.transformer(self.embedding(ids)), self.embedding.weight)

    def weights(self, ids: Tensor) -> Tensor:
        """(B, layers, heads, T, T): what each character looks at."""
        return self.transformer.weights(self.embedding(ids))


class RowClassifier(nn.Module):
    """Names the class of an image whose rows are the tokens: each looks at all others, and their mean decides.

    Shapes:
        images (B, C, H, W); returns logits (B, K)
    """

    def __init__(self, settings: Model, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        channels, height, width = shape
        self.embedding = nn.Linear(channels * width, settings.width)
        self.transformer = Transformer(settings, height)
        self.output = nn.Linear(settings.width, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.output(self.transformer(self.embedding(rows_of(images))).mean(dim=1))

    def weights(self, images: Tensor) -> Tensor:
        """(B, layers, heads, H, H): what each row looks at."""
        return self.transformer.weights(self.embedding(rows_of(images)))


def rows_of(images: Tensor) -> Tensor:
    """Images (B, C, H, W) as rows (B, H, C*W), from the top."""
    return images.transpose(1, 2).flatten(2)
