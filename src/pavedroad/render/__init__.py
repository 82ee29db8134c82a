"""What people read, made from reports alone: Markdown for GitHub, one page of HTML, rows for the terminal."""
