"""An invented town with known truths, written as the raw files that a department gets."""
