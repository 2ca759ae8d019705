"""Scorers: each turns the texts of one application into a number and words, and knows no store."""
