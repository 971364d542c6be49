"""A person's own file as text: UTF-8, or told in which line it is not."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import WorkbenchError

_MARK = b"\xef\xbb\xbf"


def read_bytes(file: Path, what: str) -> bytes:
    """The content of a file that a setting names.

    Args:
        what: what it holds, in a message: "text", "pairs".

    Raises:
        WorkbenchError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise WorkbenchError(f"the {what} {file} cannot be read: {error.strerror}", "check --path") from error


def decode(content: bytes, file: Path) -> str:
    """The text in a file's bytes, with one kind of line end and no byte order mark.

    Raises:
        WorkbenchError: a byte is not UTF-8; says which, and the line.
    """
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        offset = error.start + (len(_MARK) if content.startswith(_MARK) else 0)  # the decoder counts behind the mark
        line = content.count(b"\n", 0, offset) + 1
        raise WorkbenchError(
            f"{file}, line {line}: byte {offset + 1} of the file is {content[offset]:#04x}, which is not UTF-8",
            f"convert it: iconv -f GB18030 -t UTF-8 {file.name} > utf8{file.suffix} (or -f LATIN1, or what it was written in)",
        ) from error


def read_utf8(file: Path) -> str:
    """A file with text in it, with one kind of line end and no byte order mark.

    Raises:
        WorkbenchError: it cannot be read, is not UTF-8, or is empty.
    """
    text = decode(read_bytes(file, "text"), file)
    if not text.strip():
        raise WorkbenchError(f"the text {file} is empty", "give a file with text in it")
    return text
