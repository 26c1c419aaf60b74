"""The embedded-atom method: kernels, tables read from files, and the energy surface."""
