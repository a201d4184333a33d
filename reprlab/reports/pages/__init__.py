"""Pages: a report as one file of HTML that asks for nothing else; it shows what it is given."""
