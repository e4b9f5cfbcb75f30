"""The raw files of an invented town, in the formats that departments receive and with their dirt."""
