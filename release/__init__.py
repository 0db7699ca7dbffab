"""What users install, made out of this repository: a repository of its own for each integration, and zips.

HACS and the Marketplace install one folder of one repository. So each integration gets a tree in which the
core stands inside its folder. Everything is made and checked in memory, and written last.
"""
