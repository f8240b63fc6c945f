"""Reads, runs, checks and refreshes the lessons; gathers their figures."""
