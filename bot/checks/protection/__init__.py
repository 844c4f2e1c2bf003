"""Checks of branch protection and rulesets: classic and new, of repository and organisation together."""
