"""Values: frozen, plain, standard library alone. Everything else is built from these."""
