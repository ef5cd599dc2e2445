"""Attention, seen whole and in detail: where every head looks, and how it comes to that."""
