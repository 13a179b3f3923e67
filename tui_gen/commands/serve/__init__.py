"""The screen in a browser: the server, who may see its pages, and the process of each page."""
