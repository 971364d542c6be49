"""The data files that ship with the workbench, their licences, and the script that rebuilds them."""
