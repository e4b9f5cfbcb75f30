"""What is shown: figures, tables and sentences, made from released values only.

`sentences.describe`, `tables.make_table` and `figures.draw` take what `disclosure.release` returns, the name of a
section and a language; the rooms are entered one by one, so that sentences never wait for matplotlib.
"""
