"""How the sheet of a report is built, one module a shape: each turns a recognised sheet into tables."""
