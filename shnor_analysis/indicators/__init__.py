"""Tables in, tables out: shares, levels, changes, listing rules; pure."""
