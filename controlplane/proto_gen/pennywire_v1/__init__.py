"""The control API of `control.proto`, generated."""
