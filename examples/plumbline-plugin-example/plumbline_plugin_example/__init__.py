"""A plug-in of Plumbline: what Python a project promises to run on, and whether that is looked after."""
