"""What is shown: figures, tables and sentences, made from released values only."""
