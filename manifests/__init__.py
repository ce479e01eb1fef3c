"""Reading: from manifest files to checked rows. Knows files and rows, nothing of HTTP."""
