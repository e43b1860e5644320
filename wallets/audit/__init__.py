"""Proof of the books: checks that find what breaks a promise, and seals that make tampering evident."""
