"""The web edition: a folder of files made from the lessons' stored outputs."""
