"""What `make lint` looks for besides linters: secrets in the sources, and known holes in packages.

Both run in .venv-lint (requirements/lint.txt), and both first show that they would find something:
a scan that is blind is as silent as a clean tree.
"""
