"""Reports: evidence gathered, numbers written, figures drawn from them, and the page made."""
