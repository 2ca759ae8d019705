"""From the URL of a resume to its text: the fetch, the type of the document, and the extraction."""
