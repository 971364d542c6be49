"""One file for each command; `workbench.cli.app` names them."""
