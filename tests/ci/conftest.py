"""The project below this folder is somebody else's: it is run in an environment of its own."""

collect_ignore = ["outside_project"]
