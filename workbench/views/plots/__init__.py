"""Charts of a run or of several: which lines, along which axis, within which bounds, read at a cursor."""
