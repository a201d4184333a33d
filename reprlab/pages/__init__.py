"""Pages: a report as one file of HTML that asks for nothing else; it shows what it is given."""

from reprlab.pages.content import Member, Page, Picture, Table
from reprlab.pages.formatting import estimate, number
from reprlab.pages.rendering import comparison, report

__all__ = ["Member", "Page", "Picture", "Table", "comparison", "estimate", "number", "report"]
