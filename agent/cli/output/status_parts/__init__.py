"""Lines of `leakline status` about what other commands show whole."""
