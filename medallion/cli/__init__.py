"""The command line: parse, call :class:`medallion.project.Project`, render. One file for each family of commands."""
