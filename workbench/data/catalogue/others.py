"""The data sets of texts, pairs and sequences: shipped, generated, of the running Python, and one's own."""

from __future__ import annotations

from workbench.data.catalogue.info import DatasetInfo, PairsInfo

OTHERS: tuple[DatasetInfo, ...] = (
    PairsInfo(
        name="cmudict",
        help="117,366 English words of 2 to 16 letters and how they are said in North America, in 39 phones.",
        offline=True,
        examples=117_366,
        licence="CMU (BSD-2-Clause style)",
        source="The CMU Pronouncing Dictionary (Carnegie Mellon University 1993-2015), from the package cmudict",
        version="cmudict 1.1.3",
        target_tokens="space",
        file="cmudict.tsv.gz",
        sha256="087134217b07362c2c18f8b3cfeebb1df6a327754125a3ada77f98c18940caac",
    ),
    PairsInfo(
        name="dates",
        help="Generated: dates as people write them in English, in 14 forms, and as year-month-day.",
        offline=True,
    ),
    PairsInfo(
        name="sums",
        help="Generated: two whole numbers with a plus sign between them, and their sum.",
        offline=True,
    ),
    PairsInfo(
        name="pairs",
        help="Your own: a UTF-8 file of lines `source<TAB>target`, several right targets apart by |, a third column for the split.",
        offline=True,
        is_own=True,
    ),
    DatasetInfo(
        name="python-docs",
        help="The documentation of the running Python: 0.46 million characters, read from its pydoc_data.",
        kind="text",
        offline=True,
        licence="PSF-2.0",
        source="pydoc_data.topics of the running Python; the text differs a little from version to version",
    ),
    DatasetInfo(
        name="text", help="Your own text: a UTF-8 file, or a folder of .txt files, at --path.", kind="text", offline=True, is_own=True
    ),
    DatasetInfo(
        name="csv",
        help="Your own sequences, at --path: lines of id,t,features...,label, or a line for each sequence with its label last.",
        kind="sequences",
        offline=True,
        is_own=True,
    ),
    DatasetInfo(
        name="adding",
        help="Generated: the sum of the two marked numbers of a long row of them.",
        kind="sequences",
        offline=True,
        source="Hochreiter and Schmidhuber 1997, in the form of Arjovsky et al. 2016",
    ),
    DatasetInfo(
        name="copy",
        help="Generated: repeat the symbols that were shown many steps ago.",
        kind="sequences",
        offline=True,
        source="Arjovsky et al. 2016, in the form of Bai, Kolter and Koltun 2018",
    ),
)
