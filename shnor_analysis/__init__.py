"""Research workbench for «500+»: sources, indicators, disclosure and reports."""
