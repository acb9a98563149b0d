"""Files that come with a request, in whatever form: kept within limits, out of memory where they are many."""
