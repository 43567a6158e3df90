"""What a run leaves behind: results.json and, rendered from it, Markdown, checklist and HTML.

May import net, session and everything below; pytest-html and matplotlib only where used.
"""
