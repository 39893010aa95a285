"""Mutation testing: small defects put into the product one at a time, each to be noticed by a fast test."""
