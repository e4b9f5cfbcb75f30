"""Published facts and the layouts of files, each with its source, validity and whether it was verified."""
