"""The mathematics: arrays in, arrays or small named values out; imports numpy and scipy, nothing else."""
