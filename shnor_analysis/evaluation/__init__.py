"""Every fact of a report, joined from tables and results, each with its origin."""
