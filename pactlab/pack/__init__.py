"""The teacher's pack: slides, handouts, plans and keys, made from the lessons' stored outputs."""
